"""A training run in memory: a population and where it stands, what it keeps, and the module that it ends with."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from tprog.errors import BadUsage
from tprog.files import run_folder
from tprog.ir.program import Program
from tprog.ir.provenance import ROUNDING, accuracy_key
from tprog.run.execute import predict
from tprog.run.outcome import UNGRADED
from tprog.text.clusters import FREQUENT_FIRST
from tprog.version import VERSION
from tprog.words.names import is_corpus
from trainer.checkpoint import CHECKPOINT, State, load_checkpoint, save_checkpoint
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data
from trainer.extract import Member, Rounding, model_to_program, round_readout
from trainer.population import TENSORS, Population
from trainer.refit import refitted
from trainer.refit_words import refitted_words
from trainer.schedule import Schedule
from trainer.search.stagewise import improve
from trainer.search.synthesis import Say
from trainer.searched import (
    SEARCHED,
    Searched,
    can_search,
    load_searched,
    program_accuracy,
    read_written,
    search_first,
    write_program,
    wrong,
)
from trainer.sentences import is_divided
from trainer.start import started

OnEpoch = Callable[[State], object]

REFITTED = "refitted"

BEGUN = "begun with"
"""What is said of where a program comes from that was given, and not searched for."""

MODULE = run_folder.PROGRAM
"""The module of a run that is done, in its folder."""


def told(accuracies: Mapping[str, Accuracy]) -> dict[str, Accuracy]:
    """The accuracies that say something: those on inputs that were not trained on, or on the whole domain."""
    if set(accuracies) == {"train"}:
        return {"whole domain": accuracies["train"]}
    return {name: accuracy for name, accuracy in accuracies.items() if name != "train"}


@dataclass(frozen=True)
class Agreement:
    """How many predictions of a network and of its Program are equal, and how many were compared."""

    equal: int
    total: int

    def __str__(self) -> str:
        return f"{self.equal:,} of {self.total:,} predictions of the network and of the program are equal"


class Run:
    """A population and where it stands, advanced step by step."""

    def __init__(self, config: TrainConfig, data: Data) -> None:
        self.config, self.data = config, data
        self.members = [dataclasses.replace(config, seed=config.seed + index) for index in range(config.members)]
        self.population = Population(self.members, data)
        self.state = State(alive=tuple(range(config.members)))
        self.steps_an_epoch, self.steps = self.population.steps_an_epoch, self.population.steps
        self.schedule = Schedule(config, self.steps_an_epoch)
        self._losses = torch.zeros(config.members, dtype=torch.float64)  # of the current epoch
        self._searched: Searched | None = None
        self.refit_seconds: float | None = None  # of CPU, what `_refit_words` cost in this call

    def begin_with(self, program: Program) -> None:
        """Let all members start as the network that computes a Program.

        Raises:
            BadUsage: the class cannot hold it.
        """
        population = self.population
        with torch.no_grad():
            for member, theta in enumerate(population.now):
                population.now[member] = started(program, population.network, theta.detach())

    def keep_beginning(self, folder: Path, program: Program) -> None:
        """Keep what the members begin with: validation chooses between it and what they come to."""
        self.save(folder)
        told = f"{program.task or 'a program'} of {len(program.nodes)} nodes, given with --from"
        program = dataclasses.replace(program, task=self.data.frame.task, provenance=((BEGUN, told),), sources=())
        self._note(SEARCHED, write_program(program, folder / SEARCHED), folder)

    def step(self) -> None:
        """One step on one batch.

        Raises:
            BadUsage: a loss is no longer a number.
        """
        self._losses += self.population.step(self.state.step).cpu()
        self.state = dataclasses.replace(self.state, step=self.state.step + 1)

    def end_epoch(self) -> bool:
        """Note the epoch just done, and keep each argmax model that is its member's best so far.

        Returns:
            Whether the models were evaluated.
        """
        epoch = self.state.step // self.steps_an_epoch
        evaluated = self.schedule.evaluated(epoch)
        found = self._keep_best(epoch) if evaluated else None
        row: dict[str, float | None] = {
            "epoch": epoch,
            "loss": float(self._losses.mean()) / self.steps_an_epoch,
            "temperature": float(self.population.temperature(self.state.step - 1)[0]),
            "validation_per_token": found.per_token if found else None,
            "validation_whole_sequence": found.whole_sequence if found else None,
        }
        if self.data.validation.tags:
            row["validation_f1"] = found.spans.f1 if found and found.spans else None
        self._losses.zero_()
        self.state = dataclasses.replace(self.state, metrics=(*self.state.metrics, row))
        if epoch in self.schedule.halvings:
            self._keep(self._better_half())
        return evaluated

    def _better_half(self) -> list[int]:
        """The places of the members whose best argmax models are the better half, in their order; of equals, the
        first."""
        scores = self.state.best_scores
        ranked = sorted(range(len(scores)), key=lambda place: scores[place], reverse=True)
        return sorted(ranked[: (len(scores) + 1) // 2])

    def _keep(self, places: Sequence[int]) -> None:
        self.population.keep(places)
        self._losses = self._losses[list(places)]
        self.state = dataclasses.replace(
            self.state,
            alive=tuple(self.state.alive[place] for place in places),
            best_scores=tuple(self.state.best_scores[place] for place in places),
            best_epochs=tuple(self.state.best_epochs[place] for place in places),
        )

    def _keep_best(self, epoch: int) -> Accuracy:
        """The accuracy of the argmax model that is best now."""
        found = self.population.evaluate(self.data.validation)
        scores, epochs = list(self.state.best_scores), list(self.state.best_epochs)
        for member, accuracy in enumerate(found):
            score = accuracy.score
            if not self.state.best_scores or score > scores[member]:
                self.population.best[member] = self.population.now[member].detach()
                scores[member : member + 1], epochs[member : member + 1] = [score], [epoch]
        self.state = dataclasses.replace(self.state, best_scores=tuple(scores), best_epochs=tuple(epochs))
        return max(found, key=lambda accuracy: accuracy.score)

    def to_the_end(self, folder: Path, interrupted: threading.Event, watchers: Sequence[OnEpoch]) -> None:
        """Step until the last step or an interruption, with a checkpoint at each evaluation and at the end."""
        while not self.trained and not interrupted.is_set():
            self.step()
            if self.state.step % self.steps_an_epoch == 0:
                evaluated = self.end_epoch()
                for watch in watchers:
                    watch(self.state)
                if evaluated and not self.trained:
                    self.save(folder)
        self.save(folder)

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        losses = tuple(self._losses.tolist())
        state = dataclasses.replace(self.state, loss_sums=losses, digest=self.data.digest)
        save_checkpoint(folder, state, self.population.tensors())

    def load(self, folder: Path) -> None:
        """Take the run's state from the folder's checkpoint."""

        def fits(state: State) -> Mapping[str, tuple[int, ...]]:
            self.schedule.check(state, f"the state in {folder / CHECKPOINT}")
            if state.digest != self.data.digest:
                raise BadUsage(
                    f"the settings, or the task's inputs or answers, are no longer those of the run in {folder}; "
                    "train anew"
                )
            return dict.fromkeys(TENSORS, (len(state.alive), self.population.network.layout.size))

        state, tensors = load_checkpoint(folder, fits)
        self.population.keep(state.alive)
        self.population.restore(tensors)
        self._losses = torch.tensor(state.loss_sums, dtype=torch.float64)
        self.state = state

    @property
    def chosen(self) -> int:
        """The place of the member whose argmax model is the best so far on validation; the first of equals."""
        scores = self.state.best_scores
        return scores.index(max(scores)) if scores else 0

    @property
    def polishes(self) -> bool:
        """Whether it is trained, and polished then: not a pooled program, as a move is judged position by position."""
        return self.trained and self.config.polish > 0 and not self.data.frame.pooled

    def done(self, folder: Path) -> bool:
        """Whether there is nothing left to train."""
        found = self.searched(folder)
        return self.trained or (self.state.step == 0 and found is not None and found.exact)

    @property
    def trained(self) -> bool:
        """Whether the last step is done, or no more are worth it: see `patience` in `trainer.config`."""
        if self.state.step == self.steps:
            return True
        epoch, within = divmod(self.state.step, self.steps_an_epoch)
        return not within and not self.schedule.patient(self.state.best_epochs, epoch)

    def search(self, folder: Path, say: Say, note: Say) -> None:
        """Search for a program of the class, once, before the first step; one that was stopped goes on."""
        if self.config.search and not can_search(self.config) and self.state.step == 0:
            note("the search knows nothing of learned embeddings, so there is none; training begins")
        if self.may_search(folder):
            member = Member.of(self.population.network, self.population.now[0])
            blank = model_to_program(member, self.data.held_out[:1])[0]
            self.save(folder)
            self._note(SEARCHED, search_first(blank, self.config, self.data, folder, say, note), folder)

    def may_search(self, folder: Path) -> bool:
        """Whether a search is asked for that has not ended."""
        return can_search(self.config) and self.state.step == 0 and self.searched(folder) is None

    def searched(self, folder: Path) -> Searched | None:
        """What the search came to, if it has ended."""
        if self._searched is None:
            self._searched = load_searched(folder, self.state.module, self.data)
        return self._searched

    def finish(self, folder: Path, write: bool = True) -> tuple[Program, dict[str, Accuracy], Rounding | None]:
        """The best program, its own accuracies on each split, and what rounding changed.

        That is what the search found, or the best argmax model, as validation decides; before the first evaluation the
        best model is the current one. A run that is done is polished once; its module is written to the folder, and
        noted in the checkpoint, if `write`.

        Raises:
            BadFile: the module in the folder is not the one that was written.
        """
        written = read_written(folder / MODULE, self.state.module)
        searched = self.searched(folder)
        if written is None and self._refits_words:
            self._refit_words()
            if write:
                self.save(folder)
        program, rounding = self._best(written, searched)
        accuracies = {name: program_accuracy(program, split) for name, split in self.data.splits.items()}
        if written is None:
            steps = program.provenance
            program = dataclasses.replace(program, provenance=(*self._provenance(accuracies, rounding), *steps))
            if write and self.done(folder):
                self._note(MODULE, write_program(program, folder / MODULE), folder)
        return program, accuracies, rounding

    def _best(self, written: Program | None, searched: Searched | None) -> tuple[Program, Rounding | None]:
        """The best argmax model, polished if the run is done; or what was searched, if validation prefers that, or if
        it is exact and so nothing was trained."""
        if searched is not None and self.state.step == 0 and searched.exact:
            return searched.program if written is None else written, None
        program, rounding = self._trained(written)
        if written is None and self.trained and searched is not None and searched.wrong < wrong(program, self.data):
            return searched.program, None
        return program, rounding

    def _trained(self, written: Program | None) -> tuple[Program, Rounding | None]:
        """The best argmax model, polished if the run is done."""
        parameters = self.population.best if self.state.best_scores else self.population.now
        member = Member.of(self.population.network, parameters[self.chosen])
        program, rounding = model_to_program(member, self.data.held_out)
        if written is not None:
            return written, None if ROUNDING not in dict(written.provenance) else rounding
        if not self.trained:
            return program, rounding
        if self.state.refitted:
            program = dataclasses.replace(program, provenance=((REFITTED, self.state.refitted),))
        elif self.config.refit:
            program = refitted(program, self.data.train, self.data.validation)
        if self.polishes:
            better = improve(
                program, self.data.train, self.data.validation, moves=self.config.polish, seed=self.config.seed
            )
            program = dataclasses.replace(better.program, provenance=(*program.provenance, *better.provenance))
        return program, rounding

    @property
    def _refits_words(self) -> bool:
        """Whether the readout of what is trained is still to be fitted anew as that of words."""
        asked = self.config.refit and self.trained and is_divided(self.config.task)
        return asked and bool(self.state.best_scores) and not self.state.refitted

    def _refit_words(self) -> None:
        """Give the best argmax model the readout that `trainer.refit_words` finds."""
        started, best = time.process_time(), self.population.best
        member = Member.of(self.population.network, best[self.chosen])
        better, told = refitted_words(member, self.data, self.config.unknown, self.config.seed)
        with torch.no_grad():
            best[self.chosen] = better.theta.to(best.dtype)
        self.state = dataclasses.replace(self.state, refitted=str(told))
        self.refit_seconds = time.process_time() - started

    def agreement(self, program: Program) -> Agreement | None:
        """On how many of all graded predictions, of all splits, the Program is equal to the network it was extracted
        from: the argmax model with its rounded readout. None unless it comes of a corpus, trained and not polished."""
        if not (is_divided(self.config.task) and self.trained and not self.config.polish):
            return None
        trained = Member.of(self.population.network, self.population.best[self.chosen])
        member, _ = round_readout(trained, self.data.held_out[:1])
        equal = total = 0
        for split in self.data.splits.values():
            graded = split.expected != UNGRADED
            theirs = torch.as_tensor(predict(program, split.batch)[0], dtype=torch.long).reshape(graded.shape)
            ours = member.predict(split.tokens).reshape(graded.shape)
            equal += int(((theirs == ours) & graded).sum())
            total += int(graded.sum())
        return Agreement(equal, total)

    def _note(self, module: str, files: Mapping[str, str], folder: Path) -> None:
        """Keep by what the files of a module that were written, if any, will be recognised."""
        if files:
            stem = Path(module).stem
            others = {name: digest for name, digest in self.state.module.items() if not name.startswith(stem)}
            self.state = dataclasses.replace(self.state, module={**others, **files})
            self.save(folder)

    @property
    def _begun(self) -> list[tuple[str, str]]:
        """What the members began with, if they were given a program."""
        found = () if self._searched is None else self._searched.program.provenance
        return [(name, text) for name, text in found if name == BEGUN]

    def _provenance(self, accuracies: Mapping[str, Accuracy], rounding: Rounding | None) -> tuple[tuple[str, str], ...]:
        config, frame = self.config, self.data.frame
        skipped = ("task", "vocabulary_size", "length", "epochs", "seed", "members", "halvings")
        settings = {k: v for k, v in config.to_mapping().items() if k not in skipped and v is not None}
        return (
            ("tool", f"tpdebug {VERSION}"),
            ("task", f"{frame.task}, {len(frame.vocabulary)} tokens, N = {frame.max_length}"),
            *([FREQUENT_FIRST] if is_corpus(config.task) else []),
            ("seed", str(config.seed) if rounding is None else self._told_seed()),
            ("settings", ", ".join(f"{key} = {value}" for key, value in settings.items())),
            ("epochs", self._told_epochs(rounding is not None)),
            *([] if rounding is None else self._begun),
            *((accuracy_key(name), str(accuracy)) for name, accuracy in told(accuracies).items()),
            *([(ROUNDING, str(rounding))] if rounding else []),
            ("training digest", f"sha256 {self.data.digest}"),
        )

    def _told_seed(self) -> str:
        """The seed of the member that is best, and among which."""
        first, members = self.config.seed, self.config.members
        seed = str(first + self.state.alive[self.chosen])
        return seed if members == 1 else f"{seed}, best on validation of {first} to {first + members - 1}"

    def _told_epochs(self, trained: bool) -> str:
        """How many epochs are done, and after which the program stood that was taken; `trained`, whether it was."""
        done, epochs = self.state.step // self.steps_an_epoch, self.state.best_epochs
        at = f"best on validation after {epochs[self.chosen]}" if epochs else "not yet evaluated"
        if not trained and not done:
            at = "found before the first"
        return f"{done} of {self.config.epochs}, {at}"

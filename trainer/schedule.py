"""When a run is evaluated and its members are halved, and so what its state can be after a number of steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trainer.checkpoint import State
from trainer.config import TrainConfig
from trainer.fields import Fields


@dataclass(frozen=True)
class Schedule:
    """The course of a run.

    Attributes:
        steps_an_epoch: batches in one pass over the training inputs.
    """

    config: TrainConfig
    steps_an_epoch: int

    @cached_property
    def halvings(self) -> frozenset[int]:
        """The epochs after which the worse half of the members is dropped."""
        count, half = self.config.halvings, self.config.epochs / 2
        return frozenset(max(1, round(half * (index + 1) / count)) for index in range(count))

    def evaluated(self, epoch: int) -> bool:
        """Whether the argmax models are evaluated after an epoch, 1-based."""
        return epoch % self.config.evaluate_every == 0 or epoch == self.config.epochs or epoch in self.halvings

    def patient(self, best_epochs: tuple[int, ...], epochs: int) -> bool:
        """Whether a run goes on after so many epochs: some member's best argmax model is not too long ago."""
        return not (self.config.patience and best_epochs and epochs - max(best_epochs) >= self.config.patience)

    def alive(self, epochs: int) -> int:
        """How many members are left after so many epochs."""
        count = self.config.members
        for _ in [epoch for epoch in self.halvings if epoch <= epochs]:
            count = (count + 1) // 2
        return count

    def check(self, state: State, where: str) -> None:
        """Refuse a state that no run with these settings can have.

        Raises:
            BadFile: the message names the field.
        """
        told = Fields(vars(state), where)
        done, within = divmod(told.whole("step", 0, self.steps_an_epoch * self.config.epochs), self.steps_an_epoch)
        count = self.alive(done)
        alive = _list(told, "alive", state.alive, count)
        for before, member in zip((-1, *alive), alive, strict=False):
            told.as_whole("a member of alive", member, before + 1, self.config.members - 1)
        for loss in _list(told, "loss_sums", state.loss_sums, count):
            told.as_number("a sum of loss_sums", loss, 0.0, float("inf") if within else 0.0)
        evaluations = [epoch for epoch in range(1, done + 1) if self.evaluated(epoch)]
        judged = count if evaluations else 0
        for score in _list(told, "best_scores", state.best_scores, judged):
            for share in score:
                told.as_number("a score of best_scores", share, 0.0, 1.0)
        for epoch in _list(told, "best_epochs", state.best_epochs, judged):
            if epoch not in evaluations:
                told.refuse("an epoch of best_epochs", epoch, "one after which the run was evaluated")
        for epoch, row in enumerate(_list(told, "metrics", state.metrics, done), start=1):
            self._check_row(Fields(row, f"{where}: row {epoch} of metrics"), epoch)

    def _check_row(self, row: Fields, epoch: int) -> None:
        row.whole("epoch", epoch, epoch)
        row.number("loss")
        row.number("temperature")
        more = ["validation_f1"] if "validation_f1" in row.rest() else []
        for name in ("validation_per_token", "validation_whole_sequence", *more):
            value = row.take(name)
            if self.evaluated(epoch):
                row.as_number(name, value, 0.0, 1.0)
            elif value is not None:
                row.refuse(name, value, "nothing, as the run was not evaluated then")
        row.end()


def _list(told: Fields, name: str, value: tuple[Any, ...], length: int) -> tuple[Any, ...]:
    if len(value) != length:
        told.refuse(name, list(value), f"a list of {length:,}")
    return value

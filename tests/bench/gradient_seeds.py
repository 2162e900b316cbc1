"""What training alone finds from different seeds, without any search: wrong inputs and CPU seconds, seed by seed.

    python -m tests.bench.gradient_seeds default double_hist --runs 8 --set '{"epochs": 12}'
    python -m tests.bench.gradient_seeds published sort --runs 8 --together --set '{"epochs": 22}'
    python -m tests.bench.gradient_seeds published sort --runs 4 --alone --every 2 --set '{"epochs": 22}'

A run is a population, as in `tpdebug train`: run r has the seeds r * members and upwards, so that no member is in two
runs. With --together a run is one seed; all are trained as one batch of tensors, and none is dropped. The data are the
same. With --alone a run is one seed, trained by itself. With --every it is judged on the way, too, every so many
epochs, which costs none of the CPU seconds that are told.

Wrong inputs are counted over the whole domain, or over 200,000 inputs of the task's sampler where it has more than
400,000: as the program was trained, and with its readout refitted. CPU seconds include data, refit and evaluation on
validation; the count over the domain they do not.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

from tprog.ir.program import Program
from tprog.run.execute import predict
from tprog.tasks.builtin import UNGRADED
from tprog.tasks.own import find_task
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.extract import Member, model_to_program
from trainer.presets import default_config, published_config
from trainer.refit import refitted
from trainer.run import Run
from trainer.threads import one_thread

PRESETS = {"published": published_config, "default": default_config}
SAMPLED, LISTED = 200_000, 400_000


def judged(program: Program, config: TrainConfig) -> dict[str, Any]:
    """The wrong inputs, and the share of wrong tokens in percent."""
    task = find_task(config.task, config.vocabulary_size, config.length)
    batch = task.inputs() if task.size is not None and task.size <= LISTED else task.draw(SAMPLED, 10**6)
    expected = task.expected(batch)
    predictions, _ = predict(program, batch)
    missed = (predictions != expected) & (expected != UNGRADED)
    share = 100 * float(missed.sum()) / int((expected != UNGRADED).sum())
    return {"wrong": int(missed.any(axis=1).sum()), "of": len(batch), "tokens_percent": round(share, 3)}


def measured(config: TrainConfig, together: bool, every: int | None) -> Iterator[dict[str, Any]]:
    """One run, or all: on the way if that is asked for, and at its end, the program as trained, and refitted."""
    began, judging = time.process_time(), 0.0
    data = prepare(config)
    run = Run(config, data)
    while run.state.step < run.steps:
        run.step()
        if run.state.step % run.steps_an_epoch == 0:
            run.end_epoch()
            epoch = run.state.step // run.steps_an_epoch
            if every is not None and epoch % every == 0:
                paused = time.process_time()
                for place in range(len(run.state.alive)):
                    program, _ = model_to_program(
                        Member.of(run.population.network, run.population.best[place]), data.held_out
                    )
                    spent = round((paused - began - judging) / len(run.state.alive), 1)
                    seed = config.seed + run.state.alive[place]
                    yield {"seed": seed, "epoch": epoch, "cpu_seconds": spent, **judged(program, config)}
                judging += time.process_time() - paused
    places = range(len(run.state.alive)) if together else [run.chosen]
    spent = (time.process_time() - began - judging) / len(places)
    for place in places:
        began = time.process_time()
        program, _ = model_to_program(Member.of(run.population.network, run.population.best[place]), data.held_out)
        better = refitted(program, data.train, data.validation)
        fit = time.process_time() - began
        found = {"seed": config.seed + run.state.alive[place], **judged(better, config)}
        before = judged(program, config)
        yield found | {
            "trained_wrong": before["wrong"],
            "trained_tokens_percent": before["tokens_percent"],
            "cpu_seconds": round(spent + fit, 1),
            "of_these_refit": round(fit, 1),
        }


def main() -> None:
    """One line a run, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("task")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--first", type=int, default=0, help="the first run's number")
    parser.add_argument("--together", action="store_true", help="a run is one seed, and all are trained at once")
    parser.add_argument("--alone", action="store_true", help="a run is one seed")
    parser.add_argument("--every", type=int, help="judge on the way, every so many epochs")
    parser.add_argument("--set", default="{}", help="further settings, as JSON")
    given = parser.parse_args()
    config = dataclasses.replace(PRESETS[given.preset](given.task), search=0, polish=0, **json.loads(given.set))
    if given.alone:
        config = dataclasses.replace(config, members=1, halvings=0)
    numbers = range(given.first, given.first + given.runs)
    if given.together:
        runs = [dataclasses.replace(config, seed=given.first, members=given.runs, halvings=0)]
    else:
        runs = [dataclasses.replace(config, seed=run * config.members) for run in numbers]
    found = []
    with one_thread():
        for each in runs:
            for one in measured(each, given.together, given.every):
                if "epoch" not in one:
                    found.append(one)
                print(given.preset, given.task, json.dumps(one), flush=True)
    for key in ("wrong", "tokens_percent", "trained_wrong", "trained_tokens_percent", "cpu_seconds"):
        values = [one[key] for one in found]
        print(f"{key}: median {statistics.median(values):g}, best {min(values):g}, worst {max(values):g}")


if __name__ == "__main__":
    main()

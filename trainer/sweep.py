"""Many trials on many processes: a Dask cluster trains them, this process stores what becomes of each.

The workers get settings and give records, both as plain JSON, so that another version of tpdebug on a worker is found
out rather than half understood. A trial whose worker dies goes to another worker, as often as Dask's setting
``distributed.scheduler.allowed-failures`` says; after that it has failed, and the others go on. Only what is stored
counts as done: a sweep that is killed, and started again, trains what is missing.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, TypeAlias

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, Worker, WorkerPlugin
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tprog.errors import BadUsage
from tprog.escape import visible
from tprog.tasks.own import find_task
from tprog.version import VERSION
from trainer.config import TrainConfig, shown
from trainer.data import prepare
from trainer.grid import Trial
from trainer.progress import Bar
from trainer.record import LONGEST_TEXT, Record
from trainer.store import Store
from trainer.trial import run_trial

Outcome: TypeAlias = Future[dict[str, Any]]
"""What `run_trial` gives, or how it fails."""

Queue: TypeAlias = SimpleQueue[Outcome | None]
"""Trials that have ended; None: Ctrl-C. Into a `SimpleQueue`, unlike a `Queue`, a signal handler may put."""

LOOPBACK = "127.0.0.1"

_ANSWER = 15.0  # seconds for a scheduler to answer, and for a worker to appear
_LOOK = 1.0  # seconds between two looks at how many workers there are


# On a worker #########################################################################################################


def _version() -> str:
    return VERSION


class _NoPages(WorkerPlugin):
    """Closes the web server of a worker, which Dask opens always."""

    def setup(self, worker: Worker) -> None:
        worker.http_server.stop()


# Before ###############################################################################################################

_UNCHECKED = (
    "seed",
    "data_seed",  # of which a sample may be refused when its turn comes; that trial has failed, then
    "members",
    "lr",
    "epochs",
    "tau_init",
    "tau_end",
    "quiet",
    "set_start",
    "evaluate_every",
    "readout_scale",
)


def check(trials: Sequence[Trial]) -> None:
    """Refuse what cannot be trained, before the first trial is.

    Raises:
        BadUsage: a trial with impossible settings; the message names its row.
    """
    seen = set()
    for trial in trials:
        # Trials that differ in these settings alone are as possible as each other; preparing each would take minutes.
        shape = tuple((key, str(value)) for key, value in trial.settings.items() if key not in _UNCHECKED)
        if shape not in seen:
            seen.add(shape)
            try:
                if isinstance(trial.config, TrainConfig):
                    prepare(trial.config)
                else:
                    task = find_task(trial.config.task, trial.config.vocabulary_size, trial.config.length)
                    task.of_one_output("a network that is trained")
            except BadUsage as error:
                raise BadUsage(f"{trial.name}: {error}") from None


# The sweep ############################################################################################################


@dataclass(frozen=True)
class SweepResult:
    """How a sweep ended.

    Attributes:
        done, failed: trials stored by this call.
        known: trials that were stored before, and so not run.
        missing: trials not run, because of Ctrl-C.
    """

    done: int
    failed: int
    known: int
    missing: int


def sweep(
    trials: Sequence[Trial],
    store: Store,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    runs: Path | None = None,
    retry_failed: bool = False,
    progress: bool = True,
) -> SweepResult:
    """Run the trials that the store lacks.

    Args:
        scheduler: the address of a Dask scheduler; left out, workers are started here, on the loopback address.
        workers: how many to start here; left out, one a CPU.
        runs: keep the run folders in this folder, and go on with those that are there.
        retry_failed: run those again that have failed.
        progress: show a bar on stderr.

    Raises:
        BadUsage: impossible settings; no cluster at the address, or one that runs another version of tpdebug, or that
            goes away.
        BadFile: the store cannot be written.
    """
    check(trials)
    store.enlist(trial.member for trial in trials)
    statuses = store.statuses()
    distinct = list({trial.key: trial for trial in trials}.values())
    settled = ("done",) if retry_failed else ("done", "failed")
    pending = [trial for trial in distinct if statuses.get(trial.key) not in settled]
    counts = {"done": 0, "failed": 0}
    if pending:
        ended: Queue = SimpleQueue()
        with (
            SweepBar(len(distinct), len(distinct) - len(pending), enabled=progress) as bar,
            _on_sigint(lambda: ended.put(None)),
            _client(scheduler, min(workers or os.cpu_count() or 1, len(pending))) as client,
        ):
            bar.say("training")
            for trial, record in _results(client, pending, None if runs is None else str(runs.resolve()), ended):
                store.add(record)
                counts[record.status] += 1
                bar.show(trial, record)
    missing = len(pending) - sum(counts.values())
    return SweepResult(counts["done"], counts["failed"], len(distinct) - len(pending), missing)


def _results(client: Client, trials: Sequence[Trial], runs: str | None, ended: Queue) -> Iterator[tuple[Trial, Record]]:
    """What becomes of the trials, as they end; at the first Ctrl-C no more.

    Only as many are handed out as there are threads: a worker that dies takes no waiting trials with it, whose deaths
    Dask would count too.
    """
    waiting = deque(trials)
    running: dict[str, tuple[Outcome, Trial]] = {}
    while waiting or running:
        while waiting and len(running) < max(1, sum(client.nthreads().values())):
            trial = waiting.popleft()
            future = client.submit(run_trial, _request(trial, runs), key=f"trial-{trial.key}")
            running[str(future.key)] = future, trial
            future.add_done_callback(ended.put)
        try:
            outcome = ended.get(timeout=_LOOK)
        except Empty:
            _expect_cluster(client)
            continue
        if outcome is None:
            return
        _, trial = running.pop(str(outcome.key))
        yield trial, _record(client, trial, outcome)


def _request(trial: Trial, runs: str | None) -> dict[str, Any]:
    return {"tool": VERSION, "key": trial.key, "kind": trial.kind, "settings": trial.settings, "runs": runs}


def _record(client: Client, trial: Trial, future: Outcome) -> Record:
    """What became of a trial that a worker ran, or died of."""
    if future.status == "finished":
        told = future.result()
        if told.get("tool") != VERSION:
            raise BadUsage(
                f"a worker of the cluster runs tpdebug {shown(told.get('tool'))}, not {VERSION}; "
                "install the same on all"
            )
        record = Record.from_mapping(told, f"what a worker tells of {trial}")
        if (record.key, record.kind, dict(record.settings)) != (trial.key, trial.kind, trial.settings):
            raise BadUsage(f"a worker of the cluster tells of another trial than {trial}; restart the cluster")
        return record
    if future.status != "error":
        _expect_cluster(client)
        raise BadUsage("the Dask cluster was restarted; give the same command again: what is stored stays")
    match error := future.exception():
        case KilledWorker():
            reason = f"its worker died {error.allowed_failures + 1} times, of too little memory or a crash"
        case _:
            reason = f"{type(error).__name__}: {error}"
    return Record(trial.key, VERSION, trial.kind, trial.settings, "failed", reason[:LONGEST_TEXT])


def _expect_cluster(client: Client) -> None:
    if client.status not in ("running", "connecting"):
        raise BadUsage("the Dask scheduler went away; give the same command again: what is stored stays")


@contextmanager
def _on_sigint(stop: Callable[[], object]) -> Iterator[None]:
    """The first Ctrl-C calls `stop`, a second one interrupts as usual."""
    previous = signal.getsignal(signal.SIGINT)

    def on_sigint(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, previous)
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, on_sigint)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


# Clusters #############################################################################################################


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client of the cluster at an address, or of one of its own, which ends with it."""
    if scheduler is None:
        with _local_cluster(workers) as cluster, Client(cluster, set_as_default=False) as client:
            client.register_plugin(_NoPages())
            yield client
        return
    try:
        client = Client(scheduler, timeout=_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadUsage(f"no Dask scheduler answers at {scheduler} ({error}); expected HOST:PORT") from None
    with client:
        _expect_workers(client, scheduler)
        yield client


@contextmanager
def _local_cluster(workers: int) -> Iterator[LocalCluster]:
    """Processes of one thread each, reachable from this machine alone, without a web server.

    They end when this process does, however it ends: Dask's workers watch the pipe to their parent.
    """
    nothing: dict[str, list[str]] = {f"distributed.{role}.http.routes": [] for role in ("scheduler", "worker")}
    with dask.config.set(nothing):
        with _sigint_blocked():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host=LOOPBACK,
                # Dask always opens a web server; this one has no pages, a port that is free, and is closed at once.
                scheduler_kwargs={"dashboard": False, "dashboard_address": f"{LOOPBACK}:0"},
                dashboard_address=None,
                memory_limit=None,  # a trial may take what the machine has
                silence_logs=logging.CRITICAL,  # what matters of a dead worker is told as the trial's outcome
            )
        with cluster:
            assert cluster.loop is not None
            assert cluster.scheduler is not None
            cluster.loop.add_callback(cluster.scheduler.http_server.stop)
            yield cluster


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Threads and processes begun meanwhile never see Ctrl-C, nor do those that they begin.

    A terminal sends it to all processes; but it is for the sweep, which then stops its workers in order.
    """
    resource_tracker.ensure_running()  # otherwise the first process begun starts it, which unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _expect_workers(client: Client, scheduler: str) -> None:
    """Refuses a cluster that has no workers, or workers with another tpdebug."""
    try:
        client.wait_for_workers(1, timeout=_ANSWER)
    except TimeoutError:
        raise BadUsage(f"the Dask cluster at {scheduler} has no workers; start some: dask worker {scheduler}") from None
    try:
        versions: Mapping[str, str] = client.run(_version)
    except Exception as error:  # whatever a worker that lacks tpdebug raises, there or here
        raise BadUsage(
            f"the workers of the Dask cluster at {scheduler} cannot run tpdebug ({error}); install tpdebug "
            f"{VERSION} with its extra 'train' where they run"
        ) from None
    for worker, version in versions.items():
        if version != VERSION:
            raise BadUsage(f"the worker {worker} runs tpdebug {version}, not {VERSION}; install the same on all")


class SweepBar(Bar):
    """The progress of a sweep, on stderr."""

    def __init__(self, total: int, done: int, enabled: bool) -> None:
        self._failed = 0
        self._bar = Progress(
            TextColumn("trials"),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            disable=not enabled,
        )
        self._task = self._bar.add_task("starting workers", total=total, completed=done)

    def say(self, what: str) -> None:
        """Show what goes on."""
        self._bar.update(self._task, description=visible(what))

    def show(self, trial: Trial, record: Record) -> None:
        """Show what became of one more trial."""
        self._failed += record.status == "failed"
        failed = f"{self._failed} failed; " if self._failed else ""
        found = record.judged
        outcome = record.message or (f"{found.score[0]:.2%} per token" if found else record.status)
        self._bar.update(self._task, advance=1, description=visible(f"{failed}{trial}: {outcome}"))

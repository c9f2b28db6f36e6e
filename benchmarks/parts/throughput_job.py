"""One job of `score_files` in a fresh process: its time with and without start-up, its memory.

Seconds are those of a worker from the moment when it is ready (its scorer open, one conversation
scored) to the end of the job: hashing and reading the input, scoring with an empty cache, writing
and syncing Parquet, waiting. Start-up is what comes before: Python, imports, weights, first score.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from benchmarks.parts.throughput_hook import Tally, notes_of, timed_scorer
from benchmarks.record import ROOT

__all__ = ["Job", "Ran", "run_job"]

MODULE: Final = "benchmarks.parts.throughput_job"

_EVERY: Final = 0.2
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be scored, and how.

    Parameters
    ----------
    tier : {"torch", "onnx", "fast"}
        Of the encoder.
    workers, threads : int
        Processes, and threads of each; several processes have one each.
    input : str
        The file of conversations.
    conversations : int
        In it.
    encoder : str, default "en"
        Its name.
    shard_size : int, default 250
        Conversations in a part of the result.
    """

    tier: str
    workers: int
    threads: int
    input: str
    conversations: int
    encoder: str = "en"
    shard_size: int = 250

    @property
    def name(self) -> str:
        """How it is called in the results."""
        return f"{self.tier}, {self.workers} x {self.threads}"


@dataclass(frozen=True, slots=True)
class Ran:
    """What was measured.

    Parameters
    ----------
    job : Job
        What was done.
    seconds : float
        From ready to the end, the mean of the workers.
    whole : float
        From the start of the process to the end.
    encoding : float
        Seconds spent encoding, of all workers.
    encoded, hits, misses : int
        See `Tally`, of all workers.
    memory : tuple of (float, float)
        Seconds since ready, and megabytes resident in the process and those below it.
    """

    job: Job
    seconds: float
    whole: float
    encoding: float
    encoded: int
    hits: int
    misses: int
    memory: tuple[tuple[float, float], ...]

    @property
    def rate(self) -> float:
        """Conversations a second, without start-up."""
        return self.job.conversations / self.seconds

    @property
    def whole_rate(self) -> float:
        """Conversations a second, start-up and all."""
        return self.job.conversations / self.whole

    @property
    def rest(self) -> float:
        """Seconds of all workers spent on everything but encoding."""
        return self.seconds * self.job.workers - self.encoding

    @property
    def hit_rate(self) -> float:
        """Share of the distinct sentences of batches that the cache of vectors knew."""
        return self.hits / max(1, self.hits + self.misses)

    @property
    def peak(self) -> float:
        """Most megabytes at a time."""
        return max((size for _, size in self.memory), default=0.0)


def run_job(job: Job) -> Ran:
    """Run a job in a process of its own.

    Parameters
    ----------
    job : Job
        What to do.

    Returns
    -------
    Ran
        What was measured.

    Raises
    ------
    RuntimeError
        When the process fails, with the end of what it said.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": str(job.threads),
        "TOKENIZERS_PARALLELISM": "false",
    }
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", MODULE, json.dumps(asdict(job)), folder]
        errors = Path(folder) / "errors"
        with errors.open("wb") as sink:
            launched = time.time()
            process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)
            memory = _watched(process)
        if process.returncode:
            said = errors.read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{job.name} failed: {said[-2000:]}")
        told = json.loads((Path(folder) / "told.json").read_text(encoding="ascii"))
        notes = notes_of(Path(folder) / "notes")
        return measured(job, launched, told["ended"], memory, notes)


def measured(
    job: Job,
    launched: float,
    ended: float,
    memory: Sequence[tuple[float, float]],
    notes: Sequence[Sequence[Tally]],
) -> Ran:
    """Put together what was noted of a job.

    Parameters
    ----------
    job : Job
        What was done.
    launched, ended : float
        Seconds since the epoch.
    memory : sequence of (float, float)
        As in `Ran`, but since the epoch.
    notes : sequence of sequence of Tally
        Of each worker.

    Returns
    -------
    Ran
        With times since the workers were ready.
    """
    ready = sum(each[0].clock for each in notes) / len(notes)
    spent = [each[-1].since(each[0]) for each in notes]
    return Ran(
        job,
        ended - ready,
        ended - launched,
        sum(one.seconds for one in spent),
        sum(one.encoded for one in spent),
        sum(one.hits for one in spent),
        sum(one.misses for one in spent),
        tuple((clock - ready, size) for clock, size in memory if clock <= ended),
    )


def _watched(process: subprocess.Popen[bytes]) -> list[tuple[float, float]]:
    """Wait for a process, and note its memory as it goes."""
    memory: list[tuple[float, float]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY):
            memory.append((time.time(), _resident(process.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        process.wait()
    finally:
        over.set()
        watcher.join()
    return memory


def _resident(pid: int) -> float:
    """Megabytes of a process and those below it; a page that several hold counts for each."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for one in (parent, *parent.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.Error:  # one of them has just ended
        pass
    return total / _MEGABYTE


def _main(job: Job, folder: Path) -> None:
    """Do the job in this process, and write down what is needed of it."""
    from qa_nlp.batch import score_files

    notes = folder / "notes"
    notes.mkdir()
    make = partial(timed_scorer, job.tier, job.encoder, job.threads, notes, warm=job.workers == 1)
    out, scorer = folder / "out", make() if job.workers == 1 else make
    report = score_files(job.input, out, scorer, workers=job.workers, shard_size=job.shard_size)
    told = {"ended": time.time()}
    if (report.scored, report.errors) != (job.conversations, 0):
        raise RuntimeError(f"scored {report.scored} of {job.conversations}, errors {report.errors}")
    (folder / "told.json").write_text(json.dumps(told), encoding="ascii")


if __name__ == "__main__":
    _main(Job(**json.loads(sys.argv[1])), Path(sys.argv[2]))

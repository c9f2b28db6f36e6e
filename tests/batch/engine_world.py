"""What jobs on distributed engines are given, what they must make of it, and how they are run."""

from __future__ import annotations

import functools
import os
import re
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qa_nlp.batch import score_batches, transcript_schema, transcripts_to_arrow
from qa_nlp.importers import BadTranscript
from qa_nlp.samples import load_samples
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import arrow_schema, from_arrow
from qa_nlp.transcript import Transcript
from tests.batch.world import LightScorer, calls

ROOT = Path(__file__).resolve().parent.parent.parent
MARKS = "QA_NLP_TEST_MARKS"
VICTIM, FAILING = "c0017", "c0031"
SECONDS = 900
BAD: tuple[dict[str, Any], ...] = (
    {"transcript_id": "no-turns", "turns": None},
    {"transcript_id": "odd-role", "turns": [{"role": "agnt", "text": "Hello!"}]},
    {"transcript_id": None, "turns": [{"role": "agent", "text": "Hello!"}]},
    {"transcript_id": "odd-channel", "channel": "fax", "turns": [{"role": "agent", "text": "Hi"}]},
    {"transcript_id": "cut-off", "metadata": "{", "turns": [{"role": "agent", "text": "Hi"}]},
)


def transcripts() -> pa.Table:
    """Give conversations, some of which cannot be scored."""
    rows = transcripts_to_arrow(calls(80)).to_pylist()
    for place, bad in enumerate(BAD):
        rows.insert(7 + 15 * place, bad)
    return pa.Table.from_pylist(rows, schema=transcript_schema())


def repeated() -> pa.Table:
    """Give conversations of which some come a second time, far from the first."""
    table = transcripts()
    good = pa.Table.from_batches([transcripts_to_arrow(calls(10))])
    return pa.concat_tables([table, good])


def some_samples() -> list[Transcript]:
    """Give a few of the bundled conversations, which the English encoder reads."""
    return [call for call in load_samples() if call.language == "en"][:12]


def on_one_machine(table: pa.Table, scorer: Any) -> list[Scorecard]:
    """Score in this process."""
    return ordered(pa.Table.from_batches(score_batches(table.to_batches(), scorer), arrow_schema()))


def ordered(table: pa.Table) -> list[Scorecard]:
    """Give scorecards in the order of their ids, with nothing that counts rows of a part."""
    rows = table.to_pylist()
    for row in rows:
        row["transcript_id"] = _placeless(row["transcript_id"])
        row["group_id"] = _placeless(row["group_id"])
        row["error"] = row["error"] and _placeless(row["error"])
    return sorted(
        from_arrow(pa.Table.from_pylist(rows, schema=arrow_schema())),
        key=identity,
    )


def identity(card: Scorecard) -> tuple[str, str]:
    """Give what scorecards are sorted by."""
    return card.transcript_id, card.error or ""


def _placeless(text: str) -> str:
    return re.sub(r"^row \d+", "row", text)


class MarkingScorer(LightScorer):
    """Leaves a mark wherever it is made, and fails on one conversation."""

    def __init__(self) -> None:
        super().__init__()
        name = f"{type(self).__name__}-{os.getpid()}-{uuid.uuid4().hex}"
        (marks() / name).write_text(os.environ["OMP_NUM_THREADS"])

    def iter_scores(self, items: Iterable[Transcript | BadTranscript]) -> Iterator[Scorecard]:
        for item in items:
            if item.id == FAILING and isinstance(item, Transcript):
                raise ValueError("a message that may quote the conversation")
            self.before(item.id)
            yield from super().iter_scores([item])

    def before(self, identifier: str | None) -> None:
        """Do nothing."""


class DeadlyScorer(MarkingScorer):
    """Kills its own process in mid-job, once in a job."""

    def before(self, identifier: str | None) -> None:
        if identifier == VICTIM:
            with suppress(FileExistsError):
                (marks() / "killed").touch(exist_ok=False)
                os.kill(os.getpid(), signal.SIGKILL)


class DoomedScorer(MarkingScorer):
    """Kills its own process at every conversation."""

    def before(self, identifier: str | None) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def marks() -> Path:
    """Find the folder that marks are left in."""
    return Path(os.environ[MARKS])


def marking() -> Any:
    return MarkingScorer()


def deadly() -> Any:
    return DeadlyScorer()


def doomed() -> Any:
    return DoomedScorer()


@dataclass(frozen=True, slots=True)
class Job:
    """What a job left behind."""

    folder: Path
    code: int
    told: str

    def cards(self, name: str) -> list[Scorecard]:
        """Read a result."""
        return ordered(pq.read_table(self.folder / name))

    def files(self, name: str) -> list[Path]:
        """Find the files of a result that an engine wrote itself."""
        return sorted((self.folder / name).glob("*.parquet"))

    def made(self, scorer: type) -> list[tuple[str, str]]:
        """Tell in which process, and with how many threads, each scorer of a kind was made."""
        found = (self.folder / "marks").glob(f"{scorer.__name__}-*")
        return sorted((path.name.split("-")[1], path.read_text()) for path in found)


def run_job(module: str, folder: Path) -> Job:
    """Run a module that starts an engine, in a process of its own, and end what it leaves over."""
    (folder / "marks").mkdir()
    (folder / "home").mkdir()
    # Not in the test's own folder: Ray makes sockets here, whose names must be short.
    with (
        TemporaryDirectory(prefix="qa", dir="/tmp", ignore_cleanup_errors=True) as short,
        (folder / "told.txt").open("wb") as told,
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            cwd=folder,
            env={**os.environ, **_environment(folder, short)},
            stdout=told,
            stderr=told,
            start_new_session=True,
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    return Job(folder, code, (folder / "told.txt").read_text(errors="replace"))


def _environment(folder: Path, short: str) -> dict[str, str]:
    return {
        MARKS: str(folder / "marks"),
        "HOME": str(folder / "home"),  # Ray writes its password there
        "OMP_NUM_THREADS": "2",  # which workers must not take for themselves
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # elsewhere as here: loopback only
        "RAY_TMPDIR": short,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # else workers wait until every other test is done
        "SPARK_LOCAL_DIRS": short,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": short,
    }


def left_over(folder: Path) -> list[int]:
    """Find processes that a job started, once they had half a minute to end."""
    mark = f"{MARKS}={folder / 'marks'}".encode()
    deadline = time.monotonic() + 30
    while (found := _processes_with(mark)) and (left := deadline - time.monotonic()) > 0:
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(found[0])
            select.select([handle], [], [], left)  # until it ends
            os.close(handle)
    return found


def _processes_with(mark: bytes) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def once(module: str, folder: Path) -> Callable[[], Job]:
    """Give a function that runs a job the first time it is called."""
    return functools.cache(functools.partial(run_job, module, folder))

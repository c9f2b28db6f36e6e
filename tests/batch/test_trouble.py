"""What goes wrong around a job: full and read-only disks, two jobs at once, processes that fail."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.batch import BatchReport, score_files, shards
from qa_nlp.batch.lock import job_lock, worker_lock
from qa_nlp.batch.storage import write_synced
from qa_nlp.errors import ArtifactError
from tests.batch.world import SHARD, LightScorer, calls, contents, light, write_calls

ROOT = Path(__file__).resolve().parent.parent.parent


def run(inputs: Any, out: Path, scorer: Any = light, **options: Any) -> BatchReport:
    return score_files(inputs, out, scorer, **{"workers": 1, "shard_size": SHARD, **options})


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    return write_calls(tmp_path / "calls.jsonl", calls(35))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


# disks


@pytest.mark.parametrize("fails_at", [1, 4, 7, 9, 20])
def test_full_disk_keeps_what_is_finished_and_the_next_run_goes_on(
    inputs: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    run(inputs, tmp_path / "undisturbed")
    written: list[str] = []

    def full(path: Path, content: bytes) -> None:
        written.append(path.name)
        if len(written) >= fails_at:
            path.write_bytes(content[:5])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_synced(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(shards, "write_synced", full)
        with pytest.raises(ArtifactError, match=r"the disk is full .*the next run goes on"):
            run(inputs, out)
    kept = {name.split("/")[1] for name in contents(out) if "/" in name}
    report = run(inputs, out)

    assert len(kept) == (fails_at - 1) // 7
    assert report.scored == 35 - SHARD * len(kept)
    assert contents(out) == contents(tmp_path / "undisturbed")


LIMITED = """
import resource, sys
from tests.batch.world import light
from qa_nlp.batch import score_files
from qa_nlp.errors import ArtifactError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
try:
    score_files(sys.argv[1], sys.argv[2], light, workers=sys.argv[3], shard_size=10)
except ArtifactError as error:
    print(error)
"""


def in_a_process(code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> str:
    ran = subprocess.run(
        [*prefix, sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_file_that_the_system_does_not_let_grow_ends_the_job_cleanly(
    tmp_path: Path, out: Path
) -> None:
    long = replace(calls(1, "long")[0], metadata={"noise": os.urandom(60_000).hex()})
    rows = [*calls(25), long]
    inputs = write_calls(tmp_path / "calls.jsonl", rows)

    told = in_a_process(LIMITED, inputs, out, 1, 40_000)
    report = run(inputs, out)

    assert "the disk is full (File too large); free space and run again" in told
    assert report.scored == 6


TINY_DISK = """
set -e
mount -t tmpfs -o size=96k none "$1/disk"
"$2" -c "$3" "$1/calls.jsonl" "$1/disk/out" "$4" 100000000
ls -a "$1/disk/out"
ls "$1/disk/out/shards" | wc -l
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_full_disk_ends_the_job_cleanly(tmp_path: Path, workers: int) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount a disk of their own")
    write_calls(tmp_path / "calls.jsonl", calls(200))
    (tmp_path / "disk").mkdir()

    arguments = [str(tmp_path), sys.executable, LIMITED, str(workers)]
    ran = subprocess.run(
        [unshare, "-rm", "sh", "-c", TINY_DISK, "sh", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    told, *listed, count = ran.stdout.splitlines()
    assert "the disk is full (No space left on device); free space and run again" in told
    assert "what is finished is kept" in told
    assert listed == [".", "..", "manifest.json", "shards"]
    assert 1 <= int(count) < 20


def test_place_that_cannot_be_written_to_is_named(inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    for place in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(ArtifactError, match=r"file.*: cannot be written: "):
            run(inputs, place)


def test_read_only_folder_is_named(
    inputs: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.mkdir()
    ordinary = Path.mkdir

    def refuse(path: Path, *arguments: Any, **options: Any) -> None:
        if path.parent == out:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        ordinary(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", refuse)

    with pytest.raises(ArtifactError, match="out: cannot be written: Read-only file system"):
        run(inputs, out)


# two jobs at once


def test_second_job_in_the_same_folder_is_refused(inputs: Path, out: Path) -> None:
    refused = []

    def again(_: object) -> None:
        with pytest.raises(ArtifactError, match="another job works in this folder") as caught:
            run(inputs, out)
        refused.append(caught.value)

    report = run(inputs, out, progress=again)

    assert len(refused) == 5
    assert report.finished


def test_lock_of_a_process_that_is_dead_is_taken_over(inputs: Path, out: Path) -> None:
    out.mkdir()
    code = (
        "import os, sys; from pathlib import Path; from qa_nlp.batch.lock import job_lock\n"
        "with job_lock(Path(sys.argv[1])): os._exit(0)"
    )
    in_a_process(code, out)

    assert (out / ".working" / "job.lock").exists()
    assert run(inputs, out).finished


def test_job_waits_for_a_worker_of_a_dead_one(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_nlp.batch.lock._PATIENCE_SECONDS", 0.1)
    (out / ".working").mkdir(parents=True)

    with (
        worker_lock(out),
        pytest.raises(ArtifactError, match="a worker of an earlier job still runs"),
        job_lock(out),
    ):
        pass
    with job_lock(out) as working:
        assert {path.name for path in working.iterdir()} == {"job.lock", "workers.lock"}
    assert not working.exists()


def test_clock_that_goes_backwards_changes_nothing(
    inputs: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(inputs, tmp_path / "undisturbed")
    for name in ("time", "monotonic", "perf_counter"):
        falling = iter(range(10**9, 0, -1000))
        monkeypatch.setattr(f"time.{name}", lambda falling=falling: float(next(falling)))

    assert run(inputs, out).finished
    assert contents(out) == contents(tmp_path / "undisturbed")


# processes that fail


class Killing(LightScorer):
    """Ends its process, as the system does where memory runs out."""

    def iter_scores(self, items: Any) -> Any:
        for item in items:
            if item.id == "c0014":
                os.kill(os.getpid(), 9)
            yield from super().iter_scores([item])


class Refusing(LightScorer):
    """Finds its weights damaged when it is used."""

    def iter_scores(self, items: Any) -> Any:
        raise ArtifactError("the weights are damaged")


def leaving() -> Any:
    """Make a scorer once, and leave where another process asks for it."""
    if os.getpid() != int(os.environ["QA_NLP_TEST_FIRST"]):
        raise SystemExit(3)
    return LightScorer()


def other_each_time() -> Any:
    """Make a scorer that is another one in each process."""
    scorer = LightScorer()
    scorer.fingerprint = str(os.getpid())
    return scorer


def test_shard_that_ends_its_process_three_times_is_named(inputs: Path, out: Path) -> None:
    with pytest.raises(
        ArtifactError,
        match=r"shard 000000-000001 ended its worker process 3 times \(killed by SIGKILL; .*"
        r"10 conversations from 'c0010' to 'c0019'",
    ):
        run(inputs, out, Killing, workers=2)


def test_error_of_a_worker_is_that_of_the_job(inputs: Path, out: Path) -> None:
    with pytest.raises(ArtifactError, match="the weights are damaged"):
        run(inputs, out, Refusing, workers=2)


def test_worker_that_cannot_start_ends_the_job(
    inputs: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_NLP_TEST_FIRST", str(os.getpid()))

    with pytest.raises(ArtifactError, match=r"ended before it could start \(exit code 3\)"):
        run(inputs, out, leaving, workers=2)


def test_script_without_a_guard_is_told_of_it(inputs: Path, out: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom qa_nlp.batch import score_files\nfrom tests.batch.world import light\n"
        "score_files(sys.argv[1], sys.argv[2], light, workers=2)\n"
    )

    ran = subprocess.run(
        [sys.executable, str(script), str(inputs), str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 1
    assert "call score_files below if __name__ == '__main__':" in ran.stderr
    assert run(inputs, tmp_path / "other").finished


def test_worker_with_another_scorer_is_refused(inputs: Path, out: Path) -> None:
    with pytest.raises(ArtifactError, match="a worker process made another scorer"):
        run(inputs, out, other_each_time, workers=2)


# memory


@contextmanager
def measured() -> Iterator[list[int]]:
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_conversations(tmp_path: Path) -> None:
    peaks = []
    run(write_calls(tmp_path / "first.jsonl", calls(50)), tmp_path / "first")
    for size in (200, 2000):
        path = write_calls(tmp_path / f"{size}.jsonl", calls(size))
        with measured() as peak:
            run(path, tmp_path / f"out-{size}", shard_size=50)
        peaks += peak

    # An id takes about 200 bytes while its file is read; a conversation would take thousands.
    assert peaks[1] - peaks[0] < 1800 * 500

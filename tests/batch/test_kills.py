"""A job that is killed at any moment goes on, and ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qa_nlp.batch import iter_scorecards, score_files
from tests.batch.world import SHARD, calls, contents, light, write_calls

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = 20
LONGEST_SECONDS = 1.2


def started(inputs: Path, out: Path, workers: int = 2) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.batch.world", str(inputs), str(out), str(workers)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Find the worker processes, without the helper that Python starts beside them."""
    found = []
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
        except FileNotFoundError:
            continue
    return found


def finish(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end, and show what was told where it went wrong."""
    _, told = process.communicate(timeout=60)
    sys.stderr.write(told.decode())
    return process.returncode


def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def kill(process: subprocess.Popen[bytes], chance: random.Random, *, worker: bool) -> bool:
    """Kill a worker, or the process that started them; False where there was none to kill."""
    target = process.pid
    if worker:
        found = workers_of(process)
        if not found:
            return False
        target = chance.choice(found)
    try:
        os.kill(target, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_job_killed_twenty_times_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    write_calls(tmp_path / "calls" / "a.jsonl", calls(500))
    write_calls(tmp_path / "calls" / "b.jsonl", [*calls(150, "d"), {"id": "x", "turns": 3}])
    inputs, out = tmp_path / "calls", tmp_path / "out"
    undisturbed = tmp_path / "undisturbed"
    assert finish(started(inputs, undisturbed)) == 0
    expected = contents(undisturbed)
    chance = random.Random(7)
    kills = 0
    process = started(inputs, out)

    while kills < KILLS:
        if ended(process, chance.uniform(0, LONGEST_SECONDS)):
            if process.returncode == 0:
                assert contents(out) == expected
                shutil.rmtree(out)
        elif kill(process, chance, worker=kills % 2 == 0):
            kills += 1
            if kills % 2:
                continue
        else:
            continue
        finish(process)
        process = started(inputs, out)

    assert finish(process) == 0
    assert contents(out) == expected
    ids = [card.transcript_id for card in iter_scorecards(out)]
    assert len(ids) == len(set(ids)) == 651


def test_worker_that_dies_is_replaced_and_its_conversations_are_scored_once(
    tmp_path: Path,
) -> None:
    inputs = write_calls(tmp_path / "calls.jsonl", calls(4 * SHARD))
    process = started(inputs, tmp_path / "out")
    shards = tmp_path / "out" / "shards"
    wait_until(lambda: shards.is_dir() and any(shards.iterdir()), process)

    os.kill(workers_of(process)[0], signal.SIGKILL)

    assert finish(process) == 0
    ids = [card.transcript_id for card in iter_scorecards(tmp_path / "out")]
    assert ids == [call.id for call in calls(4 * SHARD)]


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_ends_within_seconds_and_keeps_what_is_done(tmp_path: Path, workers: int) -> None:
    inputs = write_calls(tmp_path / "calls.jsonl", calls(400))
    process = started(inputs, tmp_path / "out", workers)
    shards = tmp_path / "out" / "shards"
    wait_until(lambda: shards.is_dir() and any(shards.iterdir()), process)

    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to every process of the terminal
    _, told = process.communicate(timeout=30)

    assert time.monotonic() - begin < 5
    assert told.count(b"Traceback") == 1  # that of the first process, none of its workers
    assert not (tmp_path / "out" / ".working").exists()
    kept = sorted(path.name for path in shards.iterdir())
    report = score_files(inputs, tmp_path / "out", light, workers=1, shard_size=SHARD)
    assert len(kept) >= 1
    assert report.scored == 400 - SHARD * len(kept)


def test_workers_end_when_the_job_is_killed(tmp_path: Path) -> None:
    inputs = write_calls(tmp_path / "calls.jsonl", calls(400))
    process = started(inputs, tmp_path / "out")
    shards = tmp_path / "out" / "shards"
    wait_until(lambda: shards.is_dir() and any(shards.iterdir()), process)
    workers = workers_of(process)

    process.kill()
    finish(process)

    deadline = time.monotonic() + 20
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its job"
    assert len(workers) == 2


def is_running(worker: int) -> bool:
    try:
        state = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # nobody may be there to collect what is dead


def wait_until(true: object, process: subprocess.Popen[bytes]) -> None:
    """Look again and again, for a minute at most."""
    assert callable(true)
    deadline = time.monotonic() + 60
    while not true():
        assert process.poll() is None, "the job ended before it was disturbed"
        assert time.monotonic() < deadline

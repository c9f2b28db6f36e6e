"""One job at a time in a result folder, and no worker of a dead one left in it.

A job holds an exclusive lock; each of its workers holds a shared one on a second file. The kernel
frees both when a process ends, however it ends. So a lock that can be had is a lock that nobody
holds, and a job that waits for the second one knows that no worker of a killed job still writes.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from qa_nlp.errors import ArtifactError

__all__ = ["WORKING", "job_lock", "worker_lock"]

WORKING: Final = ".working"
"""Folder in the result folder for what is not finished; gone when no job runs."""

_JOB: Final = "job.lock"
_WORKERS: Final = "workers.lock"
_PATIENCE_SECONDS: Final = 20.0
_PAUSE_SECONDS: Final = 0.02


@contextmanager
def job_lock(out: Path) -> Iterator[Path]:
    """Hold a result folder, and clean up behind a job that was killed.

    Parameters
    ----------
    out : pathlib.Path
        The result folder, which must exist.

    Yields
    ------
    pathlib.Path
        An empty folder for temporary files, in the same file system.

    Raises
    ------
    ArtifactError
        When another job works there.
    OSError
        When nothing can be written.
    """
    folder = out / WORKING
    handle = _held(folder, out)
    try:
        _wait_for_workers(folder, out)
        _empty(folder)
        yield folder
    finally:
        # Removed while it is held: who opened the same file before finds that it is gone.
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


@contextmanager
def worker_lock(out: Path) -> Iterator[None]:
    """Say that this process may write to a result folder.

    Parameters
    ----------
    out : pathlib.Path
        The result folder, held by a job.

    Yields
    ------
    None
        While it may.
    """
    handle = _opened(out / WORKING / _WORKERS)
    try:
        _flock(handle, shared=True, wait=True)
        yield
    finally:
        os.close(handle)


def _held(folder: Path, out: Path) -> int:
    while True:
        folder.mkdir(exist_ok=True)
        try:
            handle = _opened(folder / _JOB)
        except FileNotFoundError:  # a job that ended has just removed the folder
            continue
        try:
            if not _flock(handle, shared=False, wait=False):
                raise ArtifactError(
                    f"{out}: another job works in this folder; wait for it, or choose another"
                )
            if _is_there(handle, folder / _JOB):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _wait_for_workers(folder: Path, out: Path) -> None:
    """Wait for workers of a killed job, which end themselves as soon as they notice."""
    handle = _opened(folder / _WORKERS)
    try:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not _flock(handle, shared=False, wait=False):
            if time.monotonic() > until:
                raise ArtifactError(f"{out}: a worker of an earlier job still runs; end it first")
            time.sleep(_PAUSE_SECONDS)
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if left.name in (_JOB, _WORKERS):
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _is_there(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _flock(handle: int, *, shared: bool, wait: bool) -> bool:
    try:
        import fcntl
    except ImportError:
        raise ArtifactError(
            "a result folder needs file locks that this system lacks; write to one file instead"
        ) from None
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(handle, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

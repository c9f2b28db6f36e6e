"""Processes that score shards side by side; one that dies is replaced."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

from qa_nlp.batch.shards import Shard
from qa_nlp.batch.worker import READY, Finished, work
from qa_nlp.errors import ArtifactError

__all__ = ["WorkerPool"]

_TRIES: Final = 3


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection
    ready: bool = False
    shard: Shard | None = None


class WorkerPool:
    """Scores shards in several processes; one shard for each of them waits at most.

    Parameters
    ----------
    size : int
        Most processes at a time; they are started as there is work.
    arguments : tuple
        Of `work`, without the connection.
    """

    def __init__(self, size: int, arguments: tuple[Any, ...]) -> None:
        self._size = size
        self._arguments = arguments
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._waiting: deque[Shard] = deque()
        self._deaths: dict[str, int] = {}
        self._failed_starts = 0

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        # What is half done is worth nothing, what is done lies on the disk, and leaving on its own
        # takes a process with a model some seconds.
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            self._bury(worker)

    def finish(self, shards: Iterator[Shard]) -> Iterator[tuple[Shard, Finished]]:
        """Have shards scored and written.

        Parameters
        ----------
        shards : iterator of Shard
            Read as far ahead as the processes need.

        Yields
        ------
        tuple of (Shard, Finished)
            As they are finished, in no certain order.

        Raises
        ------
        QaNlpError
            What a worker could not go on with, or that a shard ended its process three times.
        OSError
            When the disk is full or read-only.
        """
        source: Iterator[Shard] | None = shards
        while True:
            self._hand_out()
            if source is not None and len(self._waiting) < self._size:
                shard = next(source, None)
                if shard is None:
                    source = None
                else:
                    self._waiting.append(shard)
                    self._hand_out()
            elif source is None and not self._waiting and not self._busy:
                break
            full = source is None or len(self._waiting) >= self._size
            for worker in self._talking(None if full and self._workers else 0.0):
                finished = self._heard(worker)
                if finished is not None:
                    yield finished

    @property
    def _busy(self) -> bool:
        return any(worker.shard is not None for worker in self._workers)

    def _talking(self, seconds: float | None) -> list[_Worker]:
        if self._waiting or self._busy:
            spoke = wait([worker.connection for worker in self._workers], seconds)
            return [worker for worker in self._workers if worker.connection in spoke]
        return []

    def _hand_out(self) -> None:
        idle = deque(w for w in self._workers if w.ready and w.shard is None)
        while idle and self._waiting:
            worker = idle.popleft()
            worker.shard = self._waiting.popleft()
            with suppress(OSError):  # of a process that died; its connection will tell
                worker.connection.send(worker.shard)
        starting = sum(not worker.ready for worker in self._workers)
        while len(self._workers) < self._size and starting < len(self._waiting):
            self._workers.append(self._started())
            starting += 1

    def _started(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(theirs, *self._arguments), daemon=True)
        # Ctrl-C reaches every process of the terminal; only the first has something to say to it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
        return _Worker(process, ours)

    def _heard(self, worker: _Worker) -> tuple[Shard, Finished] | None:
        try:
            said = worker.connection.recv()
        except (EOFError, OSError):
            self._died(worker)
            return None
        if isinstance(said, BaseException):
            raise said
        if said == READY:
            worker.ready = True
            return None
        shard, worker.shard = worker.shard, None
        assert shard is not None
        return shard, said

    def _died(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        code = self._bury(worker)
        if not worker.ready:
            self._failed_starts += 1
            # A process that was killed may have better luck; one that failed will fail again.
            if (code or 0) >= 0 or self._failed_starts >= _TRIES:
                raise ArtifactError(
                    f"a worker process ended before it could start ({_ending(code)}); in a script, "
                    "call score_files below if __name__ == '__main__':, or use workers=1"
                )
            return
        if worker.shard is None:
            return
        name = worker.shard.name
        self._deaths[name] = self._deaths.get(name, 0) + 1
        if self._deaths[name] >= _TRIES:
            ids = [read.item.id for read in worker.shard.conversations]
            raise ArtifactError(
                f"shard {name} ended its worker process {_TRIES} times ({_ending(code)}; is there "
                f"enough memory?); it holds {len(ids):,} conversations from {ids[0]!r} to "
                f"{ids[-1]!r}"
            )
        self._waiting.appendleft(worker.shard)

    @staticmethod
    def _bury(worker: _Worker) -> int | None:
        worker.connection.close()
        worker.process.kill()
        worker.process.join()
        code = worker.process.exitcode
        worker.process.close()
        return code


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"

"""Scorers whose encoding is timed, in this process or in a worker of `score_files`.

Nothing in the library knows of it: `VectorCache.encode` is wrapped in the process that measures.
Each process writes what it has counted so far to a file of its own, a line after each batch of
sentences, since workers are ended without notice.
"""

from __future__ import annotations

import inspect
import json
import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding import VectorCache
from qa_nlp.samples import load_samples
from qa_nlp.scorer import Scorer

__all__ = ["RUBRIC", "Tally", "notes_of", "timed_scorer", "watch_caches"]

Vectors: TypeAlias = NDArray[np.float32]

RUBRIC: Final = "service_excellence"


@dataclass(slots=True)
class Tally:
    """What a process has counted since it began.

    Parameters
    ----------
    clock : float
        Time of the note, in seconds since the epoch.
    seconds : float
        Spent encoding.
    encoded : int
        Sentences encoded.
    hits, misses : int
        Distinct sentences of a batch found in the cache of vectors, and not found.
    """

    clock: float = 0.0
    seconds: float = 0.0
    encoded: int = 0
    hits: int = 0
    misses: int = 0

    def since(self, other: Tally) -> Tally:
        """Give what was counted after another note.

        Parameters
        ----------
        other : Tally
            An earlier one.

        Returns
        -------
        Tally
            The differences; `clock` too.
        """
        return Tally(*(getattr(self, one.name) - getattr(other, one.name) for one in fields(Tally)))


class _Timed:
    """An encoder that counts."""

    def __init__(self, encoder: Any, tally: Tally) -> None:
        self._encoder = encoder
        self._tally = tally

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode(self, texts: Sequence[str]) -> Vectors:
        started = time.perf_counter()
        rows: Vectors = self._encoder.encode(texts)
        self._tally.seconds += time.perf_counter() - started
        self._tally.encoded += len(texts)
        return rows


def timed_scorer(
    tier: str, encoder: str, threads: int, notes: Path, *, warm: bool = True
) -> Scorer:
    """Make a scorer that writes down what it encodes.

    Parameters
    ----------
    tier, encoder : str
        Of the encoder.
    threads : int
        Of the encoder.
    notes : pathlib.Path
        Folder of the notes; this process writes ``PID.jsonl``, first when the scorer is ready.
    warm : bool, default True
        Whether to score a sample first, which opens everything. Never in the process that reads for
        others: it scores nothing.

    Returns
    -------
    Scorer
        On the rubric `RUBRIC`.
    """
    tally = Tally()
    path = notes / f"{os.getpid()}.jsonl"
    watch_caches(tally, path)
    scorer = Scorer(RUBRIC, encoder=encoder, tier=tier, threads=threads)
    if warm or multiprocessing.parent_process() is not None:
        scorer.score_one(load_samples()[0])
        _note(tally, path)
    return scorer


def notes_of(folder: Path) -> list[list[Tally]]:
    """Read what the processes wrote down.

    Parameters
    ----------
    folder : pathlib.Path
        Of the notes.

    Returns
    -------
    list of list of Tally
        Of each process that scored, from when it was ready.
    """
    found = [path.read_text(encoding="ascii") for path in sorted(folder.glob("*.jsonl"))]
    return [[Tally(**json.loads(line)) for line in text.splitlines()] for text in found]


def watch_caches(tally: Tally, path: Path) -> None:
    """Count what every cache of vectors in this process does from now on.

    Parameters
    ----------
    tally : Tally
        Where it is counted.
    path : pathlib.Path
        Where it is written down, once that file exists.
    """
    counted: Any = VectorCache
    plain = inspect.unwrap(counted.encode)

    def encode(cache: Any, texts: Sequence[str]) -> Vectors:
        if not isinstance(cache.encoder, _Timed):
            cache.encoder = _Timed(cache.encoder, tally)
        hits, misses = cache.hits, cache.misses
        rows: Vectors = plain(cache, texts)
        tally.hits += cache.hits - hits
        tally.misses += cache.misses - misses
        if path.exists():
            _note(tally, path)
        return rows

    encode.__wrapped__ = plain  # type: ignore[attr-defined]
    counted.encode = encode


def _note(tally: Tally, path: Path) -> None:
    tally.clock = time.time()
    with path.open("a", encoding="ascii") as file:
        file.write(json.dumps(asdict(tally)) + "\n")

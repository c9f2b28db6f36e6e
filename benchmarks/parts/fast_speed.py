"""Sentences a second of each tier on one core, measured in turns, and the size of the artefact."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.parts.conversations import read_unbabel
from benchmarks.parts.evaluation import Measures, measures_of
from benchmarks.parts.fast_tiers import ENGLISH, Pair
from benchmarks.parts.resampling import Resampler
from benchmarks.parts.shipped import pieces_of
from benchmarks.parts.similarity import similar_pairs
from benchmarks.parts.texts import Array
from benchmarks.record import ROOT
from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.encoding.static import static

__all__ = ["measure_speed", "megabytes"]

CHUNK: Final = 500
REPEATS: Final = 5
_MEGABYTE: Final = 1_000_000


def megabytes(pair: Pair) -> float:
    """Give the size of a static encoder's weights and manifest.

    Parameters
    ----------
    pair : Pair
        It, and what it stands in for.

    Returns
    -------
    float
        Megabytes.
    """
    folder = ROOT / "models" / pair.artifact
    files = (folder / name for name in ("model.safetensors", "manifest.json"))
    return sum(file.stat().st_size for file in files) / _MEGABYTE


def measure_speed(pair: Pair, folder: Path, *, chunks: int, rounds: int) -> Measures:
    """Time every tier on the same distinct sentences, one after the other.

    Parameters
    ----------
    pair : Pair
        On English real chats are read, else the sentences of the STS benchmark.
    folder : pathlib.Path
        The folder of data sets.
    chunks : int
        Times 500 sentences.
    rounds : int
        Resamples, over chunks.

    Returns
    -------
    Measures
        Sentences a second of each tier, and how many times faster ``fast`` is than each other,
        with intervals.
    """
    sentences = _sentences(pair, folder)[: chunks * CHUNK]
    parts = [sentences[start : start + CHUNK] for start in range(0, len(sentences), CHUNK)]
    tiers: dict[str, Encoder] = {
        "torch": load_encoder(pair.slow),
        "onnx": load_encoder(pair.slow, tier="onnx", threads=1),
        "fast": static(pair.artifact),
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            seconds = _in_turns(tiers, parts)
    finally:
        torch.set_num_threads(threads)
    totals = Resampler([str(row) for row in range(len(parts))], rounds=rounds).totals(seconds)
    spent = dict(zip(tiers, totals.T, strict=True))
    found = {f"{name}, sentences/s": len(sentences) / each for name, each in spent.items()}
    found |= {f"fast / {name}": spent[name] / spent["fast"] for name in tiers if name != "fast"}
    return measures_of(found)


def _sentences(pair: Pair, folder: Path) -> tuple[str, ...]:
    if pair is ENGLISH:
        chats = read_unbabel(folder)
        return pieces_of(tuple(turn.text for chat in chats for turn in chat.turns)).distinct
    each = [similar_pairs(code, folder)["sentence1"].tolist() for code in pair.languages]
    # the languages in turns, so that every chunk holds all
    texts = tuple(text for row in zip(*each, strict=False) for text in row)
    return pieces_of(texts).distinct


def _in_turns(tiers: Mapping[str, Encoder], parts: Sequence[Sequence[str]]) -> Array:
    """Give the seconds of each part and tier, a short time as the mean of several."""
    for encoder in tiers.values():
        encoder.encode(parts[0][:20])
    seconds = np.zeros((len(parts), len(tiers)))
    for row, part in enumerate(parts):
        for column, (name, encoder) in enumerate(tiers.items()):
            repeats = REPEATS if name == "fast" else 1
            started = time.perf_counter()
            for _ in range(repeats):
                encoder.encode(part)
            seconds[row, column] = (time.perf_counter() - started) / repeats
    return seconds

"""What the heads cost beside the encoding, and how large the artefacts are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.parts.evaluation import Result, number
from benchmarks.parts.shipped import ARTIFACTS, Shipped, pieces_of
from benchmarks.record import ROOT
from qa_nlp.encoding import load_encoder
from qa_nlp.signals.answers import pooled_answers

__all__ = ["FILE", "measure_cost"]

FILE: Final = "unbabel_maia/data/MAIA.en-fr.csv"
"""Sentences of real support chats, below the folder of data sets."""

SENTENCES: Final = 2_000
REPEATS: Final = 3
MEGABYTE: Final = 1_000_000


def measure_cost(shipped: Sequence[Shipped], folder: Path, *, most: int) -> list[Result]:
    """Measure time and size of each shipped classifier.

    Parameters
    ----------
    shipped : sequence of Shipped
        The classifiers.
    folder : pathlib.Path
        The folder of data sets.
    most : int
        Sentences at most.

    Returns
    -------
    list of Result
        Seconds of all heads on 2,000 sentences over the seconds of their encoding, both in this
        process; megabytes of the files of an artefact.
    """
    sentences = _sentences(folder)[: min(most, SENTENCES)]
    results = []
    for one in shipped:
        encoder = load_encoder(one.name)
        encoder.encode(sentences[:50])
        started = time.perf_counter()
        rows = encoder.encode(sentences)
        encoding = time.perf_counter() - started
        heads = _fastest(lambda one=one, rows=rows: _ask_all(one, rows))  # type: ignore[misc]
        size = sum(
            path.stat().st_size
            for path in (ROOT / "models" / ARTIFACTS[one.name]).iterdir()
            if path.suffix in {".safetensors", ".json"}
        )
        results.append(
            Result(
                f"{len(sentences):,} sentences of Unbabel MAIA",
                "en",
                "cost",
                len(sentences),
                len(sentences),
                {
                    one.name: {
                        "heads / encoding": number(heads / encoding),
                        "encoding, s": number(encoding),
                        "heads, s": number(heads),
                        "artefact, MB": number(size / MEGABYTE),
                    }
                },
            )
        )
    return results


def _sentences(folder: Path) -> list[str]:
    table = pd.read_csv(folder / FILE, keep_default_na=False)
    english = table["source_segment"].where(table["source_language"] == "en", table["mt_segment"])
    texts = tuple(dict.fromkeys(text for text in english if text.strip()))
    return list(pieces_of(texts).distinct)


def _ask_all(shipped: Shipped, rows: np.typing.NDArray[np.float32]) -> None:
    """Answer every task for every sentence, each a text of its own."""
    size = len(rows)
    owner, length = np.arange(size), np.ones(size, dtype=np.int64)
    for head in shipped.heads.values():
        pooled_answers(head, head.sentence_logits(rows), owner, length, size)


def _fastest(work: Callable[[], None]) -> float:
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)

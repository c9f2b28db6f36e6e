"""How fast encoded sentences are matched against many banks."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from qa_nlp.encoding import load_encoder
from qa_nlp.signals.phrase_matcher import PhraseMatcher
from qa_nlp.signals.phrases import shipped_matcher

__all__ = ["measure_speed"]

SENTENCES: Final = 10_000
BANKS: Final = 60
RUNS: Final = 5


def measure_speed(*, sentences: int = SENTENCES, banks: int = BANKS) -> dict[str, Any]:
    """Time the matcher on made-up sentences and random unit vectors.

    Parameters
    ----------
    sentences : int, default 10,000
        Distinct ones.
    banks : int, default 60
        The shipped banks, repeated as often as needed.

    Returns
    -------
    dict
        ``seconds``, the best of five runs, and what was matched.
    """
    encoder = load_encoder("en")
    shipped = shipped_matcher(encoder)
    rows = np.resize(np.arange(len(shipped.banks)), banks)
    matcher = PhraseMatcher(
        tuple(shipped.banks[row] for row in rows), shipped.weight[rows], shipped.bias[rows]
    )
    texts = [
        f"Is order {number} not the one that you were asking about?" for number in range(sentences)
    ]
    vectors = np.random.default_rng(0).normal(size=(sentences, encoder.width)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        matcher.probabilities(texts, vectors)
        taken.append(time.perf_counter() - started)
    return {"seconds": round(min(taken), 3), "sentences": sentences, "banks": banks, "runs": RUNS}

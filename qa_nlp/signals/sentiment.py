"""How the customer feels: per turn, over the conversation, and where it is worst.

The valence of a sentence is P(positive) - P(negative), that of a turn the mean over its sentences,
weighted by their length in characters.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from qa_nlp.signals.base import Array, Batch, Column, SignalSpec, Span
from qa_nlp.transcript import Role

__all__ = ["SENTIMENT", "measure_sentiment", "turn_means", "valence"]

_OWN: Final = "Own definition."

SENTIMENT: Final = (
    SignalSpec(
        "customer_sentiment.mean",
        "Mean valence of the customer's turns.",
        "valence", -1, 1, -0.3, 0.3, source=_OWN,
    ),
    SignalSpec(
        "customer_sentiment.start",
        "Mean valence of the first third of the customer's turns.",
        "valence", -1, 1, -0.3, 0.3, source=_OWN,
    ),
    SignalSpec(
        "customer_sentiment.end",
        "Mean valence of the last third of the customer's turns.",
        "valence", -1, 1, -0.3, 0.3, source=_OWN,
    ),
    SignalSpec(
        "customer_sentiment.change",
        "Valence at the end less valence at the start; needs three turns of the customer.",
        "valence", -2, 2, -0.5, 0.5, source=_OWN,
    ),
    SignalSpec(
        "customer_sentiment.trend",
        "Rise of a straight line through the valence of the customer's turns, first to last; needs "
        "three turns of the customer.",
        "valence", -3, 3, -0.5, 0.5, source="Least squares, on an own definition of valence.",
    ),
    SignalSpec(
        "customer_sentiment.worst",
        "Valence of the customer's most negative turn.",
        "valence", -1, 1, -0.7, 0, source=_OWN,
    ),
)  # fmt: skip


def valence(batch: Batch) -> Array:
    """Give the valence of each distinct sentence of a batch.

    Parameters
    ----------
    batch : Batch
        With the head ``sentiment`` (negative, neutral, positive).

    Returns
    -------
    ndarray of float64, shape (distinct sentences,)
        -1 to 1.
    """
    probabilities = batch.heads["sentiment"]
    return np.asarray(probabilities[:, 2] - probabilities[:, 0])


def turn_means(batch: Batch, position: int, values: Array, role: Role) -> dict[int, float]:
    """Average a value of sentences over the turns of one role.

    Parameters
    ----------
    batch : Batch
        The batch.
    position : int
        Which transcript.
    values : ndarray, shape (distinct sentences,)
        What to average.
    role : Role
        Whose turns.

    Returns
    -------
    dict of int to float
        Turn to mean, weighted by the characters of each sentence; in order.
    """
    table = batch.sentences
    turns = batch.transcripts[position].turns
    sums: dict[int, list[float]] = {}
    for row in range(table.offsets[position], table.offsets[position + 1]):
        turn = int(table.turn[row])
        if turns[turn].role is role:
            length = float(table.end[row] - table.start[row])
            total = sums.setdefault(turn, [0.0, 0.0])
            total[0] += length * float(values[table.text[row]])
            total[1] += length
    return {turn: weighted / length for turn, (weighted, length) in sums.items()}


def measure_sentiment(batch: Batch) -> dict[str, Column]:
    """Measure the customer's sentiment signals.

    Parameters
    ----------
    batch : Batch
        With the head ``sentiment``.

    Returns
    -------
    dict of str to Column
        One column for each of `SENTIMENT`; NaN where the customer says nothing.
    """
    names = [spec.name for spec in SENTIMENT]
    size = len(batch.transcripts)
    values = {name: np.full(size, np.nan) for name in names}
    evidence: dict[str, list[tuple[Span, ...]]] = {name: [()] * size for name in names}
    scores = valence(batch)
    for position in range(size):
        turns = turn_means(batch, position, scores, Role.CUSTOMER)
        for name, (value, spans) in _summaries(batch, position, turns).items():
            values[name][position] = value
            evidence[name][position] = spans
    return {name: Column(values[name], evidence[name]) for name in names}


def _summaries(
    batch: Batch, position: int, turns: dict[int, float]
) -> dict[str, tuple[float, tuple[Span, ...]]]:
    if not turns:
        return {}
    order = list(turns)
    third = max(1, round(len(order) / 3))
    first, last = order[:third], order[-third:]
    start, end = _mean(turns, first), _mean(turns, last)

    def span(turn: int, what: str, *, share: float = 1.0, raises: bool | None = None) -> Span:
        text = batch.transcripts[position].turns[turn].text
        note = f"{what}: valence {turns[turn]:+.2f}"
        return Span(share, turn, 0, len(text), note, raises=raises)

    def extremes(chosen: list[int], what: str) -> tuple[Span, Span]:
        best, worst = max(chosen, key=turns.__getitem__), min(chosen, key=turns.__getitem__)
        return span(best, what, raises=True), span(worst, what, raises=False)

    lowest = min(order, key=turns.__getitem__)
    summaries: dict[str, tuple[float, tuple[Span, ...]]] = {
        "customer_sentiment.mean": (_mean(turns, order), extremes(order, "strongest turn")),
        "customer_sentiment.start": (start, extremes(first, "at the start")),
        "customer_sentiment.end": (end, extremes(last, "at the end")),
        "customer_sentiment.worst": (turns[lowest], (span(lowest, "worst turn"),)),
    }
    if len(order) >= 3:
        both = (span(last[-1], "end", share=0.5), span(first[0], "start", share=0.5))
        summaries["customer_sentiment.change"] = (end - start, both)
        summaries["customer_sentiment.trend"] = (_trend([turns[turn] for turn in order]), both)
    return summaries


def _mean(turns: dict[int, float], chosen: list[int]) -> float:
    return sum(turns[turn] for turn in chosen) / len(chosen)


def _trend(values: list[float]) -> float:
    """Give the rise of the least-squares line from the first to the last value."""
    steps = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float(steps @ np.array(values)) / float(steps @ steps)
    return slope * (len(values) - 1)

"""How the customer feels: per turn, over the conversation, and where it is worst.

The valence of a turn is P(positive) - P(negative) of the answer on its text, whose sentences weigh
by their length in characters.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from qa_nlp.signals.base import Batch, Column, Measured, SignalSpec, Span, columns_of
from qa_nlp.signals.turns import SpokenTurns
from qa_nlp.transcript import Role

__all__ = ["SENTIMENT", "measure_sentiment"]

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
    SignalSpec(
        "customer_sentiment.recovery",
        "Mean valence of the customer's turns after the most negative one, less the valence of "
        "that one; needs a turn after it.",
        "valence", 0, 2, 0, 0.8, source=_OWN,
    ),
)  # fmt: skip


def measure_sentiment(batch: Batch) -> dict[str, Column]:
    """Measure the customer's sentiment signals.

    Parameters
    ----------
    batch : Batch
        The conversations.

    Returns
    -------
    dict of str to Column
        One column for each of `SENTIMENT`; NaN where the customer says nothing, and without the
        head ``sentiment``.
    """
    if "sentiment" not in batch.turn_answers:
        return columns_of(SENTIMENT, [{}] * len(batch.transcripts))
    spoken = SpokenTurns.of(batch, Role.CUSTOMER)
    turns = spoken.by_transcript(spoken.answers(batch.turn_answers["sentiment"].values))
    return columns_of(SENTIMENT, [_summaries(batch, *found) for found in enumerate(turns)])


def _summaries(batch: Batch, position: int, turns: dict[int, float]) -> dict[str, Measured]:
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

    def extremes(chosen: list[int], what: str, share: float = 1.0) -> tuple[Span, Span]:
        best, worst = max(chosen, key=turns.__getitem__), min(chosen, key=turns.__getitem__)
        return (
            span(best, what, share=share, raises=True),
            span(worst, what, share=share, raises=False),
        )

    lowest = min(order, key=turns.__getitem__)
    summaries: dict[str, Measured] = {
        "customer_sentiment.mean": (_mean(turns, order), extremes(order, "strongest turn")),
        "customer_sentiment.start": (start, extremes(first, "at the start")),
        "customer_sentiment.end": (end, extremes(last, "at the end")),
        "customer_sentiment.worst": (turns[lowest], (span(lowest, "worst turn"),)),
    }
    after = [turn for turn in order if turn > lowest]
    if after:
        worst = span(lowest, "worst turn", share=0.5)
        best, next_worst = extremes(after, "after the worst turn", share=0.5)
        # a mean of equal values may fall short of them by a rounding error
        rise = max(0.0, _mean(turns, after) - turns[lowest])
        summaries["customer_sentiment.recovery"] = (rise, (worst, best, next_worst))
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

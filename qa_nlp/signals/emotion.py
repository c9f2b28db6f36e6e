"""Which emotions the customer shows, how they rise, and whether the bad ones pass.

A turn has a probability for each group of emotions, independent of each other: that of its
strongest sentence, because one angry sentence makes an angry turn. A turn's negative emotion is the
strongest of the five negative groups. The groups gather the labels of Demszky, Movshovitz-Attias,
Ko, Cowen, Nemade & Ravi 2020, "GoEmotions: A Dataset of Fine-Grained Emotions".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qa_nlp.signals.base import Array, Batch, Column, Measured, SignalSpec, Span, columns_of
from qa_nlp.signals.tasks import EMOTION_GROUPS
from qa_nlp.signals.turns import Sentence, SpokenTurns
from qa_nlp.transcript import Role

__all__ = ["EMOTION", "NEGATIVE", "SHOWN", "measure_emotion", "negative_emotion"]

NEGATIVE: Final = EMOTION_GROUPS[:5]
"""Anger, frustration, disappointment, confusion, anxiety: the first columns of the head."""
SHOWN: Final = 0.5
"""Probability from which a turn is taken to show an emotion."""

_OWN: Final = "Own definition."
_GROUPED: Final = (
    "Own grouping of the labels of Demszky, Movshovitz-Attias, Ko, Cowen, Nemade & Ravi 2020, "
    '"GoEmotions: A Dataset of Fine-Grained Emotions".'
)
_TYPICAL_HIGHEST: Final = {
    "anger": 0.5,
    "frustration": 0.7,
    "disappointment": 0.6,
    "confusion": 0.6,
    "anxiety": 0.4,
    "gratitude": 1.0,
    "satisfaction": 0.8,
}

EMOTION: Final = (
    *(
        SignalSpec(
            f"customer_emotion.{group}",
            f"Probability of {group} in the customer's strongest sentence.",
            "probability", 0, 1, 0, _TYPICAL_HIGHEST[group], source=_GROUPED,
        )
        for group in EMOTION_GROUPS[:-1]
    ),
    SignalSpec(
        "customer_emotion.negative_share",
        "Share of the customer's turns that show anger, frustration, disappointment, confusion or "
        "anxiety.",
        "share", 0, 1, 0, 0.5, source=_OWN,
    ),
    SignalSpec(
        "customer_emotion.end_negative",
        "Mean negative emotion of the last third of the customer's turns.",
        "probability", 0, 1, 0, 0.4, source=_OWN,
    ),
    SignalSpec(
        "customer_emotion.recovery",
        "Negative emotion of the customer's worst turn, less the mean of the turns after it; needs "
        "a turn after it.",
        "probability", 0, 1, 0, 0.8, source=_OWN,
    ),
    SignalSpec(
        "customer_emotion.escalation",
        "Largest rise of negative emotion from a turn of the customer to a later one, 0 where it "
        "never rises; needs two turns of the customer.",
        "probability", 0, 1, 0, 0.8, source=_OWN,
    ),
)  # fmt: skip


def negative_emotion(batch: Batch) -> Array:
    """Give the negative emotion of each turn of a batch.

    Parameters
    ----------
    batch : Batch
        With the head ``emotion_group``.

    Returns
    -------
    ndarray of float64, shape (turns that have sentences,)
        Probability of the likeliest negative group.
    """
    probabilities = batch.turn_answers["emotion_group"].probabilities
    return np.asarray(probabilities[:, : len(NEGATIVE)].max(axis=1))


def measure_emotion(batch: Batch) -> dict[str, Column]:
    """Measure the customer's emotions.

    Parameters
    ----------
    batch : Batch
        The conversations.

    Returns
    -------
    dict of str to Column
        One column for each of `EMOTION`; NaN where the customer says nothing, and without the head
        ``emotion_group``.
    """
    if "emotion_group" not in batch.turn_answers:
        return columns_of(EMOTION, [{}] * len(batch.transcripts))
    spoken = SpokenTurns.of(batch, Role.CUSTOMER)
    strongest = spoken.strongest(batch.heads["emotion_group"][:, : len(EMOTION_GROUPS) - 1])
    measured = [
        {**_strongest(sentences), **_course(moods)} if moods else {}
        for sentences, moods in zip(strongest, _moods(spoken), strict=True)
    ]
    return columns_of(EMOTION, measured)


def _strongest(sentences: Sequence[Sentence]) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    for group, best in zip(EMOTION_GROUPS[:-1], sentences, strict=True):
        found[f"customer_emotion.{group}"] = (
            best.value,
            (
                best.span(f"{group}: probability {best.value:.2f}", raises=True),
                Span(1.0, note=f"no {group} above probability {best.value:.2f}", raises=False),
            ),
        )
    return found


@dataclass(frozen=True, slots=True)
class _Mood:
    """Which negative emotion a turn shows most, and the sentence that shows it most."""

    sentence: Sentence
    group: str

    @property
    def negative(self) -> float:
        return self.sentence.value

    def span(self, when: str, share: float = 1.0, *, raises: bool | None = None) -> Span:
        note = f"{when}: {self.group} with probability {self.negative:.2f}"
        return self.sentence.span(note, share, raises=raises)


def _moods(spoken: SpokenTurns) -> list[list[_Mood]]:
    chances = spoken.answers(spoken.batch.turn_answers["emotion_group"].probabilities)
    which = chances[:, : len(NEGATIVE)].argmax(axis=1)
    of_turns = chances[np.arange(len(which)), which]
    said = spoken.speaking(of_turns, spoken.batch.heads["emotion_group"], which)
    groups = iter(which.tolist())
    return [[_Mood(one, NEGATIVE[next(groups)]) for one in turns.values()] for turns in said]


def _course(moods: list[_Mood]) -> dict[str, Measured]:
    last = moods[-max(1, round(len(moods) / 3)) :]
    found: dict[str, Measured] = {
        "customer_emotion.negative_share": _negative_share(moods),
        "customer_emotion.end_negative": (
            _mean(last),
            (
                _worst(last).span("at the end", raises=True),
                _calmest(last).span("at the end", raises=False),
            ),
        ),
    }
    worst = _worst(moods)
    after = moods[moods.index(worst) + 1 :]
    if after:
        found["customer_emotion.recovery"] = _recovery(worst, after)
    if len(moods) > 1:
        found["customer_emotion.escalation"] = _escalation(moods)
    return found


def _negative_share(moods: list[_Mood]) -> Measured:
    shown = [mood for mood in moods if mood.negative >= SHOWN]
    shown.sort(key=lambda mood: -mood.negative)
    note = f"{len(shown)} of {len(moods)} turns show a negative emotion"
    raising = [mood.span("negative turn", 1 / len(shown), raises=True) for mood in shown]
    return len(shown) / len(moods), (*raising, Span(1.0, note=note, raises=False))


def _recovery(worst: _Mood, after: list[_Mood]) -> Measured:
    # a mean of equal values may pass them by a rounding error
    fall = max(0.0, worst.negative - _mean(after))
    return fall, (
        worst.span("worst turn", 0.5),
        _calmest(after).span("after the worst turn", 0.5, raises=True),
        _worst(after).span("after the worst turn", 0.5, raises=False),
    )


def _escalation(moods: list[_Mood]) -> Measured:
    calmest_so_far = itertools.accumulate(moods, lambda one, other: _calmest([one, other]))
    earlier, later = max(
        zip(calmest_so_far, moods[1:], strict=False),
        key=lambda pair: pair[1].negative - pair[0].negative,
    )
    rise = later.negative - earlier.negative
    if rise <= 0:
        return 0.0, (Span(1.0, note=f"no rise in {len(moods)} turns"),)
    return rise, (later.span("up to", 0.5), earlier.span("up from", 0.5))


def _worst(moods: list[_Mood]) -> _Mood:
    return max(moods, key=lambda mood: mood.negative)


def _calmest(moods: list[_Mood]) -> _Mood:
    return min(moods, key=lambda mood: mood.negative)


def _mean(moods: list[_Mood]) -> float:
    return sum(mood.negative for mood in moods) / len(moods)

"""Emotion, empathy, tone and the timeline reach the scorer, with classifiers of one's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qa_nlp.calibration.grading import TEXT_FAMILIES
from qa_nlp.scorer import Scorer
from qa_nlp.signals.measure import signal_specs
from qa_nlp.signals.tasks import MECHANISMS, TASKS
from tests.builders import HashEncoder, chat

FAMILIES = ("customer_sentiment.", "customer_emotion.", "empathy.", "tone.")
CALL = chat(
    "c1",
    "agent: Welcome to the shop.",
    "customer: My kettle leaks again.",
    "agent: Let me look at that.",
    "customer: And my tea is cold.",
    "agent: I see the order here.",
    "customer: That is all, thanks.",
    "system: Chat ended.",
)


class EvenHead:
    """Answers every sentence alike: each class has the same probability."""

    reads_vectors = False
    fingerprint = "even"

    def __init__(self, task: str, probability: float) -> None:
        self.task = task
        self.classes = TASKS[task].classes or ("one",)
        self.probability = probability

    def logits(
        self, sentences: Sequence[str], rows: NDArray[np.float32] | None
    ) -> NDArray[np.float64]:
        return np.zeros((len(sentences), 1))

    def pool(self, logits: Any, owner: Any, share: Any, texts: int) -> NDArray[np.float64]:
        return np.zeros((texts, 1))

    def probabilities(self, pooled: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full((len(pooled), len(self.classes)), self.probability)

    def values(self, pooled: NDArray[np.float64]) -> NDArray[np.float64]:
        # the expected level, where the classes are levels 0, 1 and 2
        times = 3 if self.task in MECHANISMS else 1
        return np.full(len(pooled), times * self.probability)

    def labels(self, pooled: NDArray[np.float64]) -> NDArray[np.object_]:
        return np.full(len(pooled), None, dtype=object)


@pytest.fixture(scope="module")
def headed() -> Scorer:
    heads = {
        "sentiment": EvenHead("sentiment", 1 / 3),
        "emotion_group": EvenHead("emotion_group", 0.6),
        "politeness": EvenHead("politeness", 0.5),
        **{mechanism: EvenHead(mechanism, 1 / 3) for mechanism in MECHANISMS},
    }
    return Scorer("support_chat", encoder=HashEncoder(), heads=heads)


@pytest.fixture(scope="module")
def bare() -> Scorer:
    return Scorer("support_chat", encoder=HashEncoder())


def test_every_signal_of_the_families_is_measured_when_there_are_heads(headed: Scorer) -> None:
    names = [name for name in signal_specs() if name.startswith(FAMILIES)]

    columns = headed.signals([CALL]).columns

    assert {name for name in names if math.isnan(columns[name].values[0])} == set()
    assert columns["customer_emotion.negative_share"].values[0] == 1.0
    assert columns["empathy.missed"].values[0] == 0.0
    assert columns["tone.politeness.worst"].values[0] == 0.5


def test_every_signal_of_the_families_is_nan_when_there_are_no_heads(bare: Scorer) -> None:
    names = [name for name in signal_specs() if name.startswith(FAMILIES)]

    columns = bare.signals([CALL]).columns

    assert {name for name in names if not math.isnan(columns[name].values[0])} == set()


def test_timeline_of_a_scorer_tells_what_its_heads_measured(headed: Scorer) -> None:
    frame = headed.timeline(CALL)

    assert list(frame["role"]) == [turn.role.value for turn in CALL.turns]
    assert set(frame["emotion"][:6]) == {"anger"}
    assert set(frame["politeness"][:6]) == {0.5}
    assert frame["explorations"].isna().tolist() == [turn.role != "agent" for turn in CALL.turns]
    assert headed.timeline(CALL, "arrow").column_names == list(frame.columns)


def test_timeline_of_a_scorer_without_heads_has_roles_and_no_measures(bare: Scorer) -> None:
    frame = bare.timeline(CALL)

    assert len(frame) == len(CALL.turns)
    assert frame[["sentiment", "emotion", "politeness", *MECHANISMS]].isna().all(axis=None)


def test_families_of_classifiers_count_as_signals_of_the_words() -> None:
    read = {name for name in signal_specs() if not name.startswith("conduct.")}

    assert {name for name in read if not name.startswith(TEXT_FAMILIES)} == set()

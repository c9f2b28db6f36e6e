"""What happens turn by turn, on conversations whose sentences are invented with their measures."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from qa_nlp.signals.base import Batch
from qa_nlp.signals.tasks import EMOTION_GROUPS, MECHANISMS
from qa_nlp.signals.timeline import TIMELINE_COLUMNS, timeline
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import batch_of, chat

ANGRY, CALM, WARM = "I am furious.", "It is blue.", "I feel for you."
NONE = (1.0, 0.0, 0.0)


def groups(**probabilities: float) -> tuple[float, ...]:
    return tuple(probabilities.get(group, 0.0) for group in EMOTION_GROUPS)


HEADS: dict[str, dict[str, tuple[float, ...]]] = {
    "sentiment": {ANGRY: (0.8, 0.2, 0.0), CALM: (0.1, 0.8, 0.1), WARM: (0.0, 0.4, 0.6)},
    "emotion_group": {
        ANGRY: groups(anger=0.7, anxiety=0.6),
        CALM: groups(neutral=0.95, confusion=0.1),
        WARM: groups(satisfaction=0.4, neutral=0.2),
    },
    "emotional_reactions": {ANGRY: NONE, CALM: NONE, WARM: (0.1, 0.2, 0.7)},
    "interpretations": {ANGRY: NONE, CALM: NONE, WARM: (0.5, 0.5, 0.0)},
    "explorations": {ANGRY: NONE, CALM: NONE, WARM: NONE},
    "politeness": {ANGRY: (0.8, 0.2), CALM: (0.5, 0.5), WARM: (0.1, 0.9)},
}


def full_batch(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, HEADS)


def rows(*said: str) -> list[dict[str, Any]]:
    return list(timeline(full_batch(chat("c1", *said))).to_dict("records"))


def test_timeline_has_a_row_for_each_turn_and_no_words() -> None:
    frame = timeline(full_batch(chat("c1", f"agent: {WARM}", "bot: Menu.", f"customer: {ANGRY}")))

    assert list(frame.columns) == list(TIMELINE_COLUMNS)
    assert list(frame["turn"]) == [0, 1, 2]
    assert list(frame["role"]) == ["agent", "bot", "customer"]
    assert (
        not frame.astype(str).apply(lambda column: column.str.contains("feel|Menu")).any(axis=None)
    )


def test_row_holds_what_was_measured_on_the_turn() -> None:
    agent, customer = rows(f"agent: {CALM} {WARM}", f"customer: {ANGRY}")

    assert agent["sentiment"] == pytest.approx(15 * 0.6 / 26)
    assert agent["politeness"] == pytest.approx((11 * 0.5 + 15 * 0.9) / 26)
    assert agent["emotional_reactions"] == pytest.approx(1.6)
    assert agent["interpretations"] == pytest.approx(0.5)
    assert agent["explorations"] == 0.0
    assert customer["sentiment"] == pytest.approx(-0.8)
    assert customer["politeness"] == pytest.approx(0.2)


def test_emotion_is_the_strongest_that_a_turn_shows_even_beside_a_neutral_sentence() -> None:
    (row,) = rows(f"customer: {CALM} {ANGRY}")

    assert row["emotion"] == "anger"
    assert row["negative_emotion"] == pytest.approx(0.7)


def test_emotion_is_neutral_when_none_reaches_one_half() -> None:
    (row,) = rows(f"agent: {WARM}")

    assert row["emotion"] == "neutral"
    assert row["negative_emotion"] == 0.0


def test_mechanisms_are_measured_on_the_agent_alone() -> None:
    (row,) = rows(f"customer: {WARM}")

    assert all(math.isnan(row[name]) for name in MECHANISMS)


def test_start_is_given_where_it_is_known() -> None:
    turns = (Turn(Role.AGENT, WARM, start=1.5, end=2.0), Turn(Role.CUSTOMER, CALM))

    known, unknown = timeline(full_batch(Transcript("c1", turns, language="en")))["start_seconds"]

    assert known == 1.5
    assert math.isnan(unknown)


@pytest.mark.parametrize("said", ["system: Connected.", "customer: ", "unknown: Hm."])
def test_turn_without_measurable_words_is_an_empty_row(said: str) -> None:
    (row,) = rows(said)

    assert row.pop("emotion") is None
    assert row.pop("turn") == 0
    assert row.pop("role") == said.partition(":")[0]
    assert all(math.isnan(value) for value in row.values())


def test_measures_are_nan_when_the_encoder_lacks_the_heads() -> None:
    frame = timeline(batch_of([chat("c1", f"agent: {WARM}", f"customer: {ANGRY}")]))

    assert list(frame["role"]) == ["agent", "customer"]
    assert frame[list(TIMELINE_COLUMNS[2:])].isna().all(axis=None)


def test_timeline_of_a_transcript_without_turns_has_the_columns_alone() -> None:
    frame = timeline(full_batch(Transcript("c1", ())))

    assert frame.shape == (0, len(TIMELINE_COLUMNS))
    assert list(frame.columns) == list(TIMELINE_COLUMNS)


def test_timeline_is_the_same_in_every_library() -> None:
    batch = full_batch(chat("c1", f"agent: {WARM}", "system: Connected.", f"customer: {ANGRY}"))

    expected = timeline(batch)

    arrow = timeline(batch, "arrow").to_pandas()
    polars = pd.DataFrame(timeline(batch, "polars").to_dicts())
    pd.testing.assert_frame_equal(arrow, expected)
    pd.testing.assert_frame_equal(polars, expected)


def test_timeline_is_that_of_one_transcript() -> None:
    with pytest.raises(ValueError, match="that of one transcript, not of 2"):
        timeline(full_batch(chat("c1", f"agent: {WARM}"), chat("c2", f"agent: {CALM}")))

"""The agent's tone on conversations whose sentences have invented politeness and warmth."""

from __future__ import annotations

import math

import pytest

from qa_nlp.signals.base import Batch, Span
from qa_nlp.signals.tasks import EMOTION_GROUPS
from qa_nlp.signals.tone import TONE, measure_tone
from qa_nlp.transcript import Transcript
from tests.builders import batch_of, chat

CURT, PLAIN, KIND, SHORT = "Give me that.", "It is blue.", "I feel for you.", "Your name?"
SAD, CALM = "I give up now.", "It is green."
POLITENESS: dict[str, tuple[float, ...]] = {
    text: (1 - polite, polite)
    for text, polite in (
        (CURT, 0.1),
        (PLAIN, 0.5),
        (KIND, 0.9),
        (SHORT, 0),
        (SAD, 0.05),
        (CALM, 0.5),
    )
}
REACTIONS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(POLITENESS, (1.0, 0.0, 0.0)),
    PLAIN: (0.8, 0.2, 0.0),
    KIND: (0.1, 0.2, 0.7),
}
FEELINGS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(POLITENESS, (0.0,) * 8),
    SAD: tuple(0.9 if group == "disappointment" else 0.0 for group in EMOTION_GROUPS),
}
HEADS: dict[str, dict[str, tuple[float, ...]]] = {
    "emotional_reactions": REACTIONS,
    "emotion_group": FEELINGS,
}


def tone_batch(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, {**HEADS, "politeness": POLITENESS})


def measured(*said: str) -> dict[str, float]:
    columns = measure_tone(tone_batch(chat("c1", *said)))
    return {name.partition(".")[2]: float(column.values[0]) for name, column in columns.items()}


def evidence(signal: str, *said: str) -> tuple[Span, ...]:
    return measure_tone(tone_batch(chat("c1", *said)))[f"tone.{signal}"].evidence[0]


def test_politeness_of_a_turn_is_that_of_its_sentences_weighted_by_their_characters() -> None:
    values = measured(f"agent: {CURT} {KIND}")

    assert values["politeness.mean"] == pytest.approx((13 * 0.1 + 15 * 0.9) / 28)


def test_politeness_is_the_mean_and_the_lowest_over_the_agents_turns() -> None:
    values = measured(f"agent: {KIND}", f"customer: {SAD}", f"agent: {CURT}", f"agent: {PLAIN}")

    assert values["politeness.mean"] == pytest.approx((0.9 + 0.1 + 0.5) / 3)
    assert values["politeness.worst"] == pytest.approx(0.1)


def test_turns_under_three_words_have_no_tone() -> None:
    values = measured(f"agent: {KIND}", f"agent: {SHORT}")

    assert values["politeness.worst"] == pytest.approx(0.9)
    assert values["warmth"] == pytest.approx(1.6)


def test_warmth_is_the_mean_level_of_emotional_reactions_in_each_turns_strongest_sentence() -> None:
    values = measured(f"agent: {PLAIN} {KIND}", f"customer: {KIND}", f"agent: {PLAIN}")

    assert values["warmth"] == pytest.approx((1.6 + 0.2) / 2)


def test_coldest_is_the_warmth_of_the_coldest_answer_to_a_feeling() -> None:
    values = measured(
        f"agent: {CURT}",
        f"customer: {SAD}",
        f"agent: {KIND}",
        f"customer: {SAD}",
        f"agent: {PLAIN}",
        f"customer: {CALM}",
        f"agent: {CURT}",
    )

    assert values["coldest"] == pytest.approx(0.2)


def test_coldest_may_be_a_short_answer() -> None:
    assert measured(f"customer: {SAD}", f"agent: {SHORT}")["coldest"] == 0.0


def test_coldest_is_nan_when_no_feeling_was_answered() -> None:
    assert math.isnan(measured(f"customer: {CALM}", f"agent: {CURT}")["coldest"])
    assert math.isnan(measured(f"agent: {CURT}", f"customer: {SAD}")["coldest"])
    assert math.isnan(measured(f"customer: {SAD}", "agent: ")["coldest"])


def test_evidence_of_politeness_is_the_best_and_the_worst_turn() -> None:
    said = (f"agent: {KIND}", f"agent: {PLAIN}", f"agent: {CURT}")

    assert evidence("politeness.mean", *said) == (
        Span(1.0, 0, 0, len(KIND), "most polite turn: politeness 0.90", raises=True),
        Span(1.0, 2, 0, len(CURT), "least polite turn: politeness 0.10", raises=False),
    )
    assert evidence("politeness.worst", *said) == (
        Span(1.0, 2, 0, len(CURT), "least polite turn: politeness 0.10"),
    )


def test_evidence_of_warmth_is_the_warmest_sentence() -> None:
    assert evidence("warmth", f"agent: {CURT}", f"agent: {PLAIN} {KIND}") == (
        Span(1.0, 1, 12, 27, "warmest of 2 turns: level 1.6 of 2", raises=True),
        Span(1.0, note="no turn of 2 above level 1.6", raises=False),
    )


def test_evidence_of_the_coldest_answer_is_that_answer() -> None:
    assert evidence("coldest", f"customer: {SAD}", f"agent: {PLAIN}") == (
        Span(1.0, 1, 0, len(PLAIN), "coldest answer to a feeling, in turn 0: level 0.2 of 2"),
    )


def test_signals_are_nan_when_the_agent_says_nothing() -> None:
    columns = measure_tone(tone_batch(chat("c1", f"customer: {SAD}", f"agent: {SHORT}")))

    for name in ("tone.politeness.mean", "tone.politeness.worst", "tone.warmth"):
        assert math.isnan(columns[name].values[0])
        assert columns[name].evidence == [()]


def test_each_signal_is_nan_when_the_encoder_lacks_its_head() -> None:
    transcript = chat("c1", f"customer: {SAD}", f"agent: {KIND}")

    def missing(batch: Batch) -> set[str]:
        columns = measure_tone(batch)
        assert columns.keys() == {spec.name for spec in TONE}
        return {name for name, column in columns.items() if math.isnan(column.values[0])}

    politeness = {"tone.politeness.mean", "tone.politeness.worst"}
    warmth = {"tone.warmth", "tone.coldest"}
    assert missing(tone_batch(transcript)) == set()
    assert missing(batch_of([transcript], HEADS)) == politeness
    assert missing(batch_of([transcript], {"politeness": POLITENESS})) == warmth
    assert missing(batch_of([transcript], {"emotional_reactions": REACTIONS})) == {
        *politeness,
        "tone.coldest",
    }


def test_signals_of_a_conversation_do_not_depend_on_its_neighbours() -> None:
    one = chat("c1", f"customer: {SAD}", f"agent: {KIND}", f"agent: {PLAIN}")
    other = chat("c2", f"agent: {CURT}", f"customer: {SAD}", f"agent: {SHORT}")

    alone = measure_tone(tone_batch(one))
    together = measure_tone(tone_batch(other, one))

    for name, column in alone.items():
        assert column.values[0] == together[name].values[1]
        assert column.evidence[0] == together[name].evidence[1]


def test_every_signal_names_its_source() -> None:
    assert all(spec.source for spec in TONE)

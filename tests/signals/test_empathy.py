"""The agent's empathy on conversations whose sentences have invented levels."""

from __future__ import annotations

import math

import pytest

from qa_nlp.signals.base import Batch, Span
from qa_nlp.signals.empathy import (
    EMPATHY,
    MECHANISMS,
    emotional_turns,
    expected_levels,
    measure_empathy,
)
from qa_nlp.signals.tasks import EMOTION_GROUPS
from qa_nlp.transcript import Transcript
from tests.builders import batch_of, chat

COLD, SAD, GLAD = "Noted.", "I give up.", "Lovely."
WARM, WISE, CURIOUS = "I feel for you.", "That ruined your day.", "What worries you?"
NEUTRAL = (0.1, 0.8, 0.1)
NONE = (1.0, 0.0, 0.0)
SENTIMENT = {
    **dict.fromkeys((COLD, WARM, WISE, CURIOUS), NEUTRAL),
    SAD: (0.7, 0.2, 0.1),
    GLAD: (0.0, 0.1, 0.9),
}
LEVELS = {
    "emotional_reactions": {WARM: (0.1, 0.2, 0.7), GLAD: (0.5, 0.5, 0.0)},
    "interpretations": {WISE: (0.2, 0.5, 0.3), WARM: (0.8, 0.2, 0.0)},
    "explorations": {CURIOUS: (0.0, 0.1, 0.9)},
}
EVERYTHING = (COLD, SAD, GLAD, WARM, WISE, CURIOUS)
WORRIED = tuple(0.6 if group == "anxiety" else 0.0 for group in EMOTION_GROUPS)


STATED = {
    task: {text: found.get(text, NONE) for text in EVERYTHING} for task, found in LEVELS.items()
}


def empathy_batch(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, {"sentiment": SENTIMENT, **STATED})


def measured(*said: str) -> dict[str, float]:
    columns = measure_empathy(empathy_batch(chat("c1", *said)))
    return {name.partition(".")[2]: float(column.values[0]) for name, column in columns.items()}


def evidence(signal: str, *said: str) -> tuple[Span, ...]:
    return measure_empathy(empathy_batch(chat("c1", *said)))[f"empathy.{signal}"].evidence[0]


def test_expected_level_is_the_mean_of_the_levels_0_1_and_2() -> None:
    batch = empathy_batch(chat("c1", f"agent: {COLD} {WARM}"))

    assert expected_levels(batch, "emotional_reactions").tolist() == pytest.approx([0.0, 1.6])


def test_each_mechanism_is_that_of_the_agents_strongest_sentence() -> None:
    values = measured(
        f"agent: {COLD} {WARM}", "customer: Lovely.", f"agent: {WISE}", f"agent: {CURIOUS} {COLD}"
    )

    assert {name: values[name] for name in MECHANISMS} == {
        "emotional_reactions": pytest.approx(1.6),
        "interpretations": pytest.approx(1.1),
        "explorations": pytest.approx(1.9),
    }


def test_mechanisms_leave_out_what_the_customer_says() -> None:
    values = measured(f"agent: {COLD}", f"customer: {WARM} {WISE} {CURIOUS}")

    assert [values[name] for name in MECHANISMS] == [0.0, 0.0, 0.0]


def test_evidence_of_a_mechanism_is_the_strongest_sentence() -> None:
    spans = evidence("emotional_reactions", f"agent: {COLD}", f"agent: {COLD} {WARM}")

    assert spans == (
        Span(1.0, 1, 7, 22, "strongest of 3: level 1.6 of 2", raises=True),
        Span(1.0, note="no sentence of 3 above level 1.6", raises=False),
    )


def test_evidence_of_a_mechanism_is_the_first_of_equal_sentences() -> None:
    span, _ = evidence("explorations", f"agent: {CURIOUS}", f"agent: {CURIOUS}")

    assert span.turn == 0


def test_signals_are_nan_when_the_agent_says_nothing() -> None:
    assert all(math.isnan(value) for value in measured(f"customer: {SAD}").values())


@pytest.mark.parametrize("answer", [WARM, WISE, f"{COLD} {WARM}"])
def test_feeling_is_answered_when_the_next_turn_reacts_or_interprets(answer: str) -> None:
    assert measured(f"customer: {SAD}", f"agent: {answer}")["answered_share"] == 1.0


@pytest.mark.parametrize("answer", [COLD, CURIOUS, GLAD])
def test_feeling_is_not_answered_when_the_next_turn_is_cold_or_only_asks(answer: str) -> None:
    assert measured(f"customer: {SAD}", f"agent: {answer}")["answered_share"] == 0.0


def test_answered_share_is_that_of_the_emotional_turns_that_an_agent_follows() -> None:
    values = measured(
        f"customer: {SAD}",
        f"agent: {WARM}",
        f"customer: {SAD}",
        f"agent: {COLD}",
        f"customer: {GLAD}",
        f"agent: {COLD}",
        f"customer: {SAD}",
        f"agent: {WISE}",
        f"customer: {SAD}",
    )

    assert values["answered_share"] == pytest.approx(2 / 3)


def test_answer_comes_before_the_customer_speaks_again() -> None:
    values = measured(f"customer: {SAD}", f"customer: {GLAD}", f"agent: {WARM}")

    assert math.isnan(values["answered_share"])


def test_answer_may_come_after_words_of_the_system() -> None:
    values = measured(f"customer: {SAD}", "system: Connecting.", f"agent: {WARM}")

    assert values["answered_share"] == 1.0


def test_answered_share_is_nan_when_the_customer_shows_no_feeling() -> None:
    values = measured(f"customer: {GLAD}", f"agent: {WARM}")

    assert math.isnan(values["answered_share"])
    assert values["emotional_reactions"] == pytest.approx(1.6)


def test_answer_without_words_is_no_answer() -> None:
    assert measured(f"customer: {SAD}", "agent: ", f"agent: {WARM}")["answered_share"] == 0.0


def test_evidence_of_the_share_is_each_missed_feeling_and_each_answer() -> None:
    spans = evidence(
        "answered_share",
        f"customer: {SAD}",
        f"agent: {COLD} {WARM}",
        f"customer: {SAD}",
        f"agent: {COLD}",
    )

    assert set(spans) == {
        Span(1.0, 2, 0, len(SAD), "feeling not answered", raises=False),
        Span(1.0, 1, 7, 22, "answers turn 0", raises=True),
    }


def test_missed_counts_the_feelings_that_the_next_turn_answers_without_empathy() -> None:
    values = measured(
        f"customer: {SAD}",
        f"agent: {WARM}",
        f"customer: {SAD}",
        f"agent: {COLD}",
        f"customer: {SAD}",
        "agent: ",
        f"customer: {SAD}",
        f"customer: {SAD}",
    )

    assert values["missed"] == 2.0


def test_missed_is_zero_when_the_customer_shows_no_feeling() -> None:
    said = (f"customer: {GLAD}", f"agent: {COLD}")

    assert measured(*said)["missed"] == 0.0
    assert evidence("missed", *said) == (
        Span(1.0, note="no feeling that asks for an answer", raises=False),
    )


def test_missed_is_nan_when_agent_or_customer_says_nothing() -> None:
    assert math.isnan(measured(f"agent: {COLD}")["missed"])
    assert math.isnan(measured(f"customer: {SAD}")["missed"])


def test_evidence_of_the_missed_is_the_feeling_and_the_agents_answer() -> None:
    spans = evidence(
        "missed",
        f"customer: {SAD}",
        f"agent: {COLD} {WARM}",
        f"customer: {SAD}",
        f"agent: {COLD} {CURIOUS}",
    )

    assert spans == (
        Span(0.5, 2, 0, len(SAD), "feeling not answered", raises=True),
        Span(0.5, 3, 0, len(COLD) + 1 + len(CURIOUS), "no empathy for turn 2", raises=True),
        Span(1.0, 1, 7, 22, "answers turn 0", raises=False),
    )


def test_turn_is_emotional_by_its_valence_or_by_a_negative_emotion() -> None:
    transcript = chat("c1", f"customer: {SAD}", f"agent: {COLD}", f"customer: {GLAD} Well.",
                      f"agent: {COLD}", f"customer: {CURIOUS}", f"agent: {COLD}")  # fmt: skip
    sentiment = {"sentiment": {**SENTIMENT, "Well.": NEUTRAL}}
    emotion = {
        "emotion_group": {**dict.fromkeys((*EVERYTHING, "Well."), (0.0,) * 8), CURIOUS: WORRIED}
    }

    assert emotional_turns(batch_of([transcript], sentiment)) == [{0: 1}]
    assert emotional_turns(batch_of([transcript], emotion)) == [{4: 5}]
    assert emotional_turns(batch_of([transcript], {**sentiment, **emotion})) == [{0: 1, 4: 5}]


def test_turn_of_two_words_is_not_emotional() -> None:
    transcript = chat("c1", "customer: Oh no.", f"agent: {COLD}")
    sentiment = {"sentiment": {"Oh no.": (1.0, 0.0, 0.0), COLD: NEUTRAL}}

    assert emotional_turns(batch_of([transcript], sentiment)) == [{}]


def test_each_signal_is_nan_when_the_encoder_lacks_its_head() -> None:
    transcript = chat("c1", f"customer: {SAD}", f"agent: {WARM}")

    def missing(batch: Batch) -> set[str]:
        columns = measure_empathy(batch)
        assert columns.keys() == {spec.name for spec in EMPATHY}
        return {
            name.partition(".")[2]
            for name, column in columns.items()
            if math.isnan(column.values[0])
        }

    answers = {"answered_share", "missed"}
    reactions = {"emotional_reactions": STATED["emotional_reactions"]}
    assert missing(batch_of([transcript], STATED)) == answers
    assert missing(batch_of([transcript], {"sentiment": SENTIMENT, **reactions})) == {
        "interpretations",
        "explorations",
        *answers,
    }
    assert missing(batch_of([transcript], {"sentiment": SENTIMENT})) == {*MECHANISMS, *answers}


def test_evidence_is_empty_when_there_is_nothing_to_measure() -> None:
    assert evidence("answered_share", f"agent: {WARM}") == ()
    assert evidence("explorations", f"customer: {SAD}") == ()


def test_signals_of_a_conversation_do_not_depend_on_its_neighbours() -> None:
    one = chat("c1", f"customer: {SAD}", f"agent: {WARM}")
    other = chat("c2", f"agent: {CURIOUS}", f"customer: {SAD}", f"agent: {COLD}")

    alone = measure_empathy(empathy_batch(one))
    together = measure_empathy(empathy_batch(other, one))

    assert alone.keys() == {spec.name for spec in EMPATHY}
    for name, column in alone.items():
        assert column.values[0] == together[name].values[1]
        assert column.evidence[0] == together[name].evidence[1]

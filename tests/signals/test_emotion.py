"""The customer's emotions on conversations whose sentences show invented ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.signals.base import Batch, Span
from qa_nlp.signals.emotion import EMOTION, NEGATIVE, measure_emotion, negative_emotion
from qa_nlp.signals.tasks import EMOTION_GROUPS
from qa_nlp.transcript import Transcript
from tests.builders import batch_of, chat


def showing(**groups: float) -> tuple[float, ...]:
    return tuple(groups.get(group, 0.0) for group in EMOTION_GROUPS)


# Several groups may be likely at once, or none.
SENTENCES = {
    "Grr!": showing(anger=0.9, frustration=0.7),
    "Again?": showing(frustration=0.6, confusion=0.3),
    "Well.": showing(anxiety=0.2, neutral=0.9),
    "Pity.": showing(disappointment=0.5),
    "Thanks!": showing(gratitude=0.8, satisfaction=0.4),
    "Fine.": showing(satisfaction=0.3, neutral=0.6),
}


def emotion_batch(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, {"emotion_group": SENTENCES})


def measured(*said: str) -> dict[str, float]:
    columns = measure_emotion(emotion_batch(chat("c1", *said)))
    return {name.partition(".")[2]: float(column.values[0]) for name, column in columns.items()}


def evidence(signal: str, *said: str) -> tuple[Span, ...]:
    columns = measure_emotion(emotion_batch(chat("c1", *said)))
    return columns[f"customer_emotion.{signal}"].evidence[0]


def test_negative_emotion_is_the_likeliest_of_the_five_negative_groups() -> None:
    batch = emotion_batch(chat("c1", "customer: Grr! Again?", "customer: Again?", "agent: Thanks!"))

    assert NEGATIVE == ("anger", "frustration", "disappointment", "confusion", "anxiety")
    assert negative_emotion(batch).tolist() == [0.9, 0.6, 0.0]


def test_each_emotion_is_that_of_the_customers_strongest_sentence() -> None:
    values = measured("customer: Well. Again?", "agent: Grr!", "customer: Thanks! Fine.")

    assert {group: values[group] for group in EMOTION_GROUPS[:-1]} == {
        "anger": 0.0,
        "frustration": 0.6,
        "disappointment": 0.0,
        "confusion": 0.3,
        "anxiety": 0.2,
        "gratitude": 0.8,
        "satisfaction": 0.4,
    }


def test_course_of_negative_emotion_is_that_computed_by_hand() -> None:
    # negative emotion by turn of the customer: .2, .6, .9, .5, .0, .2; thirds of two turns
    values = measured(
        "customer: Well.",
        "agent: Grr!",
        "customer: Again? Well.",
        "customer: Fine. Grr!",
        "customer: Pity.",
        "agent: Thanks!",
        "customer: Thanks!",
        "customer: Well.",
    )

    assert values["negative_share"] == pytest.approx(3 / 6)
    assert values["end_negative"] == pytest.approx((0.0 + 0.2) / 2)
    assert values["recovery"] == pytest.approx(0.9 - (0.5 + 0.0 + 0.2) / 3)
    assert values["escalation"] == pytest.approx(0.9 - 0.2)


def test_turn_shows_a_negative_emotion_from_a_probability_of_one_half() -> None:
    assert measured("customer: Pity.", "customer: Well.")["negative_share"] == 0.5


def test_recovery_is_nan_when_nothing_follows_the_worst_turn() -> None:
    assert math.isnan(measured("customer: Well.", "customer: Grr!")["recovery"])
    assert math.isnan(measured("customer: Grr!")["recovery"])


def test_recovery_starts_from_the_first_of_equally_bad_turns() -> None:
    values = measured("customer: Grr!", "customer: Grr!", "customer: Fine.")

    assert values["recovery"] == pytest.approx(0.9 - 0.9 / 2)


def test_recovery_is_exactly_zero_when_nothing_changes() -> None:
    assert measured(*["customer: Again?"] * 7)["recovery"] == 0.0


def test_escalation_looks_only_forward() -> None:
    assert measured("customer: Grr!", "customer: Well.", "customer: Again?")["escalation"] == (
        pytest.approx(0.6 - 0.2)
    )
    assert measured("customer: Grr!", "customer: Again?", "customer: Fine.")["escalation"] == 0.0


def test_escalation_is_nan_when_the_customer_speaks_once() -> None:
    assert math.isnan(measured("customer: Grr!", "agent: Fine.")["escalation"])


def test_evidence_of_an_emotion_is_the_strongest_sentence() -> None:
    assert evidence("gratitude", "customer: Well.", "customer: Fine. Thanks!") == (
        Span(1.0, 1, 6, 13, "gratitude: probability 0.80", raises=True),
        Span(1.0, note="no gratitude above probability 0.80", raises=False),
    )


def test_evidence_of_the_share_is_the_negative_turns_worst_first() -> None:
    assert evidence("negative_share", "customer: Pity.", "customer: Fine.", "customer: Grr!") == (
        Span(0.5, 2, 0, 4, "negative turn: anger with probability 0.90", raises=True),
        Span(0.5, 0, 0, 5, "negative turn: disappointment with probability 0.50", raises=True),
        Span(1.0, note="2 of 3 turns show a negative emotion", raises=False),
    )


def test_evidence_of_the_end_is_its_worst_and_its_calmest_sentence() -> None:
    said = ["customer: Grr!"] * 3 + ["customer: Again?", "customer: Well."]

    assert evidence("end_negative", *said) == (
        Span(1.0, 3, 0, 6, "at the end: frustration with probability 0.60", raises=True),
        Span(1.0, 4, 0, 5, "at the end: anxiety with probability 0.20", raises=False),
    )


def test_evidence_of_a_recovery_is_the_worst_turn_and_what_follows_it() -> None:
    said = ("customer: Well. Grr!", "customer: Again?", "agent: Grr!", "customer: Well.")

    assert evidence("recovery", *said) == (
        Span(0.5, 0, 6, 10, "worst turn: anger with probability 0.90"),
        Span(0.5, 3, 0, 5, "after the worst turn: anxiety with probability 0.20", raises=True),
        Span(0.5, 1, 0, 6, "after the worst turn: frustration with probability 0.60", raises=False),
    )


def test_evidence_of_an_escalation_is_both_turns() -> None:
    assert evidence("escalation", "customer: Again?", "customer: Well.", "customer: Grr!") == (
        Span(0.5, 2, 0, 4, "up to: anger with probability 0.90"),
        Span(0.5, 1, 0, 5, "up from: anxiety with probability 0.20"),
    )
    assert evidence("escalation", "customer: Grr!", "customer: Well.") == (
        Span(1.0, note="no rise in 2 turns"),
    )


def test_signals_are_nan_when_the_customer_says_nothing() -> None:
    columns = measure_emotion(emotion_batch(chat("c1", "agent: Grr!", "customer: ")))

    assert columns.keys() == {spec.name for spec in EMOTION}
    for column in columns.values():
        assert math.isnan(column.values[0])
        assert column.evidence == [()]


def test_signals_are_nan_when_the_encoder_lacks_the_head() -> None:
    columns = measure_emotion(batch_of([chat("c1", "customer: Grr!"), chat("c2")]))

    assert columns.keys() == {spec.name for spec in EMOTION}
    for column in columns.values():
        assert [math.isnan(value) for value in column.values] == [True, True]
        assert column.evidence == [(), ()]


def test_signals_of_a_conversation_do_not_depend_on_its_neighbours() -> None:
    one = chat("c1", "customer: Well.", "customer: Grr!", "customer: Thanks!")
    silent = chat("c2", "agent: Grr!")
    other = chat("c3", "customer: Again?", "agent: Fine.")

    alone = measure_emotion(emotion_batch(one))
    together = measure_emotion(emotion_batch(other, silent, one))

    for name, column in alone.items():
        assert column.values[0] == together[name].values[2]
        assert column.evidence[0] == together[name].evidence[2]


@given(st.lists(st.sampled_from(sorted(SENTENCES)), min_size=1, max_size=9))
def test_values_stay_within_the_stated_range_and_shares_within_one(said: list[str]) -> None:
    columns = measure_emotion(emotion_batch(chat("c1", *(f"customer: {text}" for text in said))))

    for spec in EMOTION:
        (value,), (spans,) = columns[spec.name].values, columns[spec.name].evidence
        assert math.isnan(value) or spec.low <= value <= spec.high
        for raises in (True, False):
            shares = [span.share for span in spans if span.raises in (None, raises)]
            assert sum(shares) <= 1 + 1e-9


@given(st.lists(st.sampled_from(sorted(SENTENCES)), min_size=2, max_size=9))
def test_escalation_is_the_largest_rise_of_all_pairs(said: list[str]) -> None:
    negative = [max(SENTENCES[text][: len(NEGATIVE)]) for text in said]
    rises = [
        later - earlier for index, earlier in enumerate(negative) for later in negative[index + 1 :]
    ]

    values = measured(*(f"customer: {text}" for text in said))

    assert values["escalation"] == max(0.0, *rises)


def test_every_signal_names_its_source() -> None:
    assert all(spec.source for spec in EMOTION)

"""The customer's sentiment on conversations whose sentences have invented valences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.signals.base import Batch, Span
from qa_nlp.signals.sentiment import SENTIMENT, measure_sentiment
from qa_nlp.transcript import Transcript
from tests.builders import batch_of, chat

# Negative, neutral, positive; the valence is the last less the first.
MOODS = {
    "Awful.": (0.9, 0.1, 0.0),
    "Bad.": (0.5, 0.4, 0.1),
    "Hm.": (0.2, 0.6, 0.2),
    "Good.": (0.1, 0.3, 0.6),
    "Great.": (0.0, 0.2, 0.8),
}


def mood_batch(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, {"sentiment": MOODS})


def measured(*said: str) -> dict[str, float]:
    columns = measure_sentiment(mood_batch(chat("c1", *said)))
    return {name.partition(".")[2]: float(column.values[0]) for name, column in columns.items()}


def test_valence_of_a_turn_is_the_positive_probability_less_the_negative() -> None:
    for said, expected in (("Awful.", -0.9), ("Hm.", 0.0), ("Great.", 0.8)):
        assert measured("agent: Good.", f"customer: {said}")["mean"] == pytest.approx(expected)


def test_valence_of_a_turn_weighs_each_sentence_by_its_characters() -> None:
    assert measured("customer: Awful. Hm.")["mean"] == pytest.approx((6 * -0.9 + 3 * 0.0) / 9)


def test_turns_without_words_have_no_valence() -> None:
    assert measured("customer: ", "customer: Good.")["mean"] == pytest.approx(0.5)


def test_signals_are_those_computed_by_hand() -> None:
    # valences by turn of the customer: -.9, -.4, 0, .5, .8, .5; thirds of two turns each;
    # least squares: their line rises by (2.25 + .6 + .25 + 1.2 + 1.25) / 17.5 from turn to turn
    values = measured(
        "customer: Awful.",
        "agent: Great.",
        "customer: Bad.",
        "customer: Hm.",
        "customer: Good.",
        "customer: Great.",
        "agent: Awful.",
        "customer: Good.",
    )

    assert values == {
        "mean": pytest.approx(0.5 / 6),
        "start": pytest.approx(-0.65),
        "end": pytest.approx(0.65),
        "change": pytest.approx(1.3),
        "trend": pytest.approx(5 * 5.55 / 17.5),
        "worst": pytest.approx(-0.9),
        "recovery": pytest.approx((-0.4 + 0.0 + 0.5 + 0.8 + 0.5) / 5 + 0.9),
    }


@pytest.mark.parametrize(
    ("turns", "third"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (7, 2), (8, 3)]
)
def test_start_is_the_mean_of_the_first_third_and_at_least_one_turn(turns: int, third: int) -> None:
    said = ["customer: Great."] * third + ["customer: Awful."] * (turns - third)

    assert measured(*said)["start"] == pytest.approx(0.8)
    assert measured(*reversed(said))["end"] == pytest.approx(0.8)


def test_change_needs_three_turns_of_the_customer() -> None:
    assert math.isnan(measured("customer: Awful.", "customer: Good.")["change"])
    assert measured("customer: Awful.", "customer: Hm.", "customer: Good.")["change"] == (
        pytest.approx(1.4)
    )


def test_recovery_is_measured_from_the_worst_turn_to_the_mean_of_those_after_it() -> None:
    values = measured("customer: Great.", "customer: Awful.", "customer: Hm.", "customer: Good.")

    assert values["recovery"] == pytest.approx(0.5 / 2 + 0.9)


def test_recovery_is_nan_when_nothing_follows_the_worst_turn() -> None:
    assert math.isnan(measured("customer: Good.", "agent: Hm.", "customer: Awful.")["recovery"])


def test_recovery_is_exactly_zero_when_nothing_changes() -> None:
    assert measured(*["customer: Good."] * 7)["recovery"] == 0.0


def test_signals_are_nan_when_the_encoder_lacks_the_head() -> None:
    columns = measure_sentiment(batch_of([chat("c1", "customer: Awful.")]))

    assert columns.keys() == {spec.name for spec in SENTIMENT}
    assert all(math.isnan(column.values[0]) for column in columns.values())


def test_signals_are_nan_when_the_customer_says_nothing() -> None:
    assert all(math.isnan(value) for value in measured("agent: Great.", "customer: ").values())


def test_signals_of_a_conversation_do_not_depend_on_its_neighbours() -> None:
    one = chat("c1", "customer: Awful.", "customer: Hm.", "customer: Good.")
    silent = chat("c2", "agent: Great.")
    other = chat("c3", "customer: Great.", "agent: Awful.")

    alone = measure_sentiment(mood_batch(one))
    together = measure_sentiment(mood_batch(other, silent, one))

    for name, column in alone.items():
        assert column.values[0] == together[name].values[2]
        assert column.evidence[0] == together[name].evidence[2]


def test_evidence_is_the_turns_that_explain_each_signal() -> None:
    transcript = chat(
        "c1", "customer: Bad.", "customer: Awful. Hm.", "agent: Hm.", "customer: Good."
    )

    columns = measure_sentiment(mood_batch(transcript))

    spans = {name.partition(".")[2]: column.evidence[0] for name, column in columns.items()}
    assert spans["worst"] == (Span(1.0, 1, 0, 10, "worst turn: valence -0.60"),)
    for name, turn, length, note in (
        ("start", 0, 4, "at the start: valence -0.40"),
        ("end", 3, 5, "at the end: valence +0.50"),
    ):
        assert spans[name] == tuple(
            Span(1.0, turn, 0, length, note, raises=raises) for raises in (True, False)
        )
    assert [(span.turn, span.share) for span in spans["change"]] == [(3, 0.5), (0, 0.5)]
    assert spans["trend"] == spans["change"]
    assert [(span.turn, span.raises) for span in spans["mean"]] == [(3, True), (1, False)]
    assert [(span.turn, span.share, span.raises) for span in spans["recovery"]] == [
        (1, 0.5, None),
        (3, 0.5, True),
        (3, 0.5, False),
    ]


def test_evidence_is_empty_when_there_is_nothing_to_measure() -> None:
    columns = measure_sentiment(mood_batch(chat("c1", "agent: Great.")))

    assert all(column.evidence == [()] for column in columns.values())


@given(st.lists(st.sampled_from(sorted(MOODS)), min_size=1, max_size=9))
def test_values_stay_within_the_stated_range_and_shares_within_one(said: list[str]) -> None:
    columns = measure_sentiment(mood_batch(chat("c1", *(f"customer: {text}" for text in said))))

    assert columns.keys() == {spec.name for spec in SENTIMENT}
    for spec in SENTIMENT:
        (value,), (spans,) = columns[spec.name].values, columns[spec.name].evidence
        assert np.isnan(value) or spec.low <= value <= spec.high
        for raises in (True, False):
            assert sum(span.share for span in spans if span.raises in (None, raises)) <= 1

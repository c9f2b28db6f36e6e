"""The customer's sentiment on conversations whose sentences have invented valences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.signals.base import Batch, Span
from qa_nlp.signals.sentiment import SENTIMENT, measure_sentiment, turn_means, valence
from qa_nlp.transcript import Role, Transcript
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


def test_valence_is_the_positive_probability_less_the_negative() -> None:
    batch = mood_batch(chat("c1", "customer: Awful. Hm. Great."))

    assert valence(batch).tolist() == pytest.approx([-0.9, 0.0, 0.8])


def test_turn_means_weigh_each_sentence_by_its_characters() -> None:
    batch = mood_batch(chat("c1", "agent: Great.", "customer: Awful. Hm.", "customer: Good."))

    means = turn_means(batch, 0, valence(batch), Role.CUSTOMER)

    assert means == {1: pytest.approx((6 * -0.9 + 3 * 0.0) / 9), 2: pytest.approx(0.5)}


def test_turn_means_leave_out_turns_without_words() -> None:
    batch = mood_batch(chat("c1", "customer: ", "customer: Good."))

    assert list(turn_means(batch, 0, valence(batch), Role.CUSTOMER)) == [1]


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

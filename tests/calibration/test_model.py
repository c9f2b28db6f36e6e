"""The prior's probabilities: hand-computed, against an oracle, and their invariants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import logistic

from qa_nlp.calibration.model import CriterionModel, Term
from qa_nlp.rubric import Criterion
from qa_nlp.signals.base import SignalSpec

SPECS = {
    "test.a": SignalSpec("test.a", "", "share", 0, 1, 0, 1, scoped=True),
    "test.b": SignalSpec("test.b", "", "turns", 0, math.inf, 5, 25),
}


def criterion(levels: int = 3, cutpoints: list[float] | None = None) -> Criterion:
    return Criterion.model_validate(
        {
            "id": "opening",
            "question": "Was it good?",
            "levels": [{"id": f"l{number}", "value": number} for number in range(levels)],
            "cutpoints": cutpoints,
            "signals": [
                {"signal": "test.a", "within": "first 2 turns", "threshold": 0.5, "weight": 2},
                {"signal": "test.b", "direction": "less", "threshold": 10, "weight": 3},
            ],
        }
    )


A, B = "test.a [first 2 turns]", "test.b"


def test_of_reads_scales_and_directions_from_the_criterion() -> None:
    model = CriterionModel.of(criterion(), SPECS)

    assert model.terms == (Term(A, 0.5, 1.0, 2.0), Term(B, 10.0, 20.0, -3.0))


@pytest.mark.parametrize(
    ("levels", "cutpoints"), [(2, (0,)), (3, (-1, 1)), (4, (-2, 0, 2)), (5, (-3, -1, 1, 3))]
)
def test_of_spaces_cutpoints_evenly_around_zero_when_none_are_stated(
    levels: int, cutpoints: tuple[float, ...]
) -> None:
    assert CriterionModel.of(criterion(levels), SPECS).cutpoints == cutpoints


def test_of_takes_the_cutpoints_that_the_criterion_states() -> None:
    assert CriterionModel.of(criterion(3, [-0.5, 2.5]), SPECS).cutpoints == (-0.5, 2.5)


def test_probabilities_are_those_computed_by_hand() -> None:
    # A: 2 × (0.75 - 0.5) / 1 = 0.5.  B: -3 × (20 - 10) / 20 = -1.5.  Logit -1, cutpoints -1 and 1:
    # P(>= l1) = logistic(0) = 1/2, P(>= l2) = logistic(-2) = 1 / (1 + e^2).
    model = CriterionModel.of(criterion(), SPECS)

    parts = model.contributions({A: 0.75, B: 20.0})
    chances = model.probabilities(sum(parts.values()))

    assert parts == {A: 0.5, B: -1.5}
    top = 1 / (1 + math.e**2)
    assert chances == pytest.approx([0.5, 0.5 - top, top])


def test_probabilities_are_those_of_the_cutpoints_when_nothing_speaks() -> None:
    chances = CriterionModel((), (-math.log(3), math.log(3))).probabilities(0.0)

    assert chances == pytest.approx([0.25, 0.5, 0.25])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, 0.0), (1.0, 1.0), (0.0, -1.0), (1.5, 2.0), (99.0, 2.0), (-0.5, -2.0), (-99.0, -2.0)],
)
def test_contribution_is_cut_at_one_typical_range_from_the_threshold(
    value: float, expected: float
) -> None:
    assert Term("x", 0.5, 1.0, 2.0).contribution(value) == expected


def test_contributions_leave_out_what_was_not_measured() -> None:
    model = CriterionModel.of(criterion(), SPECS)

    assert model.contributions({A: math.nan, B: 20.0}) == {B: -1.5}
    assert model.contributions({A: math.nan, B: math.nan}) == {}


def test_share_of_gives_the_weight_of_some_signals_in_that_of_all() -> None:
    model = CriterionModel.of(criterion(), SPECS)

    assert model.share_of([B]) == pytest.approx(3 / 5)
    assert model.share_of([A, B]) == 1.0
    assert model.share_of([]) == 0.0


logits = st.floats(-1e4, 1e4)
cutpoints = st.lists(st.floats(-50, 50), min_size=1, max_size=8, unique=True).map(
    lambda values: tuple(sorted(values))
)


@given(logits, cutpoints)
def test_probabilities_sum_to_one_and_none_is_negative(
    logit: float, cuts: tuple[float, ...]
) -> None:
    chances = CriterionModel((), cuts).probabilities(logit)

    assert chances.shape == (len(cuts) + 1,)
    assert chances.sum() == pytest.approx(1.0)
    assert not np.signbit(chances).any()


@given(st.floats(-30, 30), cutpoints)
def test_probabilities_are_those_of_the_logistic_distribution(
    logit: float, cuts: tuple[float, ...]
) -> None:
    """Oracle: the cumulative logit model is the logistic distribution cut into intervals."""
    below = np.concatenate([[0.0], np.asarray(logistic.cdf(cuts, loc=logit)), [1.0]])

    chances = CriterionModel((), cuts).probabilities(logit)

    assert chances == pytest.approx(np.diff(below), abs=1e-12)


@given(cutpoints, logits, logits)
def test_every_level_is_reached_more_often_when_the_logit_is_higher(
    cuts: tuple[float, ...], one: float, other: float
) -> None:
    low, high = sorted([one, other])
    model = CriterionModel((), cuts)

    reached_low = model.probabilities(low)[::-1].cumsum()
    reached_high = model.probabilities(high)[::-1].cumsum()

    assert (reached_low <= reached_high + 1e-12).all()


values = st.floats(-100, 100)


@given(values, values, values, st.sampled_from([A, B]), st.integers(2, 6))
def test_expected_level_moves_in_the_stated_direction_of_each_signal(
    other: float, one: float, two: float, column: str, levels: int
) -> None:
    assume(one != two)
    model = CriterionModel.of(criterion(levels), SPECS)

    def expected(value: float) -> float:
        parts = model.contributions({A: other, B: other, column: value})
        return float(model.probabilities(sum(parts.values())) @ np.arange(levels))

    low, high = expected(min(one, two)), expected(max(one, two))

    assert low <= high + 1e-12 if column == A else high <= low + 1e-12

"""Reliability, selective agreement and lift against scikit-learn and counting by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.agreement import probabilities
from qa_nlp.agreement.probabilities import ReliabilityRow, SelectiveRow
from qa_nlp.errors import GradesError

NAN = float("nan")

predictions = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50)
ranked = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40)


@given(predictions, st.integers(1, 12))
def test_reliability_curve_is_that_of_scikit_learn(
    rows: list[tuple[float, bool]], bins: int
) -> None:
    from sklearn.calibration import calibration_curve

    chances, hits = [row[0] for row in rows], [int(row[1]) for row in rows]

    found = probabilities.reliability_curve(chances, hits, bins)

    # Edges may differ in the last digit: 0.3 is not 3 * 0.1 in binary.
    near = np.abs(np.subtract.outer(chances, np.linspace(0, 1, bins + 1)[1:-1])) < 1e-9
    if not near.any():
        observed, predicted = calibration_curve(hits, chances, n_bins=bins)
        assert [row.observed for row in found] == pytest.approx(observed)
        assert [row.predicted for row in found] == pytest.approx(predicted)
    assert sum(row.n for row in found) == len(rows)


def test_reliability_curve_puts_an_edge_into_the_bin_below() -> None:
    found = probabilities.reliability_curve([0.0, 0.3, 0.30001, 1.0], [0, 1, 0, 1])

    assert found == [
        ReliabilityRow(0.0, 0.0, 1),
        ReliabilityRow(0.3, 1.0, 1),
        ReliabilityRow(0.30001, 0.0, 1),
        ReliabilityRow(1.0, 1.0, 1),
    ]


def test_expected_calibration_error_weighs_bins_by_their_items() -> None:
    """Bin to .5: 1 item, |.4 - 0|; bin to 1: 3 items, |.8 - 2/3|. (.4 + 3 x .1333) / 4 = .2."""
    found = probabilities.expected_calibration_error([0.4, 0.7, 0.8, 0.9], [0, 1, 0, 1], bins=2)

    assert found == pytest.approx(0.2)


def test_expected_calibration_error_is_near_nothing_when_probabilities_are_right() -> None:
    random = np.random.default_rng(0)
    chances = random.random(100_000)
    hits = random.random(100_000) < chances

    assert probabilities.expected_calibration_error(chances, hits) < 0.01
    assert probabilities.expected_calibration_error(chances, 1 - hits) > 0.45


def test_probabilities_take_the_rounding_of_sums_but_not_more() -> None:
    assert probabilities.expected_calibration_error([1 + 1e-12], [1]) < 1e-9
    with pytest.raises(GradesError, match="probabilities must lie between 0 and 1"):
        probabilities.expected_calibration_error([1.01], [1])
    with pytest.raises(GradesError, match="hits must lie between 0 and 1"):
        probabilities.expected_calibration_error([0.5], [2])
    with pytest.raises(GradesError, match="at least one bin"):
        probabilities.reliability_curve([0.5], [1], bins=0)


def test_chosen_level_hits_are_missing_when_either_has_no_level() -> None:
    table = [[0.2, 0.8], [0.6, 0.4], [0.5, 0.5], [0.9, 0.1]]

    chance, hit = probabilities.chosen_level_hits(table, [1, 0, -1, 0], [1, 1, 0, NAN])

    assert chance == pytest.approx([0.8, 0.6, NAN, NAN], nan_ok=True)
    assert hit == pytest.approx([1, 0, NAN, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("table", "grades", "message"),
    [
        ([[0.5, 0.5]], [0, 1], r"2 grades do not fit probabilities of shape \(1, 2\)"),
        ([[0.5, 0.5]], [2], "beyond the 2 levels"),
    ],
)
def test_chosen_level_hits_refuse_grades_that_do_not_fit(
    table: Any, grades: Any, message: str
) -> None:
    with pytest.raises(GradesError, match=message):
        probabilities.chosen_level_hits(table, grades, grades)


@given(ranked)
def test_selective_agreement_is_the_mean_over_all_orders_of_ties(
    rows: list[tuple[int, bool]],
) -> None:
    """Oracle: break ties at random in all ways at once, that is, by the mean within each tie."""
    confidence, agreed = np.array(rows, dtype=np.float64).T
    shared = np.array([agreed[confidence == level].mean() for level in confidence])
    order = np.argsort(-confidence, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(shared[order])])

    found = probabilities.selective_agreement(confidence, agreed)

    for row in found:
        kept = row.coverage * len(rows)
        expected = np.interp(kept, np.arange(len(rows) + 1), sums) / kept
        assert row.n == pytest.approx(kept)
        assert row.agreement == pytest.approx(expected)
    assert found[0].agreement == pytest.approx(agreed.mean())


def test_selective_agreement_leaves_out_what_is_missing() -> None:
    found = probabilities.selective_agreement([0.9, NAN, 0.8, 0.5], [1, 1, NAN, 0], [1.0, 0.5])

    assert found == [SelectiveRow(1.0, 0.5, 2.0), SelectiveRow(0.5, 1.0, 1.0)]


def test_selective_agreement_is_undefined_when_there_are_no_items() -> None:
    assert all(math.isnan(row.agreement) for row in probabilities.selective_agreement([], []))


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, NAN])
def test_shares_that_cannot_be_are_refused(share: float) -> None:
    with pytest.raises(GradesError, match="above 0 and at most 1"):
        probabilities.selective_agreement([1.0], [1.0], [share])
    with pytest.raises(GradesError, match="above 0 and at most 1"):
        probabilities.lift([1.0], [1.0], share)


def test_lift_is_its_highest_when_the_worst_score_is_the_poor_one() -> None:
    poor = np.arange(100) < 10

    assert probabilities.lift(np.arange(100), poor) == pytest.approx(10)
    assert probabilities.lift(-np.arange(100), poor) == 0


def test_lift_is_one_when_all_scores_are_equal_or_all_are_looked_at() -> None:
    poor = [1, 0, 0, 1, 0, 0, 0]

    assert probabilities.lift(np.ones(7), poor) == pytest.approx(1)
    assert probabilities.lift(np.arange(7), poor, share=1.0) == pytest.approx(1)


def test_lift_counts_ties_at_the_border_in_part() -> None:
    """Two of eight are looked at: the worst, and a third of each of three equal ones.

    Found: 1 + 1/3 of 2 looked at, against 2 of 8 overall: (4/3 / 2) / (2/8) = 8/3.
    """
    found = probabilities.lift([1, 2, 2, 2, 3, 3, 3, 3], [1, 1, 0, 0, 0, 0, 0, 0], share=0.25)

    assert found == pytest.approx(8 / 3)


def test_lift_is_undefined_when_nothing_is_poor() -> None:
    assert math.isnan(probabilities.lift([1, 2], [0, 0]))
    assert math.isnan(probabilities.lift([NAN], [1]))


@given(ranked)
def test_lift_stays_within_its_bounds(rows: list[tuple[int, bool]]) -> None:
    score, poor = np.array(rows, dtype=np.float64).T

    found = probabilities.lift(score, poor, share=0.2)

    assert math.isnan(found) if not poor.any() else -1e-9 <= found <= 5 + 1e-9


def test_figures_of_many_sums_are_those_of_each() -> None:
    random = np.random.default_rng(1)
    chances, hits = random.random(60), random.integers(0, 2, 60)
    cases: list[tuple[Any, Any]] = [
        (probabilities.reliability_parts, probabilities.expected_calibration_error_of_sums),
        (probabilities.lift_parts, probabilities.lift_of_sums),
        (probabilities.selective_parts, probabilities.selective_agreement_of_sums),
    ]

    for parts_of, figure in cases:
        parts = parts_of(chances, hits)
        many = np.stack([parts[:30].sum(axis=0), parts.sum(axis=0), 0 * parts[0]])
        found = figure(many)
        assert found[:2] == pytest.approx(np.stack([figure(row) for row in many[:2]]))
        assert np.isnan(found[2]).all()

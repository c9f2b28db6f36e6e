"""Quadratically weighted kappa against scikit-learn, and where it has no value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qa_nlp.agreement.statistics import quadratic_kappa

pairs = st.integers(2, 6).flatmap(
    lambda levels: st.tuples(
        st.just(levels),
        st.lists(
            st.tuples(st.integers(0, levels - 1), st.integers(0, levels - 1)),
            min_size=1,
            max_size=40,
        ),
    )
)


@given(pairs)
def test_kappa_is_that_of_scikit_learn(case: tuple[int, list[tuple[int, int]]]) -> None:
    """Oracle: cohen_kappa_score with all levels named, used or not."""
    from sklearn.metrics import cohen_kappa_score

    levels, graded = case
    one, other = np.array(graded, dtype=np.int64).T
    assume(len(set(one.tolist()) | set(other.tolist())) > 1)

    found = quadratic_kappa(one, other, levels)

    oracle = cohen_kappa_score(one, other, labels=np.arange(levels), weights="quadratic")
    assert found == pytest.approx(oracle)
    assert found == pytest.approx(quadratic_kappa(other, one, levels))
    assert -1 - 1e-12 <= found <= 1


@given(pairs)
def test_kappa_ignores_the_order_and_the_repetition_of_all_grades(
    case: tuple[int, list[tuple[int, int]]],
) -> None:
    levels, graded = case
    one, other = np.array(graded, dtype=np.int64).T
    expected = quadratic_kappa(one, other, levels)

    turned = quadratic_kappa(one[::-1], other[::-1], levels)
    twice = quadratic_kappa(np.tile(one, 2), np.tile(other, 2), levels)

    assert turned == pytest.approx(expected, nan_ok=True)
    assert twice == pytest.approx(expected, nan_ok=True)


def test_kappa_of_agreement_is_one_and_of_opposites_minus_one() -> None:
    grades = np.array([0, 1, 2, 1])

    assert quadratic_kappa(grades, grades, 3) == 1.0
    assert quadratic_kappa(np.array([0, 2]), np.array([2, 0]), 3) == pytest.approx(-1.0)


def test_kappa_is_zero_when_one_side_always_says_the_same() -> None:
    assert quadratic_kappa(np.array([1, 1, 1]), np.array([0, 1, 2]), 3) == pytest.approx(0.0)


@pytest.mark.parametrize("grades", [[], [2, 2, 2]], ids=["no grades", "one level throughout"])
def test_kappa_has_no_value_when_nothing_can_be_told(grades: list[int]) -> None:
    same = np.array(grades, dtype=np.int64)

    assert math.isnan(quadratic_kappa(same, same, 3))

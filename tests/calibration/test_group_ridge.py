"""Ridge regression: left-out predictions by brute force, and the chosen penalty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from qa_nlp.calibration.group_ridge import STRENGTHS, GroupRidge, RidgeBasis

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def refitted(x: Array, y: Array, groups: Index, penalty: float) -> Array:
    """Oracle: scikit-learn's ridge regression, fitted anew without each group."""
    from sklearn.linear_model import Ridge

    found = np.empty_like(y)
    for group in np.unique(groups):
        out = groups == group
        found[out] = Ridge(alpha=penalty).fit(x[~out], y[~out]).predict(x[out])
    return found


def data(seed: int, rows: int, columns: int, groups: int) -> tuple[Array, Array, Index]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, columns)) + 3.0
    y = x @ random.normal(size=columns) + random.normal(size=rows)
    owner = np.concatenate([np.arange(groups), random.integers(0, groups, rows - groups)])
    return x, y, random.permutation(owner).astype(np.int64)


@pytest.mark.parametrize(("rows", "columns"), [(30, 4), (12, 40), (20, 20)])
@pytest.mark.parametrize("grouped", [False, True], ids=["rows", "groups"])
def test_left_out_predictions_are_those_of_refits(rows: int, columns: int, grouped: bool) -> None:
    x, y, groups = data(7, rows, columns, 6 if grouped else rows)

    fit = RidgeBasis(x, groups).fit(y)

    oracle = refitted(x, y, groups, fit.penalty)
    assert fit.left_out == pytest.approx(oracle, rel=1e-4, abs=1e-4 * float(np.std(y)))
    assert fit.loss == pytest.approx(float(np.mean((y - oracle) ** 2)), rel=1e-3)


@given(st.integers(0, 10_000), st.integers(4, 14), st.integers(1, 20), st.integers(2, 4))
@settings(max_examples=30)
def test_left_out_predictions_are_those_of_refits_for_any_shape(
    seed: int, rows: int, columns: int, groups: int
) -> None:
    x, y, owner = data(seed, rows, columns, groups)
    assume(np.bincount(owner).max() <= rows - 3)  # a fit to one row is hardly determined

    fit = RidgeBasis(x, owner).fit(y)

    oracle = refitted(x, y, owner, fit.penalty)
    assert fit.left_out == pytest.approx(oracle, rel=1e-3, abs=1e-3 * (1 + float(np.std(y))))


def test_coefficients_are_those_of_scikit_learn_at_the_chosen_penalty() -> None:
    from sklearn.linear_model import Ridge

    x, y, groups = data(3, 25, 50, 25)
    fit = RidgeBasis(x, groups).fit(y)
    oracle = Ridge(alpha=fit.penalty).fit(x, y)

    assert fit.coef == pytest.approx(oracle.coef_, abs=1e-6)
    assert fit.intercept == pytest.approx(oracle.intercept_, abs=1e-5)
    assert fit.predict(x) == pytest.approx(oracle.predict(x), abs=1e-6)


def test_penalty_is_the_one_under_which_left_out_groups_are_predicted_best() -> None:
    x, y, groups = data(5, 40, 6, 8)
    unit = float(((x - x.mean(axis=0)) ** 2).sum()) / 40

    fit = RidgeBasis(x, groups).fit(y)

    tried = [float(np.mean((y - refitted(x, y, groups, s * unit)) ** 2)) for s in STRENGTHS]
    assert fit.penalty == pytest.approx(STRENGTHS[int(np.argmin(tried))] * unit)


def test_prediction_of_a_group_does_not_know_its_own_value() -> None:
    x, y, groups = data(9, 40, 5, 10)
    own = groups == 3
    changed = np.where(own, y + 0.01, y)
    basis = RidgeBasis(x, groups)
    one, other = basis.fit(y), basis.fit(changed)

    assert one.penalty == other.penalty  # a change this small chooses no other penalty
    assert one.left_out[own] == pytest.approx(other.left_out[own], abs=1e-6)
    assert not np.allclose(one.left_out[~own], other.left_out[~own], atol=1e-6)


def test_order_of_the_columns_and_a_constant_one_change_nothing() -> None:
    x, y, groups = data(1, 30, 4, 30)
    plain = RidgeBasis(x, groups).fit(y)

    wider = RidgeBasis(np.hstack([x[:, ::-1], np.ones((30, 1))]), groups).fit(y)

    assert wider.left_out == pytest.approx(plain.left_out, abs=1e-9)
    assert wider.coef[-1] == pytest.approx(0.0, abs=1e-9)


def test_rows_that_are_all_alike_give_the_mean() -> None:
    y = np.arange(8.0)

    fit = RidgeBasis(np.ones((8, 20)), np.arange(8)).fit(y)

    assert isinstance(fit, GroupRidge)
    assert fit.predict(np.ones((1, 20)))[0] == pytest.approx(3.5)
    assert fit.left_out == pytest.approx((y.sum() - y) / 7)

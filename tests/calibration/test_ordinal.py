"""The ordinal regression: its contract, its gradient, an independent oracle, and its prior."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import clone

from qa_nlp.calibration.ordinal import level_probabilities, penalised_loss
from qa_nlp.calibration.ordinal_regression import OrdinalRegression
from qa_nlp.errors import GradesError

Array = NDArray[np.float64]
Index = NDArray[np.int64]

PRIOR: dict[str, Any] = {"prior_coef": [1.0, -2.0], "prior_cutpoints": [-1.5, 0.5, 2.0]}


def world(seed: int, size: int = 400, features: int = 2, levels: int = 4) -> tuple[Array, Index]:
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (size, features))
    cutpoints = np.linspace(-1.5, 1.5, levels - 1)
    logits = x @ np.linspace(1.5, -1.0, features) + random.logistic(size=size)
    return x, np.searchsorted(cutpoints, logits).astype(np.int64)


X, Y = world(1)


def test_constructor_keeps_what_it_was_given_and_a_clone_is_like_it() -> None:
    model = OrdinalRegression(2.0, signs=[1, 0], shift_strength=0.5, **PRIOR)

    twin = clone(model)

    assert twin.get_params() == model.get_params()
    assert twin.get_params()["prior_coef"] is not None
    assert not hasattr(twin, "coef_")
    assert twin.set_params(strength=7.0) is twin
    assert twin.strength == 7.0


def test_fit_returns_itself_and_predictions_have_the_stated_shapes() -> None:
    model = OrdinalRegression()

    assert model.fit(X, Y) is model
    chances = model.predict_proba(X[:7])
    assert chances.shape == (7, 4)
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert (chances >= 0).all()
    assert model.decision_function(X[:7]).shape == model.predict(X[:7]).shape == (7,)
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert model.n_features_in_ == 2
    assert (np.diff(model.cutpoints_) > 0).all()


def test_levels_keep_their_names_when_there_is_no_prior() -> None:
    model = OrdinalRegression().fit(X, Y * 10 + 5)

    assert model.classes_.tolist() == [5, 15, 25, 35]
    assert set(model.predict(X).tolist()) <= {5, 15, 25, 35}


def test_fit_is_the_same_again_whatever_was_fitted_before() -> None:
    model = OrdinalRegression(**PRIOR).fit(X, Y)
    before = model.coef_.tobytes(), model.cutpoints_.tobytes()

    model.fit(X[:50], Y[:50]).fit(X, Y)

    assert (model.coef_.tobytes(), model.cutpoints_.tobytes()) == before


@pytest.mark.parametrize("levels", [2, 3, 5])
def test_fit_is_that_of_statsmodels_when_nothing_is_penalised(levels: int) -> None:
    """Oracle: the unpenalised maximum likelihood of statsmodels' OrderedModel."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    x, y = world(levels, 600, 3, levels)
    oracle = OrderedModel(y, x, distr="logit").fit(method="bfgs", disp=False, gtol=1e-8)
    cutpoints = oracle.model.transform_threshold_params(oracle.params)[1:-1]

    model = OrdinalRegression(0.0).fit(x, y)

    assert model.coef_ == pytest.approx(oracle.params[:3], abs=2e-4)
    assert model.cutpoints_ == pytest.approx(cutpoints, abs=2e-4)
    assert model.predict_proba(x) == pytest.approx(oracle.model.predict(oracle.params), abs=1e-4)


def test_two_levels_are_a_ridge_logistic_regression() -> None:
    """Oracle: scikit-learn, whose C = 1 / strength and whose intercept is free."""
    from sklearn.linear_model import LogisticRegression

    x, y = world(2, 300, 3, 2)
    oracle = LogisticRegression(C=1 / 3.0, tol=1e-10, max_iter=1000).fit(x, y)

    model = OrdinalRegression(3.0).fit(x, y)

    assert model.coef_ == pytest.approx(oracle.coef_[0], abs=1e-4)
    assert model.cutpoints_[0] == pytest.approx(-oracle.intercept_[0], abs=1e-4)


@st.composite
def losses(draw: st.DrawFn) -> tuple[Array, tuple[Any, ...]]:
    """Draw parameters, near and far, and data in which some levels were never used."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    size, features = draw(st.integers(0, 8)), draw(st.integers(0, 3))
    levels = draw(st.integers(2, 5))
    far = draw(st.sampled_from([0.3, 3.0, 30.0]))
    parameters = random.normal(size=features + levels - 1)
    parameters[: features + 1] *= far
    parameters[features + 1 :] = random.uniform(-3, 2, levels - 2)
    used = random.integers(0, levels, draw(st.integers(1, levels)))
    center = random.normal(size=len(parameters))
    return parameters, (
        random.uniform(-1, 1, (size, features)),
        random.choice(used, size).astype(np.int64),
        random.uniform(0, 3, size),
        random.normal(size=size),
        random.uniform(0, 2, features),
        center,
        draw(st.sampled_from([0.0, 0.05, 2.0])),
        draw(st.sampled_from([0.0, 1.0])),
    )


@given(losses())
def test_gradient_is_that_of_finite_differences(case: tuple[Array, tuple[Any, ...]]) -> None:
    parameters, rest = case
    _, gradient = penalised_loss(parameters, *rest)

    for place in range(len(parameters)):
        step = 1e-6 * max(1.0, abs(parameters[place]))
        up, down = parameters.copy(), parameters.copy()
        up[place] += step
        down[place] -= step
        above, below = penalised_loss(up, *rest)[0], penalised_loss(down, *rest)[0]
        rounding = 1e-15 * max(abs(above), abs(below)) / step
        assert gradient[place] == pytest.approx(
            (above - below) / (2 * step), rel=1e-4, abs=1e-5 + 10 * rounding
        )


@given(st.floats(-1e6, 1e6), st.integers(0, 3), st.floats(-20, 20), st.floats(-20, 20))
def test_loss_and_gradient_are_finite_far_away(
    logit: float, level: int, first: float, second: float
) -> None:
    loss, gradient = penalised_loss(
        np.array([logit, -1.0, first, second]),
        np.ones((1, 1)),
        np.array([level]),
        np.ones(1),
        np.zeros(1),
        np.zeros(1),
        np.zeros(4),
        0.0,
        0.0,
    )

    assert np.isfinite(loss)
    assert loss >= 0
    assert np.isfinite(gradient).all()


def test_loss_is_that_computed_by_hand() -> None:
    # cutpoints -1 and -1 + e^0 = 0; logits 0.5, 2 × 0.5 + 1 = 2; levels 1 and 2
    loss, _ = penalised_loss(
        np.array([1.0, -1.0, 0.0]),
        np.array([[0.5], [1.0]]),
        np.array([1, 2]),
        np.array([1.0, 3.0]),
        np.array([0.0, 1.0]),
        np.array([2.0]),
        np.array([0.0, 0.0, 0.5]),
        4.0,
        6.0,
    )

    fit = np.log(expit(1.5) - expit(0.5)) + 3 * np.log(expit(2.0))
    moved = -0.5 - np.mean([0.0, np.exp(0.5)])
    assert loss == pytest.approx(-fit + 1.0 + 2.0 * moved**2 + 3.0 * 0.25)


def test_prior_stays_as_it_is_when_there_are_no_grades() -> None:
    model = OrdinalRegression(shift_strength=0.1, gap_strength=1.0, **PRIOR).fit(
        np.zeros((0, 2)), []
    )

    assert model.coef_.tolist() == [1.0, -2.0]
    assert model.cutpoints_ == pytest.approx([-1.5, 0.5, 2.0], abs=1e-12)


def test_prior_wins_when_its_strength_is_huge() -> None:
    model = OrdinalRegression(1e9, shift_strength=1e9, gap_strength=1e9, **PRIOR).fit(X, 3 - Y)

    assert model.coef_ == pytest.approx([1.0, -2.0], abs=1e-4)
    assert model.cutpoints_ == pytest.approx([-1.5, 0.5, 2.0], abs=1e-4)


def test_more_grades_move_a_model_further_from_its_prior() -> None:
    def distance(size: int) -> float:
        model = OrdinalRegression(shift_strength=0.05, gap_strength=1.0, **PRIOR)
        return float(np.linalg.norm(model.fit(X[:size], Y[:size]).coef_ - [1.0, -2.0]))

    assert distance(5) < distance(40) < distance(400)


def test_cutpoint_is_held_by_the_prior_when_its_levels_were_never_used() -> None:
    used = np.minimum(Y, 1)  # of four levels, two

    model = OrdinalRegression(gap_strength=1.0, **PRIOR).fit(X, used)

    assert np.isfinite(model.cutpoints_).all()
    assert np.diff(model.cutpoints_)[1] == pytest.approx(1.5, abs=1e-3)  # nothing tells this gap
    assert (model.predict_proba(X) > 0).all()


@given(st.integers(0, 500), st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3))
@settings(max_examples=40)
def test_signs_hold_whatever_the_grades_say(seed: int, signs: list[int]) -> None:
    x, y = world(seed, 60, 3, 3)

    found = OrdinalRegression(0.01, signs=signs).fit(x, y).coef_

    assert all(weight * sign >= 0 for weight, sign in zip(found, signs, strict=True))


def test_weight_of_two_is_a_row_that_stands_twice() -> None:
    heavy = OrdinalRegression(**PRIOR).fit(X, Y, sample_weight=1.0 + (np.arange(400) < 100))
    twice = OrdinalRegression(**PRIOR).fit(np.vstack([X, X[:100]]), np.append(Y, Y[:100]))

    assert heavy.coef_ == pytest.approx(twice.coef_, abs=1e-5)
    assert heavy.cutpoints_ == pytest.approx(twice.cutpoints_, abs=1e-5)


def test_weight_of_zero_is_a_row_that_is_not_there() -> None:
    weight = (np.arange(400) < 100).astype(np.float64)
    without = OrdinalRegression(**PRIOR).fit(X[:100], Y[:100])

    found = OrdinalRegression(**PRIOR).fit(X, Y, sample_weight=weight)

    assert found.coef_ == pytest.approx(without.coef_, abs=1e-5)


def test_constant_offset_moves_the_cutpoints_and_nothing_else() -> None:
    plain = OrdinalRegression(0.5).fit(X, Y)

    moved = OrdinalRegression(0.5).fit(X, Y, offset=np.full(400, 1.25))

    assert moved.coef_ == pytest.approx(plain.coef_, abs=1e-4)
    assert moved.cutpoints_ == pytest.approx(plain.cutpoints_ + 1.25, abs=1e-4)
    assert moved.predict_proba(X, np.full(400, 1.25)) == pytest.approx(
        plain.predict_proba(X), abs=1e-4
    )


def test_offset_takes_the_place_of_a_column_with_a_known_weight() -> None:
    known = OrdinalRegression([1e9, 1.0], prior_coef=[1.5, 0.0]).fit(X, Y)

    offset = OrdinalRegression(1.0).fit(X[:, 1:], Y, offset=1.5 * X[:, 0])

    assert offset.coef_[0] == pytest.approx(known.coef_[1], abs=1e-4)


def test_missing_value_adds_as_much_as_zero() -> None:
    holes = np.where(np.arange(400)[:, None] % 3 == [0, 1], np.nan, X)
    zeros = np.nan_to_num(holes)

    found = OrdinalRegression(**PRIOR).fit(holes, Y)

    assert found.coef_.tolist() == OrdinalRegression(**PRIOR).fit(zeros, Y).coef_.tolist()
    assert found.predict_proba(holes).tolist() == found.predict_proba(zeros).tolist()


def test_fit_without_columns_gives_the_shares_of_the_levels() -> None:
    model = OrdinalRegression().fit(np.zeros((400, 0)), Y)

    shares = np.bincount(Y) / 400
    assert model.predict_proba(np.zeros((1, 0)))[0] == pytest.approx(shares, abs=1e-5)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X, Y[:-1], {}, "400 rows of signals, but"),
        (X[:, 0], Y, {}, "table of rows and columns"),
        (np.where(X > 0.9, np.inf, X), Y, {}, "infinite"),
        (X, Y * 0, {}, "all grades are the same level"),
        (X, Y - 1, PRIOR, "positions from 0 to 3"),
        (X, Y + 1, PRIOR, "positions from 0 to 3"),
        (X, Y, {"prior_coef": [1.0]}, "2 columns, but a prior"),
    ],
)
def test_fit_says_what_is_wrong(x: Array, y: Index, options: dict[str, Any], message: str) -> None:
    with pytest.raises(GradesError, match=message):
        OrdinalRegression(**options).fit(x, y)


@pytest.mark.parametrize("bad", [[1.0] * 3, [np.nan] * 400])
@pytest.mark.parametrize("which", ["sample_weight", "offset"])
def test_fit_refuses_weights_and_offsets_that_do_not_fit(bad: list[float], which: str) -> None:
    with pytest.raises(GradesError, match="expected 400 finite numbers"):
        OrdinalRegression(**PRIOR).fit(X, Y, **{which: bad})


def test_one_level_is_enough_with_a_prior() -> None:
    model = OrdinalRegression(shift_strength=0.05, gap_strength=1.0, **PRIOR).fit(X, Y * 0 + 3)

    chances = model.predict_proba(X)
    assert (chances.argmax(axis=1) == 3).all()
    assert (chances > 0).all()


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=5), st.integers(1, 5))
def test_level_probabilities_are_probabilities(logits: list[float], cuts: int) -> None:
    chances = level_probabilities(np.array(logits), np.linspace(-3, 3, cuts))

    assert chances.shape == (len(logits), cuts + 1)
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert (chances >= 0).all()

"""Rater errors, true scores and intraclass correlations against published tables and models."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qa_nlp.agreement import moments, true_score
from qa_nlp.errors import GradesError

Array = NDArray[np.float64]

NAN = float("nan")

# Shrout and Fleiss, 1979, "Intraclass correlations: uses in assessing rater reliability", table 2.
JUDGED = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=np.float64,
)


def crossed(
    items: int, raters: int, seed: int, missing: float = 0.0, severity: float = 0.5
) -> Array:
    """Make grades of items (variance 1), raters (severity²) and errors (variance .5)."""
    random = np.random.default_rng(seed)
    grades = (
        random.normal(0, 1, (items, 1))
        + random.normal(0, severity, (1, raters))
        + random.normal(0, math.sqrt(0.5), (items, raters))
    )
    return np.where(random.random((items, raters)) < missing, NAN, grades)


def components(ratings: Array) -> list[float]:
    sums = true_score.crossed_moments(ratings).sum(axis=0)
    return [float(each) for each in true_score.crossed_components_of_moments(sums)]


@pytest.mark.parametrize(
    ("found", "published"),
    [
        (true_score.icc_1(JUDGED), 0.17),
        (true_score.icc_2k(JUDGED, raters=1), 0.29),
        (true_score.icc_3(JUDGED), 0.71),
        (true_score.icc_1(JUDGED, raters=4), 0.44),
        (true_score.icc_2k(JUDGED), 0.62),
        (true_score.icc_3(JUDGED, raters=4), 0.91),
    ],
    ids=["1,1", "2,1", "3,1", "1,4", "2,4", "3,4"],
)
def test_intraclass_correlation_is_that_of_shrout_and_fleiss(
    found: float, published: float
) -> None:
    assert round(found, 2) == published


def test_icc_1_is_that_of_a_random_intercept_when_items_have_equally_many_ratings() -> None:
    ratings = crossed(40, 3, seed=1)

    found = true_score.icc_1(ratings)

    between, within = random_intercept(ratings)
    assert found == pytest.approx(between / (between + within), abs=1e-4)


def test_icc_1_is_near_that_of_a_random_intercept_when_ratings_are_missing() -> None:
    """Moments and likelihood differ a little on unequal numbers of ratings."""
    ratings = crossed(150, 4, seed=2, missing=0.4)

    found = true_score.icc_1(ratings)

    between, within = random_intercept(ratings)
    assert found == pytest.approx(between / (between + within), abs=0.03)


def test_icc_1_divides_by_n0_when_numbers_of_ratings_differ() -> None:
    """One-way analysis of variance by hand: items of 3, 2 and 1 ratings with means 2, 5 and 9.

    Within: 2 + 2 = 4 with 2 + 1 degrees of freedom, mean square 4/3. Overall mean 25/6; between:
    3 (13/6)² + 2 (5/6)² + (29/6)² = 1398/36 = 233/6, mean square 233/12.
    n0 = (6 - 14/6) / 2 = 11/6.
    """
    ratings = np.array([[1, 2, 3], [4, 6, NAN], [9, NAN, NAN]])
    between, within, usual = 233 / 12, 4 / 3, 11 / 6

    found = true_score.icc_1(ratings)

    assert found == pytest.approx((between - within) / (between + (usual - 1) * within))


def test_crossed_components_are_those_of_restricted_likelihood_when_the_table_is_full() -> None:
    ratings = crossed(25, 4, seed=4)

    found = components(ratings)

    assert found == pytest.approx(mixed_model(ratings), abs=2e-3)


def test_crossed_components_are_near_restricted_likelihood_when_ratings_are_missing() -> None:
    ratings = crossed(40, 4, seed=5, missing=0.3)

    found = components(ratings)

    assert found == pytest.approx(mixed_model(ratings), abs=0.08)


def test_crossed_components_are_right_on_average_when_ratings_are_missing() -> None:
    """400 studies of 40 items and 5 raters, half of the grades missing."""
    found = np.array([components(crossed(40, 5, seed, missing=0.5)) for seed in range(400)])

    error = found.std(axis=0) / math.sqrt(400)
    assert (np.abs(found.mean(axis=0) - [1.0, 0.25, 0.5]) < 3.5 * error).all()
    assert (error < [0.02, 0.02, 0.01]).all()


def test_crossed_components_of_many_sums_are_those_of_each_when_some_are_undefined() -> None:
    parts = true_score.crossed_moments(JUDGED)
    many = np.stack([parts.sum(axis=0), parts[:3].sum(axis=0), parts[0], np.zeros(27)])

    found = np.stack(true_score.crossed_components_of_moments(many), axis=-1)

    assert found[:2] == pytest.approx(np.array([components(JUDGED), components(JUDGED[:3])]))
    assert np.isnan(found[2:]).all()


def test_icc_2k_counts_the_ratings_that_an_item_has_when_not_told_how_many() -> None:
    ratings = crossed(60, 4, seed=6, missing=0.3)
    counts = (~np.isnan(ratings)).sum(axis=1)
    harmonic = len(counts[counts > 0]) / (1 / counts[counts > 0]).sum()
    item, rater, residual = components(ratings)

    found = true_score.icc_2k(ratings)

    assert found == pytest.approx(item / (item + (rater + residual) / harmonic))


@given(st.permutations(range(6)), st.permutations(range(4)))
def test_intraclass_correlations_ignore_the_order_of_items_and_raters(
    items: list[int], raters: list[int]
) -> None:
    turned = JUDGED[items][:, raters]

    assert true_score.icc_1(turned) == pytest.approx(true_score.icc_1(JUDGED))
    assert true_score.icc_2k(turned) == pytest.approx(true_score.icc_2k(JUDGED))


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        ([[1, NAN], [NAN, 2]], "no conversation was graded by two people"),
        (np.empty((0, 2)), "no conversation was graded by two people"),
        ([[1, 2], [NAN, NAN]], "only one conversation was graded"),
        ([[0.1, 0.1], [0.1, 0.1]], "everyone gave one and the same grade throughout"),
        (
            [[1, 2, NAN, NAN], [NAN, NAN, 2, 3]],
            "raters share too few conversations to tell their severity from chance",
        ),
    ],
)
def test_icc_undefined_reason_is_given_when_there_is_no_value(ratings: Array, reason: str) -> None:
    assert true_score.icc_undefined_reason(ratings) == reason
    assert math.isnan(true_score.icc_2k(ratings))


def test_icc_undefined_reason_is_none_when_there_is_a_value() -> None:
    assert true_score.icc_undefined_reason(JUDGED) is None


def test_rater_error_variance_weighs_items_by_the_ratings_beyond_the_first() -> None:
    ratings = crossed(50, 4, seed=7, missing=0.4)
    counts = (~np.isnan(ratings)).sum(axis=1)
    several = counts > 1

    found = true_score.rater_error_variance(ratings)

    each = np.nanvar(ratings[several], ddof=1, axis=1)
    assert found == pytest.approx(np.average(each, weights=counts[several] - 1))


def test_prmse_follows_its_published_formula_when_some_items_have_one_rating() -> None:
    """Loukina and others, 2020, written out item by item."""
    random = np.random.default_rng(8)
    ratings = crossed(60, 3, seed=8, missing=0.45)
    rated = ~np.isnan(ratings).all(axis=1)
    machine = random.normal(0, 1, 60) + np.nan_to_num(ratings).sum(axis=1)
    error = true_score.rater_error_variance(ratings)
    rows = [
        (grades[~np.isnan(grades)], score)
        for grades, score in zip(ratings[rated], machine[rated], strict=True)
    ]
    total = sum(len(grades) for grades, _ in rows)
    mean = sum(grades.sum() for grades, _ in rows) / total
    between = sum(len(grades) * (grades.mean() - mean) ** 2 for grades, _ in rows)
    divisor = total - sum(len(grades) ** 2 for grades, _ in rows) / total
    variance = (between - (len(rows) - 1) * error) / divisor
    squared = sum(len(grades) * (grades.mean() - score) ** 2 for grades, score in rows)
    left = (squared - len(rows) * error) / total

    assert true_score.true_score_variance(ratings) == pytest.approx(variance)
    assert true_score.prmse(ratings, machine) == pytest.approx(1 - left / variance)


def test_prmse_finds_the_machine_s_share_of_true_scores_whatever_the_raters_errors() -> None:
    """The machine is the true score (variance 1) plus noise of variance .3: .7 of it is right."""
    random = np.random.default_rng(9)
    truth = random.normal(3, 1, 40_000)
    machine = truth + random.normal(0, math.sqrt(0.3), 40_000)

    for spread in (0.3, 1.0):
        ratings = truth[:, None] + random.normal(0, spread, (40_000, 2))
        assert true_score.prmse(ratings, machine) == pytest.approx(0.7, abs=0.03)


def test_prmse_takes_an_error_variance_from_elsewhere_when_every_item_has_one_rating() -> None:
    ratings, machine = crossed(50, 1, seed=10), crossed(50, 1, seed=11)[:, 0]

    assert math.isnan(true_score.prmse(ratings, machine))
    assert math.isfinite(true_score.prmse(ratings, machine, error_variance=0.4))
    assert true_score.true_score_variance(ratings, 0.4) == pytest.approx(
        np.var(ratings, ddof=1) - 0.4
    )


def test_prmse_leaves_items_out_when_the_machine_has_no_number() -> None:
    ratings, machine = crossed(30, 2, seed=12), crossed(30, 1, seed=13)[:, 0]
    machine[::3] = NAN
    kept = ~np.isnan(machine)

    assert true_score.prmse(ratings, machine) == pytest.approx(
        true_score.prmse(ratings[kept], machine[kept])
    )


def test_true_score_figures_do_not_change_when_grades_are_shifted() -> None:
    ratings, machine = crossed(30, 2, seed=14), crossed(30, 1, seed=15)[:, 0]

    for shift in (100.0, 1e7):
        moved = true_score.prmse(ratings + shift, machine + shift)
        assert moved == pytest.approx(true_score.prmse(ratings, machine), rel=1e-5)
        assert true_score.icc_2k(ratings + shift) == pytest.approx(
            true_score.icc_2k(ratings), rel=1e-5
        )


def test_prmse_of_many_sums_is_that_of_each() -> None:
    parts = true_score.rating_moments(crossed(30, 2, seed=16), np.linspace(-1, 1, 30))
    many = np.stack([parts.sum(axis=0), parts[:15].sum(axis=0), parts[:1].sum(axis=0)])

    found = true_score.prmse_of_moments(many)

    assert found[:2] == pytest.approx([float(true_score.prmse_of_moments(row)) for row in many[:2]])
    assert np.isnan(found[2])


def test_rating_moments_refuse_what_does_not_fit() -> None:
    with pytest.raises(GradesError, match="a row for each item and a column for each rater"):
        true_score.rating_moments([1, 2, 3])
    with pytest.raises(GradesError, match="1 numbers for 2 rated items"):
        true_score.rating_moments([[1, 2], [2, 2]], [1])
    with pytest.raises(GradesError, match="infinite"):
        true_score.crossed_moments([[1, math.inf]])


def test_disattenuated_correlation_finds_that_with_true_scores() -> None:
    random = np.random.default_rng(17)
    truth = random.normal(0, 1, 50_000)
    first, second = truth + random.normal(0, 0.8, (2, 50_000))
    machine = truth + random.normal(0, 0.5, 50_000)

    found = true_score.disattenuated_correlation(
        moments.pearson(first, machine), moments.pearson(first, second)
    )

    assert float(found) == pytest.approx(moments.pearson(truth, machine), abs=0.01)


def test_disattenuated_correlation_is_undefined_when_raters_do_not_correlate() -> None:
    found = true_score.disattenuated_correlation([0.5, 0.5, 0.5], [0.0, -0.2, NAN])

    assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("raters", "ideal", "human_like"),
    [(1, 0.75, 0.6), (2, 0.75 / 0.875, 2.4 / 3.6)],
)
def test_kappa_ceilings_are_their_closed_forms(
    raters: int, ideal: float, human_like: float
) -> None:
    found = true_score.kappa_ceilings(0.6, raters)

    assert (found.ideal, found.human_like) == pytest.approx((ideal, human_like))


@pytest.mark.parametrize("raters", [1, 2, 5])
@pytest.mark.parametrize("reliability", [0.3, 0.6, 0.9])
def test_kappa_ceilings_are_reached_when_scores_are_normal(reliability: float, raters: int) -> None:
    random = np.random.default_rng(18)
    truth = random.normal(3, math.sqrt(reliability), 100_000)
    spread = math.sqrt(1 - reliability)
    people = truth + random.normal(0, spread / math.sqrt(raters), 100_000)
    another = truth + random.normal(0, spread, 100_000)

    found = true_score.kappa_ceilings(reliability, raters)

    assert moments.continuous_kappa(people, truth) == pytest.approx(found.ideal, abs=0.01)
    assert moments.continuous_kappa(people, another) == pytest.approx(found.human_like, abs=0.01)


@given(st.floats(0.01, 1), st.integers(1, 20))
def test_kappa_ceilings_are_no_lower_than_the_reliability(reliability: float, raters: int) -> None:
    found = true_score.kappa_ceilings(reliability, raters)

    assert reliability - 1e-12 <= found.human_like <= found.ideal + 1e-12 <= 1 + 1e-9


def test_kappa_ceilings_are_undefined_when_reliability_is_negative_or_unknown() -> None:
    for reliability in (-0.1, NAN):
        assert math.isnan(true_score.kappa_ceilings(reliability).ideal)


def test_kappa_ceilings_refuse_what_cannot_be() -> None:
    with pytest.raises(GradesError, match=r"between 0 and 1, not at 1\.2"):
        true_score.kappa_ceilings(1.2)
    with pytest.raises(GradesError, match="at least one rater"):
        true_score.kappa_ceilings(0.5, raters=0)


def long_form(ratings: Array) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    item, rater = np.nonzero(~np.isnan(ratings))
    return ratings[item, rater], item, rater


def random_intercept(ratings: Array) -> tuple[float, float]:
    """Give the variance between and within items by restricted maximum likelihood."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    grades, item, _ = long_form(ratings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = MixedLM(grades, np.ones((len(grades), 1)), groups=item).fit(reml=True)
    return float(fit.cov_re[0, 0]), float(fit.scale)


def mixed_model(ratings: Array) -> list[float]:
    """Give the variance of items, raters and errors by restricted maximum likelihood."""
    import pandas as pd
    from statsmodels.regression.mixed_linear_model import MixedLM

    grades, item, rater = long_form(ratings)
    data = pd.DataFrame({"grade": grades, "item": item, "rater": rater, "all": 1})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = MixedLM.from_formula(
            "grade ~ 1",
            data,
            groups="all",
            re_formula="0",
            vc_formula={"item": "0 + C(item)", "rater": "0 + C(rater)"},
        ).fit(reml=True)
    variances = dict(zip(fit.model.exog_vc.names, fit.vcomp, strict=True))
    return [float(variances["item"]), float(variances["rater"]), float(fit.scale)]

"""Figures over all resamples at once, against scikit-learn, scipy and the figures one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from benchmarks.parts import bootstrap
from benchmarks.parts.measures import (
    class_draws,
    label_draws,
    level_draws,
    rank_correlation,
    ranking_draws,
    score_draws,
)
from benchmarks.parts.resampling import Resampler, figure

Array = NDArray[np.float64]

cells = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=4, max_size=40)


def single(texts: int) -> Resampler:
    return Resampler([str(row) for row in range(texts)], rounds=20)


def weights_of(resampler: Resampler) -> Array:
    """Show the weights of the texts in each resample."""
    seen: list[Array] = []
    resampler.each(lambda weights: seen.append(weights) or weights[:, 0])  # type: ignore[func-returns-value]
    return np.concatenate(seen)


@given(cells)
def test_class_and_level_figures_equal_scikit_learn(drawn: list[tuple[int, int]]) -> None:
    table = np.array([*drawn, (0, 0), (2, 1)])
    truth, answer = table[:, 0], table[:, 1]

    found = level_draws(single(len(table)), truth, answer)

    assert found["accuracy"][0] == pytest.approx(metrics.accuracy_score(truth, answer))
    assert found["macro-F1"][0] == pytest.approx(
        metrics.f1_score(truth, answer, average="macro", zero_division=0.0)
    )
    assert found["QWK"][0] == pytest.approx(
        metrics.cohen_kappa_score(truth, answer, weights="quadratic")
    )


def test_class_figures_of_every_resample_equal_those_of_scikit_learn_with_its_weights() -> None:
    random = np.random.default_rng(0)
    truth, answer = random.integers(0, 4, 60), random.integers(0, 4, 60)
    resampler = single(60)

    found = class_draws(resampler, truth, answer, 4)["macro-F1"]

    assert found == pytest.approx(
        [
            metrics.f1_score(truth, answer, average="macro", sample_weight=weights)
            for weights in weights_of(resampler)
        ]
    )


def test_macro_f1_leaves_out_a_class_that_neither_occurs_nor_is_given() -> None:
    truth, answer = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])

    assert class_draws(single(4), truth, answer, 5)["macro-F1"][0] == pytest.approx(
        metrics.f1_score(truth, answer, average="macro")
    )


@given(st.lists(st.tuples(*[st.booleans()] * 6), min_size=2, max_size=30))
def test_label_figures_equal_scikit_learn(drawn: list[tuple[bool, ...]]) -> None:
    table = np.array([*drawn, (True,) * 6])
    truth, answer = table[:, :3], table[:, 3:]

    found = label_draws(single(len(table)), truth, answer)

    for average in ("macro", "micro"):
        assert found[f"{average}-F1"][0] == pytest.approx(
            metrics.f1_score(truth, answer, average=average, zero_division=0.0)
        )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=40))
def test_ranking_figures_equal_scikit_learn_with_ties(drawn: list[tuple[bool, int]]) -> None:
    table = [*drawn, (True, 2), (False, 2)]
    truth = np.array([hit for hit, _ in table])
    scores = np.array([score for _, score in table], dtype=float)

    found = ranking_draws(single(len(table)), truth, scores)

    assert found["AUC"][0] == pytest.approx(metrics.roc_auc_score(truth, scores))
    assert found["AP"][0] == pytest.approx(metrics.average_precision_score(truth, scores))
    assert found["AP / prevalence"][0] == pytest.approx(found["AP"][0] / truth.mean())


def test_ranking_figures_of_every_resample_equal_those_of_weighted_texts() -> None:
    random = np.random.default_rng(1)
    truth, scores = random.random(50) < 0.4, random.integers(0, 10, 50).astype(float)
    resampler = Resampler([str(row // 5) for row in range(50)], rounds=20)
    weights = weights_of(resampler)

    found = ranking_draws(resampler, truth, scores)

    assert found["AUC"] == pytest.approx(
        [metrics.roc_auc_score(truth, scores, sample_weight=row) for row in weights]
    )
    assert found["AP"] == pytest.approx(
        [bootstrap.average_precision(truth, scores, row) for row in weights]
    )


def test_ranking_figures_of_a_constant_are_a_half_and_the_prevalence() -> None:
    truth = np.array([True, False, False, False])

    found = ranking_draws(single(4), truth, np.zeros(4))

    assert found["AUC"][0] == 0.5
    assert found["AP"][0] == 0.25
    assert found["AP / prevalence"][0] == 1.0


def test_ranking_figures_are_nan_in_a_resample_of_one_kind() -> None:
    truth = np.array([True, False])

    found = ranking_draws(single(2), truth, np.array([1.0, 0.0]))

    assert np.isnan(found["AUC"][1:]).any()
    assert figure(found["AUC"]).low == 1.0


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=40))
def test_score_figures_equal_scipy_with_ties(drawn: list[tuple[int, int]]) -> None:
    table = np.array([*drawn, (5, 4), (-5, -6)], dtype=float)

    found = score_draws(single(len(table)), table[:, 0], table[:, 1])

    assert found["r"][0] == pytest.approx(stats.pearsonr(*table.T).statistic, abs=1e-9)
    assert found["rho"][0] == pytest.approx(stats.spearmanr(*table.T).statistic, abs=1e-9)


def test_rank_correlation_of_every_resample_equals_that_of_the_repeated_texts() -> None:
    random = np.random.default_rng(2)
    truth, answer = random.integers(0, 6, (2, 40)).astype(float)
    resampler = single(40)

    found = rank_correlation(resampler, truth, answer)

    assert found == pytest.approx(
        [
            stats.spearmanr(
                np.repeat(truth, row.astype(int)), np.repeat(answer, row.astype(int))
            ).statistic
            for row in weights_of(resampler)
        ]
    )


def test_score_figures_of_a_constant_are_0() -> None:
    found = score_draws(single(3), np.array([1.0, 2.0, 3.0]), np.zeros(3))

    assert found["r"][0] == found["rho"][0] == 0.0


def test_resampler_draws_whole_groups_as_often_as_there_are_groups() -> None:
    resampler = Resampler(["a", "a", "b", "c"], rounds=50)

    weights = weights_of(resampler)

    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 1:].sum(axis=1) == 3).all()


def test_resampler_totals_are_the_weighted_sums() -> None:
    resampler = Resampler(["a", "b", "a", "c"], rounds=30)
    columns = np.arange(8.0).reshape(4, 2)

    assert resampler.totals(columns) == pytest.approx(weights_of(resampler) @ columns)


def test_figure_refuses_what_cannot_be_measured_on_all_texts() -> None:
    with pytest.raises(ValueError, match="cannot be measured"):
        figure(np.array([math.nan, 1.0]))

"""Figures and intervals of the benchmarks, against scikit-learn and by what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from benchmarks.parts.bootstrap import (
    accuracy,
    average_precision,
    cluster_bootstrap,
    confusion,
    f1,
    macro_f1,
    quadratic_kappa,
)

Array = NDArray[np.float64]

rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)), min_size=6, max_size=40
)


@given(rows)
def test_figures_of_a_confusion_matrix_equal_scikit_learn_with_weights(
    drawn: list[tuple[int, int, int]],
) -> None:
    table = np.array([*drawn, (0, 0, 1), (1, 1, 1), (2, 2, 1)])
    truth, answer, weights = table[:, 0], table[:, 1], table[:, 2].astype(float)

    matrix = confusion(truth, answer, 3, weights)

    assert accuracy(matrix) == pytest.approx(
        metrics.accuracy_score(truth, answer, sample_weight=weights)
    )
    assert macro_f1(matrix) == pytest.approx(
        metrics.f1_score(truth, answer, average="macro", sample_weight=weights)
    )
    assert quadratic_kappa(matrix) == pytest.approx(
        metrics.cohen_kappa_score(truth, answer, weights="quadratic", sample_weight=weights)
    )


@given(rows)
def test_figures_of_a_yes_or_no_answer_equal_scikit_learn_with_weights(
    drawn: list[tuple[int, int, int]],
) -> None:
    table = np.array([*drawn, (2, 1, 1)])
    hits, scores, weights = table[:, 0] == 2, table[:, 1] / 2, table[:, 2].astype(float)

    assert average_precision(hits, scores, weights) == pytest.approx(
        metrics.average_precision_score(hits, scores, sample_weight=weights)
    )
    assert f1(hits, scores >= 0.5, weights) == pytest.approx(
        metrics.f1_score(hits, scores >= 0.5, sample_weight=weights)
    )


def test_f1_and_average_precision_are_nan_when_nothing_is_true() -> None:
    nothing, ones = np.zeros(3, dtype=bool), np.ones(3)

    assert math.isnan(f1(nothing, ~nothing, ones))
    assert math.isnan(average_precision(nothing, ones, ones))


def test_average_precision_is_the_share_of_hits_when_all_scores_are_equal() -> None:
    hits = np.array([True, False, False, True])

    assert average_precision(hits, np.ones(4), np.ones(4)) == 0.5


def test_cluster_bootstrap_has_no_width_when_all_texts_are_of_one_group() -> None:
    hits = np.array([1.0, 0.0, 1.0])

    figure = cluster_bootstrap(
        ["a"] * 3, lambda weights: {"share": float(weights @ hits / weights.sum())}
    )["share"]

    assert figure.low == figure.high == pytest.approx(figure.value)


def test_cluster_bootstrap_is_wider_when_texts_hang_together() -> None:
    hits = np.repeat(np.random.default_rng(0).integers(0, 2, 20), 10).astype(float)

    def share(weights: Array) -> dict[str, float]:
        return {"share": float(weights @ hits / weights.sum())}

    grouped = cluster_bootstrap([str(row // 10) for row in range(200)], share)["share"]
    single = cluster_bootstrap([str(row) for row in range(200)], share)["share"]

    assert grouped.high - grouped.low > 2 * (single.high - single.low)


def test_cluster_bootstrap_draws_again_when_a_resample_holds_no_hit() -> None:
    hits = np.array([True, False, False])

    figure = cluster_bootstrap(["a", "b", "c"], lambda weights: {"f1": f1(hits, hits, weights)})

    assert figure["f1"].low == 1.0


def test_cluster_bootstrap_refuses_when_a_figure_cannot_be_measured_at_all() -> None:
    with pytest.raises(ValueError, match="kappa"):
        cluster_bootstrap(["a", "b"], lambda _: {"kappa": math.nan})

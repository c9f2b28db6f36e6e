"""Agreement on yes or no: whether a criterion applies, and whether a conversation was failed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from qa_nlp.agreement.pair_tables import cross_tables
from qa_nlp.agreement.statistics import (
    applicability_agreement,
    failure_precision,
    failure_recall,
    failure_recall_of_tables,
)

gradings = arrays(np.int64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.integers(-1, 3))


@given(both=gradings)
def test_applicability_is_agreement_on_not_applicable_as_scikit_learn_has_it(
    both: NDArray[np.int64],
) -> None:
    from sklearn.metrics import accuracy_score, cohen_kappa_score

    human, machine = both.T
    assume(len(np.unique(both >= 0)) > 1)

    found = applicability_agreement(human[:, None], machine)

    assert found.exact == pytest.approx(accuracy_score(human >= 0, machine >= 0))
    assert found.cohen_kappa == pytest.approx(cohen_kappa_score(human >= 0, machine >= 0))
    assert found.table.sum() == len(both)


@given(both=gradings)
def test_failures_are_found_as_scikit_learn_counts_them(both: NDArray[np.int64]) -> None:
    from sklearn.metrics import precision_score, recall_score

    human, machine = both.T

    recall = failure_recall(human[:, None], machine)
    precision = failure_precision(human[:, None], machine)

    failed = human == 0, machine == 0
    assert recall == pytest.approx(recall_score(*failed, zero_division=np.nan), nan_ok=True)
    assert precision == pytest.approx(precision_score(*failed, zero_division=np.nan), nan_ok=True)


def test_missing_grades_are_left_out_and_not_applicable_ones_are_not() -> None:
    human = np.array([[0, -2], [0, np.nan], [-1, -1], [-2, -2]])
    machine = [0, -1, 0, 0]

    assert failure_recall(human, machine) == 0.5
    assert failure_precision(human, machine) == 0.5
    assert applicability_agreement(human, machine).table.tolist() == [[0, 1], [1, 1]]


def test_item_counts_one_when_several_people_graded_it() -> None:
    human = [[0, 0, 1], [0, -2, -2]]

    assert failure_recall(human, [1, 0]) == pytest.approx(1 / (1 + 2 / 3))


def test_failures_left_to_people_are_not_judged() -> None:
    assert failure_recall([[0], [0]], [0, -2]) == 1.0


def test_figures_are_undefined_when_nobody_failed_or_nothing_is_not_applicable() -> None:
    human, machine = [[1], [2]], [1, 2]

    assert math.isnan(failure_recall(human, machine))
    assert math.isnan(failure_precision(human, machine))
    assert applicability_agreement(human, machine).exact == 1.0
    assert math.isnan(applicability_agreement(human, machine).cohen_kappa)


def test_recall_of_tables_takes_every_level_above_the_lowest_as_passed() -> None:
    human, machine = np.array([[0], [0], [0], [1], [2]]), np.array([0, 2, 0, 0, 2])

    tables = cross_tables(human, machine, 3).sum(axis=0)

    assert float(failure_recall_of_tables(tables)) == pytest.approx(2 / 3)
    assert float(failure_recall_of_tables(tables)) == pytest.approx(failure_recall(human, machine))

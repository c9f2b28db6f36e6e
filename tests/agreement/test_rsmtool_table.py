"""Every statistic of RSMTool's evaluation on one small table, worked out by hand in fractions.

RSMTool 11.2 (Madnani and Loukina, 2016, "RSMTool: a collection of tools for building and evaluating
automated scoring models") is the reference for what each statistic means; the table is our own.

    item    1   2   3   4   5   6   7   8   9  10  11  12   sum  squares
    human   1   2   3   4   2   3   4   1   3   2   4   3    32   98
    second  1   3   3   4   1   2                            14   40
    machine 1.5 2   3.5 3.5 2.5 2.5 4   1.5 3   3   3.5 2.5  33   98     products with human 96.5
    rounded 2   2   4   4   3   3   4   2   3   3   4   3    37  121     halves rise
    error   .5  0   .5 -.5  .5 -.5  0   .5  0   1  -.5 -.5    1    3     machine less human
    group   a   a   a   a   a   a   a   b   b   b   b   b

Sums of squares about the means: human 98 - 32²/12 = 38/3, machine 98 - 33²/12 = 29/4, products
96.5 - 32 x 33/12 = 17/2. The means, 8/3 and 11/4, are 1/12 apart.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats

from qa_nlp.agreement import statistics

NAN = float("nan")
HUMAN = np.array([1, 2, 3, 4, 2, 3, 4, 1, 3, 2, 4, 3], dtype=np.float64)
SECOND = np.array([1, 3, 3, 4, 1, 2] + [NAN] * 6)
MACHINE = np.array([1.5, 2, 3.5, 3.5, 2.5, 2.5, 4, 1.5, 3, 3, 3.5, 2.5])
ROUNDED = np.array([2, 2, 4, 4, 3, 3, 4, 2, 3, 3, 4, 3])
GROUPS = list("aaaaaaabbbbb")

WITH_MACHINE = np.column_stack([HUMAN, ROUNDED]).astype(np.int64) - 1
TWICE = np.column_stack([HUMAN, SECOND])[:6].astype(np.int64) - 1
BOTH = np.column_stack([HUMAN, SECOND])

SPREADS = math.sqrt(Fraction(38, 33)), math.sqrt(Fraction(29, 44))
CORRELATION = 8.5 / math.sqrt(Fraction(38, 3) * Fraction(29, 4))
# Twice graded: sums 15 and 14, squares 43 and 40, products 40; about the means 11/2, 22/3 and 5.
BETWEEN_PEOPLE = 5 / math.sqrt(Fraction(11, 2) * Fraction(22, 3))


def test_evaluation_means_and_spreads_are_over_n_less_one() -> None:
    sums = statistics.item_moments(HUMAN, MACHINE).sum(axis=0)

    means = statistics.means_of_moments(sums)
    spreads = statistics.standard_deviations_of_moments(sums)

    assert [float(each) for each in means] == pytest.approx([8 / 3, 11 / 4])
    assert [float(each) for each in spreads] == pytest.approx(SPREADS)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            statistics.standardised_mean_difference(HUMAN, MACHINE),
            1 / 12 / SPREADS[0],
            id="standardised mean difference",
        ),
        pytest.param(statistics.pearson(HUMAN, MACHINE), CORRELATION, id="correlation"),
        pytest.param(statistics.r_squared(HUMAN, MACHINE), 1 - 3 / (38 / 3), id="R²"),
        pytest.param(statistics.root_mean_squared_error(HUMAN, MACHINE), 0.5, id="root of squares"),
        pytest.param(statistics.mean_absolute_error(HUMAN, MACHINE), 5 / 12, id="absolute error"),
        # 2 x 17/2 over 38/3 + 29/4 + 12 (1/12)² = 20
        pytest.param(statistics.continuous_kappa(HUMAN, MACHINE), 17 / 20, id="quadratic kappa"),
        # Equal on items 2, 4, 6, 7, 9, 11 and 12; never more than one level apart.
        pytest.param(statistics.exact_agreement(WITH_MACHINE), 7 / 12, id="exact agreement"),
        pytest.param(statistics.adjacent_agreement(WITH_MACHINE), 1.0, id="adjacent agreement"),
        # Levels 1 to 4: people 2, 3, 4, 3 and machine 0, 3, 5, 4 times; by chance 41 of 144.
        pytest.param(statistics.cohen_kappa(WITH_MACHINE), 43 / 103, id="kappa"),
        # Squared gaps 5; by chance 98 + 121 - 2 x 32 x 37 / 12 = 65/3.
        pytest.param(
            statistics.quadratic_kappa(WITH_MACHINE), 10 / 13, id="quadratic kappa of rounded"
        ),
    ],
)
def test_evaluation_statistic_is_that_of_the_hand(found: float, expected: float) -> None:
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Equal on items 1, 3 and 4.
        pytest.param(statistics.exact_agreement(TWICE), 3 / 6, id="exact agreement"),
        pytest.param(statistics.adjacent_agreement(TWICE), 1.0, id="adjacent agreement"),
        # Levels 1 to 4: 1, 2, 2, 1 and 2, 1, 2, 1 times; by chance 9 of 36.
        pytest.param(statistics.cohen_kappa(TWICE), 1 / 3, id="kappa"),
        # Squared gaps 3; by chance 43 + 40 - 2 x 15 x 14 / 6 = 13.
        pytest.param(statistics.quadratic_kappa(TWICE), 10 / 13, id="quadratic kappa"),
        pytest.param(statistics.continuous_kappa(*TWICE.T), 10 / 13, id="continuous kappa"),
        pytest.param(statistics.pearson(HUMAN, SECOND), BETWEEN_PEOPLE, id="correlation"),
        # Means 15/6 and 14/6; variances 11/10 and 22/15, whose mean is 77/60.
        pytest.param(
            statistics.standardised_mean_difference(HUMAN, SECOND, "pooled"),
            -1 / 6 / math.sqrt(77 / 60),
            id="standardised mean difference",
        ),
    ],
)
def test_consistency_statistic_is_that_of_the_hand(found: float, expected: float) -> None:
    assert found == pytest.approx(expected)


def test_degradation_is_machine_less_people() -> None:
    kappa = statistics.continuous_kappa(HUMAN, MACHINE) - statistics.quadratic_kappa(TWICE)
    correlation = statistics.pearson(HUMAN, MACHINE) - statistics.pearson(HUMAN, SECOND)

    assert kappa == pytest.approx(17 / 20 - 10 / 13)
    assert correlation == pytest.approx(CORRELATION - BETWEEN_PEOPLE)


def test_disattenuated_correlation_divides_by_the_root_of_that_of_people() -> None:
    found = statistics.disattenuated_correlation(
        statistics.pearson(HUMAN, MACHINE), statistics.pearson(HUMAN, SECOND)
    )

    assert float(found) == pytest.approx(CORRELATION / math.sqrt(BETWEEN_PEOPLE))


def test_true_score_statistics_are_those_of_the_hand() -> None:
    """Three of six pairs are one apart: within 3 x 1/2, over 6 degrees of freedom, 1/4.

    18 ratings, sum 46; squares of item means by ratings 2 x 40.75 + 55 = 136.5; between items
    136.5 - 46²/18 = 341/18. Less 11 x 1/4: 583/36, over 18 - 30/18 = 49/3: 583/588.
    Squared errors of item means by ratings 2 x 2 + 1.75 = 5.75, less 12 x 1/4, over 18: 11/72.
    """
    sums = statistics.rating_moments(BOTH, MACHINE).sum(axis=0)

    assert statistics.rater_error_variance(BOTH) == pytest.approx(1 / 4)
    assert statistics.true_score_variance(BOTH) == pytest.approx(583 / 588)
    assert float(statistics.true_squared_error_of_moments(sums)) == pytest.approx(11 / 72)
    assert statistics.prmse(BOTH, MACHINE) == pytest.approx(1 - 11 / 72 / (583 / 588))


@pytest.mark.parametrize(
    ("group", "machine", "human"),
    # Sums of group a: machine 19.5, human 19, of 7; of group b: 13.5 and 13, of 5.
    [
        ("a", Fraction(39, 14) - Fraction(11, 4), Fraction(19, 7) - Fraction(8, 3)),
        ("b", Fraction(27, 10) - Fraction(11, 4), Fraction(13, 5) - Fraction(8, 3)),
    ],
)
def test_difference_of_standardised_means_is_that_of_the_hand(
    group: str, machine: Fraction, human: Fraction
) -> None:
    member = [name == group for name in GROUPS]

    found = statistics.difference_of_standardised_means(HUMAN, MACHINE, member)

    assert found == pytest.approx(machine / SPREADS[1] - human / SPREADS[0])


@pytest.mark.parametrize(
    ("effect_of", "coefficient", "null", "gain", "free"),
    [
        # Squared errors: group means 5/28 and 7/20; about the mean 3/2 - 9/12 = 3/4, between
        # groups 25/112 + 49/80 - 3/4 = 3/35.
        pytest.param(
            statistics.overall_score_accuracy,
            Fraction(6, 35),
            Fraction(3, 4),
            Fraction(3, 35),
            10,
            id="overall score accuracy",
        ),
        # Errors: group means 1/14 and 1/10; about the mean 3 - 1/12 = 35/12, between groups
        # 1/28 + 1/20 - 1/12 = 1/420.
        pytest.param(
            statistics.overall_score_difference,
            Fraction(1, 35),
            Fraction(35, 12),
            Fraction(1, 420),
            10,
            id="overall score difference",
        ),
        # Within human grades 1 to 4, b less a is 0, 3/4, -1/4 and -1/4, with weights 1/2, 2/3, 1
        # and 2/3 (sizes: product over sum): 1/12 over 17/6. Within grades 0 + 1/2 + 11/16 + 1/6 =
        # 65/48 is left, of which groups take (1/12)² over 17/6 = 1/408.
        pytest.param(
            statistics.conditional_score_difference,
            Fraction(1, 34),
            Fraction(65, 48),
            Fraction(1, 408),
            7,
            id="conditional score difference",
        ),
    ],
)
def test_fairness_statistic_is_that_of_the_hand(
    effect_of: Any, coefficient: Fraction, null: Fraction, gain: Fraction, free: int
) -> None:
    whole = null if free == 10 else Fraction(35, 12)
    ratio = gain / ((null - gain) / free)
    adjusted = [null / (free + 1), (null - gain) / free]

    found = effect_of(HUMAN, MACHINE, GROUPS)

    assert found.reference == "a"
    assert found.groups[0].coefficient == pytest.approx(float(coefficient))
    assert found.share == pytest.approx(float(gain / whole))
    assert found.adjusted_share == pytest.approx(float((adjusted[0] - adjusted[1]) / (whole / 11)))
    assert found.p_value == pytest.approx(stats.f.sf(float(ratio), 1, free))

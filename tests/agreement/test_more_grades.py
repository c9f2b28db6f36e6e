"""How many more grades: against other libraries and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.agreement.estimate_text import estimate_text
from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.verdicts.more_grades import (
    MOST,
    least_share,
    more_needed,
    rounded_up,
    spot_checks_needed,
    widening,
)


@given(st.integers(1, 400), st.floats(0, 1))
def test_least_share_is_that_of_statsmodels_when_there_are_cases(n: int, part: float) -> None:
    from statsmodels.stats.proportion import proportion_confint

    hits = round(part * n)

    low, _ = proportion_confint(hits, n, method="wilson")

    assert least_share(hits / n, n) == pytest.approx(max(low, 0), abs=1e-12)


def test_least_share_is_zero_when_there_are_no_cases() -> None:
    assert least_share(1.0, 0) == 0.0


@given(st.floats(0.01, 5000))
def test_rounded_up_adds_less_than_a_step_when_rounding(number: float) -> None:
    found = rounded_up(number)

    assert 0 <= found - number < 100
    assert found % 10 == 0


@pytest.mark.parametrize("line", [0.30, 0.60])
def test_more_needed_keeps_the_interval_off_the_line_when_that_many_are_graded(line: float) -> None:
    """The mean of normal numbers, whose interval is known: 4 of 5 studies settle the question."""
    value, spread, now = 0.45, 0.8, 60
    reach = 1.96 * spread / math.sqrt(now)
    estimate = Estimate(value, value - reach, value + reach, now, now)

    needed = more_needed(estimate, line)

    assert needed is not None
    total = now + needed
    means = np.random.default_rng(5).normal(value, spread / math.sqrt(total), 4000)
    settled = np.abs(means - line) > 1.96 * spread / math.sqrt(total)
    assert 0.79 < settled.mean() < 0.83


def test_more_needed_is_none_when_nobody_could_grade_so_many() -> None:
    on_the_line = Estimate(0.40, 0.30, 0.50, 60, 60)
    near = Estimate(0.401, 0.30, 0.50, 60, 60)

    assert more_needed(on_the_line, 0.40) is None
    assert more_needed(near, 0.40) is None


def test_more_needed_is_none_when_there_is_no_interval() -> None:
    assert more_needed(Estimate(0.5, reason="no interval"), 0.40) is None
    assert more_needed(Estimate(None, reason="undefined"), 0.40) is None


@given(st.floats(0.41, 0.9), st.floats(0.01, 0.4), st.integers(2, 20))
def test_more_needed_asks_for_more_when_more_are_compared(
    value: float, reach: float, compared: int
) -> None:
    estimate = Estimate(value, value - reach, value + reach, 100, 100)

    alone = more_needed(estimate, 0.40)
    among = more_needed(estimate, 0.40, compared=compared)

    assert among is None or (alone is not None and 0 < alone <= among <= MOST)


def test_widening_is_that_of_bonferroni_when_five_are_compared() -> None:
    """Normal quantiles of 0.995 and 0.975: 2.5758 / 1.9600."""
    assert widening(5) == pytest.approx(2.5758 / 1.9600, abs=1e-4)


@pytest.mark.parametrize("agreement", [0.35, 0.60, 0.80, 0.95, 1.0])
def test_spot_checks_needed_finds_the_drop_when_that_many_are_checked(agreement: float) -> None:
    """Oracle: an alarm wherever scipy's exact one-sided binomial test gives p <= 0.05."""
    from scipy.stats import binomtest

    n = spot_checks_needed(agreement)
    alarm = [binomtest(k, n, agreement, "less").pvalue <= 0.05 for k in range(n + 1)]
    random = np.random.default_rng(1)

    found = np.mean(np.array(alarm)[random.binomial(n, agreement - 0.10, 20_000)])
    false = np.mean(np.array(alarm)[random.binomial(n, agreement, 20_000)])

    assert 0.79 < found < 0.86
    assert false < 0.056


def test_spot_checks_needed_is_smaller_when_the_drop_is_larger() -> None:
    assert spot_checks_needed(0.8, drop=0.3) < spot_checks_needed(0.8, drop=0.2) < 40


@given(
    st.floats(-1, 1).filter(lambda value: value == 0.7 or abs(value - 0.7) > 1e-4),
    st.booleans(),
)
def test_estimate_text_keeps_a_number_on_its_side_when_rounded(value: float, signed: bool) -> None:
    shown = estimate_text(Estimate(value), 0.70, signed=signed)

    number = float(shown.replace("\N{MINUS SIGN}", "-"))
    assert (number < 0.70) == (value < 0.70)
    assert number == pytest.approx(value, abs=0.00501)


def test_estimate_text_shows_more_decimals_when_an_end_is_near_a_second_line() -> None:
    estimate = Estimate(-0.15, -0.29, 0.002)

    assert estimate_text(estimate, -0.1, 0.0) == (
        "\N{MINUS SIGN}0.150 (\N{MINUS SIGN}0.290 to 0.002)"
    )


def test_estimate_text_writes_signs_when_asked() -> None:
    estimate = Estimate(0.04, -0.05, 0.13)

    assert estimate_text(estimate, 0.5, signed=True) == "+0.04 (\N{MINUS SIGN}0.05 to +0.13)"
    assert estimate_text(estimate, 0.5) == "0.04 (\N{MINUS SIGN}0.05 to 0.13)"
    assert estimate_text(Estimate(-0.001), 0.5, signed=True) == "0.00"

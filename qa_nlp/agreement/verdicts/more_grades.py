"""How many more grades by people settle a question, and how many keep watch on the machine."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np
from scipy import stats

from qa_nlp.agreement.estimates import Estimate

__all__ = ["MOST", "least_share", "more_needed", "rounded_up", "spot_checks_needed", "widening"]

MOST: Final = 5_000
"""More grades than this are not asked for: the question is too close to call."""

_FALSE_ALARMS: Final = 0.05  # of months in which nothing has changed
_STEPS: Final = ((200, 10), (1_000, 50), (math.inf, 100))


def more_needed(
    estimate: Estimate,
    line: float,
    *,
    power: float = 0.80,
    level: float = 0.95,
    compared: int = 1,
    items: int | None = None,
) -> int | None:
    """Say how many more items would make an interval keep clear of a line.

    Half an interval shrinks with the square root of the number of clusters, and so of that of items
    where clusters stay as large as they are. To lie clear of the line in a share `power` of studies
    the distance of the value from it must be ``z(level) + z(power)`` standard errors, where half an
    interval is ``z(level)`` (Cohen 1988, "Statistical power analysis for the behavioral sciences",
    ch. 1). The true value is taken to be the one at hand, so the answer is a guide.

    Parameters
    ----------
    estimate : Estimate
        With an interval at `level`.
    line : float
        What the interval should not touch.
    power : float, default 0.80
        Chance to succeed.
    level : float, default 0.95
        Confidence of the interval.
    compared : int, default 1
        How many figures share the chance of a false alarm (Bonferroni).
    items : int, optional
        That the estimate is made of; default: ``estimate.n``.

    Returns
    -------
    int or None
        Items beyond those at hand, rounded up as `rounded_up` does; None where there is no
        interval, or more than `MOST` would be needed.

    Examples
    --------
    >>> more_needed(Estimate(0.50, 0.35, 0.65, n=60, clusters=60), 0.40)
    250
    """
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    end = estimate.low if estimate.value > line else estimate.high
    reach = abs(estimate.value - end)
    distance = abs(estimate.value - line)
    normal = NormalDist()
    usual = normal.inv_cdf(0.5 + level / 2)
    wanted = usual * widening(compared, level) + normal.inv_cdf(power)
    now = estimate.n if items is None else items
    if distance == 0:
        return None
    more = now * ((reach / distance * wanted / usual) ** 2 - 1)
    return rounded_up(max(more, 1)) if more <= MOST else None


def widening(compared: int, level: float = 0.95) -> float:
    """Say how much wider intervals must be when several are looked at together.

    Parameters
    ----------
    compared : int
        How many, from 1.
    level : float, default 0.95
        Confidence that they should have together.

    Returns
    -------
    float
        Factor for half an interval, at least 1, by Bonferroni's inequality.

    Examples
    --------
    >>> round(widening(1), 2), round(widening(5), 2)
    (1.0, 1.31)
    """
    normal = NormalDist()
    return normal.inv_cdf(1 - (1 - level) / 2 / compared) / normal.inv_cdf(0.5 + level / 2)


def rounded_up(number: float) -> int:
    """Round up to a number that a person would write on a plan.

    Parameters
    ----------
    number : float
        At least 0.

    Returns
    -------
    int
        A multiple of 10, from 200 of 50, from 1,000 of 100.

    Examples
    --------
    >>> rounded_up(1), rounded_up(61), rounded_up(201), rounded_up(1_020)
    (10, 70, 250, 1100)
    """
    step = next(step for below, step in _STEPS if number < below)
    return step * math.ceil(number / step)


def least_share(share: float, n: int, level: float = 0.95) -> float:
    """Give the lower end of the interval of a share by its number of cases alone.

    A bootstrap cannot say anything about a share of 1: no resample has a case that is missed.
    Wilson's interval can (Wilson 1927, "Probable inference, the law of succession, and statistical
    inference"; recommended for few cases by Brown, Cai & DasGupta 2001, "Interval estimation for a
    binomial proportion").

    Parameters
    ----------
    share : float
        Observed; 0 to 1.
    n : int
        Cases.
    level : float, default 0.95
        Confidence of the interval of two ends.

    Returns
    -------
    float
        0 to 1; 0 without cases.

    Examples
    --------
    >>> round(least_share(1.0, 5), 2), round(least_share(1.0, 16), 2)
    (0.57, 0.81)
    """
    if n < 1:
        return 0.0
    square = NormalDist().inv_cdf(0.5 + level / 2) ** 2
    spread = math.sqrt(square * (share * (1 - share) / n + square / (4 * n * n)))
    return max((share + square / (2 * n) - spread) / (1 + square / n), 0.0)


def spot_checks_needed(agreement: float, drop: float = 0.10, power: float = 0.80) -> int:
    """Say how many spot checks find that the machine agrees less with people than it did.

    The smallest number with which the exact one-sided binomial test at 5 % (Fleiss, Levin & Paik
    2003, "Statistical methods for rates and proportions", ch. 2) finds the loss often enough.

    Parameters
    ----------
    agreement : float
        Share of the same levels before; 0 to 1.
    drop : float, default 0.10
        By how much it falls; above 0.
    power : float, default 0.80
        Chance to find it.

    Returns
    -------
    int
        Conversations, at least 1.

    Examples
    --------
    >>> spot_checks_needed(0.80), spot_checks_needed(1.0)
    (116, 16)
    """
    before = min(max(agreement, drop), 1.0)
    after = before - drop
    normal = NormalDist()
    needed = normal.inv_cdf(1 - _FALSE_ALARMS) * math.sqrt(before * (1 - before))
    needed += normal.inv_cdf(power) * math.sqrt(after * (1 - after))
    # The normal approximation tells where to look; it is too low near a share of 1.
    sizes = np.arange(1, 2 * math.ceil((needed / drop) ** 2) + math.ceil(10 / drop))
    alarm = np.asarray(stats.binom.ppf(_FALSE_ALARMS, sizes, before))
    alarm = alarm - (stats.binom.cdf(alarm, sizes, before) > _FALSE_ALARMS)
    return int(sizes[np.argmax(stats.binom.cdf(alarm, sizes, after) >= power)])

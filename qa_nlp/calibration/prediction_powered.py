"""Means of human grades, sharpened by machine scores that are known for every transcript.

People grade n of N transcripts; the machine scores all N. The machine's mean over everything, plus
what people say the machine gets wrong (the rectifier), is a mean of human grades: unbiased however
wrong the machine is, and narrower than the human mean alone to the degree that it is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from qa_nlp.calibration.graded_sample import graded_sample
from qa_nlp.errors import GradesError, did_you_mean

__all__ = ["Interval", "MeanEstimate", "Population", "prediction_powered_mean"]

Population = Literal["given", "process"]

_POPULATIONS: Final = ("given", "process")


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its confidence interval.

    Parameters
    ----------
    value : float
        The mean.
    low, high : float
        Ends of the interval.
    standard_error : float
        Standard error of the mean.
    """

    value: float
    low: float
    high: float
    standard_error: float

    @property
    def width(self) -> float:
        """Length of the interval."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class MeanEstimate(Interval):
    """A prediction-powered mean beside the mean of the human grades alone.

    Parameters
    ----------
    value, low, high, standard_error : float
        The prediction-powered mean, its interval and its standard error.
    human_only : Interval
        The same for the human grades alone.
    lambda_ : float
        Mean weight given to the machine scores; 0 = not used.
    """

    human_only: Interval
    lambda_: float


def prediction_powered_mean(
    human: ArrayLike,
    machine: ArrayLike,
    machine_all: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    groups: Sequence[Any] | None = None,
    population: Population = "given",
    groups_all: Sequence[Any] | None = None,
    level: float = 0.95,
) -> MeanEstimate:
    r"""Estimate the mean human grade of all transcripts from grades of some.

    With slope :math:`\lambda_{-i}` of human grade on machine score among the graded transcripts of
    all other groups, :math:`f = n / N` and bars for means over the graded,

    .. math:: \hat\theta = \bar y + \bar\lambda (\bar X_{all} - \bar x)
        - (1 - f) \, \overline{(\lambda_{-i} - \bar\lambda)(x_i - \bar x)}.

    This is cross-fitting for sampling without replacement: each grade is compared with a machine
    score whose weight it had no part in, and for a simple random sample of single transcripts the
    estimate is exactly unbiased; with every transcript graded it is their mean. The weight is the
    slope that minimises the variance and is the same for both populations: the factor
    :math:`1 / (1 + n / (N - n))` of PPI++ arises by itself because the mean of all transcripts
    includes the graded ones. No interval is compared with another.

    The variance is that of the cross-fitted residuals, summed within groups, times
    :math:`1 - f` (each :math:`1 - \pi_i` where weights are given). For the process behind the
    transcripts, the variance of the mean of N human grades is added. The interval uses Student's t
    with the number C of graded groups less 2 degrees of freedom (less 1 for the human grades
    alone); where groups differ in weight, C is Satterthwaite's
    :math:`(\sum W_c^2)^2 / \sum W_c^4`, since the variance then hangs on a few of them.

    Parameters
    ----------
    human : array_like, shape (n,)
        Human grade of each graded transcript, on any scale.
    machine : array_like, shape (n,)
        Machine score of the same transcripts, from a model that saw no human grade of their group.
    machine_all : array_like, shape (N,)
        Machine score of all transcripts, the graded ones included.
    weights : array_like, shape (n,), optional
        1 ÷ inclusion probability of each graded transcript, at least 1. Default: a simple random
        sample.
    groups : sequence, length n, optional
        What each graded transcript belongs to; transcripts of one group count as drawn together.
        Default: each is its own.
    population : {"given", "process"}, default "given"
        The mean of these N transcripts, or of the process that brings forth such transcripts.
    groups_all : sequence, length N, optional
        The group of each of all transcripts; used for the process. Default: groups in all are as
        large as among the graded.
    level : float, default 0.95
        Of confidence, between 0 and 1.

    Returns
    -------
    MeanEstimate
        The mean, its interval, and the same from the human grades alone.

    Raises
    ------
    GradesError
        When lengths differ, a number is not finite, a weight is below 1, fewer than 3 groups are
        graded, or `population` or `level` is none.

    Notes
    -----
    The difference and regression estimators of survey sampling (Cochran, 1977, "Sampling
    Techniques", ch. 7; Särndal, Swensson and Wretman, 1992, "Model Assisted Survey Sampling",
    ch. 6) with the power tuning of Angelopoulos, Duchi and Zrnic (2023), "PPI++: Efficient
    Prediction-Powered Inference", and the cross-fitting of Zrnic and Candès (2024),
    "Cross-prediction-powered inference". Degrees of freedom: Satterthwaite (1946), "An approximate
    distribution of estimates of variance components".

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> quality = rng.normal(70, 10, 500)
    >>> machine = quality + rng.normal(0, 5, 500)
    >>> graded = rng.choice(500, 60, replace=False)
    >>> estimate = prediction_powered_mean(quality[graded], machine[graded], machine)
    >>> bool(estimate.low < quality.mean() < estimate.high)
    True
    >>> bool(estimate.width < 0.6 * estimate.human_only.width)
    True
    """
    check_choice(population, level)
    sample = graded_sample(human, machine, machine_all, weights, groups, groups_all)
    slopes = sample.slopes()
    centred = sample.machine - sample.mean(sample.machine)
    lambda_ = sample.mean(slopes)
    shift = lambda_ * float(np.mean(sample.machine_all) - sample.mean(sample.machine))
    unbias = sample.mean((1 - sample.chances) * (slopes - lambda_) * centred)
    human_mean = sample.mean(sample.human)
    residuals = sample.human - human_mean - slopes * centred
    extra = sample.process_variance() if population == "process" else 0.0
    own = np.sqrt(sample.variance(sample.human - human_mean) + extra)
    error = np.sqrt(sample.variance(residuals - sample.mean(residuals)) + extra)
    freedom = max(sample.independent() - 2, 1.0)
    result = interval(human_mean + shift - unbias, float(error), freedom, level)
    human_only = interval(human_mean, float(own), freedom + 1, level)
    return MeanEstimate(
        result.value, result.low, result.high, result.standard_error, human_only, lambda_
    )


def interval(value: float, error: float, freedom: float, level: float) -> Interval:
    """Make an interval from a mean and its standard error, by Student's t.

    Parameters
    ----------
    value, error : float
        The mean and its standard error.
    freedom : float
        Degrees of freedom, above 0.
    level : float
        Of confidence, between 0 and 1.

    Returns
    -------
    Interval
        Of no length where the error is 0.
    """
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error if error > 0 else 0.0
    return Interval(float(value), float(value - reach), float(value + reach), error)


def check_choice(population: str, level: float) -> None:
    """Check two arguments of `prediction_powered_mean`.

    Parameters
    ----------
    population, level
        As given there.

    Raises
    ------
    GradesError
        When `population` is another word, or `level` is not between 0 and 1.
    """
    if population not in _POPULATIONS:
        tail = did_you_mean(population, _POPULATIONS)
        raise GradesError(f"unknown population {population!r}{tail}")
    if not 0 < level < 1:
        raise GradesError(f"level is {level!r}; give a number between 0 and 1, such as .95")

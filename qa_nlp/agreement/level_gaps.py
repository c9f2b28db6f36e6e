"""How far apart two levels are: what a weighted coefficient charges for a disagreement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from qa_nlp.errors import did_you_mean

__all__ = ["LevelWeights", "Values", "check_choice", "level_gaps"]

Array = NDArray[np.float64]

LevelWeights: TypeAlias = Literal["nominal", "linear", "quadratic", "ordinal"]
"""What a disagreement costs."""

Values: TypeAlias = Sequence[float] | Array | None
"""What the levels of a scale are worth, worst first; None stands for their positions."""

_KNOWN: Final = get_args(LevelWeights)


def level_gaps(levels: int, weights: LevelWeights, values: Values = None) -> Array:
    """Give what each pair of levels costs as a disagreement.

    Parameters
    ----------
    levels : int
        How many levels there are.
    weights : {"nominal", "linear", "quadratic", "ordinal"}
        ``"nominal"``: every disagreement costs 1; ``"linear"`` and ``"quadratic"``: the distance
        of the values and its square; ``"ordinal"``: the number of pairs of levels from one to the
        other, d (d + 1) / 2 for positions d apart (Gwet, 2014, "Handbook of Inter-Rater
        Reliability", 4th ed., ch. 3).
    values : sequence of float, shape (levels,), optional
        What the levels are worth; default: their positions. Only distances use them.

    Returns
    -------
    ndarray of float64, shape (levels, levels)
        0 or more; 0 on the diagonal.

    Raises
    ------
    ValueError
        For an unknown name, or not one value per level.

    Examples
    --------
    >>> level_gaps(3, "quadratic")
    array([[0., 1., 4.],
           [1., 0., 1.],
           [4., 1., 0.]])
    """
    check_choice("weights", weights, _KNOWN)
    places = np.arange(levels, dtype=np.float64)
    worth = places if values is None else np.asarray(values, dtype=np.float64)
    if worth.shape != (levels,):
        raise ValueError(f"{worth.size} values for {levels} levels: give one value per level")
    if weights == "nominal":
        return 1.0 - np.eye(levels)
    if weights == "ordinal":
        apart = np.abs(places[:, None] - places)
        return np.asarray(apart * (apart + 1) / 2)
    distance = np.abs(worth[:, None] - worth)
    return np.asarray(distance if weights == "linear" else distance**2)


def check_choice(what: str, name: str, known: Sequence[str]) -> None:
    """Refuse an unknown name of an option.

    Parameters
    ----------
    what : str
        The option.
    name : str
        What was given.
    known : sequence of str
        What there is.

    Raises
    ------
    ValueError
        With near matches.

    Examples
    --------
    >>> check_choice("weights", "quadratc", ["linear", "quadratic"])
    Traceback (most recent call last):
        ...
    ValueError: unknown weights 'quadratc'; did you mean 'quadratic'?
    """
    if name not in known:
        raise ValueError(f"unknown {what} {name!r}{did_you_mean(name, known)}")

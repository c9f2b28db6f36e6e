"""All methods on one data set: figures, leads of the shipped ones, both on the same resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.measures import (
    Draws,
    class_draws,
    label_draws,
    level_draws,
    ranking_draws,
    score_draws,
)
from benchmarks.parts.resampling import Resampler, figure
from benchmarks.parts.task_sets import TaskSet

__all__ = ["Measures", "Result", "draws_of", "evaluate", "leads_of", "measures_of", "number"]

Measures = dict[str, dict[str, float | None]]
"""``value``, ``low`` and ``high`` by name of the figure."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured on one data set for one task.

    Parameters
    ----------
    data, language, task : str
        On what.
    texts, groups : int
        How many.
    figures : mapping of str to Measures
        By method.
    leads : mapping of str to mapping of str to Measures
        By shipped classifier and the method that it is compared with.
    detail : mapping
        Whatever else says what the figures stand for.
    """

    data: str
    language: str
    task: str
    texts: int
    groups: int
    figures: Mapping[str, Measures]
    leads: Mapping[str, Mapping[str, Measures]] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the result as JSON-ready values.

        Returns
        -------
        dict
            `Result(**...)` takes them again.
        """
        return asdict(self)


def evaluate(
    data: TaskSet,
    answers: Mapping[str, NDArray[Any]],
    compared: Mapping[str, Sequence[str]],
    *,
    rounds: int,
) -> Result:
    """Measure every method on one data set.

    Parameters
    ----------
    data : TaskSet
        The texts.
    answers : mapping of str to ndarray
        By method, in the form of the set's truth; of a ranking, scores.
    compared : mapping of str to sequence of str
        By shipped classifier, the methods whose figures are taken off its own.
    rounds : int
        Number of resamples.

    Returns
    -------
    Result
        With intervals over resamples of whole groups.
    """
    resampler = Resampler(data.groups, rounds=rounds)
    draws = {method: draws_of(resampler, data, answer) for method, answer in answers.items()}
    return Result(
        data.name,
        data.language,
        data.task,
        len(data.texts),
        resampler.groups,
        {method: measures_of(found) for method, found in draws.items()},
        leads_of(draws, compared),
        _detail(data),
    )


def draws_of(resampler: Resampler, data: TaskSet, answer: NDArray[Any]) -> Draws:
    """Measure one method.

    Parameters
    ----------
    resampler : Resampler
        Of the set's groups.
    data : TaskSet
        The texts.
    answer : ndarray
        In the form of the set's truth; of a ranking, scores.

    Returns
    -------
    dict of str to ndarray
        Each figure on all texts, then on each resample.
    """
    if data.kind == "classes":
        return class_draws(resampler, data.truth, answer, len(data.classes))
    if data.kind == "levels":
        return level_draws(resampler, data.truth, answer)
    if data.kind == "labels":
        return label_draws(resampler, data.truth, answer)
    if data.kind == "score":
        return score_draws(resampler, data.truth, answer)
    return ranking_draws(resampler, data.truth, answer)


def leads_of(
    draws: Mapping[str, Draws], compared: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Measures]]:
    """Take the figures of other methods off those of the shipped classifiers.

    Parameters
    ----------
    draws : mapping of str to Draws
        By method, all on the same resamples.
    compared : mapping of str to sequence of str
        By shipped classifier, the other methods; those that were not measured are left out.

    Returns
    -------
    dict of str to dict of str to Measures
        Below 0 where the shipped classifier is worse.
    """
    return {
        name: {
            other: measures_of(
                {measure: own - draws[other][measure] for measure, own in draws[name].items()}
            )
            for other in others
            if other in draws
        }
        for name, others in compared.items()
        if name in draws
    }


def number(value: float) -> dict[str, float | None]:
    """Give a figure that has no interval.

    Parameters
    ----------
    value : float
        The figure.

    Returns
    -------
    dict
        ``value``, and None for ``low`` and ``high``.
    """
    return {"value": round(value, 4), "low": None, "high": None}


def measures_of(draws: Draws) -> Measures:
    """Give estimates and intervals as JSON-ready values.

    Parameters
    ----------
    draws : Draws
        By name of the figure.

    Returns
    -------
    Measures
        By name of the figure.
    """
    return {name: dict(figure(values).to_dict()) for name, values in draws.items()}


def _detail(data: TaskSet) -> dict[str, Any]:
    if data.kind == "ranking":
        return {"meant": int(data.truth.sum()), "prevalence": round(float(data.truth.mean()), 4)}
    if data.kind == "score":
        return {}
    held = data.truth if data.kind == "labels" else np.eye(len(data.classes))[data.truth]
    counts = held.sum(axis=0)
    return {"counts": dict(zip(data.classes, map(int, counts), strict=True))}

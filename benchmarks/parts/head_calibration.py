"""How well the probabilities of each shipped head are calibrated on its own test parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.calibration import BINS, brier_skill, calibration_error
from benchmarks.parts.evaluation import Measures, Result, measures_of, number
from benchmarks.parts.resampling import Resampler
from benchmarks.parts.shipped import Shipped, measured_languages
from benchmarks.parts.task_sets import RESEARCH, TaskSet, trained_sets
from benchmarks.parts.texts import Array
from qa_nlp.signals.tasks import MECHANISMS

__all__ = ["TASK", "measure_calibration", "own_tests"]

TASK: Final = "calibration: "
"""What the task of a result begins with."""


def measure_calibration(
    shipped: Sequence[Shipped], folder: Path, *, most: int, rounds: int
) -> list[Result]:
    """Measure every head of every shipped classifier.

    Parameters
    ----------
    shipped : sequence of Shipped
        The classifiers.
    folder : pathlib.Path
        The folder of data sets.
    most : int
        Texts of a set at most.
    rounds : int
        Number of resamples.

    Returns
    -------
    list of Result
        ``own test part`` is what the target is about; what it is made of stands in the detail, and
        follows apart where it is several sets.
    """
    results = []
    for one in shipped:
        for task in one.heads:
            sets = [data.limited(most) for data in own_tests(one, task, folder)]
            if not sets:
                continue
            results.append(_measured(one, task, "own test part", sets, rounds))
            if len(sets) > 1:
                results += [_measured(one, task, data.name, [data], rounds) for data in sets]
    return results


def own_tests(shipped: Shipped, task: str, folder: Path) -> list[TaskSet]:
    """Read the test parts of what a head was trained on.

    Parameters
    ----------
    shipped : Shipped
        The classifier.
    task : str
        One of its heads.
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of TaskSet
        Of the mechanisms: EPITOME alone, where the classifier was trained on it.
    """
    trained = set(shipped.manifest["data"])
    sets = [
        data
        for data in trained_sets(folder)
        if data.task == task
        and data.source in trained
        and data.language in measured_languages(shipped)
    ]
    if task in MECHANISMS and RESEARCH in trained:
        return [data for data in sets if data.source == RESEARCH]
    return sets


def _measured(
    shipped: Shipped, task: str, name: str, sets: Sequence[TaskSet], rounds: int
) -> Result:
    probabilities = np.concatenate([shipped.answers(s.texts, task).probabilities for s in sets])
    labels = np.concatenate([_labels(data) for data in sets])
    groups = [group for data in sets for group in data.groups]
    resampler = Resampler(groups, rounds=rounds)
    languages = sorted({data.language for data in sets})
    return Result(
        name,
        " ".join(languages),
        f"{TASK}{task}",
        len(groups),
        resampler.groups,
        {shipped.name: _figures(resampler, probabilities, labels, sets[0].kind != "labels")},
        {},
        {"sets": [data.name for data in sets], "bins": BINS},
    )


def _figures(
    resampler: Resampler, probabilities: Array, labels: NDArray[np.bool_], exclusive: bool
) -> Measures:
    error = calibration_error(probabilities, labels, exclusive=exclusive)
    skill = brier_skill(resampler, probabilities, labels)
    plain: Mapping[str, Any] = {
        "ECE": number(error.raw),
        "ECE of drawn labels": number(error.chance),
        "ECE of drawn labels, 95 % quantile": number(error.chance_high),
        "ECE less that of drawn labels": number(error.excess),
    }
    return {**plain, **measures_of({"Brier skill": skill})}


def _labels(data: TaskSet) -> NDArray[np.bool_]:
    """Give the classes that hold, as columns."""
    if data.kind == "labels":
        return np.asarray(data.truth, dtype=bool)
    if data.kind == "score":
        polite = data.truth > 0
        return np.column_stack([~polite, polite])
    return np.asarray(np.eye(len(data.classes), dtype=bool)[data.truth])

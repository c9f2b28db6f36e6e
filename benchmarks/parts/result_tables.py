"""What model cards and README show of the classifiers' figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from benchmarks.parts.evaluation import Measures, Result
from benchmarks.parts.goals import EPITOME
from benchmarks.parts.head_calibration import TASK
from benchmarks.parts.methods import COMPARED, IF_TRAINED
from benchmarks.parts.shipped import ARTIFACTS
from benchmarks.record import Table, Target

__all__ = ["goal_table", "tables", "worse_than_baselines"]

LEAST_TEXTS: Final = 40
"""Texts of a set below which a card does not show it."""
SMALL: Final = 0.05
"""Figures below it are shown with a third decimal."""
_SHOWN: Final = ("macro-F1", "QWK", "r", "rho")
_RANKING: Final = {"empathy": ("AP / prevalence", "AUC")}
_FROZEN: Final = ("frozen", "frozen multilingual", "minilm", "multilingual-base")


def tables(results: Sequence[Result]) -> dict[str, Table]:
    """Draw the tables of each artefact's card.

    Parameters
    ----------
    results : sequence of Result
        Everything that was measured.

    Returns
    -------
    dict of str to Table
        ``FOLDER``: figures beside baselines; ``FOLDER.calibration``: of its heads.
    """
    found = {}
    for name, folder in ARTIFACTS.items():
        if any(name in result.figures for result in results):
            found[folder] = _accuracy(name, results)
            found[f"{folder}.calibration"] = _calibration(name, results)
    return found


def goal_table(targets: Sequence[Target]) -> Table:
    """Draw the goals and what was reached; calibration and cost are in the cards.

    Parameters
    ----------
    targets : sequence of Target
        All of them.

    Returns
    -------
    Table
        For the README.
    """
    rows = [
        [target.name, _cell(_plain(target)), target.goal or "", "yes" if target.met else "no"]
        for target in targets
        if TASK not in target.name
    ]
    return Table(["figure", "value (95 % interval)", "goal", "reached"], rows)


def worse_than_baselines(results: Sequence[Result]) -> list[dict[str, object]]:
    """List where a shipped classifier is behind a baseline.

    Parameters
    ----------
    results : sequence of Result
        Everything that was measured.

    Returns
    -------
    list of dict
        The lead and its interval; ``certain`` where all of it is below 0.
    """
    return [
        {
            "data": result.data,
            "task": result.task,
            "method": method,
            "baseline": baseline,
            "figure": figure,
            **lead,
            "certain": lead["high"] is not None and lead["high"] < 0,
        }
        for result in results
        for method, others in result.leads.items()
        for baseline, measures in others.items()
        for figure, lead in measures.items()
        if baseline not in ARTIFACTS and lead["value"] is not None and lead["value"] < 0
    ]


def _accuracy(name: str, results: Sequence[Result]) -> Table:
    columns = ["data", "language", "task", "texts", "figure", name, "always the same", "TF-IDF"]
    columns += ["frozen vectors", "single-task or VADER", "if trained on it"]
    rows = [
        [
            result.data,
            result.language,
            result.task.replace("_", " "),
            f"{result.texts:,}",
            figure,
            _cell(result.figures[name][figure]),
            *_others(name, result, figure),
        ]
        for result in results
        if name in result.figures and result.texts >= LEAST_TEXTS
        for figure in _figures(result, name)
    ]
    return Table(columns, rows)


def _figures(result: Result, name: str) -> Iterator[str]:
    measures = result.figures[name]
    if result.task == "cost" or result.task.startswith(TASK):
        return
    if "AUC" in measures:
        yield from _RANKING.get(result.task, ("AUC",))
        return
    yield from (figure for figure in _SHOWN if figure in measures and not _doubled(result, figure))


def _doubled(result: Result, figure: str) -> bool:
    """Tell whether Spearman stands beside Pearson, which is enough for a card."""
    return figure == "rho" and result.task != "similarity"


def _others(name: str, result: Result, figure: str) -> Iterator[str]:
    compared = (*COMPARED[name], "minilm", "multilingual-base")
    columns: dict[str, Sequence[str]] = {
        "majority": ["majority"],
        "words": ["TF-IDF"],
        "frozen": [method for method in _FROZEN if method in compared],
        "other": ["single-task", "VADER"],
        "trained": [name + IF_TRAINED],
    }
    if result.data == EPITOME and name != "en-research":
        # what was trained on EPITOME is no equal of what never saw it
        columns |= {
            "words": ["TF-IDF without EPITOME"],
            "frozen": ["frozen without EPITOME" if name == "en" else "frozen multilingual"],
            "other": [],
            "trained": ["single-task", "frozen"],
        }
    for methods in columns.values():
        yield _value(result.figures, methods, figure)


def _value(figures: Mapping[str, Measures], methods: Sequence[str], figure: str) -> str:
    for method in methods:
        value = figures.get(method, {}).get(figure, {}).get("value")
        if value is not None:
            return f"{value:.2f}"
    return ""


def _calibration(name: str, results: Sequence[Result]) -> Table:
    rows = [
        [
            result.task.removeprefix(TASK).replace("_", " "),
            result.data if len(result.detail["sets"]) > 1 else result.detail["sets"][0],
            f"{result.texts:,}",
            f"{_number(measures['ECE']):.3f}",
            f"{_number(measures['ECE less that of drawn labels']):.3f}",
            _cell(measures["Brier skill"]),
        ]
        for result in results
        if result.task.startswith(TASK)
        for method, measures in result.figures.items()
        if method == name
    ]
    columns = ["head", "measured on", "texts", "ECE", "ECE less chance", "Brier skill"]
    return Table(columns, rows)


def _plain(target: Target) -> dict[str, float | None]:
    return {"value": target.value, "low": target.low, "high": target.high}


def _cell(measure: Mapping[str, float | None]) -> str:
    value, low, high = _number(measure), measure["low"], measure["high"]
    digits = 2 if abs(value) >= SMALL else 3
    text = f"{value:.{digits}f}"
    bounded = low is not None and high is not None
    return f"{text} ({low:.{digits}f} to {high:.{digits}f})" if bounded else text


def _number(measure: Mapping[str, float | None]) -> float:
    value = measure["value"]
    assert value is not None
    return value

"""Keep what a slow part gave of each set, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.calibration_sets import KEPT, READING, GradedSet, code_sha256
from benchmarks.parts.kept import keep, kept

__all__ = ["once", "part_state"]

_LEARNING: Final = (
    *("applicability", "calibrator", "choice", "conformal", "criterion_data", "fitting"),
    *("graded_views", "grading", "group_ridge", "learn", "model", "ordinal", "rater_likelihood"),
    *("rater_model", "rater_rows", "text_score"),
)
_COMMON: Final = (
    *("bootstrap", "calibration_figures", "calibration_methods", "measures", "resampling"),
    "texts",
)
_EXTRA: Final[Mapping[str, Sequence[str]]] = {
    "level_sets": ("benchmarks/parts/calibration.py",),
    "means": (
        "qa_nlp/calibration/graded_sample.py",
        "qa_nlp/calibration/prediction_powered.py",
    ),
    "setfit": ("benchmarks/parts/calibration_few.py", "benchmarks/parts/setfit.py"),
}


def part_state(part: str) -> dict[str, str]:
    """Hash the code that a part of the benchmark depends on, see `code_sha256`.

    Parameters
    ----------
    part : str
        ``benchmarks/parts/calibration_PART.py`` is its code.

    Returns
    -------
    dict of str to str
        By file.
    """
    files = (
        *(f"qa_nlp/calibration/{name}.py" for name in _LEARNING),
        *(f"qa_nlp/agreement/{name}.py" for name in ("chance", "level_agreement", "level_gaps")),
        *READING,
        *(f"benchmarks/parts/{name}.py" for name in (*_COMMON, f"calibration_{part}")),
        *_EXTRA.get(part, ()),
    )
    return {file: code_sha256(file) for file in files}


def once(
    part: str, graded: GradedSet, repeats: int, measure: Callable[[], Any], folder: Path = KEPT
) -> Any:
    """Measure, or give what the same code gave for the same signals and grades.

    Parameters
    ----------
    part : str
        Which part asks, see `part_state`.
    graded : GradedSet
        What is measured on, as it was read.
    repeats : int
        How many draws or splits.
    measure : callable
        Gives what JSON can hold.
    folder : pathlib.Path, optional
        Where it is kept.

    Returns
    -------
    object
        What was measured.
    """
    state = part_state(part) | {"set": graded.sha256, "repeats": str(repeats)}
    path = folder / f"{part}-{graded.name.replace(' ', '_')}.json"
    found = kept(path, state)
    if found is None:
        found = measure()
        keep(path, state, found)
    return found

"""Keep what a slow part gave of each set, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.calibration_methods import learning_state
from benchmarks.parts.calibration_sets import KEPT, GradedSet
from benchmarks.parts.kept import keep, kept
from benchmarks.record import ROOT, file_sha256

__all__ = ["once"]

_CODE: Final = ("figures", "methods", "sets")


def once(
    part: str, graded: GradedSet, repeats: int, measure: Callable[[], Any], folder: Path = KEPT
) -> Any:
    """Measure, or give what the same code gave for the same signals and grades.

    Parameters
    ----------
    part : str
        Which part asks; ``benchmarks/parts/calibration_PART.py`` is its code.
    graded : GradedSet
        What is measured on.
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
    files = [f"benchmarks/parts/calibration_{name}.py" for name in (*_CODE, part)]
    state = learning_state() | {file: file_sha256(ROOT / file) for file in files}
    data = graded.data
    parts = (data.positions, data.item, data.level, data.folds)
    state["signals"] = hashlib.sha256(b"".join(one.tobytes() for one in parts)).hexdigest()
    state["repeats"] = str(repeats)
    path = folder / f"{part}-{graded.name.replace(' ', '_')}.json"
    found = kept(path, state)
    if found is None:
        found = measure()
        keep(path, state, found)
    return found

"""Prediction-powered means on graded conversations: coverage, width, and a machine of no use.

The human grade of a conversation is the mean of its grades, the machine's its expected grade out of
fold. For the given transcripts a sample is drawn from them without replacement and the truth is
their mean. For the process, N transcripts are drawn with replacement, n of them are graded, and the
truth is the mean of all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.calibration_methods import own_out_of_fold
from benchmarks.parts.calibration_sets import CORPORA, graded_set
from qa_nlp.calibration.prediction_powered import Population, prediction_powered_mean

__all__ = ["RESAMPLES", "SETS", "SIZES", "measure_means", "simulate"]

Array = NDArray[np.float64]

RESAMPLES: Final = 2000
SETS: Final = ("MAIA task_success", *(f"{corpus} dialogues" for corpus in CORPORA))
SIZES: Final = {"MAIA": (30, 100), **dict.fromkeys(CORPORA, (30, 100, 300))}
"""How many are graded, by corpus."""
_SEED: Final = 11


def measure_means(folder: Path, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Measure intervals of the mean on each set.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    resamples : int, default `RESAMPLES`
        Samples of each size.

    Returns
    -------
    dict
        By set, then ``given n``, ``process n`` and ``useless n``.
    """
    found = {}
    for name in SETS:
        graded = graded_set(folder, name)
        machine = own_out_of_fold(graded).expected
        useless = np.random.default_rng(_SEED).permutation(machine)
        r = float(np.corrcoef(graded.truth, machine)[0, 1])
        cells: dict[str, Any] = {"N": len(machine), "r": round(r, 4)}
        for size in SIZES[name.split()[0]]:
            for kind in ("given", "process"):
                cells[f"{kind} {size}"] = simulate(graded.truth, machine, size, kind, resamples)
            cells[f"useless {size}"] = simulate(graded.truth, useless, size, "given", resamples)
        found[name] = cells
        print(f"  {name}: {cells}", flush=True)
    return found


def simulate(
    human: Array, machine: Array, size: int, population: Population, resamples: int
) -> dict[str, float]:
    """Draw samples to be graded and count how often the interval holds the truth.

    Parameters
    ----------
    human, machine : ndarray, shape (N,)
        Grades of all transcripts.
    size : int
        Transcripts graded, n.
    population : {"given", "process"}
        What the mean is of.
    resamples : int
        How many samples.

    Returns
    -------
    dict
        ``coverage`` and that of ``human only``, in percent; ``width ratio``, of mean widths;
        ``ideal``, the root of 1 - r^2, for the process of 1 - r^2 (1 - n / N).
    """
    random = np.random.default_rng(_SEED)
    total, truth = len(human), float(human.mean())
    covered, widths = np.zeros((resamples, 2)), np.zeros((resamples, 2))
    for one in range(resamples):
        rows = np.arange(total)
        if population == "process":
            rows = random.integers(0, total, total)
        drawn = rows[random.choice(total, size, replace=False)]
        found = prediction_powered_mean(
            human[drawn], machine[drawn], machine[rows], population=population
        )
        alone = found.human_only
        covered[one] = found.low <= truth <= found.high, alone.low <= truth <= alone.high
        widths[one] = found.width, alone.width
    explained = float(np.corrcoef(human, machine)[0, 1]) ** 2
    explained *= 1.0 if population == "given" else 1 - size / total
    cover, width = covered.mean(axis=0) * 100, widths.mean(axis=0)
    return {
        "coverage": round(float(cover[0]), 2),
        "human only": round(float(cover[1]), 2),
        "width ratio": round(float(width[0] / width[1]), 4),
        "ideal": round(float(np.sqrt(1 - explained)), 4),
    }

"""USS: satisfaction with dialogues and with their turns, beside what one human rater reaches.

The reference of each grade is the mean of the other raters' grades of the same item, each rater in
turn; the machine and that rater are compared with the same references. A correlation with the mean
of the others cannot pass the root of that mean's reliability.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.parts.calibration_figures import (
    BAD,
    limit_of_others,
    others_mean,
    single_reliability,
)
from benchmarks.parts.calibration_methods import METHODS, OWN, Told, every_out_of_fold
from benchmarks.parts.calibration_sets import CORPORA, USS_SETS, GradedSet, graded_set
from benchmarks.parts.measures import rank_correlation, ranking_draws
from benchmarks.parts.resampling import figure

__all__ = ["HUMAN", "measure_uss"]

HUMAN: Final = "one human"
_WITH_TURNS: Final = USS_SETS[3]


def measure_uss(folder: Path) -> dict[str, Any]:
    """Measure turns and dialogues of both parts of USS.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    dict
        By set: its sizes, the reliability of one grade, the ``limit``, ``figures`` by method and
        for one human, ``ratios`` of methods to one human, and ``leads`` of the library.
    """
    found = {}
    for corpus in CORPORA:
        for kind in USS_SETS:
            graded = graded_set(folder, f"{corpus} {kind}")
            told = every_out_of_fold(graded, [OWN] if kind == _WITH_TURNS else METHODS)
            found[graded.name] = _measure(graded, told)
            print(f"  {graded.name}: {found[graded.name]['ratios'][OWN]}", flush=True)
    return found


def _measure(graded: GradedSet, told: dict[str, Told]) -> dict[str, Any]:
    data, values = graded.data, graded.values
    value = values[data.level]
    reference = others_mean(data.item, value)
    kept = np.isfinite(reference)
    item, value, reference = data.item[kept], value[kept], reference[kept]
    resampler = graded.resampler(item)
    answers = {HUMAN: value, **{name: one.expected[item] for name, one in told.items()}}
    assert all(np.ptp(one) > 0 for one in answers.values()), "the same answer for all"
    draws = {name: rank_correlation(resampler, reference, one) for name, one in answers.items()}
    bad = {HUMAN: -value, **{name: one.bad[item] for name, one in told.items()}}
    aucs = {
        name: ranking_draws(resampler, reference <= BAD, one)["AUC"] for name, one in bad.items()
    }
    limit = limit_of_others(item, value)
    return {
        "transcripts": len(data.rows),
        "dialogues": resampler.groups,
        "grades": len(data.level),
        "reliability of one grade": round(single_reliability(item, value), 4),
        "limit": round(limit, 4),
        "figures": {
            name: {
                "rho": figure(of).to_dict(),
                "AUC of bad": figure(aucs[name]).to_dict(),
                "below the limit": round(limit - float(of[0]), 4),
            }
            for name, of in draws.items()
        },
        "ratios": {n: figure(of / draws[HUMAN]).to_dict() for n, of in draws.items() if n != HUMAN},
        "leads": {
            name: figure(draws[OWN] - of).to_dict()
            for name, of in draws.items()
            if name not in (OWN, HUMAN)
        },
    }

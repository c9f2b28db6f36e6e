"""MAIA: task success and interaction quality, graded out of fold and across languages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.calibration_figures import BAD, drawn_kappa, drawn_worst_share
from benchmarks.parts.calibration_methods import METHODS, OWN, Told, every_out_of_fold
from benchmarks.parts.calibration_sets import MAIA_SETS, GradedSet, graded_set
from benchmarks.parts.measures import rank_correlation, ranking_draws
from benchmarks.parts.resampling import Resampler, figure

__all__ = ["measure_maia"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Shown = dict[str, dict[str, float]]

LANGUAGES: Final = ("de", "pt")


def measure_maia(folder: Path) -> dict[str, Any]:
    """Measure both questions of MAIA.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    dict
        By question: ``figures`` by method, ``leads`` of the library over each other method, and
        ``across``, learnt on the customers of one language and measured on the other's.
    """
    found = {}
    for kind in MAIA_SETS:
        graded = graded_set(folder, f"MAIA {kind}")
        rows = np.arange(len(graded.truth))
        figures, leads = _compare(graded, rows, every_out_of_fold(graded))
        found[kind] = {
            "conversations": len(rows),
            "bad": int((graded.truth <= BAD).sum()),
            "figures": figures,
            "leads": leads,
            "across": _across(graded),
        }
        print(f"  {kind}: {figures[OWN]}", flush=True)
    return found


def _across(graded: GradedSet) -> dict[str, Any]:
    found = {}
    for one, other in (LANGUAGES, LANGUAGES[::-1]):
        learn = np.flatnonzero(graded.language == one)
        judge = np.flatnonzero(graded.language == other)
        told = {name: method(graded, learn, judge) for name, method in METHODS.items()}
        figures, leads = _compare(graded, judge, told)
        found[f"{one} to {other}"] = {"figures": figures, "leads": leads}
    return found


def _compare(
    graded: GradedSet, rows: Index, told: Mapping[str, Told]
) -> tuple[dict[str, Shown], dict[str, Shown]]:
    """Measure methods on the same resamples, and the first one's lead over each other."""
    resampler = graded.resampler(rows)
    draws = {name: _draws(resampler, graded, rows, one) for name, one in told.items()}
    figures = {
        name: {what: figure(of).to_dict() for what, of in found.items()}
        for name, found in draws.items()
    }
    leads = {
        name: {what: figure(draws[OWN][what] - of).to_dict() for what, of in found.items()}
        for name, found in draws.items()
        if name != OWN
    }
    return figures, leads


def _draws(resampler: Resampler, graded: GradedSet, rows: Index, told: Told) -> dict[str, Array]:
    truth = graded.truth[rows]
    level = graded.data.level[rows]  # one grade each, in the order of the conversations
    assert np.ptp(told.expected) > 0, "the same answer for all goes along with nothing"
    found = {
        "rho": rank_correlation(resampler, truth, told.expected),
        "QWK": drawn_kappa(resampler, level, told.level, len(graded.values)),
    }
    bad = truth <= BAD
    if graded.name.endswith(MAIA_SETS[0]):
        found["AUC of bad"] = ranking_draws(resampler, bad, told.bad)["AUC"]
        found["worst tenth"] = drawn_worst_share(resampler, told.bad, bad)
    return found

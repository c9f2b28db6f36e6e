"""How far people agree with each other on public data: what a machine is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.parts.agreement_figures import (
    estimates,
    people_draws,
    to_dicts,
)
from benchmarks.parts.agreement_ratings import RatedSet, graded_by_several, rated_sets
from qa_nlp.agreement.estimates import Bootstrap

__all__ = ["measure_people", "people_figures"]


def measure_people(folder: Path) -> dict[str, Any]:
    """Measure all sets that several people rated.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    dict
        By set, see `people_figures`.
    """
    found = {}
    for rated in rated_sets(folder):
        found[rated.name] = people_figures(rated)
        print(f"  {rated.name}: {found[rated.name]['figures']['quadratic kappa']}", flush=True)
    return found


def people_figures(rated: RatedSet) -> dict[str, Any]:
    """Measure one set.

    Parameters
    ----------
    rated : RatedSet
        Items and grades.

    Returns
    -------
    dict
        Sizes, ``figures`` with intervals over resampled groups, and ``third decimal``: the same
        figures as published ones are compared, rounded once.
    """
    bootstrap = Bootstrap(rated.groups)
    draws = people_draws(bootstrap, rated.ratings, rated.levels)
    several = graded_by_several(rated.ratings)
    found = estimates(bootstrap, draws, several)
    return {
        "items": int(several.sum()),
        "groups": bootstrap.size,
        "grades": int((rated.ratings >= 0).sum()),
        "levels": rated.levels,
        "figures": to_dicts(found),
        "third decimal": {
            name: None if one.value is None else round(one.value, 3) for name, one in found.items()
        },
    }

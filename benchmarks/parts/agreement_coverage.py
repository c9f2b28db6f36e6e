"""How often the intervals of a study hold the true figure, on invented studies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.agreement_figures import (
    degradation_draws,
    estimates,
    table_draws,
)
from benchmarks.parts.agreement_ratings import graded_by_several
from benchmarks.parts.agreement_worlds import LEVELS, World, invented_world
from qa_nlp.agreement.chance import kappas_of_tables
from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.moments import (
    difference_of_standardised_means_of_moments,
    item_moments,
)
from qa_nlp.agreement.pair_tables import machine_pairs

__all__ = [
    "FIGURES",
    "SIZES",
    "coverage_of_size",
    "covers",
    "measure_coverage",
    "true_figures",
    "world_estimates",
]

SIZES: Final = (40, 100, 400)
"""Clusters of a study."""

FIGURES: Final = ("quadratic kappa", "degradation", "DSM of a language", "DSM of a team")
STUDIES: Final = 2000

_TRUE_CLUSTERS: Final = 400_000
_NORMAL: Final = 1.959964
_VALUES: Final = np.arange(LEVELS, dtype=np.float64)


def measure_coverage(studies: int = STUDIES) -> dict[str, Any]:
    """Draw studies of each size and count the intervals that hold the true figure.

    Parameters
    ----------
    studies : int, default 2000
        Of each size.

    Returns
    -------
    dict
        The ``true`` figures, and by number of clusters and figure ``coverage`` with the interval of
        that share (Wilson 1927, "Probable inference, the law of succession, and statistical
        inference"), the mean ``width`` of the intervals, and on how many ``studies`` there was one.
    """
    true = true_figures()
    found = {str(size): coverage_of_size(size, studies, true) for size in SIZES}
    return {"true": {name: round(value, 4) for name, value in true.items()}, "clusters": found}


def coverage_of_size(size: int, studies: int, true: Mapping[str, float]) -> dict[str, Any]:
    """Count the intervals of studies of one size that hold the true figure.

    Parameters
    ----------
    size : int
        Clusters of a study.
    studies : int
        How many.
    true : mapping of str to float
        For each of `FIGURES`.

    Returns
    -------
    dict of str to dict
        By figure, see `measure_coverage`.
    """
    made = [
        world_estimates(invented_world(np.random.default_rng([size, seed]), size), seed)
        for seed in range(studies)
    ]
    found = {name: _summary([one[name] for one in made], true[name]) for name in FIGURES}
    shown = {name: cell["coverage"]["value"] for name, cell in found.items()}
    print(f"  {size} clusters: {shown}", flush=True)
    return found


def _summary(made: list[Estimate], true: float) -> dict[str, Any]:
    hits = [covers(one, true) for one in made]
    known = [hit for hit in hits if hit is not None]
    widths = [one.high - one.low for one in made if one.high is not None and one.low is not None]
    return {
        "coverage": _share(sum(known), len(known)),
        "width": round(float(np.mean(widths)), 4),
        "studies": len(known),
    }


def covers(estimate: Estimate, true: float) -> bool | None:
    """Say whether an interval holds the true figure.

    Parameters
    ----------
    estimate : Estimate
        Of a study.
    true : float
        Of all there could be.

    Returns
    -------
    bool or None
        None without an interval.

    Examples
    --------
    >>> covers(Estimate(0.5, 0.4, 0.6), 0.45)
    True
    """
    if estimate.low is None or estimate.high is None:
        return None
    return estimate.low <= true <= estimate.high


def _share(hits: int, n: int) -> dict[str, float]:
    share, square = hits / n, _NORMAL**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    reach = _NORMAL * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    ends = {"value": share, "low": middle - reach, "high": middle + reach}
    return {name: round(value, 4) for name, value in ends.items()}


def world_estimates(world: World, seed: int = 0, rounds: int = 1000) -> dict[str, Estimate]:
    """Study an invented world as the library does.

    Parameters
    ----------
    world : World
        Grades of people and machine.
    seed : int, default 0
        Of the resamples.
    rounds : int, default 1000
        How many resamples.

    Returns
    -------
    dict of str to Estimate
        For each of `FIGURES`.
    """
    bootstrap = Bootstrap(world.clusters.tolist(), rounds, seed)
    everyone = np.ones(len(world.machine), dtype=np.bool_)
    kappa = kappas_of_tables(
        table_draws(bootstrap, machine_pairs(world.ratings, world.machine), LEVELS)
    )
    degraded = degradation_draws(bootstrap, world.ratings, world.machine, world.expected, _VALUES)
    drawn = (
        ("quadratic kappa", kappa, everyone),
        ("degradation", degraded["quadratic kappa"], graded_by_several(world.ratings)),
        ("DSM of a language", _dsm(bootstrap, world, world.language), world.language),
        ("DSM of a team", _dsm(bootstrap, world, world.team), world.team),
    )
    return {
        name: estimates(bootstrap, {name: draws}, counted)[name] for name, draws, counted in drawn
    }


def _dsm(bootstrap: Bootstrap, world: World, member: NDArray[np.bool_]) -> NDArray[np.float64]:
    given = world.ratings >= 0
    human = np.where(given, world.ratings, 0).sum(axis=1) / given.sum(axis=1)
    moments = item_moments(human - 2, world.expected - 2)
    both = np.hstack([moments * member[:, None], moments])
    group, population = np.split(bootstrap.sums(both), 2, axis=1)
    return difference_of_standardised_means_of_moments(group, population)


def true_figures(clusters: int = _TRUE_CLUSTERS) -> dict[str, float]:
    """Measure a world so large that chance hardly moves its figures.

    Parameters
    ----------
    clusters : int, optional
        Agents of it.

    Returns
    -------
    dict of str to float
        For each of `FIGURES`.
    """
    world = invented_world(np.random.default_rng(0), clusters)
    alone = world_estimates(_one_cluster(world), rounds=1)
    return {name: float("nan") if one.value is None else one.value for name, one in alone.items()}


def _one_cluster(world: World) -> World:
    """Nothing is resampled here, so that one sum of all is enough."""
    return World(
        np.zeros_like(world.clusters),
        world.ratings,
        world.machine,
        world.expected,
        world.language,
        world.team,
    )

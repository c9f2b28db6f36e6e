"""Decisions on simulated studies, where the truth is known."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.statistics import kappas_of_tables
from qa_nlp.agreement.verdicts.more_grades import more_needed
from qa_nlp.agreement.verdicts.verdict import (
    CriterionFigures,
    Decision,
    GroupFigures,
    judge,
    judge_groups,
)

Levels = NDArray[np.int64]
Array = NDArray[np.float64]

LEVELS = 4
CUTS = np.array([-0.8, 0.0, 0.8])


def grades(random: np.random.Generator, truth: Array, reliability: float) -> Levels:
    """Levels of one who sees the truth with noise; reliability is a correlation of two such."""
    seen = math.sqrt(reliability) * truth + math.sqrt(1 - reliability) * random.normal(
        size=len(truth)
    )
    return np.digitize(seen, CUTS)


def pairs(one: Levels, other: Levels) -> Array:
    table = np.zeros((len(one), LEVELS * LEVELS))
    table[np.arange(len(one)), one * LEVELS + other] = 1
    return table


def moments(tables: Array) -> tuple[Array, Array]:
    """Pearson's correlation, and columns minus rows in standard deviations of rows."""
    place = np.arange(LEVELS)
    share = tables / tables.sum(axis=(1, 2), keepdims=True)
    rows, columns = share.sum(axis=2), share.sum(axis=1)
    means = rows @ place, columns @ place
    spread = rows @ place**2 - means[0] ** 2, columns @ place**2 - means[1] ** 2
    shared = np.einsum("bij,i,j->b", share, place, place) - means[0] * means[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return shared / np.sqrt(spread[0] * spread[1]), (means[1] - means[0]) / np.sqrt(spread[0])


def study(
    first: Levels, second: Levels, machine: Levels, rounds: int = 200, seed: int = 0
) -> CriterionFigures:
    """Make the figures of a study in which two people graded every conversation."""
    n = len(first)
    bootstrap = Bootstrap(range(n), rounds=rounds, seed=seed)
    people = (pairs(first, second) + pairs(second, first)) / 2
    against = (pairs(first, machine) + pairs(second, machine)) / 2
    human, mixed = (
        bootstrap.draws(bootstrap.by_cluster(parts)).reshape(-1, LEVELS, LEVELS)
        for parts in (people, against)
    )
    kappas = kappas_of_tables(human), kappas_of_tables(mixed)
    pearson, smd = moments(mixed)

    def estimate(draws: Array) -> Estimate:
        return bootstrap.estimate(draws, n)

    return CriterionFigures(
        items=n,
        double_graded=n,
        critical=False,
        human_kappa=estimate(kappas[0]),
        human_exact=estimate(np.trace(human, axis1=1, axis2=2) / n),
        machine_kappa=estimate(kappas[1]),
        machine_pearson=estimate(pearson),
        degradation=estimate(kappas[1] - kappas[0]),
        smd=estimate(smd),
        machine_exact=estimate(np.trace(mixed, axis1=1, axis2=2) / n),
    )


@pytest.mark.parametrize("reliability", [0.3, 0.9])
def test_judge_never_gives_automatic_when_the_machine_is_noise(reliability: float) -> None:
    random = np.random.default_rng(1)
    decisions = set()
    for seed in range(200):
        truth = random.normal(size=80)
        first, second = (grades(random, truth, reliability) for _ in range(2))
        noise = random.integers(0, LEVELS, 80)
        decisions.add(judge(study(first, second, noise, rounds=100, seed=seed)).decision)

    assert decisions <= {Decision.HUMAN, Decision.FIX}


def test_judge_asks_to_fix_the_criterion_when_the_machine_is_perfect_but_people_are_not() -> None:
    """The machine knows the truth; two people share a fifth of their variance."""
    random = np.random.default_rng(2)
    decisions = []
    for seed in range(30):
        truth = random.normal(size=150)
        first, second = (grades(random, truth, 0.2) for _ in range(2))
        verdict = judge(study(first, second, np.digitize(truth, CUTS), seed=seed))
        decisions.append(verdict.decision)

    assert decisions.count(Decision.FIX) >= 29
    assert Decision.AUTOMATIC not in decisions


def test_judge_gives_automatic_in_most_studies_when_the_machine_is_as_good_as_people() -> None:
    random = np.random.default_rng(3)
    decisions = []
    for seed in range(30):
        truth = random.normal(size=300)
        first, second, machine = (grades(random, truth, 0.9) for _ in range(3))
        decisions.append(judge(study(first, second, machine, seed=seed)).decision)

    assert decisions.count(Decision.AUTOMATIC) >= 27


def test_judge_gives_no_automatic_in_most_studies_when_the_machine_is_clearly_worse() -> None:
    """People reach a quadratic kappa of about 0.83 and the machine 0.65 with them."""
    random = np.random.default_rng(4)
    decisions = []
    for seed in range(30):
        truth = random.normal(size=300)
        first, second = (grades(random, truth, 0.92) for _ in range(2))
        machine = grades(random, truth, 0.57)
        decisions.append(judge(study(first, second, machine, seed=seed)).decision)

    assert decisions.count(Decision.HYBRID) >= 27


def groups_of(gap: Array, member: Levels) -> tuple[GroupFigures, ...]:
    """Make the figures of groups, with p-values of normal tests adjusted by Holm's method."""
    estimates, chances = [], []
    for one in range(int(member.max()) + 1):
        own = gap[member == one]
        mean, error = float(own.mean()), float(own.std(ddof=1) / math.sqrt(len(own)))
        reach = 1.96 * error
        estimates.append(Estimate(mean, mean - reach, mean + reach, len(own), len(own)))
        chances.append(2 * NormalDist().cdf(-abs(mean) / error))
    order = np.argsort(chances)
    raised = np.array(chances)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1)
    return tuple(
        GroupFigures("team", str(one), found.n, found.clusters, found, float(adjusted[one]))
        for one, found in enumerate(estimates)
    )


def simulated_gap(random: np.random.Generator, member: Levels, unfair: float) -> Array:
    """Differences of standardised grades; the machine marks the first group down."""
    truth = random.normal(size=len(member))
    human = truth + random.normal(0, 0.5, len(member))
    machine = truth + random.normal(0, 0.5, len(member)) - unfair * (member == 0)
    return np.asarray(standardised(machine) - standardised(human))


def standardised(values: Array) -> Array:
    return np.asarray((values - values.mean()) / values.std())


def test_judge_groups_finds_the_group_when_it_is_marked_down() -> None:
    """Five groups of 60, the first marked down by about half a standard deviation; 300 studies."""
    random = np.random.default_rng(5)
    member = np.repeat(np.arange(5), 60)
    found = [
        [one.finding for one in judge_groups(groups_of(simulated_gap(random, member, 0.6), member))]
        for _ in range(300)
    ]

    assert np.mean([study[0] == "unfair" for study in found]) > 0.85


@pytest.mark.parametrize("adjusted", [True, False])
def test_judge_groups_accuses_none_in_19_of_20_studies_when_the_machine_is_fair(
    adjusted: bool,
) -> None:
    """Ten groups of 60; 300 studies. Up to 0.05 is promised; 0.09 is 3 errors of simulation."""
    random = np.random.default_rng(6)
    member = np.repeat(np.arange(10), 60)
    accused = 0
    for _ in range(300):
        groups = groups_of(simulated_gap(random, member, 0.0), member)
        if not adjusted:
            groups = tuple(
                GroupFigures(one.by, one.group, one.items, one.clusters, one.dsm) for one in groups
            )
        accused += any(one.finding == "unfair" for one in judge_groups(groups))

    assert accused / 300 < 0.09


def test_needed_grades_settle_most_studies_when_they_are_made() -> None:
    """A true quadratic kappa of about 0.53, which 60 double grades cannot tell from 0.40."""
    random = np.random.default_rng(7)

    def kappa(n: int, seed: int) -> Estimate:
        truth = random.normal(size=n)
        first, second = (grades(random, truth, 0.6) for _ in range(2))
        return study(first, second, first, seed=seed).human_kappa

    small = [kappa(60, seed) for seed in range(100)]
    value = float(np.mean([one.value for one in small]))
    low = float(np.mean([one.low for one in small]))
    needed = more_needed(Estimate(value, low, 2 * value - low, 60, 60), 0.40)
    assert needed is not None

    settled = [(kappa(60 + needed, seed).low or 0) >= 0.40 for seed in range(100)]

    assert np.mean([(one.low or 0) >= 0.40 for one in small]) < 0.5
    assert 0.65 <= np.mean(settled) <= 0.95

"""Promises on worlds whose truth is known: intervals cover, noise is noise, bias is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from qa_nlp.agreement.chance import cohen_kappa_of_tables
from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.figures import degradation_draws, machine_draws
from qa_nlp.agreement.joined import MISSING, Answers, Joined
from qa_nlp.agreement.material import EACH, Material
from qa_nlp.agreement.moments import difference_of_standardised_means
from qa_nlp.agreement.pair_tables import cross_tables, item_tables
from qa_nlp.agreement.parts.criterion import criterion_part
from qa_nlp.agreement.parts.group import group_part
from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.agreement.verdicts.groups import judge_groups
from qa_nlp.agreement.verdicts.rules import Decision, Rules
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Scorecard
from tests.graded_world import LEVELS, by_length, conversations, plain

STUDIES = 300
CARD = Scorecard("c", "c", "demo", "1")
CUTS = (-0.8, 0.1, 0.9)
Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """Conversations of clusters, graded by two people and a machine; two groups of clusters."""

    cluster: Index
    group: Index
    people: Index
    machine: Index

    @classmethod
    def draw(
        cls,
        random: np.random.Generator,
        clusters: int,
        *,
        skill: float = 1.0,
        bias: float = 0.0,
        groups: int = 2,
    ) -> Sample:
        """Draw 1 to 4 conversations a cluster, alike within it, half of them graded twice."""
        cluster = np.repeat(np.arange(clusters), random.integers(1, 5, clusters))
        group = random.integers(0, groups, clusters)[cluster]
        size = len(cluster)
        quality = 0.6 * random.normal(size=clusters)[cluster] + 0.8 * random.normal(size=size)
        people = np.column_stack(
            [np.searchsorted(CUTS, quality + 0.6 * random.normal(size=size)) for _ in range(2)]
        )
        people[random.random(size) < 0.5, 1] = MISSING
        seen = skill * quality + 0.7 * random.normal(size=size) + bias * (group == 0)
        return cls(cluster, group, people, np.searchsorted(CUTS, seen))

    def material(self) -> Material:
        size = len(self.machine)
        answers = Answers(
            "tone",
            ("a", "b", "c", "d"),
            np.arange(4.0),
            False,
            np.arange(size),
            self.machine,
            self.machine,
            self.machine.astype(float),
            np.full((size, 4), np.nan),
            self.people,
            np.full_like(self.people, -1),
        )
        joined = Joined((CARD,) * size, ({},) * size, (answers,), (), (), size, True)
        owners = dict(enumerate(self.cluster.tolist()))
        return Material.of(joined, EACH, owners, 400, 0.95)

    def names(self) -> list[str | None]:
        return [f"group {one}" for one in self.group.tolist()]


def kappa_of(sample: Sample) -> float:
    return float(
        cohen_kappa_of_tables(
            cross_tables(sample.people, sample.machine, 4).sum(axis=0), "quadratic"
        )
    )


def degradation_of(sample: Sample) -> float:
    twice = sample.people[:, 1] >= 0
    of_machine = cross_tables(sample.people[twice], sample.machine[twice], 4).sum(axis=0)
    of_people = item_tables(sample.people[twice], 4, "item").sum(axis=0)
    return float(
        cohen_kappa_of_tables(of_machine, "quadratic")
        - cohen_kappa_of_tables(of_people, "quadratic")
    )


def dsm_of(sample: Sample) -> float:
    human, machine = sample.people[:, 0].astype(float), sample.machine.astype(float)
    return difference_of_standardised_means(human, machine, sample.group == 0)


def kappa_interval(material: Material) -> Estimate:
    (compared,) = material.compared.values()
    return material.estimate(machine_draws(material, compared)["quadratic_kappa"], compared)


def degradation_interval(material: Material) -> Estimate:
    (answers,) = material.joined.answers
    draws = degradation_draws(material, answers)["quadratic_kappa"]
    both = answers.double_graded
    return material.of_items(draws, answers, both)


@pytest.fixture(scope="module")
def everyone() -> Sample:
    """Give so many conversations that their figures are the truth."""
    return Sample.draw(np.random.default_rng(0), 300_000)


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [60, 200])
@pytest.mark.parametrize(
    ("truth", "interval"),
    [(kappa_of, kappa_interval), (degradation_of, degradation_interval)],
    ids=["quadratic kappa", "degradation"],
)
def test_interval_covers_the_truth_in_95_of_100_studies_when_clusters_are_alike(
    clusters: int,
    truth: Callable[[Sample], float],
    interval: Callable[[Material], Estimate],
    everyone: Sample,
) -> None:
    right, random = truth(everyone), np.random.default_rng(clusters)
    covered = 0
    for _ in range(STUDIES):
        found = interval(Sample.draw(random, clusters).material())
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= right <= found.high

    assert 0.92 <= covered / STUDIES <= 0.98


def group_findings(sample: Sample) -> dict[str, tuple[Estimate, str | None]]:
    material = sample.material()
    (compared,) = material.compared.values()
    rows = group_part(material, compared, {"team": sample.names()}, Rules())
    judged = iter(judge_groups(tuple(row.figures for row in rows if row.figures), Rules()))
    return {
        row.group: (row.found["difference_of_standardised_means"], next(judged).finding)
        for row in rows
        if row.figures
    }


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [60, 200])
def test_interval_of_a_group_covers_the_truth_when_the_machine_favours_it(clusters: int) -> None:
    right = dsm_of(Sample.draw(np.random.default_rng(1), 300_000, bias=0.4))
    random = np.random.default_rng(clusters)
    covered = 0
    for _ in range(STUDIES):
        found, _ = group_findings(Sample.draw(random, clusters, bias=0.4))["group 0"]
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= right <= found.high

    assert 0.92 <= covered / STUDIES <= 0.98


@pytest.mark.slow
def test_unfair_group_is_found_when_the_machine_favours_it() -> None:
    random = np.random.default_rng(5)
    found = [
        group_findings(Sample.draw(random, 200, bias=0.6))["group 0"][1] == "unfair"
        for _ in range(40)
    ]

    assert np.mean(found) > 0.9


@pytest.mark.slow
def test_no_group_is_accused_in_95_of_100_studies_when_the_machine_is_fair() -> None:
    random = np.random.default_rng(6)
    accused = [
        any(
            finding == "unfair"
            for _, finding in group_findings(Sample.draw(random, 200, groups=4)).values()
        )
        for _ in range(STUDIES)
    ]

    assert np.mean(accused) < 0.08


@pytest.mark.slow
def test_kappa_of_noise_holds_nothing_and_is_never_automatic_when_the_machine_knows_nothing() -> (
    None
):
    random = np.random.default_rng(7)
    held = 0
    for at in range(STUDIES):
        material = Sample.draw(random, 60 + at % 3 * 40, skill=0.0).material()
        (compared,) = material.compared.values()
        part = criterion_part(material, compared, {}, Rules())
        found = part["machine_human"]["quadratic_kappa"]
        assert part["verdict"].decision not in (Decision.AUTOMATIC, Decision.HYBRID)
        held += found.low <= 0 <= found.high

    assert 0.92 <= held / STUDIES <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_study_finds_nothing_when_a_scorer_learnt_random_grades(seed: int) -> None:
    """The central promise: no self-praise."""
    random = np.random.default_rng(seed)
    calls = conversations(60, seed)
    rows = [
        (one.id, "length", rater, LEVELS[random.integers(3)])
        for one in calls
        for rater in ("Ana", "Ben")
    ]
    grades = Grades.from_rows(rows)
    cards = plain().calibrate(calls, grades).score(calls)
    study = AgreementStudy(cards, grades, reference="each")
    kappa = study.figure("quadratic_kappa", "length")
    data = study.to_dict()["data"]

    assert data["in_calibration"] == data["out_of_fold"] == 60
    assert kappa.low is not None
    assert kappa.high is not None
    assert kappa.low <= 0 <= kappa.high
    assert study.verdicts["length"].decision not in (Decision.AUTOMATIC, Decision.HYBRID)


@pytest.mark.slow
def test_study_finds_what_was_learnt_when_grades_follow_the_conversation() -> None:
    calls = conversations(60, 1)
    grades = Grades.from_rows([*by_length(calls, 1), *by_length(calls, 2, "Ben")])
    cards = plain().calibrate(calls, grades).score(calls)
    kappa = AgreementStudy(cards, grades).figure("quadratic_kappa", "length")

    assert kappa.low is not None
    assert kappa.low > 0.3

"""Every figure of a study on an invented world equals that of a plain loop or another library."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score, mean_absolute_error
from statsmodels.stats.proportion import proportion_confint

from qa_nlp.agreement import statistics
from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.scorecard import GradeStatus
from tests.agreement.study_world import (
    LEVELS,
    World,
    card,
    graded,
    leveled_cards,
    rows_of,
    study_of,
)

CRITERIA = World.criteria
WORLD = World()


@pytest.fixture(scope="module")
def studies() -> dict[str, AgreementStudy]:
    """Give one study for each kind of reference."""
    return {name: WORLD.study(reference=name) for name in ("mean", "each", "Ana")}


def pairs(reference: str, criterion: str) -> list[tuple[int, int, float, float, float]]:
    """Give human level, machine level, human number, machine number and weight of each pair."""
    machine = WORLD.machine(criterion)
    found: list[tuple[int, int, float, float, float]] = []
    outside: dict[str, int] = {}
    for name, own, _, level in WORLD.rows:
        outside[name] = outside.get(name, 0) + (own == criterion and level == "N/A")
    for name, levels in WORLD.levels(criterion).items():
        if name not in machine:
            continue
        grade = machine[name]
        assert grade.level is not None
        assert grade.expected is not None
        place = LEVELS.index(grade.level)
        if reference == "each":
            found += [(one, place, one, grade.expected, 1 / len(levels)) for one in levels]
        elif reference == "mean":
            mean = sum(levels) / len(levels)
            nearest = min(range(3), key=lambda level: (abs(level - mean), level))
            if outside[name] <= len(levels):
                found.append((nearest, place, mean, grade.expected, 1.0))
        else:
            of_rater = [
                LEVELS.index(level)
                for row, own, rater, level in WORLD.rows
                if (row, own, rater) == (name, criterion, reference) and level != "N/A"
            ]
            found += [(one, place, one, grade.expected, 1.0) for one in of_rater]
    return found


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("reference", ["mean", "each", "Ana"])
def test_machine_figures_equal_other_libraries_when_computed_from_plain_lists(
    studies: dict[str, AgreementStudy], reference: str, criterion: str
) -> None:
    human, machine, value, number, weight = map(
        np.array, zip(*pairs(reference, criterion), strict=True)
    )
    study = studies[reference]

    def value_of(name: str) -> float | None:
        return study.figure(name, criterion).value

    gap = number - value
    assert value_of("exact") == pytest.approx(np.average(human == machine, weights=weight))
    near = abs(human - machine) < 2
    assert value_of("adjacent") == pytest.approx(np.average(near, weights=weight))
    for name, kind in (("cohen", None), ("linear", "linear"), ("quadratic", "quadratic")):
        expected = cohen_kappa_score(human, machine, weights=kind, sample_weight=weight)
        assert value_of(f"{name}_kappa") == pytest.approx(expected)
    assert value_of("mae") == pytest.approx(
        mean_absolute_error(value, number, sample_weight=weight)
    )
    assert value_of("rmse") == pytest.approx(np.sqrt(np.average(gap**2, weights=weight)))
    covariance = np.cov(value, number, aweights=weight, ddof=0)
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert value_of("pearson") == pytest.approx(correlation)
    if reference != "each":
        assert value_of("pearson") == pytest.approx(stats.pearsonr(value, number).statistic)
        assert value_of("rho") == pytest.approx(stats.spearmanr(value, number).statistic, abs=0.01)
        assert value_of("smd") == pytest.approx(gap.mean() / value.std(ddof=1))


@pytest.mark.parametrize("criterion", CRITERIA)
def test_human_figures_equal_plain_loops_when_people_share_conversations(
    studies: dict[str, AgreementStudy], criterion: str
) -> None:
    ordered = [
        pair
        for levels in WORLD.levels(criterion).values()
        for pair in itertools.permutations(levels, 2)
    ]
    one, two = map(list, zip(*ordered, strict=True))

    def value_of(name: str) -> float | None:
        return studies["mean"].figure(name, criterion, "human_human").value

    assert value_of("exact") == pytest.approx(np.mean(np.equal(one, two)))
    for name, kind in (("cohen_kappa", None), ("quadratic_kappa", "quadratic")):
        assert value_of(name) == pytest.approx(cohen_kappa_score(one, two, weights=kind))
    assert value_of("pearson") == pytest.approx(stats.pearsonr(one, two).statistic)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_degradation_compares_like_with_like_when_conversations_were_graded_once_or_twice(
    studies: dict[str, AgreementStudy], criterion: str
) -> None:
    machine = WORLD.machine(criterion)
    with_machine, among, weight_machine, weight_among = [], [], [], []
    for name, levels in WORLD.levels(criterion).items():
        if name not in machine or len(levels) < 2:
            continue
        place = LEVELS.index(machine[name].level or "")
        with_machine += [(one, place) for one in levels]
        weight_machine += [1 / len(levels)] * len(levels)
        own = list(itertools.permutations(levels, 2))
        among += own
        weight_among += [1 / len(own)] * len(own)

    def kappa(rows: list[tuple[int, int]], weight: list[float]) -> float:
        one, two = zip(*rows, strict=True)
        return float(cohen_kappa_score(one, two, weights="quadratic", sample_weight=weight))

    found = studies["each"].figure("quadratic_kappa", criterion, "degradation")
    lost = kappa(with_machine, weight_machine) - kappa(among, weight_among)
    assert found.value == pytest.approx(lost)
    assert found.n == sum(len(v) > 1 and k in machine for k, v in WORLD.levels(criterion).items())


@pytest.mark.parametrize("criterion", CRITERIA)
def test_figures_of_many_raters_equal_the_public_functions_when_some_graded_alone(
    studies: dict[str, AgreementStudy], criterion: str
) -> None:
    machine = {one.transcript_id: one.grade(criterion) for one in WORLD.cards}
    levels = WORLD.levels(criterion)
    table = np.full((len(levels), 3), np.nan)
    for row, given in zip(table, levels.values(), strict=True):
        row[: len(given)] = given
    number = [
        np.nan if machine[name].level is None else machine[name].expected or 0.0 for name in levels
    ]
    codes = np.nan_to_num(table, nan=-1).astype(int)
    expected = {
        "krippendorff_alpha": statistics.krippendorff_alpha(codes, 3),
        "gwet_ac1": statistics.gwet_ac1(codes, 3),
        "gwet_ac2": statistics.gwet_ac2(codes, 3),
        "icc_1": statistics.icc_1(table),
    }

    for name, value in expected.items():
        assert studies["mean"].figure(name, criterion, "human_human").value == pytest.approx(value)
    explained = statistics.prmse(table, number)
    assert studies["each"].figure("prmse", criterion).value == pytest.approx(explained)


def test_reliability_of_the_mean_is_that_of_known_raters_when_some_are_unknown(
    studies: dict[str, AgreementStudy],
) -> None:
    names = list(WORLD.levels("tone"))
    table = np.full((len(names), 3), np.nan)
    for name, criterion, rater, level in WORLD.rows:
        if criterion == "tone" and rater is not None and level != "N/A":
            table[names.index(name), ("Ana", "Ben", "Cleo").index(rater)] = LEVELS.index(level)

    found = studies["mean"].figure("icc_2k", "tone", "human_human").value
    assert found == pytest.approx(statistics.icc_2k(table))


def test_degradation_is_the_same_when_the_reference_is_another(
    studies: dict[str, AgreementStudy],
) -> None:
    found = [one.figure("quadratic_kappa", "tone", "degradation") for one in studies.values()]

    assert found[0] == found[1] == found[2]


def total_of(points: dict[str, float | None]) -> float | None:
    known = [one for one in points.values() if one is not None]
    return 100 * sum(known) / (2 * len(known)) if known else None


def totals(criteria: tuple[str, ...]) -> list[tuple[float, float]]:
    """Give the totals of people and machine, with plain loops; levels are worth 0, 1 and 2."""
    answered: dict[tuple[str, str], list[str]] = {}
    for name, criterion, _, level in WORLD.rows:
        answered.setdefault((name, criterion), []).append(level)
    found = []
    for one in WORLD.cards:
        human: dict[str, float | None] = {}
        machine: dict[str, float | None] = {}
        for criterion in criteria:
            grade = one.grade(criterion)
            given = answered.get((one.transcript_id, criterion))
            if given is None:
                if grade.status is not GradeStatus.NOT_APPLICABLE:
                    break
                continue
            levels = [LEVELS.index(level) for level in given if level != "N/A"]
            outside = len(given) - len(levels) > len(levels)
            human[criterion] = None if outside or not levels else sum(levels) / len(levels)
            machine[criterion] = grade.points
        else:
            of_people, of_machine = total_of(human), total_of(machine)
            if of_people is not None and of_machine is not None:
                found.append((of_people, of_machine))
    return found


def test_total_equals_a_plain_loop_when_people_answered_everything(
    studies: dict[str, AgreementStudy],
) -> None:
    found = studies["mean"].to_dict()["total"]
    human, machine = map(np.array, zip(*totals(CRITERIA), strict=True))

    assert found["items"] == len(human)
    assert found["pearson"]["value"] == pytest.approx(np.corrcoef(human, machine)[0, 1], abs=1e-4)
    error = np.abs(machine - human).mean()
    assert found["mean_absolute_error"]["value"] == pytest.approx(error, abs=1e-4)
    rank = stats.spearmanr(human, machine).statistic
    assert found["spearman"]["value"] == pytest.approx(rank, abs=0.002)


def test_section_equals_a_plain_loop_when_it_has_some_of_the_criteria() -> None:
    from qa_nlp.agreement.parts.total import section_rows

    material = WORLD.study()._material
    (row,) = section_rows(material, {"start": {"tone", "notice"}})
    human, machine = map(np.array, zip(*totals(("tone", "notice")), strict=True))

    assert row["section"] == "start"
    assert row["items"] == len(human)
    error = np.sqrt(((machine - human) ** 2).mean())
    assert row["root_mean_squared_error"].value == pytest.approx(error)


def test_failures_are_counted_by_hand_when_the_criterion_is_critical(
    studies: dict[str, AgreementStudy],
) -> None:
    (part,) = (one for one in studies["each"].to_dict()["criteria"] if one["critical"])
    machine = {one.transcript_id: one.grade("notice") for one in WORLD.cards}
    hit = people = 0.0
    given: dict[str, list[str]] = {}
    for name, criterion, _, level in WORLD.rows:
        if criterion == "notice":
            given.setdefault(name, []).append(level)
    for name, levels in given.items():
        if machine[name].status is GradeStatus.ABSTAINED:
            continue
        failed = levels.count("poor") / len(levels)
        people += failed
        hit += failed * (machine[name].level == "poor")

    assert part["failures"]["recall"]["value"] == pytest.approx(hit / people, abs=1e-4)


def test_coverage_is_that_of_a_plain_loop_when_the_machine_abstains_on_some(
    studies: dict[str, AgreementStudy],
) -> None:
    part = studies["mean"].to_dict()["criteria"][0]
    rows: list[tuple[float, bool]] = []
    for one in WORLD.cards:
        grade = one.grade("tone")
        levels = WORLD.levels("tone").get(one.transcript_id)
        if levels is None:
            continue
        mean = sum(levels) / len(levels)
        nearest = min(range(3), key=lambda level: (abs(level - mean), level))
        chances = np.array(list(grade.probabilities.values()))
        likely = min(int((np.cumsum(chances) < 0.5).sum()), 2)
        sure = chances.max() - (grade.status is GradeStatus.ABSTAINED)
        rows.append((float(sure), likely == nearest))
    rows.sort(reverse=True)
    found = {row["coverage"]: row["agreement"] for row in part["selective"]}

    assert found[1.0]["n"] == len(rows)
    assert found[1.0]["value"] == pytest.approx(np.mean([hit for _, hit in rows]), abs=1e-4)
    half = len(rows) // 2 + len(rows) % 2
    assert found[0.5]["value"] == pytest.approx(np.mean([hit for _, hit in rows[:half]]), abs=0.02)


def test_n_counts_items_and_clusters_when_conversations_share_a_group(
    studies: dict[str, AgreementStudy],
) -> None:
    names = {name for name in WORLD.levels("tone") if name in WORLD.machine("tone")}
    groups = {one.group_id for one in WORLD.cards if one.transcript_id in names}
    found = studies["mean"].figure("exact", "tone")

    assert (found.n, found.clusters) == (len(names), len(groups))


def test_words_correlate_as_in_scipy_when_cards_state_their_length(
    studies: dict[str, AgreementStudy],
) -> None:
    row: dict[str, Any] = studies["mean"].to_dict()["length"][0]
    words = {one.transcript_id: np.log(one.word_count) for one in WORLD.cards}
    machine, levels = WORLD.machine("tone"), WORLD.levels("tone")
    names = [name for name in levels if name in machine]
    length = [words[name] for name in names]
    expected = [machine[name].expected or 0.0 for name in names]
    mean = [sum(levels[name]) / len(levels[name]) for name in names]

    assert row["with_words"]["value"] == pytest.approx(
        stats.pearsonr(expected, length).statistic, abs=1e-4
    )
    assert row["human_with_words"]["value"] == pytest.approx(
        stats.pearsonr(mean, length).statistic, abs=1e-4
    )


def test_total_is_of_the_mean_of_people_when_they_differ_by_one_level() -> None:
    cards = [card(f"c{at:03d}", graded("tone", [0.5, 0.5, 0.0])) for at in range(30)]
    rows = [*rows_of(["poor"] * 30, "Ana"), *rows_of(["fair"] * 30, "Ben")]
    found = study_of(cards, rows).to_dict()["total"]

    assert found["mean_absolute_error"]["value"] == 0.0


def test_distribution_is_of_the_levels_given_when_two_people_differ() -> None:
    cards = leveled_cards(["fair"] * 30)
    rows = [*rows_of(["poor"] * 30, "Ana"), *rows_of(["fair"] * 30, "Ben")]
    rows += rows_of(["fair"] * 30, "Cleo")[:15]
    shares = study_of(cards, rows).to_dict()["criteria"][0]["distribution"]

    assert [row["human"] for row in shares] == pytest.approx([5 / 12, 7 / 12, 0], abs=1e-4)
    assert [row["machine"] for row in shares] == [0, 1, 0]


@pytest.mark.parametrize(("level", "other"), [("poor", 0.0), ("fair", 1.0)])
def test_shares_have_the_width_of_wilson_when_every_resample_is_the_same(
    level: str, other: float
) -> None:
    found = study_of(leveled_cards(["fair"] * 25), rows_of([level] * 25)).figure("exact", "tone")
    low, high = proportion_confint(25 * other, 25, method="wilson")

    assert found.value == other
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_coverage_promises_little_when_it_rests_on_few_conversations() -> None:
    cards = [card(f"c{at:03d}", graded("tone", [0.0, 0.9, 0.1])) for at in range(40)]
    found = study_of(cards, rows_of(["fair"] * 40)).to_dict()["review"]["curve"]
    ends = {row["coverage"]: row["agreement"]["low"] for row in found}

    assert ends[0.1] == pytest.approx(proportion_confint(4, 4, method="wilson")[0], abs=1e-4)
    assert ends[1.0] == pytest.approx(proportion_confint(40, 40, method="wilson")[0], abs=1e-4)


def test_lift_is_ten_at_most_when_the_machine_finds_every_poor_conversation() -> None:
    random = np.random.default_rng(2)
    quality = random.random((60, 2))
    cards = [
        card(f"c{at:03d}", graded("tone", [1 - own.mean(), own.mean(), 0.0]))
        for at, own in enumerate(quality)
    ]
    levels = np.where(quality.mean(axis=1) < np.sort(quality.mean(axis=1))[6], "poor", "good")
    found = study_of(cards, rows_of(levels.tolist())).to_dict()["review"]["lift"]

    assert found["value"] == pytest.approx(10)
    assert found["high"] == pytest.approx(10)

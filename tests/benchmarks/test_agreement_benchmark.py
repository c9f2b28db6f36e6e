"""The parts of the benchmark of agreement, on invented grades."""

from __future__ import annotations

import gzip
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from benchmarks.agreement import MODULES, PARTS
from benchmarks.parts.agreement_coverage import (
    FIGURES,
    coverage_of_size,
    covers,
    true_figures,
    world_estimates,
)
from benchmarks.parts.agreement_figures import (
    DEGRADATIONS,
    degradation_draws,
    estimates,
    machine_draws,
    people_draws,
    prmse_draws,
)
from benchmarks.parts.agreement_machine import machine_figures, ratings_by_item
from benchmarks.parts.agreement_people import people_figures
from benchmarks.parts.agreement_ratings import (
    MISSING,
    RatedSet,
    graded_by_several,
    padded,
    rated_sets,
)
from benchmarks.parts.agreement_results import KNOWN, agreement_targets, readme_table
from benchmarks.parts.agreement_speed import invented_study, loop_seconds, measure_speed
from benchmarks.parts.agreement_worlds import LEVELS, invented_world
from benchmarks.parts.calibration_methods import Told, levels_of_chances
from benchmarks.parts.calibration_sets import GradedSet
from benchmarks.parts.calibration_speed import invented
from benchmarks.record import ROOT
from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.level_agreement import gwet_ac2, krippendorff_alpha
from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.grades import Grades

Array = NDArray[np.float64]
Index = NDArray[np.int64]

ITEMS = 60
GROUPS = [number // 3 for number in range(ITEMS)]
VALUES = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def graded() -> tuple[Index, Index, Array]:
    """Invent ratings by one to three people, and levels and expected values of a machine."""
    random = np.random.default_rng(5)
    quality = random.normal(size=ITEMS)
    ratings = np.clip(np.round(2 + quality[:, None] + random.normal(size=(ITEMS, 3))), 0, 4)
    ratings[np.arange(3) >= (np.arange(ITEMS) % 3 + 1)[:, None]] = MISSING
    expected = np.round(3 + 0.8 * quality + 0.5 * random.normal(size=ITEMS), 1)
    machine = np.clip(np.round(expected - 1), 0, 4)
    return ratings.astype(np.int64), machine.astype(np.int64), expected


RATINGS, MACHINE, EXPECTED = graded()


def ordered_pairs(rows: Any) -> tuple[Index, Index, Array]:
    """List the ordered pairs of raters, with the share of its item that each one is."""
    found = []
    for row in rows:
        own = [level for level in RATINGS[row].tolist() if level >= 0]
        pairs = list(itertools.permutations(own, 2))
        found += [(*pair, 1 / len(pairs)) for pair in pairs]
    one, two, weight = zip(*found, strict=True)
    return np.array(one), np.array(two), np.array(weight)


def machine_rows(rows: Any) -> tuple[Index, Index, Array]:
    """List single raters with the item, and the share of its item that each one is."""
    found = []
    for row in rows:
        own = [level for level in RATINGS[row].tolist() if level >= 0]
        found += [(level, row, 1 / len(own)) for level in own]
    level, item, weight = zip(*found, strict=True)
    return np.array(level), np.array(item), np.array(weight)


def drawn_rows(bootstrap: Bootstrap, resample: int) -> Index:
    """Give the items of a resample, each as often as it was drawn."""
    counts = bootstrap.draws(bootstrap.by_cluster(np.eye(ITEMS)))[resample]
    return np.repeat(np.arange(ITEMS), counts.astype(np.int64))


@pytest.mark.parametrize("resample", [0, 1, 7])
def test_people_draws_are_those_of_all_ordered_pairs(resample: int) -> None:
    bootstrap = Bootstrap(GROUPS, 10)
    found = people_draws(bootstrap, RATINGS, 5)

    one, two, _ = ordered_pairs(drawn_rows(bootstrap, resample))

    expected = cohen_kappa_score(one, two, weights="quadratic")
    assert found["quadratic kappa"][resample] == pytest.approx(expected)
    assert found["exact"][resample] == pytest.approx((one == two).mean())
    assert found["adjacent"][resample] == pytest.approx((np.abs(one - two) <= 1).mean())


def test_people_draws_weigh_items_as_each_coefficient_wants() -> None:
    found = people_draws(Bootstrap(GROUPS, 1), RATINGS, 5)
    assert found["ordinal alpha"][0] == pytest.approx(krippendorff_alpha(RATINGS, levels=5))
    assert found["AC2"][0] == pytest.approx(gwet_ac2(RATINGS, 5))


def test_people_draws_give_the_correlation_within_items_as_reliability() -> None:
    """Oracle: items have two equal ratings or two that differ by one, half of them each."""
    ratings = np.array([[0, 0], [0, 1], [4, 4], [3, 4]] * 50)
    found = people_draws(Bootstrap(range(200), 1), ratings, 5)
    within = 0.25
    between = 2 * np.var(ratings.mean(axis=1), ddof=1)
    assert found["ICC(1)"][0] == pytest.approx((between - within) / (between + within))


@pytest.mark.parametrize("resample", [0, 3])
def test_machine_draws_count_each_item_once(resample: int) -> None:
    bootstrap = Bootstrap(GROUPS, 10)
    found = machine_draws(bootstrap, RATINGS, MACHINE, EXPECTED, VALUES)

    level, item, weight = machine_rows(drawn_rows(bootstrap, resample))

    kappa = cohen_kappa_score(level, MACHINE[item], weights="quadratic", sample_weight=weight)
    error = np.average(np.abs(VALUES[level] - EXPECTED[item]), weights=weight)
    covariance = np.cov(VALUES[level], EXPECTED[item], aweights=weight)
    r = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found["quadratic kappa"][resample] == pytest.approx(kappa)
    assert found["mean absolute error"][resample] == pytest.approx(error)
    assert found["Pearson's r"][resample] == pytest.approx(r)


def test_machine_draws_of_one_rater_are_the_plain_figures() -> None:
    one = RATINGS[:, :1]
    found = machine_draws(Bootstrap(GROUPS, 1), one, MACHINE, EXPECTED, VALUES)
    human = VALUES[one[:, 0]]
    gap = EXPECTED.mean() - human.mean()
    assert found["Pearson's r"][0] == pytest.approx(stats.pearsonr(human, EXPECTED)[0])
    assert found["Spearman's rho"][0] == pytest.approx(stats.spearmanr(human, EXPECTED)[0])
    assert found["SMD"][0] == pytest.approx(gap / human.std(ddof=1))


@pytest.mark.parametrize("resample", [0, 2])
def test_degradation_is_machine_minus_people_with_equal_items(resample: int) -> None:
    bootstrap = Bootstrap(GROUPS, 10)
    found = degradation_draws(bootstrap, RATINGS, MACHINE, EXPECTED, VALUES)
    several = graded_by_several(RATINGS)

    rows = [row for row in drawn_rows(bootstrap, resample) if several[row]]
    level, item, by_machine = machine_rows(rows)
    one, two, by_people = ordered_pairs(rows)

    machine = cohen_kappa_score(level, MACHINE[item], weights="quadratic", sample_weight=by_machine)
    people = cohen_kappa_score(one, two, weights="quadratic", sample_weight=by_people)
    assert found["quadratic kappa"][resample] == pytest.approx(machine - people)
    exact = np.average(level == MACHINE[item], weights=by_machine)
    assert found["exact"][resample] == pytest.approx(
        exact - np.average(one == two, weights=by_people)
    )


def test_degradation_does_not_see_items_with_one_grade() -> None:
    single = ~graded_by_several(RATINGS)
    other = np.where(single, 4 - MACHINE, MACHINE)
    first, second = (
        degradation_draws(Bootstrap(GROUPS, 5), RATINGS, machine, EXPECTED, VALUES)
        for machine in (MACHINE, other)
    )
    assert single.any()
    assert all(np.array_equal(first[name], second[name]) for name in DEGRADATIONS)


def test_figures_are_those_of_a_study_of_the_same_grades() -> None:
    machine = [(str(at), "tone", None, int(level) + 1) for at, level in enumerate(MACHINE)]
    human = [
        (str(at), "tone", f"rater-{seat}", int(level) + 1)
        for at, row in enumerate(RATINGS)
        for seat, level in enumerate(row)
        if level >= 0
    ]
    levels = ["1", "2", "3", "4", "5"]
    tables = (Grades.from_rows(machine), Grades.from_rows(human), levels)
    study = AgreementStudy.from_tables(*tables, reference="each", rounds=100)
    graded = (RATINGS, MACHINE, VALUES[MACHINE], VALUES)
    bootstrap = Bootstrap(range(ITEMS), 1)
    compared = {
        "machine_human": machine_draws(bootstrap, *graded),
        "human_human": people_draws(bootstrap, RATINGS, 5),
        "degradation": degradation_draws(bootstrap, *graded),
    }
    for part, draws in compared.items():
        for ours, theirs in (("exact", "exact"), ("quadratic kappa", "quadratic_kappa")):
            assert study.figure(theirs, "tone", part).value == pytest.approx(draws[ours][0])


def test_prmse_is_one_for_the_true_score_whatever_the_raters() -> None:
    random = np.random.default_rng(8)
    true = random.integers(1, 4, 20_000)
    ratings = true[:, None] + random.integers(-1, 2, (20_000, 2))
    draws = prmse_draws(Bootstrap(range(20_000), 1), ratings, VALUES[true], VALUES)
    assert draws[0] == pytest.approx(1.0, abs=0.02)


def test_estimates_count_items_and_their_clusters() -> None:
    bootstrap = Bootstrap(GROUPS, 10)
    counted = np.arange(ITEMS) < 7
    (one,) = estimates(bootstrap, {"exact": np.full(11, 0.5)}, counted).values()
    assert (one.n, one.clusters) == (7, 3)


def test_people_figures_round_once() -> None:
    rated = RatedSet("invented", RATINGS, 5, tuple(GROUPS))
    found = people_figures(rated)
    kappa = people_draws(Bootstrap(GROUPS, 1), RATINGS, 5)["quadratic kappa"][0]
    assert found["third decimal"]["quadratic kappa"] == round(float(kappa), 3)
    assert found["items"] == 40
    assert found["grades"] == 120


def test_ratings_by_item_gives_what_was_listed() -> None:
    rows = [[3, 1], [0], [4, 2, 2]]
    item = np.repeat([0, 1, 2], [2, 1, 3])
    shuffled = np.array([5, 2, 0, 3, 1, 4])
    level = np.array([3, 1, 0, 4, 2, 2])
    found = ratings_by_item(item[shuffled], level[shuffled], 3)
    assert np.array_equal(np.sort(found), np.sort(padded(rows)))


def grown(ratings: Index) -> tuple[GradedSet, Told]:
    """Give invented conversations these ratings, and a machine that grades them at random."""
    (data,) = invented(1, len(ratings))
    item, place = np.nonzero(ratings >= 0)
    data = replace(
        data,
        groups=np.array(GROUPS),
        item=item,
        level=ratings[item, place],
        rater=np.full(len(item), -1),
        drawn=np.searchsorted(item, np.arange(len(ratings))),
    )
    chances = np.random.default_rng(9).dirichlet(np.ones(5), len(ratings))
    truth = np.ones(len(ratings))
    one = GradedSet("SGD dialogues", data, truth, np.array(["en"] * len(ratings)), "abc")
    return one, levels_of_chances(chances, one.values)


def test_machine_figures_of_one_label_an_item_say_nothing_of_people() -> None:
    found = machine_figures(*grown(RATINGS[:, :1]))
    assert found["graded by several"] == 0
    assert not {"people", "degradation", "PRMSE", "ceilings"} & set(found)


def test_machine_figures_hold_machine_and_people_together() -> None:
    found = machine_figures(*grown(RATINGS))
    assert found["degradation"]["quadratic kappa"]["n"] == found["graded by several"] == 40
    assert found["degradation"]["quadratic kappa"]["high"] < 0
    assert found["ceilings"]["ideal"] > found["ceilings"]["human-like"]


def write_public_sets(folder: Path) -> None:
    """Write two dialogues a part of USS, and three requests, in the published formats."""
    dialogue = "USER\thello\tgreet\t3,4,3\nSYSTEM\thi\t\t\nUSER\tOVERALL\t\t2,3,3\n"
    request = "{0}\twiki\t{1}\t{2}\t1.0\t0.0\n"
    header = "item_id\tcommunity\ttext\tscore1\tscore2\tscore3\tscore4\tscore5\t"
    files = {
        "uss/SGD.txt.gz": f"{dialogue}\n{dialogue}",
        "uss/MWOZ.txt.gz": f"{dialogue}\n{dialogue}",
        "stanford_politeness/wikipedia.tsv.gz": header
        + "mean_score\tnormalized_score\n"
        + request.format("a", "could you look", "1\t25\t13\t13\t4")
        + request.format("b", "fix it", "5\t5\t5\t6\t7")
        + request.format("c", "fix it", "2\t3\t4\t5\t6"),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))


def test_rated_sets_are_dialogues_turns_and_requests(tmp_path: Path) -> None:
    write_public_sets(tmp_path)
    found = {one.name: one for one in rated_sets(tmp_path)}
    assert list(found) == [*KNOWN, "Stanford politeness"]
    assert found["SGD dialogues"].ratings.tolist() == [[1, 2, 2]] * 2
    assert found["MWOZ turns"].ratings.tolist() == [[2, 3, 2]] * 2
    polite = found["Stanford politeness"]
    assert polite.ratings[0].tolist() == [0, 24, 12, 12, 3]
    assert len(set(polite.groups)) == 2


def people_like(known: dict[str, float]) -> dict[str, Any]:
    shown = {"low": 0.1, "high": 0.9, "n": 9, "clusters": 9, "reason": None, "warning": None}
    figures = {name: {"value": value, **shown} for name, value in known.items()}
    return {"figures": figures, "third decimal": known}


def test_targets_compare_people_with_the_known_figures_to_the_third_decimal() -> None:
    right = {name: float(value) for name, value in KNOWN["SGD turns"].items()}
    wrong = right | {"exact": 0.632}
    reached, missed = (
        agreement_targets({"people": {"SGD turns": people_like(one)}}) for one in (right, wrong)
    )
    assert [target.met for target in reached] == [True] * 3
    assert [target.met for target in missed] == [False, True, True]


def test_targets_leave_out_what_is_undefined() -> None:
    cell = Estimate(None, reason="nothing varies").to_dict()
    assert agreement_targets({"machine": {"SGD turns": {"machine and person": {"r": cell}}}}) == []


def test_targets_of_coverage_have_two_sides() -> None:
    cell = {"coverage": {"value": 0.98, "low": 0.97, "high": 0.99}, "width": 0.1, "studies": 9}
    found = agreement_targets({"coverage": {"clusters": {"40": {"degradation": cell}}}})
    assert [target.met for target in found] == [True, False]


def test_readme_table_shows_people_and_machine_of_each_set() -> None:
    kappa = {"quadratic kappa": Estimate(0.25, 0.2, 0.3, 9, 9).to_dict()}
    lost = kappa | {"Pearson's r": Estimate(-0.001, -0.2, 0.1, 9, 9).to_dict()}
    table = readme_table(
        {
            "people": {"SGD turns": {"figures": kappa}},
            "machine": {
                "SGD turns": {"machine and person": kappa, "degradation": lost},
                "MAIA task_success": {"machine and person": kappa},
            },
        }
    )
    cell = "0.25 (0.20 to 0.30)"
    assert table.rows == [
        ["SGD turns", cell, cell, cell, "0.00 (-0.20 to 0.10)"],
        ["MAIA task success", "–", cell, "–", "–"],
    ]


def test_invented_study_has_three_raters_on_a_fifth_and_one_on_the_rest() -> None:
    machine, human, metadata = invented_study(50, 3)
    raters = human.groupby(["transcript_id", "criterion"])["rater"].nunique()
    assert len(machine) == 150
    assert sorted(raters.unique()) == [1, 3]
    assert (raters == 3).mean() == pytest.approx(0.2)
    assert len(human) == raters.sum()
    assert metadata["transcript_id"].tolist() == machine["transcript_id"].unique().tolist()
    assert machine["level"].between(1, 5).all()
    assert human["level"].between(1, 5).all()


def test_measure_speed_compares_the_study_with_the_loop() -> None:
    found = measure_speed(120, 2)
    assert found["human grades"] == 2 * (24 * 3 + 96)
    assert found["seconds"] > 0
    assert found["loop seconds"] > 0


def test_loop_seconds_are_extrapolated_to_all_criteria() -> None:
    one, many = (loop_seconds(50, criteria, 5) for criteria in (1, 1000))
    assert many > 10 * one > 0


def test_covers_says_whether_the_interval_holds_the_figure() -> None:
    made = Estimate(0.5, 0.4, 0.6)
    assert [covers(made, true) for true in (0.39, 0.6, 0.61)] == [False, True, False]
    assert covers(Estimate(0.5, reason="too few"), 0.5) is None


def test_invented_world_has_second_raters_on_some_conversations_only() -> None:
    world = invented_world(np.random.default_rng(0), 400)
    assert (world.ratings[:, 0] >= 0).all()
    assert graded_by_several(world.ratings).mean() == pytest.approx(0.6, abs=0.05)
    assert max(world.machine.max(), world.ratings.max()) < LEVELS
    by_agent = [set(world.team[world.clusters == agent].tolist()) for agent in range(20)]
    assert all(len(teams) == 1 for teams in by_agent)


def test_true_figures_are_what_large_studies_come_near_to() -> None:
    true = true_figures(20_000)
    near = world_estimates(invented_world(np.random.default_rng(1), 3000), rounds=50)
    for name in FIGURES:
        assert near[name].value == pytest.approx(true[name], abs=0.06)


def test_coverage_of_size_counts_hits_and_gives_their_interval() -> None:
    true = dict.fromkeys(FIGURES, 5.0) | {"quadratic kappa": 0.55}
    found = coverage_of_size(60, 25, true)
    assert found["quadratic kappa"]["coverage"]["value"] >= 0.8
    assert found["degradation"]["coverage"]["value"] == 0.0
    assert found["degradation"]["coverage"]["high"] > 0.05


def test_measured_names_every_part_of_this_benchmark() -> None:
    files = {path.stem for path in (ROOT / "benchmarks" / "parts").glob("agreement_*.py")}
    assert files <= set(MODULES)
    assert set(PARTS) == {"people", "machine", "speed", "coverage"}

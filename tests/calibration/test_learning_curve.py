"""Learning curves: what they say of known truths, and what may and may not change them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import cohen_kappa_score

from qa_nlp.agreement.statistics import quadratic_kappa
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.curve_chart import CurvePoint
from qa_nlp.calibration.curve_draws import draw, resample
from qa_nlp.calibration.curve_fit import Plan, PowerLaw, fit_power_law, plan
from qa_nlp.calibration.fitting import fit_model, split_groups
from qa_nlp.calibration.grading import middle_level
from qa_nlp.calibration.learning_curve import LearningCurve, default_sizes, study
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.calibration.text_score import TextViews
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.rubric import Criterion, Rubric
from qa_nlp.scorer import Scorer
from qa_nlp.signals.base import SignalSpec
from qa_nlp.signals.summary import Summary
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import HashEncoder

Array = NDArray[np.float64]

SIGNALS = tuple(f"test.s{number}" for number in range(5))
SPECS = {name: SignalSpec(name, "", "share", 0, 1, 0, 1) for name in SIGNALS}
CUTS = (-1.0, 1.0)
TRUTH = np.array([5.0, -4.0, 3.0, 0.0, 0.0])
"""The rubric thinks all signals matter alike and the second the other way round."""


def question(name: str = "resolution") -> Criterion:
    return Criterion.model_validate(
        {
            "id": name,
            "question": "Was it solved?",
            "levels": [{"id": f"l{number}", "value": number} for number in range(3)],
            "signals": [
                {
                    "signal": signal,
                    "direction": "less" if signal == "test.s1" else "more",
                    "threshold": 0.5,
                    "weight": 1.0,
                }
                for signal in SIGNALS
            ],
        }
    )


def world(
    groups: int,
    seed: int = 0,
    *,
    copies: int = 1,
    raters: int = 1,
    truth: Array = TRUTH,
    cuts: tuple[float, float] = CUTS,
    name: str = "resolution",
) -> CriterionData:
    """Draw signals, and grades that follow them by a cumulative logit model."""
    random = np.random.default_rng(seed)
    one = question(name)
    size = groups * copies
    positions = random.uniform(-1, 1, (size, len(SIGNALS)))
    item = np.repeat(np.arange(size), raters)
    logits = positions[item] @ truth + random.logistic(size=len(item))
    owner = np.arange(size) // copies
    return CriterionData(
        one,
        CriterionModel.of(one, SPECS),
        np.arange(size),
        positions,
        np.zeros(size, dtype=np.bool_),
        owner,
        split_groups(owner, 5, 1),
        item,
        np.tile(np.arange(raters), size) if raters > 1 else item * 0,
        np.searchsorted(cuts, logits).astype(np.int64),
        np.arange(size) * raters,
    )


WRONG_CUTS = (1.5, 3.0)
"""People are much stricter than the rubric thinks: there is a lot to learn."""


def machine_levels(data: CriterionData, model: CriterionModel) -> NDArray[np.int64]:
    chances = data.chances(model, np.arange(len(data.rows)))
    return np.array([middle_level(one) for one in chances])


# --- points


def test_default_sizes_double_up_to_three_quarters() -> None:
    assert default_sizes(200) == (0, 10, 20, 40, 80, 150)
    assert default_sizes(1000) == (0, 10, 20, 40, 80, 160, 320, 750)
    assert default_sizes(40) == (0, 10, 20, 30)
    assert default_sizes(12) == (0,)


@given(st.integers(0, 5000))
def test_default_sizes_increase_and_leave_a_quarter_to_test(groups: int) -> None:
    sizes = default_sizes(groups)

    assert list(sizes) == sorted(set(sizes))
    assert sizes[0] == 0
    assert sizes[-1] <= 0.75 * groups
    assert all(size >= 10 for size in sizes[1:])


def test_learning_curve_starts_at_the_agreement_of_the_rubric() -> None:
    data = world(80, 1, raters=2)

    (point,), _ = study(data, [0], repeats=2)

    machine = machine_levels(data, data.prior)[data.item]
    oracle = cohen_kappa_score(machine, data.level, weights="quadratic", labels=[0, 1, 2])
    assert point.n == 0
    assert point.kappa == pytest.approx(oracle, abs=1e-12)
    assert point.error == pytest.approx(np.abs(machine - data.level).mean())


def test_learning_curve_rises_and_the_error_falls() -> None:
    points, _ = study(world(160, 2, cuts=WRONG_CUTS), repeats=4)

    assert [point.n for point in points] == [0, 10, 20, 40, 80, 120]
    assert points[-1].kappa > points[1].kappa + 0.03 > points[0].kappa
    assert points[-1].error < points[0].error
    assert all(point.low < point.kappa < point.high for point in points)


def test_learning_curve_learns_nothing_from_random_grades() -> None:
    data = world(150, 3, truth=np.zeros(5))

    points, _ = study(data, [0, 20, 110], repeats=4)

    assert all(point.low < 0 < point.high for point in points)


def test_draw_grades_only_groups_that_were_not_learnt_from() -> None:
    data = world(30, 4, copies=2, raters=2)
    groups = np.arange(30)

    tested = draw(data, groups, [0, 10, 20], 3, 0, lambda: None)

    for counts, size in zip(tested, (0, 10, 20), strict=True):
        per_group = counts.sum(axis=2)
        assert set(np.unique(per_group)) <= {0.0, 4.0}  # all grades of a group, or none
        assert (per_group > 0).sum(axis=1).tolist() == [30 - size] * 3
        assert counts.sum() == 3 * 4 * (30 - size)
    larger, smaller = tested[2].sum(axis=2) == 0, tested[1].sum(axis=2) == 0
    assert (larger >= smaller).all()  # what was drawn stays drawn


def test_draw_learns_as_fit_model_does_from_those_groups_alone() -> None:
    data = world(40, 5)

    counts = draw(data, np.arange(40), [25], 1, 7, lambda: None)[0][0]

    inside = np.flatnonzero(counts.sum(axis=1) == 0)
    alone = replace(
        data,
        positions=data.positions[inside],
        groups=data.groups[inside],
        folds=np.zeros(25, dtype=np.int64),
        item=np.arange(25),
        rater=np.zeros(25, dtype=np.int64),
        level=data.level[inside],
    )
    outside = np.setdiff1d(np.arange(40), inside)
    machine = machine_levels(data, fit_model(alone).model)[outside]
    grade, cell = np.nonzero(counts[outside])
    assert grade.tolist() == list(range(15))  # one of each group
    assert (cell // 3).tolist() == machine.tolist()
    assert (cell % 3).tolist() == data.level[outside].tolist()


def test_learning_curve_is_the_same_for_the_same_seed_only() -> None:
    data = world(60, 6)

    first, again, other = (study(data, repeats=3, seed=seed)[0] for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert first[0].kappa == other[0].kappa  # the rubric's own model is not drawn


def test_learning_curve_does_not_depend_on_the_order_of_rows() -> None:
    data = world(60, 7, raters=2)
    random = np.random.default_rng(0)
    rows, grades = random.permutation(60), random.permutation(120)
    place = np.argsort(rows)
    shuffled = replace(
        data,
        rows=data.rows[rows],
        positions=data.positions[rows],
        groups=data.groups[rows],
        folds=data.folds[rows],
        item=place[data.item[grades]],
        rater=data.rater[grades],
        level=data.level[grades],
    )

    one, two = (study(each, [0, 10, 20, 40], 3) for each in (data, shuffled))

    for left, right in zip(one[0], two[0], strict=True):
        assert left.n == right.n
        assert left.kappa == pytest.approx(right.kappa, abs=0.01)
        assert left.low == pytest.approx(right.low, abs=0.01)


def test_answers_of_not_applicable_are_neither_learnt_from_nor_tested() -> None:
    data = world(60, 8)
    outside = data.item >= 50
    masked = replace(data, level=np.where(outside, -1, data.level))

    points, outlook = study(masked, repeats=2)

    assert outlook.graded == 50
    assert points[-1].n == 37


def test_learning_curve_leaves_out_sizes_that_leave_too_little_to_test() -> None:
    points, _ = study(world(40, 9), [0, 20, 30, 31, 500], repeats=2)

    assert [point.n for point in points] == [0, 20, 30]


def test_text_is_read_and_nothing_is_kept_of_it() -> None:
    data = world(60, 10, truth=np.zeros(5))
    random = np.random.default_rng(0)
    told = random.normal(size=(60, 1, 6, 5)).astype(np.float32)
    level = np.searchsorted(CUTS, 4 * told[:, 0, 3, 0]).astype(np.int64)
    views = TextViews([Summary(rows, (Role.AGENT,)) for rows in told])

    points, _ = study(replace(data, level=level, views=views), [0, 40], repeats=3)

    assert points[1].kappa > points[0].kappa + 0.3
    assert [part._bases for part in views.parts] == [{}]


# --- intervals


def test_resample_gives_the_kappa_of_what_it_counts() -> None:
    data = world(50, 11)
    tested = draw(data, np.arange(50), [0, 20], 3, 0, lambda: None)

    replicates = resample(tested, 3, 0)

    random = np.random.default_rng([0, 3, 1])
    times = random.multinomial(50, np.full(50, 1 / 50), 400)
    machine = machine_levels(data, data.prior)
    for number in range(5):  # without a draw, each group was tested once
        rows = np.repeat(np.arange(50), times[number])
        kappa = quadratic_kappa(machine[rows], data.level[rows], 3)
        assert replicates[number, 0] == pytest.approx(kappa, abs=1e-12)


def test_interval_is_wider_where_calibrations_differ_and_draws_share_their_groups() -> None:
    """Against the textbook sum of variances, from simulated calibrations of known spread."""
    random = np.random.default_rng(0)
    spread = []
    for better in (0.0, 0.3):  # share of draws whose machine is right throughout
        people = random.integers(0, 3, 60)
        counts = np.zeros((20, 60, 9))
        for number in range(20):
            tested = np.sort(random.permutation(60)[:30])
            machine = random.integers(0, 3, 60)
            machine[random.random(60) < 0.5] = 1
            right = machine if number >= 20 * better else people
            counts[number, tested, right[tested] * 3 + people[tested]] = 1
        spread.append(float(resample([counts], 3, 0).std()))

    assert spread[1] ** 2 > spread[0] ** 2 + 0.5 * 0.3 * 0.7 / 2  # n / groups = 1 / 2


@pytest.mark.slow
def test_interval_covers_the_agreement_that_many_calibrations_reach() -> None:
    fresh = world(20_000, 999, cuts=WRONG_CUTS)
    reached = []
    for seed in range(60):  # calibrations on 40 conversations that nobody has seen
        model = fit_model(world(40, 5_000 + seed, cuts=WRONG_CUTS)).model
        reached.append(quadratic_kappa(machine_levels(fresh, model), fresh.level, 3))
    truth = float(np.mean(reached))

    hits = 0
    for seed in range(60):
        (point,), _ = study(world(100, seed, cuts=WRONG_CUTS), [40], repeats=10)
        hits += point.low <= truth <= point.high

    assert hits >= 53  # 57 expected; fewer than 53 have a probability of 1 %


# --- extrapolation


def test_power_law_finds_what_a_curve_was_made_of() -> None:
    sizes = np.array([10, 20, 40, 80, 150])
    for law in (PowerLaw(0.7, 1.5, 0.5), PowerLaw(0.6, 3.0, 1.0)):
        kappas = np.array([law.at(size) for size in sizes])
        found = fit_power_law(sizes, kappas, np.ones(5))

        assert found.exponent == law.exponent
        assert (found.limit, found.drop) == pytest.approx((law.limit, law.drop))


@given(
    st.lists(st.floats(-0.5, 1.0), min_size=3, max_size=6),
    st.lists(st.floats(1.0, 1e4), min_size=6, max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_power_law_is_the_constrained_least_squares_fit(
    values: list[float], weights: list[float]
) -> None:
    sizes = np.array([10, 20, 40, 80, 160, 320])[: len(values)]
    kappas, w = np.array(values), np.array(weights[: len(values)])
    found = fit_power_law(sizes, kappas, w)

    def loss(limit: float, drop: float, exponent: float) -> float:
        return float(w @ (kappas - limit + drop / sizes**exponent) ** 2) / float(w.sum())

    def least(exponent: float) -> float:
        def of(free: Array) -> float:
            return loss(float(free[0]), 10 * float(free[1]), exponent)

        bounds = [(-5.0, 1.0), (0.0, 10.0)]
        return float(minimize(of, np.array([0.5, 0.1]), bounds=bounds, method="L-BFGS-B").fun)

    best = min(least(0.5), least(1.0))
    assert found.limit <= 1
    assert found.drop >= 0
    assert loss(found.limit, found.drop, found.exponent) <= best + 1e-6


def planned(law: PowerLaw, graded: int, noise: float = 0.005, shared: float = 0.0) -> Plan:
    sizes = np.array(default_sizes(graded))
    kappas = np.array([0.1, *(law.at(size) for size in sizes[1:])])
    random = np.random.default_rng(0)
    moved = random.normal(0, shared, (200, 1)) + random.normal(0, noise, (200, len(sizes)))
    return plan("resolution", graded, sizes, kappas, kappas + moved)


def test_plan_recovers_a_planted_curve() -> None:
    law = PowerLaw(0.7, 2.0, 0.5)

    found = planned(law, 100)

    assert found.verdict == "more"
    needed = law.reaching(law.at(100) + 0.05) - 100
    assert found.more is not None
    assert needed <= found.more < needed + 10
    assert found.kappa == pytest.approx(0.5)
    assert found.reached == pytest.approx(law.at(100 + found.more))
    assert found.low is not None
    assert found.high is not None
    assert found.low < law.at(100 + found.more) < found.high


def test_plan_looks_for_a_smaller_gain_when_the_larger_is_out_of_reach() -> None:
    found = planned(PowerLaw(0.6, 3.0, 1.0), 100)

    assert found.verdict == "more"
    assert found.kappa is not None
    assert found.reached == pytest.approx(found.kappa + 0.02, abs=0.001)


def test_plan_says_that_more_grades_hardly_help_on_a_flat_curve() -> None:
    found = planned(PowerLaw(0.6, 0.2, 1.0), 100)

    assert found.verdict == "little"
    assert found.more == 200
    assert found.advice.startswith("More grades would hardly help on 'resolution': 200 more")


def test_plan_says_that_it_cannot_tell_when_the_curve_is_noise() -> None:
    found = planned(PowerLaw(0.6, 0.0, 1.0), 100, noise=0.15)

    assert found.verdict == "unsure"
    assert found.advice.startswith("It cannot be told yet")


def test_plan_keeps_a_gain_apart_from_what_moves_the_whole_curve() -> None:
    found = planned(PowerLaw(0.7, 2.0, 0.5), 100, shared=0.05)

    assert found.high is not None
    assert found.low is not None
    assert found.gain_high is not None
    assert found.gain_low is not None
    assert found.high - found.low > 0.15
    assert found.gain_high - found.gain_low < 0.05
    assert "would raise" in found.advice


@given(st.floats(0.2, 1.0), st.floats(0.0, 10.0), st.sampled_from([0.5, 1.0]), st.integers(40, 900))
@settings(max_examples=30, deadline=None)
def test_plan_never_looks_beyond_three_times_the_present_number(
    limit: float, drop: float, exponent: float, graded: int
) -> None:
    found = planned(PowerLaw(limit, drop, exponent), graded)

    assert found.more is not None
    assert 0 < found.more <= 2 * graded
    assert found.reached is not None
    assert found.kappa is not None
    assert found.reached >= found.kappa


# --- the whole


def test_learning_curve_of_a_dozen_groups_gives_few_points_and_no_promise() -> None:
    curve = LearningCurve.of([world(12, 12)], repeats=3)

    assert [point.n for point in curve.points] == [0]
    assert curve.plans[0].verdict == "few"
    assert curve.advice == (
        "Too few graded conversations (12) to tell what more would bring on 'resolution'.",
    )


def test_learning_curve_has_no_points_where_people_gave_one_level() -> None:
    data = world(60, 13)

    curve = LearningCurve.of([replace(data, level=data.level * 0)], repeats=2)

    assert curve.points == ()
    assert "cannot be told" in curve.advice[0]
    assert "<svg" not in curve._repr_html_()


def test_learning_curve_refuses_when_no_criterion_has_enough_grades() -> None:
    with pytest.raises(GradesError, match="grades on 10 conversations or more"):
        LearningCurve.of([world(9, 14)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda data: study(data, [-1]), "a size is -1"),
        (lambda data: study(data, []), "sizes is empty"),
        (lambda data: study(data, repeats=1), "repeats is 1"),
        (lambda data: LearningCurve.of([data], json.loads("[2.5]")), "a size is 2.5"),
    ],
)
def test_learning_curve_refuses_what_makes_no_sense(
    make: Callable[[CriterionData], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(world(40, 15))


def test_progress_counts_the_draws_of_criteria_that_have_enough_grades() -> None:
    calls: list[tuple[int, int]] = []

    LearningCurve.of(
        [world(15, 16), world(5, 17, name="tone"), world(15, 18, name="pace")],
        [0],
        3,
        progress=lambda done, total: calls.append((done, total)),
    )

    assert calls == [(number, 6) for number in range(1, 7)]


def talks(size: int) -> tuple[list[Transcript], list[tuple[str, str, str, str]]]:
    """Build conversations of which people find all but the long ones poor."""
    random = np.random.default_rng(0)
    found, rows = [], []
    for number in range(size):
        turns = tuple(
            Turn(Role.AGENT if place % 2 else Role.CUSTOMER, f"Line {place} of the parcel.")
            for place in range(int(random.integers(4, 30)))
        )
        found.append(Transcript(f"c{number:03d}", turns, language="en"))
        rows.append((f"c{number:03d}", "length", "Ana", "good" if len(turns) > 22 else "poor"))
    return found, rows


def scorer() -> Scorer:
    criterion = {
        "id": "length",
        "question": "Was it long enough?",
        "levels": [{"id": "poor", "value": 0}, {"id": "good", "value": 1}],
        "signals": [{"signal": "conduct.turns", "threshold": 8, "weight": 2}],
    }
    section = {"id": "all", "name": "All", "criteria": [criterion]}
    head = {"format_version": 1, "id": "demo", "version": "1", "name": "Demo"}
    return Scorer(Rubric.model_validate({**head, "sections": [section]}), encoder=HashEncoder())


def test_scorer_tells_how_agreement_grows_whatever_the_order_of_transcripts() -> None:
    calls, rows = talks(48)
    seen: list[tuple[str, int, int]] = []

    curve = scorer().learning_curve(
        calls,
        Grades.from_rows(rows),
        repeats=3,
        progress=lambda what, done, total: seen.append((what, done, total)),
    )
    again = scorer().learning_curve(calls[::-1], Grades.from_rows(rows[::-1]), repeats=3)

    assert [point.n for point in curve.points] == [0, 10, 20, 36]
    assert curve.points[-1].kappa > curve.points[0].kappa + 0.2
    assert curve == again
    assert seen == [("measured", 48, 0), *(("fitted", number, 3) for number in (1, 2, 3))]


def test_scorer_refuses_sizes_before_it_measures_anything() -> None:
    calls, rows = talks(12)

    with pytest.raises(ValueError, match="a size is -1"):
        scorer().learning_curve(
            calls,
            Grades.from_rows(rows),
            sizes=[-1],
            progress=lambda *_: pytest.fail("measured"),
        )


CURVE = LearningCurve(
    (
        CurvePoint("a<b", 0, 0.2, -0.1, 0.4, 0.9),
        CurvePoint("a<b", 40, 0.45, 0.3, 0.55, 0.5),
        CurvePoint("a<b", 80, 0.52, 0.4, 0.6, 0.4),
    ),
    (
        Plan("a<b", 107, "more", 60, 0.54, 0.59, 0.48, 0.68, 0.02, 0.08),
        Plan("tone", 7, "few"),
    ),
)


def test_learning_curve_reads_as_a_table_with_advice() -> None:
    text = str(CURVE)

    rows = [line.split() for line in text.splitlines()]
    assert ["a<b", "40", "0.45", "0.30", "to", "0.55", "0.50"] in rows
    assert text.endswith(
        "About 60 more graded conversations would raise the agreement on 'a<b' from 0.54 to about "
        "0.59 (0.48 to 0.68; a gain of 0.02 to 0.08).\n"
        "Too few graded conversations (7) to tell what more would bring on 'tone'."
    )


def test_learning_curve_is_drawn_as_well_formed_escaped_svg() -> None:
    page = CURVE._repr_html_()

    start, stop = page.index("<svg"), page.index("</svg>") + len("</svg>")
    tree = ElementTree.fromstring(page[start:stop])
    words = ["".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a<b", "graded conversations", "agreement (QWK)", "0", "40", "80"} <= set(words)
    assert page.count("<svg") == 1  # a criterion without points has no chart
    assert "a<b" not in page


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_to_frame_has_one_row_for_each_point(library: str) -> None:
    frame = CURVE.to_frame(library)

    names = frame.schema.names if library == "arrow" else list(frame.columns)
    assert names == ["criterion", "n", "kappa", "low", "high", "error"]
    assert len(frame) == 3


def test_to_dict_is_ready_for_json() -> None:
    told = json.loads(json.dumps(CURVE.to_dict(), allow_nan=False))

    assert told["points"][1]["n"] == 40
    assert told["plans"][0]["advice"] == CURVE.advice[0]

"""How strict raters are: against planted truths, other software and laws."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats
from scipy.special import expit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from qa_nlp.calibration.rater_likelihood import Likelihood
from qa_nlp.calibration.rater_model import TAU_PRIOR, fit_severities
from qa_nlp.calibration.rater_rows import checked_rows
from qa_nlp.calibration.rater_table import RaterEffects
from qa_nlp.calibration.raters import rater_effects
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.rubric import Rubric
from tests.pace import slowness, takes_less_than

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CUTS = np.array([-1.5, 0.0, 1.5])


def pairs(rng: np.random.Generator, raters: int, items: int) -> tuple[Integers, Integers]:
    """Every item graded by two raters drawn by chance."""
    chosen = [rng.choice(raters, 2, replace=False) for _ in range(items)]
    return np.repeat(np.arange(items), 2), np.concatenate(chosen)


def mostly_single(
    rng: np.random.Generator, raters: int, items: int, double: int
) -> tuple[Integers, Integers]:
    """Every item graded by one rater, and some by a second."""
    first = rng.integers(0, raters, items)
    again = rng.choice(items, double, replace=False)
    second = (first[again] + rng.integers(1, raters, double)) % raters
    return np.concatenate([np.arange(items), again]), np.concatenate([first, second])


def two_groups(rng: np.random.Generator, raters: int, items: int) -> tuple[Integers, Integers]:
    half = raters // 2
    a, b = pairs(rng, half, items), pairs(rng, raters - half, items)
    return np.concatenate([a[0], items + b[0]]), np.concatenate([a[1], half + b[1]])


def draw(
    rng: np.random.Generator,
    item: Integers,
    rater: Integers,
    severity: Floats,
    sigma: float = 1.5,
    quality: Floats | None = None,
) -> Integers:
    """Grades on four levels, by the model written another way: a latent logistic variable."""
    effect = rng.normal(0, sigma, item.max() + 1) + (0 if quality is None else quality)
    latent = effect[item] - severity[rater] + rng.logistic(size=len(item))
    return np.asarray((latent[:, None] > CUTS).sum(axis=1), dtype=np.int64)


def small(seed: int = 0, raters: int = 4, items: int = 60) -> tuple[Integers, Integers, Integers]:
    rng = np.random.default_rng(seed)
    item, rater = pairs(rng, raters, items)
    severity = np.linspace(-0.8, 0.8, raters)
    return draw(rng, item, rater, severity), item, rater


def likelihood(sigma: float | None = None, caseloads: bool = True) -> Likelihood:
    level, item, rater = small()
    rater = np.where(np.arange(len(rater)) % 17 == 0, -1, rater)
    criterion = item % 2
    level = np.where(criterion == 1, np.minimum(level, 1), level)
    rows = checked_rows(level, item, rater, [4, 2], 0.1 * (item % 3), criterion)
    return Likelihood(rows, 4, caseloads, sigma)


@pytest.mark.parametrize("caseloads", [True, False])
@pytest.mark.parametrize("sigma", [None, 0.0, 2.0])
def test_likelihood_derivatives_equal_finite_differences(
    sigma: float | None, caseloads: bool
) -> None:
    model = likelihood(sigma, caseloads)
    theta = model.start() + np.random.default_rng(1).normal(0, 0.3, model.size)
    steps = 1e-5 * np.eye(model.size)

    gradient = [(model.value(theta + s)[0] - model.value(theta - s)[0]) / 2e-5 for s in steps]
    hessian = [(model.value(theta + s)[1] - model.value(theta - s)[1]) / 2e-5 for s in steps]

    np.testing.assert_allclose(model.value(theta)[1], gradient, atol=1e-6)
    np.testing.assert_allclose(model.information(theta), -np.array(hessian), atol=1e-5)


def test_likelihood_equals_numerical_integration() -> None:
    level, item, rater = np.array([2, 1, 0]), np.array([0, 0, 1]), np.array([0, 1, 0])
    model = Likelihood(checked_rows(level, item, rater, 3, None, None), 2, False, 1.3)
    severity = np.array([0.4, -0.2])
    theta = np.array([-0.5, np.log(1.5), *severity])
    cuts = np.array([-np.inf, -0.5, 1.0, np.inf])

    def chance(k: int, r: int, u: float) -> float:
        ends = expit(u - severity[r] - cuts)
        return float(ends[k] - ends[k + 1])

    first = integrate.quad(
        lambda u: chance(2, 0, u) * chance(1, 1, u) * stats.norm.pdf(u, scale=1.3), -12, 12
    )[0]
    second = integrate.quad(lambda u: chance(0, 0, u) * stats.norm.pdf(u, scale=1.3), -12, 12)[0]

    assert model.value(theta)[0] == pytest.approx(np.log(first) + np.log(second), abs=1e-6)


def test_fit_without_item_effects_equals_an_ordered_logit() -> None:
    rng = np.random.default_rng(2)
    item, rater = np.arange(2000), rng.integers(0, 3, 2000)
    level = draw(rng, item, rater, np.array([-0.6, 0.1, 0.7]), sigma=0.0)

    ours = fit_severities(level, item, rater, 4, sigma=0.0, tau=20.0, random_allocation=True)
    dummies = (rater[:, None] == [1, 2]).astype(float)
    fitted = OrderedModel(level, dummies, distr="logit").fit(method="bfgs", disp=False, gtol=1e-8)
    theirs = np.concatenate([[0.0], -fitted.params[:2]])
    cuts = fitted.model.transform_threshold_params(fitted.params)[1:-1]

    np.testing.assert_allclose(ours.severity, theirs - theirs.mean(), atol=5e-3)
    np.testing.assert_allclose(ours.cutpoints[0] - theirs.mean(), cuts, atol=2e-2)
    difference = ours.covariance[1, 1] + ours.covariance[0, 0] - 2 * ours.covariance[0, 1]
    assert np.sqrt(difference) == pytest.approx(fitted.bse[0], rel=0.01)


@pytest.mark.parametrize("raters", [2, 3, 6, 10])
def test_fit_finds_planted_severities(raters: int) -> None:
    rng = np.random.default_rng(raters)
    item, rater = pairs(rng, raters, 120 * raters)
    planted = np.linspace(-1, 1, raters)

    fit = fit_severities(draw(rng, item, rater, planted), item, rater, 4)

    assert np.corrcoef(fit.severity, planted)[0, 1] > 0.95
    assert np.abs(fit.severity - planted).max() < 4 * fit.standard_error.max()
    assert fit.sigma == pytest.approx(1.5, rel=0.2)
    np.testing.assert_allclose(fit.cutpoints[0], CUTS, atol=0.35)


def test_fit_is_not_misled_by_harder_items() -> None:
    rng = np.random.default_rng(5)
    item, rater = mostly_single(rng, 3, 1500, 300)
    first = np.zeros(1500, dtype=np.int64)
    first[item[:1500]] = rater[:1500]
    level = draw(rng, item, rater, np.zeros(3), quality=np.array([-1.5, 0.0, 1.5])[first])

    robust = fit_severities(level, item, rater, 4)
    trusting = fit_severities(level, item, rater, 4, random_allocation=True)

    assert np.abs(robust.severity).max() < 3 * robust.standard_error.max()
    assert trusting.severity[0] > 0.5


def test_fit_shares_severities_over_criteria() -> None:
    rng = np.random.default_rng(6)
    item, rater = pairs(rng, 3, 400)
    planted = np.array([-0.7, 0.0, 0.7])
    level = draw(rng, item, rater, planted)
    level[item % 2 == 1] = np.minimum(level[item % 2 == 1], 1)

    fit = fit_severities(level, item, rater, [4, 2], criteria=item % 2)

    assert np.corrcoef(fit.severity, planted)[0, 1] > 0.95
    assert [len(cuts) for cuts in fit.cutpoints] == [3, 1]


def test_fit_uses_offsets() -> None:
    rng = np.random.default_rng(7)
    item, rater = pairs(rng, 2, 600)
    known = rng.normal(0, 2.0, 600)
    level = draw(rng, item, rater, np.array([-0.5, 0.5]), sigma=0.5, quality=known)

    with_offsets = fit_severities(level, item, rater, 4, offsets=known[item])

    assert with_offsets.sigma < 1.0 < fit_severities(level, item, rater, 4).sigma
    assert with_offsets.severity[1] == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("unknown", [False, True])
def test_fit_gives_a_lone_rater_exactly_nothing(unknown: bool) -> None:
    level, item, rater = small()
    rater = np.where(rater == 0, 0, -1) if unknown else np.zeros_like(rater)

    fit = fit_severities(level, item, rater, 4)
    nobody = fit_severities(level, np.where(rater < 0, item + 1000, item), rater * 0 - 1, 4)

    assert fit.severity.tolist() == [0.0] == fit.standard_error.tolist() == fit.marginal.tolist()
    np.testing.assert_allclose(fit.cutpoints[0], nobody.cutpoints[0], atol=1e-6)


def test_fit_ignores_what_unknown_people_gave_to_the_same_items() -> None:
    level, item, rater = small()
    worst = np.zeros(60, dtype=np.int64)

    fit = fit_severities(
        np.concatenate([level, worst]),
        np.concatenate([item, np.arange(60)]),
        np.concatenate([rater, np.full(60, -1)]),
        4,
        sigma=1.5,
    )

    own = fit_severities(level, item, rater, 4, sigma=1.5)
    assert fit.severity.shape == (4,)
    np.testing.assert_allclose(fit.severity, own.severity, atol=0.1)


def test_fit_centres_groups_that_share_no_item() -> None:
    rng = np.random.default_rng(8)
    item, rater = two_groups(rng, 4, 300)
    planted = np.array([-0.5, 0.5, 1.5, 2.5])

    fit = fit_severities(draw(rng, item, rater, planted), item, rater, 4)

    assert fit.component.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(fit.severity[:2].sum(), 0, atol=1e-9)
    np.testing.assert_allclose(fit.severity, [-0.5, 0.5, -0.5, 0.5], atol=0.35)
    within = fit.covariance[0, 0] + fit.covariance[1, 1] - 2 * fit.covariance[0, 1]
    across = fit.covariance[0, 0] + fit.covariance[2, 2] - 2 * fit.covariance[0, 2]
    assert across > 3 * within


def test_fit_leaves_raters_of_single_grades_to_the_prior() -> None:
    rng = np.random.default_rng(9)
    item, rater = np.arange(400), rng.integers(0, 4, 400)
    level = draw(rng, item, rater, np.array([-1.0, -0.3, 0.3, 1.0]))

    fit = fit_severities(level, item, rater, 4)
    by_chance = fit_severities(level, item, rater, 4, random_allocation=True)

    assert fit.severity.tolist() == [0.0] * 4
    assert fit.standard_error.min() > 0.7 * TAU_PRIOR[0]
    assert not fit.sigma_estimated
    assert np.corrcoef(by_chance.severity, [-1.0, -0.3, 0.3, 1.0])[0, 1] > 0.9


def test_fit_keeps_tau_inside_its_prior_with_two_raters() -> None:
    level, item, _ = small()
    rater = np.tile([0, 1], 60)
    same = fit_severities(np.repeat(level[::2], 2), item, rater, 4)
    apart = fit_severities(np.tile([3, 0], 60), item, rater, 4)

    assert 0.1 < same.tau < 1.0 < apart.tau < 5.0
    assert same.severity == pytest.approx([0.0, 0.0], abs=1e-6)
    assert apart.severity[1] > 1


def test_marginal_is_the_slope_of_a_model_without_item_effects() -> None:
    rng = np.random.default_rng(10)
    item, rater = pairs(rng, 2, 6000)
    level = draw(rng, item, rater, np.array([-0.6, 0.6]), sigma=2.0)

    fit = fit_severities(level, item, rater, 4)
    plain = OrderedModel(level, (rater == 1).astype(float)[:, None], distr="logit")
    slope = -plain.fit(method="bfgs", disp=False).params[0]

    assert fit.marginal[1] - fit.marginal[0] == pytest.approx(slope, rel=0.06)


@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_fit_does_not_depend_on_the_order_of_rows_or_raters(seed: int) -> None:
    level, item, rater = small(items=40)
    rng = np.random.default_rng(seed)
    order, renamed, moved = rng.permutation(80), rng.permutation(4), rng.permutation(40)

    fit = fit_severities(level, item, rater, 4)
    other = fit_severities(level[order], moved[item[order]], renamed[rater[order]], 4)

    np.testing.assert_allclose(other.severity[renamed], fit.severity, atol=1e-6)
    np.testing.assert_allclose(other.standard_error[renamed], fit.standard_error, atol=1e-6)
    np.testing.assert_allclose(other.caseload, fit.caseload[order], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"levels": [0, 4]}, "out of range"),
        ({"levels": [0, -1]}, "out of range"),
        ({"items": [0]}, "items has shape"),
        ({"raters": [0, -2]}, "raters count from 0"),
        ({"levels": [], "items": [], "raters": []}, "no grades to fit"),
        ({"n_levels": 1}, "2 or more"),
        ({"offsets": [0.0, np.nan]}, "not a finite number"),
        ({"offsets": [0.0, 1e6]}, "within ±1,000"),
    ],
)
def test_fit_refuses_arrays_that_do_not_fit(change: dict[str, object], words: str) -> None:
    given: dict[str, object] = {"levels": [0, 1], "items": [0, 0], "raters": [0, 1], "n_levels": 4}
    with pytest.raises(GradesError, match=words):
        fit_severities(**{**given, **change})  # type: ignore[arg-type]


def table(level: Integers, item: Integers, rater: Integers, criterion: str = "empathy") -> Grades:
    names = np.array(["Ana", "Ben", "Cy", "Dee"], dtype=object)
    return Grades([f"t{i}" for i in item], [criterion] * len(item), names[rater], level + 1)


def test_effects_shows_severities_and_what_the_average_rater_would_give() -> None:
    level, item, rater = small(items=400)

    effects = rater_effects(table(level, item, rater))

    strict, lenient = effects["Dee"], effects["Ana"]
    assert strict.low < 0.8 < strict.high
    assert lenient.low < -0.8 < lenient.high
    assert strict.mean_level < strict.adjusted_mean
    fair = [effect.adjusted_mean for effect in effects.raters]
    raw = [effect.mean_level for effect in effects.raters]
    assert np.ptp(fair) < np.ptp(raw)
    assert all(0.8 < (e.infit or 0) < 1.2 and 0.8 < (e.outfit or 0) < 1.2 for e in effects.raters)
    assert effects.components == (("Ana", "Ben", "Cy", "Dee"),)
    assert effects.scale == "value"
    assert len(effects.adjusted) == 400
    assert effects.warnings == ()


def test_effects_shows_who_grades_erratically() -> None:
    rng = np.random.default_rng(3)
    item = np.repeat(np.arange(300), 3)
    rater = np.tile([0, 1, 2], 300)
    level = draw(rng, item, rater, np.zeros(3), sigma=2.5)
    level[rater == 2] = rng.integers(0, 4, 300)

    effects = rater_effects(table(level, item, rater))

    erratic, steady = effects["Cy"], effects["Ana"]
    assert (erratic.infit or 0) > 1.05 > 1 > (steady.infit or 9)
    assert (erratic.outfit or 0) > 1.05 > 1 > (steady.outfit or 9)


def test_effects_leaves_grades_of_a_lone_rater_as_they_are() -> None:
    level, item, rater = small()
    effects = rater_effects(table(level[::2], item[::2], rater[::2] * 0))

    (only,) = effects.raters
    assert (only.severity, only.low, only.high, only.infit) == (0.0, 0.0, 0.0, None)
    assert only.adjusted_mean == pytest.approx(only.mean_level, abs=1e-12)
    np.testing.assert_allclose(effects.adjusted["adjusted"], effects.adjusted["mean"], atol=1e-12)
    assert "one rater is known" in effects.warnings[0]


def test_effects_says_which_raters_cannot_be_compared() -> None:
    item, rater = two_groups(np.random.default_rng(1), 4, 40)
    level = draw(np.random.default_rng(2), item, rater, np.zeros(4))

    effects = rater_effects(table(level, item, rater))

    assert effects.components == (("Ana", "Ben"), ("Cy", "Dee"))
    assert "Ana, Ben; Cy, Dee" in effects.warnings[0]
    assert "not identified" in repr(effects)


def test_effects_counts_repeated_rows_once_and_leaves_out_what_is_not_applicable() -> None:
    grades = table(*small())
    rows = [(g.transcript_id, g.criterion, g.rater, g.level) for g in grades]
    more = [*rows, *rows[:30], ("t1", "empathy", "Ana", "N/A"), ("t2", "empathy", None, "n/a")]

    assert rater_effects(Grades.from_rows(more)).to_frame().equals(rater_effects(grades).to_frame())


def test_effects_reads_levels_by_the_rubric() -> None:
    form = Rubric.load("service_excellence")
    level, item, rater = small()
    ids = np.array([one.id for one in form.criterion("empathy").levels], dtype=object)
    people = np.array(["Ana", "Ben", "Cy", "Dee"], dtype=object)[rater]
    both = Grades(
        [f"t{i}" for i in [*item, *item]],
        ["empathy"] * 120 + ["knowledge"] * 120,
        [*people, *people],
        [*ids[level], *(level + 1)],
    )

    effects = rater_effects(both, "service_excellence")

    assert sum(effect.grades for effect in effects.raters) == 240
    assert rater_effects(both, form, "knowledge").raters[0].grades * 2 == effects.raters[0].grades
    with pytest.raises(GradesError, match="give rubric="):
        rater_effects(both)
    with pytest.raises(GradesError, match="did you mean 'empathy'"):
        rater_effects(both, form, "empaty")
    with pytest.raises(GradesError, match="has no criterion 'empaty'; did you mean 'empathy'"):
        rater_effects(table(level, item, rater, "empaty"), form)


def test_effects_compares_criteria_of_different_scales_by_shares() -> None:
    level, item, rater = small()
    rows = [*table(level, item, rater), *table(level * 10, item, rater, "greeting")]
    tuples = [(g.transcript_id, g.criterion, g.rater, g.level) for g in rows]

    effects = rater_effects(Grades.from_rows(tuples))

    assert effects.scale == "share"
    assert all(0 <= effect.mean_level <= 1 for effect in effects.raters)


def test_effects_refuses_grades_that_compare_nobody() -> None:
    with pytest.raises(GradesError, match="no grades to compare"):
        rater_effects(Grades.from_rows([("t1", "empathy", "Ana", "N/A")]))


def test_effects_gives_tables_and_escapes_names() -> None:
    level, item, rater = small()
    names = np.array(["<b>Ana</b>", "Ben", "Cy", "Dee"], dtype=object)[rater]
    effects = rater_effects(Grades([f"t{i}" for i in item], ["e"] * 120, names, level))

    assert isinstance(effects, RaterEffects)
    assert effects.to_frame("polars").columns == list(effects.to_frame().columns)
    assert "&lt;b&gt;Ana" in effects._repr_html_()
    assert "<b>" not in effects._repr_html_()
    assert repr(effects).startswith("<RaterEffects: 4 raters")
    with pytest.raises(KeyError, match="did you mean 'Ben'"):
        effects["Bem"]


@pytest.mark.parametrize("scale", [-50.0, 50.0, 200.0])
def test_fit_ends_where_offsets_contradict_the_grades(scale: float) -> None:
    level, item, rater = small(items=200)
    known = (
        np.random.default_rng(1).normal(0, scale, 200)
        if scale > 100
        else scale * np.sin(np.arange(200))
    )
    fit = fit_severities(level, item, rater, 4, offsets=known[item])
    assert np.isfinite([*fit.severity, *fit.cutpoints[0], fit.sigma, fit.tau]).all()


@pytest.mark.slow
def test_fit_of_a_thousand_grades_with_continuous_offsets_takes_a_third_of_a_second() -> None:
    rng = np.random.default_rng(4)
    item, rater = mostly_single(rng, 4, 800, 200)
    known = rng.normal(0, 1.5, 800)
    level = draw(rng, item, rater, np.linspace(-0.6, 0.6, 4), sigma=1.0, quality=known)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        fit_severities(level, item, rater, 4, offsets=known[item])
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.3 * slowness()


@pytest.mark.slow
def test_fit_of_two_thousand_grades_takes_less_than_two_seconds() -> None:
    rng = np.random.default_rng(4)
    item, rater = pairs(rng, 5, 1000)
    level = draw(rng, item, rater, np.linspace(-0.5, 0.5, 5))

    with takes_less_than(2):
        fit_severities(level, item, rater, 4)


DESIGNS: dict[str, tuple[Callable[..., tuple[Integers, Integers]], int, tuple[int, ...], float]] = {
    "pairs of 2": (pairs, 2, (200,), 0.0),
    "pairs of 3": (pairs, 3, (200,), 0.0),
    "pairs of 6": (pairs, 6, (200,), 0.0),
    "pairs of 10": (pairs, 10, (200,), 0.0),
    "mostly single": (mostly_single, 6, (300, 80), 0.0),
    "mostly single, harder items": (mostly_single, 6, (300, 80), 1.0),
    "two groups": (two_groups, 6, (80,), 0.0),
    "two groups, harder items": (two_groups, 6, (80,), 1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_intervals_cover_planted_severities(name: str) -> None:
    design, raters, size, load = DESIGNS[name]
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(100):
        item, rater = design(rng, raters, *size)
        severity = rng.normal(0, 0.5, raters)
        first = np.zeros(item.max() + 1, dtype=np.int64)
        first[item[::-1]] = rater[::-1]
        level = draw(rng, item, rater, severity, quality=rng.normal(0, load, raters)[first])
        fit = fit_severities(level, item, rater, 4)
        inside.append(
            np.abs(fit.severity - severity + severity.mean()) <= 1.96 * fit.standard_error
        )

    assert 0.90 <= np.mean(inside) <= 0.99

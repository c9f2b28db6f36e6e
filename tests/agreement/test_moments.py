"""Correlations, errors and differences of means against scipy, scikit-learn and plain formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from qa_nlp.agreement import moments
from qa_nlp.errors import GradesError

Array = NDArray[np.float64]

NAN = float("nan")
GRADES = st.one_of(st.integers(0, 5).map(float), st.integers(0, 1000).map(lambda n: n / 10))


@st.composite
def graded(draw: Any, least: int = 1) -> tuple[Array, Array]:
    """Draw two columns of grades."""
    rows = draw(st.lists(st.tuples(GRADES, GRADES), min_size=least, max_size=30))
    first, second = np.array(rows, dtype=np.float64).T
    return first, second


def sample(n: int = 200, seed: int = 0) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    human = random.integers(1, 6, n).astype(np.float64)
    return human, human + random.normal(0.3, 1.0, n)


@given(graded(least=2))
def test_pearson_is_that_of_scipy(case: tuple[Array, Array]) -> None:
    human, machine = case

    found = moments.pearson(human, machine)

    if np.ptp(human) and np.ptp(machine):
        assert found == pytest.approx(stats.pearsonr(human, machine)[0], abs=1e-9)
    else:
        assert math.isnan(found)


@given(graded(least=2))
def test_spearman_is_that_of_scipy(case: tuple[Array, Array]) -> None:
    human, machine = case

    found = moments.spearman(human, machine)

    if np.ptp(human) and np.ptp(machine):
        assert found == pytest.approx(stats.spearmanr(human, machine)[0], abs=1e-9)
    else:
        assert math.isnan(found)


@given(graded(least=2))
def test_spearman_of_tables_is_spearman_when_each_value_has_its_cell(
    case: tuple[Array, Array],
) -> None:
    human, machine = case
    table = counted(moments.binned(human), moments.binned(machine))

    found = float(moments.spearman_of_tables(table))

    assert found == pytest.approx(moments.spearman(human, machine), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("shape", ["normal", "skewed", "half are equal"])
def test_spearman_of_bins_is_within_two_thousandths_of_spearman_when_values_are_continuous(
    correlation: float, shape: str
) -> None:
    random = np.random.default_rng(3)
    human, noise = random.standard_normal((2, 8333))
    machine = correlation * human + math.sqrt(1 - correlation**2) * noise
    if shape == "skewed":
        human = np.exp(3 * human)
    elif shape == "half are equal":
        human = np.minimum(human, 0.0)
    table = counted(moments.binned(human), moments.binned(machine))

    found = float(moments.spearman_of_tables(table))

    assert found == pytest.approx(stats.spearmanr(human, machine)[0], abs=0.002)


def test_spearman_of_tables_takes_leading_axes_and_counts_that_are_not_whole() -> None:
    tables = np.array([[[2.0, 1.0], [0.5, 3.0]], [[0.0, 1.0], [1.0, 0.0]], [[1.0, 1.0], [0, 0]]])

    found = moments.spearman_of_tables(tables)

    # Two values each: Spearman is then Pearson, here the phi coefficient of the table.
    phi = (2 * 3 - 0.5) / math.sqrt(3 * 3.5 * 2.5 * 4)
    assert found == pytest.approx([phi, -1.0, NAN], nan_ok=True)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.integers(1, 8))
def test_binned_keeps_order_and_equality(values: list[int], bins: int) -> None:
    codes = moments.binned(values, bins)

    order = np.argsort(values, kind="stable")
    assert (np.diff(codes[order]) >= 0).all()
    assert len({(value, code) for value, code in zip(values, codes, strict=True)}) == len(
        set(values)
    )
    assert 0 <= codes.min() <= codes.max() < bins


def test_binned_marks_missing_values_and_rejects_no_bins() -> None:
    assert moments.binned([NAN, 2.0]).tolist() == [-1, 0]
    with pytest.raises(GradesError, match="at least one bin, not 0"):
        moments.binned([1.0], bins=0)


@given(graded())
def test_errors_are_those_of_scikit_learn(case: tuple[Array, Array]) -> None:
    from sklearn.metrics import mean_absolute_error, root_mean_squared_error

    human, machine = case

    assert moments.mean_absolute_error(human, machine) == pytest.approx(
        mean_absolute_error(human, machine)
    )
    assert moments.root_mean_squared_error(human, machine) == pytest.approx(
        root_mean_squared_error(human, machine)
    )


@given(graded(least=2))
def test_r_squared_is_that_of_scikit_learn_when_human_numbers_vary(
    case: tuple[Array, Array],
) -> None:
    from sklearn.metrics import r2_score

    human, machine = case

    found = moments.r_squared(human, machine)

    expected = r2_score(human, machine) if np.ptp(human) else NAN
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40))
def test_continuous_kappa_is_cohens_quadratic_kappa_when_numbers_are_positions(
    rows: list[tuple[int, int]],
) -> None:
    from sklearn.metrics import cohen_kappa_score

    human, machine = np.array(rows).T

    found = moments.continuous_kappa(human, machine)

    if len(set(human.tolist()) | set(machine.tolist())) == 1:
        assert math.isnan(found)
    else:
        oracle = cohen_kappa_score(human, machine, labels=np.arange(5), weights="quadratic")
        assert found == pytest.approx(oracle, abs=1e-9)


@given(graded(least=2), st.integers(-50, 50), st.integers(1, 9))
def test_figures_do_not_depend_on_the_origin_and_unit_of_grades(
    case: tuple[Array, Array], shift: int, unit: int
) -> None:
    human, machine = case
    moved = human * unit + shift, machine * unit + shift

    for figure in (
        moments.pearson,
        moments.continuous_kappa,
        moments.r_squared,
        moments.standardised_mean_difference,
    ):
        assert figure(*moved) == pytest.approx(
            figure(human, machine), rel=1e-6, abs=1e-9, nan_ok=True
        )


def test_differences_are_kept_when_grades_are_far_from_zero() -> None:
    human, machine = sample()

    near, far = (
        moments.standardised_mean_difference(human + shift, machine + shift) for shift in (0.0, 1e9)
    )

    assert far == pytest.approx(near, abs=1e-5)


@pytest.mark.parametrize("value", [0.1, 1e9, -3.3])
def test_figures_are_undefined_when_nothing_varies(value: float) -> None:
    same = np.full(7, value)

    assert math.isnan(moments.pearson(same, same))
    assert math.isnan(moments.continuous_kappa(same, same))
    assert math.isnan(moments.r_squared(same, same))
    assert math.isnan(moments.standardised_mean_difference(same, same))
    assert moments.mean_absolute_error(same, same) == 0


def test_figures_are_undefined_when_there_are_no_items() -> None:
    for figure in (
        moments.pearson,
        moments.spearman,
        moments.continuous_kappa,
        moments.r_squared,
        moments.mean_absolute_error,
        moments.root_mean_squared_error,
        moments.standardised_mean_difference,
    ):
        assert math.isnan(figure([], []))
        assert math.isnan(figure([NAN], [1.0]))


def test_items_with_a_missing_number_count_nowhere() -> None:
    human, machine = [1.0, NAN, 3.0, 4.0, 2.0], [2.0, 9.0, NAN, 4.0, 2.5]
    whole = [1.0, 4.0, 2.0], [2.0, 4.0, 2.5]

    for figure in (moments.pearson, moments.spearman, moments.root_mean_squared_error):
        assert figure(human, machine) == pytest.approx(figure(*whole))


def test_standardised_mean_difference_divides_as_its_method_says() -> None:
    human, machine = sample()
    everyone = sample(500, seed=1)
    gap = machine.mean() - human.mean()
    spread = [np.std(each, ddof=1) for each in (human, machine, *everyone)]

    unpooled, pooled, williamson = (
        moments.standardised_mean_difference(human, machine, method, everyone)
        for method in ("unpooled", "pooled", "williamson")
    )

    assert unpooled == pytest.approx(gap / spread[0])
    assert pooled == pytest.approx(gap / math.hypot(spread[0], spread[1]) * math.sqrt(2))
    assert williamson == pytest.approx(gap / math.hypot(spread[2], spread[3]) * math.sqrt(2))


def test_standardised_mean_difference_names_near_methods_when_there_is_no_such() -> None:
    with pytest.raises(GradesError, match=r"no method 'poled'.*did you mean 'pooled'"):
        moments.standardised_mean_difference([1, 2], [1, 2], "poled")  # type: ignore[arg-type]


def test_standardised_mean_difference_asks_for_the_population_of_williamson() -> None:
    with pytest.raises(GradesError, match="give population"):
        moments.standardised_mean_difference([1, 2], [1, 2], "williamson")


def test_difference_of_standardised_means_is_the_mean_gap_of_z_scores() -> None:
    human, machine = sample()
    member = np.arange(200) % 3 == 0

    found = moments.difference_of_standardised_means(human, machine, member)

    gaps = stats.zscore(machine, ddof=1) - stats.zscore(human, ddof=1)
    assert found == pytest.approx(gaps[member].mean())


def test_difference_of_standardised_means_is_nothing_when_everyone_belongs() -> None:
    human, machine = sample()

    assert moments.difference_of_standardised_means(human, machine, np.ones(200)) == pytest.approx(
        0
    )
    assert math.isnan(moments.difference_of_standardised_means(human, machine, np.zeros(200)))


def test_figures_of_weighted_moments_are_those_of_repeated_items() -> None:
    human, machine = sample(30)
    times = np.arange(30) % 4
    repeated = np.repeat(human, times), np.repeat(machine, times)

    sums = moments.item_moments(human, machine, times).sum(axis=0)

    assert float(moments.pearson_of_moments(sums)) == pytest.approx(moments.pearson(*repeated))
    assert float(moments.standardised_mean_difference_of_moments(sums)) == pytest.approx(
        moments.standardised_mean_difference(*repeated)
    )
    assert [float(each) for each in moments.standard_deviations_of_moments(sums)] == pytest.approx(
        [np.std(each, ddof=1) for each in repeated]
    )


def test_figures_of_many_sums_are_those_of_each() -> None:
    human, machine = sample(60)
    parts = moments.item_moments(human, machine)
    many = np.stack([parts[:20].sum(axis=0), parts[20:].sum(axis=0), np.zeros(8)])[None]

    for figure in (
        moments.pearson_of_moments,
        moments.continuous_kappa_of_moments,
        moments.r_squared_of_moments,
        moments.mean_absolute_error_of_moments,
        moments.root_mean_squared_error_of_moments,
        moments.standardised_mean_difference_of_moments,
    ):
        found = figure(many)
        assert found.shape == (1, 3)
        assert found[0] == pytest.approx([float(figure(row)) for row in many[0]], nan_ok=True)
        assert np.isnan(found[0, 2])


@pytest.mark.parametrize(
    ("human", "machine", "message"),
    [
        ([1, 2], [1, 2, 3], "equally long"),
        ([[1, 2]], [[1, 2]], "equally long"),
        ([1, math.inf], [1, 2], "infinite"),
    ],
)
def test_columns_that_do_not_fit_are_refused(human: Any, machine: Any, message: str) -> None:
    with pytest.raises(GradesError, match=message):
        moments.pearson(human, machine)


def counted(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1.0)
    return table

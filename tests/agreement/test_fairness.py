"""Errors by group against least squares of statsmodels, and p-values against its corrections."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qa_nlp.agreement import fairness
from qa_nlp.errors import GradesError

Array = NDArray[np.float64]

NAN = float("nan")
NAMES = ["north", "south", "east"]


def study(n: int = 240, seed: int = 0, bias: float = 0.4) -> dict[str, Any]:
    """Make grades of three groups, the smallest of which the machine favours."""
    random = np.random.default_rng(seed)
    groups = random.choice(3, n, p=[0.5, 0.3, 0.2])
    human = random.integers(1, 6, n).astype(np.float64)
    machine = human * 0.8 + random.normal(0.5, 0.8, n) + bias * (groups == 2)
    return {
        "human": human,
        "machine": machine,
        "groups": [NAMES[group] for group in groups],
        "clusters": [f"agent {agent}" for agent in random.integers(0, 30, n)],
    }


def data_frame(data: dict[str, Any]) -> Any:
    import pandas as pd

    frame = pd.DataFrame(data)
    frame["error"] = frame["machine"] - frame["human"]
    frame["squared"] = frame["error"] ** 2
    return frame


CASES = [
    (fairness.overall_score_accuracy, "squared ~ 1", ""),
    (fairness.overall_score_difference, "error ~ 1", ""),
    (fairness.conditional_score_difference, "error ~ C(human)", ""),
]
IDS = ["accuracy", "difference", "conditional"]


@pytest.mark.parametrize(("effect_of", "formula", "_"), CASES, ids=IDS)
def test_effect_of_groups_is_that_of_least_squares(effect_of: Any, formula: str, _: str) -> None:
    import statsmodels.formula.api as smf
    from statsmodels.stats.anova import anova_lm

    data = study()
    frame = data_frame(data)
    null = smf.ols(formula, frame).fit()
    full = smf.ols(f"{formula} + C(groups, Treatment('north'))", frame).fit()

    found = effect_of(data["human"], data["machine"], data["groups"])

    assert found.reference == "north"
    assert found.share == pytest.approx(full.rsquared - null.rsquared)
    assert found.adjusted_share == pytest.approx(full.rsquared_adj - null.rsquared_adj)
    assert found.p_value == pytest.approx(anova_lm(null, full)["Pr(>F)"].iloc[1])
    assert [group.group for group in found.groups] == ["south", "east"]
    for group in found.groups:
        term = f"C(groups, Treatment('north'))[T.{group.group}]"
        expected = [full.params[term], *full.conf_int().loc[term], full.pvalues[term]]
        assert [group.coefficient, group.low, group.high, group.p_value] == pytest.approx(expected)
        assert group.n == data["groups"].count(group.group)


@pytest.mark.parametrize(("effect_of", "formula", "_"), CASES, ids=IDS)
def test_effect_of_groups_allows_for_clusters_as_statsmodels_does(
    effect_of: Any, formula: str, _: str
) -> None:
    import statsmodels.formula.api as smf

    data = study()
    frame = data_frame(data)
    codes = np.unique(data["clusters"], return_inverse=True)[1]
    full = smf.ols(f"{formula} + C(groups, Treatment('north'))", frame).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )
    terms = {name: f"C(groups, Treatment('north'))[T.{name}]" for name in ("south", "east")}
    contrast = np.array([[name == term for name in full.params.index] for term in terms.values()])

    found = effect_of(**data)

    assert found.p_value == pytest.approx(float(full.f_test(contrast.astype(float)).pvalue))
    for group in found.groups:
        term = terms[group.group]
        expected = [full.params[term], *full.conf_int().loc[term], full.pvalues[term]]
        assert [group.coefficient, group.low, group.high, group.p_value] == pytest.approx(expected)


def test_effect_of_groups_finds_a_favoured_group_and_accuses_no_other() -> None:
    found = fairness.conditional_score_difference(**study(2000, bias=0.4))

    fair, favoured = found.groups
    assert fair.low < 0 < fair.high
    assert favoured.group == "east"
    assert favoured.low < 0.4 < favoured.high
    assert found.p_value < 1e-6


def test_conditional_difference_is_nothing_when_groups_differ_only_in_what_people_gave() -> None:
    """The machine shrinks everyone: low groups gain, but not beside equally graded others."""
    random = np.random.default_rng(4)
    groups = random.integers(0, 2, 4000)
    human = np.clip(random.integers(1, 5, 4000) + groups, 1, 5).astype(np.float64)
    machine = 3 + 0.5 * (human - 3) + random.normal(0, 0.3, 4000)

    overall = fairness.overall_score_difference(human, machine, groups.tolist())
    conditional = fairness.conditional_score_difference(human, machine, groups.tolist())

    assert overall.p_value < 1e-6
    assert overall.share > 0.05
    assert conditional.share < 0.001
    assert conditional.groups[0].low < 0 < conditional.groups[0].high


def test_conditional_difference_cannot_be_told_when_a_group_alone_has_its_human_grade() -> None:
    human = [1, 1, 1, 2, 2, 2, 3, 3]
    machine = [1, 2, 1, 2, 3, 2, 3, 4]
    groups = ["a", "a", "b", "a", "b", "a", "c", "c"]

    found = fairness.conditional_score_difference(human, machine, groups)

    told = {group.group: group.coefficient for group in found.groups}
    assert math.isnan(told["c"])
    # Among grade 1: b is at 0, a at 1/2; among grade 2: b at 1, a at 0; weights are equal.
    assert told["b"] == pytest.approx(0.25)


def test_reference_is_the_first_by_name_when_groups_are_equally_large() -> None:
    found = fairness.overall_score_difference([1, 2, 1, 2], [1, 3, 2, 2], ["b", "a", "a", "b"])

    assert found.reference == "a"
    assert [group.group for group in found.groups] == ["b"]


def test_items_without_group_or_grade_count_nowhere() -> None:
    data = study(60)
    data["human"][0], data["machine"][1] = NAN, NAN
    data["groups"][2], data["groups"][3] = None, NAN
    rest = {name: column[4:] for name, column in data.items()}

    found = fairness.overall_score_difference(**data)

    assert found.n == 56
    assert found == fairness.overall_score_difference(**rest)


@pytest.mark.parametrize(
    ("human", "machine", "groups"),
    [
        ([], [], []),
        ([1, 2], [2, 2], ["a", "a"]),
        ([1.1, 2.2, 3.3], [1.1, 2.2, 3.3], ["a", "b", "b"]),
    ],
    ids=["no items", "one group", "no errors"],
)
def test_effect_of_groups_is_undefined_when_there_is_nothing_to_compare(
    human: Any, machine: Any, groups: Any
) -> None:
    found = fairness.overall_score_difference(human, machine, groups)

    assert math.isnan(found.share)
    assert math.isnan(found.p_value)


def test_intervals_are_undefined_when_there_is_one_cluster() -> None:
    data = {**study(60), "clusters": ["one"] * 60}

    found = fairness.overall_score_difference(**data)

    assert math.isnan(found.groups[0].low)
    assert math.isnan(found.p_value)
    assert math.isfinite(found.share)


def test_effect_of_groups_is_given_as_json_when_numbers_are_undefined() -> None:
    found = fairness.overall_score_difference([1, 2], [1, 2], ["a", "b"]).to_dict()

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["share"] is None
    assert found["groups"][0]["coefficient"] == 0


def test_effect_of_groups_refuses_columns_that_do_not_fit() -> None:
    with pytest.raises(GradesError, match="1 groups for 2 items"):
        fairness.overall_score_difference([1, 2], [1, 2], ["a"])
    with pytest.raises(GradesError, match="3 clusters for 2 items"):
        fairness.overall_score_difference([1, 2], [1, 2], ["a", "b"], clusters=[1, 2, 3])


@pytest.mark.parametrize("tests", [1, 2, 5, 40])
def test_holm_is_that_of_statsmodels(tests: int) -> None:
    from statsmodels.stats.multitest import multipletests

    random = np.random.default_rng(tests)
    for p_values in (random.random(tests), np.round(random.random(tests) ** 4, 2)):
        found = fairness.holm(p_values)

        assert found == pytest.approx(multipletests(p_values, method="holm")[1])


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_holm_keeps_the_order_of_p_values_and_lowers_none(percents: list[int]) -> None:
    p_values = np.array(percents) / 100

    found = fairness.holm(p_values)

    order = np.argsort(p_values, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert (found >= p_values).all()
    assert found.max() <= 1


def test_holm_does_not_count_what_was_not_tested() -> None:
    found = fairness.holm([0.01, NAN, 0.02])

    assert found == pytest.approx([0.02, NAN, 0.02], nan_ok=True)
    assert fairness.holm([]).shape == (0,)
    with pytest.raises(GradesError, match="between 0 and 1"):
        fairness.holm([1.5])


def test_partial_correlation_is_that_of_residuals_of_least_squares() -> None:
    import statsmodels.api as sm

    random = np.random.default_rng(5)
    given = random.normal(0, 1, (100, 2))
    x, y = given @ random.normal(0, 1, (2, 2)).T[0] + random.normal(0, 1, (2, 100))
    left = [sm.OLS(each, sm.add_constant(given)).fit().resid for each in (x, y)]

    found = fairness.partial_correlation(x, y, given)

    assert found == pytest.approx(np.corrcoef(left)[0, 1])


def test_partial_correlation_follows_from_the_three_of_pairs_when_one_quantity_is_given() -> None:
    random = np.random.default_rng(6)
    words = random.integers(50, 5000, 80).astype(np.float64)
    x, y = words / 1000 + random.normal(0, 1, (2, 80))
    pairs = np.corrcoef([x, y, words])

    found = fairness.partial_correlation_of_correlations(pairs[0, 1], pairs[0, 2], pairs[1, 2])

    assert float(found) == pytest.approx(fairness.partial_correlation(x, y, words))


def test_partial_correlation_is_undefined_when_one_is_a_line_in_the_other() -> None:
    words = np.array([120.0, 300, 410, 90, 777])

    assert math.isnan(fairness.partial_correlation(words / 7 + 3, [1, 2, 2, 3, 1], words))
    assert math.isnan(fairness.partial_correlation([], [], []))
    assert np.isnan(fairness.partial_correlation_of_correlations(0.5, [1.0, NAN], 0.5)).all()


def test_partial_correlation_leaves_out_items_with_a_missing_number() -> None:
    x, y, words = [1.0, 2, 3, 5, NAN], [1.0, 3, 2, 6, 1], [1.0, 2, 3, 4, 9]

    assert fairness.partial_correlation(x, y, words) == pytest.approx(
        fairness.partial_correlation(x[:4], y[:4], words[:4])
    )

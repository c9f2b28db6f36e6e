"""The decision on a criterion: each rule at its boundary."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.verdicts.verdict import (
    CriterionFigures,
    Decision,
    GroupFigures,
    Reason,
    Rules,
    Verdict,
    judge,
    judge_groups,
    roll_up,
)

UNKNOWN = Estimate(None, reason="both gave 'yes' throughout")


def figure(value: float, reach: float = 0.02, n: int = 200) -> Estimate:
    return Estimate(value, value - reach, value + reach, n, n)


def good(**changes: Any) -> CriterionFigures:
    """Figures that fulfil every rule."""
    figures = CriterionFigures(
        items=200,
        double_graded=200,
        critical=False,
        human_kappa=figure(0.80),
        human_exact=figure(0.85),
        machine_kappa=figure(0.82),
        machine_pearson=figure(0.83),
        degradation=figure(0.02),
        smd=figure(0.0),
        groups=(group(0.0),),
        machine_exact=figure(0.80),
    )
    return replace(figures, **changes)


def group(value: float, reach: float = 0.05, p: float | None = None, n: int = 80) -> GroupFigures:
    return GroupFigures("language", "ro", n, n, figure(value, reach, n), p)


def reason(verdict: Verdict, rule: str) -> Reason:
    return next(one for one in verdict.reasons if one.rule == rule)


def test_judge_gives_automatic_when_every_rule_is_met() -> None:
    verdict = judge(good())

    assert verdict.decision is Decision.AUTOMATIC
    assert all(one.met for one in verdict.reasons)
    assert (verdict.needed, verdict.spot_checks) == (None, None)


@pytest.mark.parametrize(
    ("rule", "changes", "met", "decision"),
    [
        ("people agree", {"human_kappa": figure(0.40, 0.0)}, True, "automatic"),
        ("people agree", {"human_kappa": figure(0.399, 0.0)}, False, "fix the criterion"),
        ("people agree", {"human_kappa": figure(0.45, 0.05)}, True, "automatic"),
        ("people agree", {"human_kappa": figure(0.45, 0.06)}, None, "hybrid"),
        (
            "people agree",
            {"human_kappa": figure(0.1, n=30), "double_graded": 0},
            False,
            "fix the criterion",
        ),
        ("people agree", {"human_kappa": figure(0.1, n=29)}, None, "hybrid"),
        ("people agree", {"human_kappa": UNKNOWN}, None, "hybrid"),
        ("people give the same level", {"human_exact": figure(0.50)}, True, "automatic"),
        ("people give the same level", {"human_exact": figure(0.49)}, False, "fix the criterion"),
        ("people give the same level", {"human_exact": UNKNOWN}, None, "hybrid"),
        ("enough double grades", {"double_graded": 50}, True, "automatic"),
        ("enough double grades", {"double_graded": 49}, False, "hybrid"),
        ("machine agrees with people", {"machine_kappa": figure(0.70, 0.2)}, True, "automatic"),
        ("machine agrees with people", {"machine_kappa": figure(0.699)}, False, "hybrid"),
        ("machine agrees with people", {"machine_kappa": figure(0.40)}, False, "hybrid"),
        ("machine agrees with people", {"machine_kappa": figure(0.399)}, False, "human only"),
        ("machine agrees with people", {"machine_kappa": figure(0.45, 0.44)}, False, "hybrid"),
        ("machine agrees with people", {"machine_kappa": figure(0.45, 0.45)}, None, "human only"),
        ("machine agrees with people", {"machine_kappa": UNKNOWN}, None, "human only"),
        ("machine agrees with people", {"machine_kappa": Estimate(0.9)}, None, "human only"),
        ("machine agrees with people", {"items": 30}, True, "automatic"),
        ("machine agrees with people", {"items": 29}, None, "human only"),
        ("machine follows people", {"machine_pearson": figure(0.70)}, True, "automatic"),
        ("machine follows people", {"machine_pearson": figure(0.69)}, False, "hybrid"),
        ("machine follows people", {"machine_pearson": UNKNOWN}, None, "hybrid"),
        ("machine agrees like a person", {"degradation": figure(0.0, 0.10)}, True, "automatic"),
        ("machine agrees like a person", {"degradation": figure(0.0, 0.11)}, None, "hybrid"),
        ("machine agrees like a person", {"degradation": figure(-0.11)}, False, "hybrid"),
        ("machine agrees like a person", {"degradation": UNKNOWN}, None, "hybrid"),
        ("machine agrees like a person", {"degradation": Estimate(0.0)}, None, "hybrid"),
        ("averages match", {"smd": figure(0.15)}, True, "automatic"),
        ("averages match", {"smd": figure(-0.15)}, True, "automatic"),
        ("averages match", {"smd": figure(0.151)}, False, "hybrid"),
        ("averages match", {"smd": figure(-0.151)}, False, "hybrid"),
        ("averages match", {"smd": UNKNOWN}, None, "hybrid"),
        ("groups", {"groups": ()}, None, "automatic"),
        ("groups", {"groups": (group(0.10),)}, True, "automatic"),
        ("groups", {"groups": (group(-0.11),)}, False, "hybrid"),
        ("groups", {"groups": (group(0.11, p=0.049),)}, False, "hybrid"),
        ("groups", {"groups": (group(0.11, p=0.05),)}, None, "automatic"),
        ("groups", {"groups": (group(0.11, reach=0.12),)}, None, "automatic"),
        ("groups", {"groups": (group(0.5, n=30),)}, False, "hybrid"),
        ("groups", {"groups": (group(0.5, n=29),)}, None, "automatic"),
        ("groups", {"groups": (replace(group(0.0), dsm=UNKNOWN),)}, None, "automatic"),
    ],
)
def test_judge_decides_at_the_boundary_when_all_else_is_good(
    rule: str, changes: dict[str, Any], met: bool | None, decision: str
) -> None:
    verdict = judge(good(**changes))

    assert (verdict.decision.value, reason(verdict, rule).met) == (decision, met)


@pytest.mark.parametrize(
    ("recall", "met", "decision"),
    [
        (Estimate(0.90, 0.80, 0.97, n=500), True, "automatic"),
        (Estimate(0.90, 0.79, 0.97, n=500), None, "hybrid"),
        (Estimate(0.89, 0.85, 0.93, n=500), False, "hybrid"),
        (
            Estimate(0.95, n=500, reason="no interval from 4 groups of conversations"),
            None,
            "hybrid",
        ),
        (Estimate(None, reason="people found no failure"), None, "hybrid"),
        (None, None, "hybrid"),
    ],
)
def test_judge_asks_for_found_failures_when_the_criterion_is_critical(
    recall: Estimate | None, met: bool | None, decision: str
) -> None:
    verdict = judge(good(critical=True, failure_recall=recall))

    assert (verdict.decision.value, reason(verdict, "failures are found").met) == (decision, met)


def test_judge_does_not_ask_for_found_failures_when_the_criterion_is_not_critical() -> None:
    verdict = judge(good(failure_recall=figure(0.1)))

    assert verdict.decision is Decision.AUTOMATIC


def test_judge_does_not_trust_a_perfect_recall_when_failures_are_few() -> None:
    """A bootstrap of 5 found among 5 gives the interval 1 to 1."""
    few = judge(good(critical=True, failure_recall=Estimate(1.0, 1.0, 1.0, n=5)))
    many = judge(good(critical=True, failure_recall=Estimate(1.0, 1.0, 1.0, n=16)))

    assert few.decision is Decision.HYBRID
    assert "100 % (57 % to 100 %)" in reason(few, "failures are found").text
    assert many.decision is Decision.AUTOMATIC


def test_judge_takes_the_worst_decision_when_rules_disagree() -> None:
    figures = good(human_kappa=figure(0.2), machine_kappa=figure(0.1), smd=figure(0.5))

    verdict = judge(figures)

    assert verdict.decision is Decision.FIX
    assert [one.rule for one in verdict.reasons[:3]] == [
        "people agree",
        "machine agrees with people",
        "averages match",
    ]


def test_judge_uses_other_thresholds_when_they_are_given() -> None:
    figures = good(machine_kappa=figure(0.75))

    assert judge(figures, Rules(machine_kappa=0.8)).decision is Decision.HYBRID
    assert judge(good(smd=figure(0.3)), Rules(smd=0.3)).decision is Decision.AUTOMATIC


def test_judge_explains_a_low_kappa_when_people_nearly_always_give_one_level() -> None:
    one_sided = judge(good(human_kappa=figure(0.2), human_exact=figure(0.96)))
    mixed = judge(good(human_kappa=figure(0.2), human_exact=figure(0.60)))

    assert "same level on 96 % of conversations" in one_sided.reasons[0].text
    assert "by chance" not in mixed.reasons[0].text


def test_judge_says_how_many_more_when_nobody_graded_twice() -> None:
    missing = Estimate(None, reason="no conversation was graded by two people")
    figures = good(double_graded=0, human_kappa=missing, human_exact=missing, degradation=missing)

    verdict = judge(figures)

    assert (verdict.decision, verdict.needed) == (Decision.HYBRID, 50)
    assert "Grade about 50 more conversations twice" in verdict.advice


def test_judge_asks_for_more_grades_when_an_interval_is_too_wide() -> None:
    """By hand: (0.15 / 0.10)² · ((1.960 + 0.842) / 1.960)² · 60 - 60 = 216, up to 250."""
    verdict = judge(good(double_graded=60, human_kappa=figure(0.5, 0.15, n=60)))

    assert (verdict.decision, verdict.needed) == (Decision.HYBRID, 250)
    assert "0.50 (0.35 to 0.65)" in verdict.reasons[0].text
    assert "Grade about 250 more conversations twice" in verdict.reasons[0].text


def test_judge_asks_for_no_grades_when_they_would_change_nothing() -> None:
    figures = good(human_kappa=figure(0.5, 0.15, n=60), machine_kappa=figure(0.6))

    assert judge(figures).needed is None


def test_judge_asks_for_no_grades_when_a_figure_lies_on_the_line() -> None:
    verdict = judge(good(degradation=figure(-0.0999, 0.1)))

    assert (verdict.decision, verdict.needed) == (Decision.HYBRID, None)
    assert "too close to the line" in verdict.reasons[0].text


def test_judge_asks_for_conversations_rather_than_failures_when_failures_are_rare() -> None:
    """40 failures among 200 conversations: each further failure takes 5 conversations."""
    recall = Estimate(0.95, 0.78, 1.0, n=40)

    verdict = judge(good(critical=True, failure_recall=recall))

    failures = 40 * ((0.17 / 0.15) * (1.96 + 0.8416) / 1.96) ** 2 - 40
    assert verdict.needed is not None
    assert 5 * failures <= verdict.needed < 5 * (failures + 10) + 50


def test_judge_states_a_rate_of_spot_checks_when_hybrid() -> None:
    """116 checks find a loss from 80 % to 70 % (exact binomial), whatever the volume."""
    figures = good(smd=figure(0.2))

    assert judge(figures).spot_checks == 0.12
    assert judge(figures, Rules(conversations_a_month=10_000)).spot_checks == 0.02
    assert judge(figures, Rules(conversations_a_month=80)).spot_checks == 1.0
    assert judge(replace(figures, machine_exact=None)).spot_checks == 0.16


def test_judge_names_the_group_when_the_machine_is_unfair_to_it() -> None:
    verdict = judge(good(groups=(group(-0.2), replace(group(0.01), group="en"))))

    assert "'ro'" in verdict.reasons[0].text
    assert "lower than people do: \N{MINUS SIGN}0.20" in verdict.reasons[0].text


def test_judge_lists_a_group_with_the_number_that_settles_it_when_it_is_unsettled() -> None:
    verdict = judge(good(groups=(group(0.2, reach=0.25),)))

    text = reason(verdict, "groups").text
    assert verdict.decision is Decision.AUTOMATIC
    assert "This may be chance. Grade about 180 more conversations of this group" in text


def test_judge_groups_widens_intervals_when_there_are_no_p_values() -> None:
    """0.20 ± 0.18 holds no 0 alone, but does at 1 - 0.05 / 5."""
    other = replace(group(0.0), group="en")

    alone = judge_groups((group(0.2, reach=0.18),))
    among = judge_groups((group(0.2, reach=0.18), other, other, other, other))

    assert (alone[0].finding, among[0].finding) == ("unfair", "unsettled")
    assert among[0].needed is not None


def test_judge_groups_says_nothing_when_a_group_is_small() -> None:
    assert judge_groups((group(0.9, n=29),))[0].finding is None


estimates = st.one_of(
    st.builds(Estimate, st.none(), reason=st.just("nothing varies")),
    st.builds(Estimate, st.floats(-1, 1), n=st.integers(0, 500), reason=st.just("few groups")),
    st.builds(figure, st.floats(-1, 1), st.floats(0, 1), st.integers(0, 500)),
)
any_figures = st.builds(
    CriterionFigures,
    items=st.integers(0, 300),
    double_graded=st.integers(0, 300),
    critical=st.booleans(),
    human_kappa=estimates,
    human_exact=estimates,
    machine_kappa=estimates,
    machine_pearson=estimates,
    degradation=estimates,
    smd=estimates,
    failure_recall=st.one_of(st.none(), st.builds(figure, st.floats(0, 1), st.floats(0, 1))),
    groups=st.lists(
        st.builds(
            GroupFigures,
            st.just("team"),
            st.text("abc <>&'\"\x00", max_size=80),
            st.integers(0, 100),
            st.integers(0, 100),
            estimates,
            st.one_of(st.none(), st.floats(0, 1)),
        ),
        max_size=4,
    ).map(tuple),
    machine_exact=st.one_of(st.none(), st.builds(figure, st.floats(0, 1))),
)


@given(any_figures)
def test_judge_gives_readable_reasons_on_any_figures(figures: CriterionFigures) -> None:
    verdict = judge(figures)

    assert verdict.reasons
    assert verdict.advice.endswith(".")
    assert (verdict.spot_checks is not None) == (verdict.decision is Decision.HYBRID)
    for one in verdict.reasons:
        assert one.text.endswith(".")
        assert "nan" not in one.text
        assert "None" not in one.text


@given(any_figures)
def test_judge_gives_automatic_only_when_no_rule_is_broken(figures: CriterionFigures) -> None:
    verdict = judge(figures)

    if verdict.decision is Decision.AUTOMATIC:
        assert all(one.met or (one.met is None and one.rule == "groups") for one in verdict.reasons)
        assert figures.double_graded >= 50


@given(any_figures)
def test_verdict_to_dict_is_json_when_made_from_any_figures(figures: CriterionFigures) -> None:
    kept = judge(figures).to_dict()

    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert list(kept) == ["decision", "reasons", "needed", "spot_checks", "advice"]
    assert {key for one in kept["reasons"] for key in one} == {"rule", "met", "text"}


def test_judge_gives_the_reason_when_a_figure_is_undefined() -> None:
    verdict = judge(good(machine_kappa=UNKNOWN))

    assert "both gave 'yes' throughout" in verdict.reasons[0].text


def test_judge_shows_enough_decimals_when_a_figure_is_just_below_its_line() -> None:
    verdict = judge(good(machine_kappa=figure(0.6996)))

    assert "0.6996 (0.6796 to 0.7196); automatic grading needs 0.70" in verdict.reasons[0].text


def test_judge_passes_a_warning_on_when_clusters_are_few() -> None:
    rough = replace(figure(0.6), warning="only 12 groups of conversations: the interval is rough")

    verdict = judge(good(machine_kappa=rough))

    assert "0.60 (0.58 to 0.62; only 12 groups" in verdict.reasons[0].text


def test_roll_up_counts_every_decision_when_some_do_not_occur() -> None:
    verdicts = [judge(good()), judge(good()), judge(good(human_kappa=figure(0.1)))]

    assert roll_up(verdicts) == {
        "automatic": 2,
        "hybrid": 0,
        "human only": 0,
        "fix the criterion": 1,
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"human_items": 0}, "'human_items' is 0"),
        ({"group_items": 2.5}, "'group_items' is 2.5"),
        ({"conversations_a_month": float("nan")}, "'conversations_a_month' is nan"),
        ({"human_exact": 50}, "'human_exact' is 50"),
        ({"degradation": 0.1}, "'degradation' is 0.1"),
        ({"smd": float("nan")}, "'smd' is nan"),
        ({"level": 95}, "'level' is 95"),
        ({"power": 0.4}, "'power' is 0.4"),
        ({"hybrid_kappa": 0.8}, "'hybrid_kappa' .* above 'machine_kappa'"),
        ({"failure_recall_low": 0.95}, "'failure_recall_low' .* above 'failure_recall'"),
    ],
)
def test_rules_refuse_a_threshold_when_it_makes_no_sense(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Rules(**changes)


def test_rules_to_dict_gives_every_threshold_when_changed() -> None:
    assert Rules(smd=0.2).to_dict() == Rules().to_dict() | {"smd": 0.2}

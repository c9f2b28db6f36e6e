"""The four answers: no sentence claims more than the figures do."""

from __future__ import annotations

from typing import Any

import pytest

from qa_nlp.agreement.answers import four_answers
from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.verdicts.rules import Decision, Rules
from qa_nlp.agreement.verdicts.verdict import Verdict


def criterion(low: float = -0.02, high: float = 0.02, **fields: Any) -> dict[str, Any]:
    return {
        "criterion": "tone",
        "counts": {"double_graded": 80},
        "degradation": {"quadratic_kappa": Estimate((low + high) / 2, low, high, 80, 80)},
        "verdict": Verdict(Decision.HYBRID, ()),
        "groups": [],
        **fields,
    }


def group(name: str, finding: str | None, shown: bool = True) -> dict[str, Any]:
    found = {"by": "team", "group": name, "finding": finding, "shown": shown}
    return found | {"difference_of_standardised_means": Estimate(0.01, -0.1, 0.1)}


def answers(
    *criteria: dict[str, Any],
    curve: tuple[float, float] = (0.5, 0.8),
    flips: tuple[float, ...] = (),
) -> dict[str, tuple[str, str]]:
    study = {
        "options": {"by": ["team"], "rules": Rules().to_dict()},
        "criteria": criteria or (criterion(),),
        "review": {
            "abstained": Estimate(0.1),
            "curve": [
                {"coverage": share, "agreement": Estimate(value)}
                for share, value in zip((1.0, 0.5), curve, strict=True)
            ],
        },
        "counterfactuals": {"kinds": [{"flip_rate": Estimate(rate)} for rate in flips]},
    }
    return {row["id"]: (row["answer"], row["tone"]) for row in four_answers(study)}


def test_review_does_not_send_people_to_the_rest_when_certainty_tells_little() -> None:
    useless, tone = answers(curve=(0.6, 0.61))["review"]
    useful, good = answers(curve=(0.6, 0.8))["review"]

    assert "by chance" in useless
    assert "look at the rest first" not in useless
    assert useful.endswith("let people look at the rest first.")
    assert (tone, good) == ("mixed", "good")


def test_fairness_counts_what_was_not_judged_when_groups_are_small_or_hidden() -> None:
    groups = [group("a", "none"), group("b", None), group("c", "unsettled", shown=False)]
    answer, tone = answers(criterion(groups=groups))["fair"]

    assert answer.startswith("In 1 comparison, no group differs from people's grades by more than")
    assert "2 more comparisons are too small to judge or to be shown." in answer
    assert tone == "mixed"


def test_fairness_is_good_when_most_groups_are_judged_and_none_is_unfair() -> None:
    groups = [group("a", "none"), group("b", "none"), group("c", None)]

    assert answers(criterion(groups=groups))["fair"][1] == "good"


@pytest.mark.parametrize(("rate", "tone"), [(0.3, "mixed"), (0.02, "good")])
def test_fairness_is_no_better_than_mixed_when_names_change_many_grades(
    rate: float, tone: str
) -> None:
    answer, found = answers(criterion(groups=[group("a", "none")]), flips=(rate, 0.01))["fair"]

    assert f"changed {100 * rate:.0f} % of grades where it changed most" in answer
    assert found == tone


@pytest.mark.parametrize(("worse", "tone"), [(4, "bad"), (2, "mixed")])
def test_agreement_is_poor_when_most_criteria_are_clearly_worse(worse: int, tone: str) -> None:
    clear, unclear = criterion(-0.3, -0.1), criterion(-0.3, 0.1)
    found = answers(*[clear | {"criterion": f"c{at}"} for at in range(worse)], 
                    *[unclear | {"criterion": f"u{at}"} for at in range(5 - worse)])  # fmt: skip

    assert found["agree"][1] == tone

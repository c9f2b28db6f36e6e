"""Whether the machine may grade a criterion: alone, with spot checks, or not at all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from qa_nlp.agreement.verdicts.checks import all_checks
from qa_nlp.agreement.verdicts.figures import CriterionFigures, GroupFigures
from qa_nlp.agreement.verdicts.groups import GroupFinding, judge_groups
from qa_nlp.agreement.verdicts.more_grades import spot_checks_needed
from qa_nlp.agreement.verdicts.reasons import Check, Reason
from qa_nlp.agreement.verdicts.rules import Decision, Rules

__all__ = [
    "CriterionFigures",
    "Decision",
    "GroupFigures",
    "GroupFinding",
    "Reason",
    "Rules",
    "Verdict",
    "judge",
    "judge_groups",
    "roll_up",
]

_FIRST_SHOWN: Final = {False: 0, None: 1, True: 2}
_ADVICE: Final = {
    Decision.FIX: (
        "People do not agree well enough on this criterion for a machine to be judged by their "
        "grades: make its question and levels clearer, grade examples together, then study it "
        "again."
    ),
    Decision.HUMAN: (
        "Let people grade this criterion: it has not been shown that the machine's grades agree "
        "with theirs."
    ),
    Decision.AUTOMATIC: (
        "Let the machine grade this criterion. Study it again when the rubric, the scorer, the "
        "people who grade or the kind of conversation change."
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a criterion, and why.

    Parameters
    ----------
    decision : Decision
        What to do.
    reasons : tuple of Reason
        One for each rule; first those that stand against a better decision.
    needed : int, optional
        About how many more conversations to grade twice before a better decision may be possible;
        None where the decision would stay, or nobody could grade so many.
    spot_checks : float, optional
        Share of conversations that people should check under `hybrid`; 0 to 1.
    advice : str
        What to do, in full sentences.
    """

    decision: Decision
    reasons: tuple[Reason, ...]
    needed: int | None = None
    spot_checks: float | None = None
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return {
            "decision": self.decision.value,
            "reasons": [asdict(reason) for reason in self.reasons],
            "needed": self.needed,
            "spot_checks": self.spot_checks,
            "advice": self.advice,
        }


def judge(figures: CriterionFigures, rules: Rules | None = None) -> Verdict:
    """Decide whether the machine may grade a criterion.

    Every check allows some decision at most, and the least of them is taken. Checks of people come
    first: where two people do not agree, agreement of the machine with either says nothing about
    the machine.

    Under `hybrid`, people check so many conversations at random that a month of them would find a
    loss of 10 points of exact agreement in 4 of 5 cases, with a false alarm in 1 of 20 months
    (`spot_checks_needed`); the rate is that number divided by the conversations of a month.

    Parameters
    ----------
    figures : CriterionFigures
        Of the criterion.
    rules : Rules, optional
        Thresholds; default: `Rules()`.

    Returns
    -------
    Verdict
        Decision and reasons.

    Examples
    --------
    >>> from qa_nlp.agreement.estimates import Estimate
    >>> same = Estimate(0.82, 0.75, 0.88, n=200, clusters=200)
    >>> even = Estimate(0.0, -0.05, 0.05, n=200, clusters=200)
    >>> figures = CriterionFigures(200, 200, False, same, same, same, same, even, even)
    >>> judge(figures).decision.value
    'automatic'
    >>> low = Estimate(0.31, 0.2, 0.39, n=200, clusters=200)
    >>> unclear = CriterionFigures(200, 200, False, low, same, same, same, even, even)
    >>> verdict = judge(unclear)
    >>> verdict.decision.value, verdict.reasons[0].rule
    ('fix the criterion', 'people agree')
    >>> print(verdict.reasons[0].text)
    Two people agree beyond chance (quadratic kappa) at 0.31 (0.20 to 0.39); 0.40 is needed.
    People must agree first.
    """
    rules = rules or Rules()
    checks = sorted(
        all_checks(figures, rules), key=lambda one: (one.most.rank, _FIRST_SHOWN[one.reason.met])
    )
    decision = checks[0].most
    needed = _needed([one for one in checks if one.most is decision], decision)
    spot_checks, advice = None, _ADVICE.get(decision, "")
    if decision is Decision.HYBRID:
        checked = _checked(figures, rules)
        spot_checks = min(math.ceil(100 * checked / rules.conversations_a_month) / 100, 1.0)
        advice = _hybrid(checked, spot_checks, rules)
    if needed is not None:
        noun = "conversation" if needed == 1 else "conversations"
        advice += f" Grade about {needed:,} more {noun} twice to see whether more is possible."
    return Verdict(decision, tuple(one.reason for one in checks), needed, spot_checks, advice)


def _needed(decisive: list[Check], decision: Decision) -> int | None:
    asked = [one.needed for one in decisive if one.needed is not None]
    # One check that no grades would change keeps the decision where it is.
    if decision is Decision.AUTOMATIC or len(asked) < len(decisive):
        return None
    return max(asked)


def _checked(figures: CriterionFigures, rules: Rules) -> int:
    exact = figures.machine_exact
    # The most checks are needed where half of the grades agree.
    agreement = 0.5 if exact is None or exact.value is None else exact.value
    return spot_checks_needed(agreement, rules.spot_check_drop, rules.power)


def _hybrid(checked: int, share: float, rules: Rules) -> str:
    month = f"{rules.conversations_a_month:,} conversations a month"
    if checked > rules.conversations_a_month:
        return f"With {month}, people must check every grade of the machine."
    return (
        f"Let the machine grade, and people check {100 * share:.0f} % of conversations drawn at "
        f"random: with {month}, that finds a loss of {100 * rules.spot_check_drop:.0f} points of "
        f"exact agreement within a month with a chance of {100 * rules.power:.0f} %."
    )


def roll_up(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Count the decisions.

    Parameters
    ----------
    verdicts : iterable of Verdict
        One for each criterion.

    Returns
    -------
    dict of str to int
        Every decision, best first, with how many criteria it has.

    Examples
    --------
    >>> roll_up([Verdict(Decision.HYBRID, ()), Verdict(Decision.HYBRID, ())])
    {'automatic': 0, 'hybrid': 2, 'human only': 0, 'fix the criterion': 0}
    """
    counts = Counter(verdict.decision for verdict in verdicts)
    return {decision.value: counts[decision] for decision in reversed(Decision)}

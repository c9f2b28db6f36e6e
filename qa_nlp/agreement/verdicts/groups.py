"""Whether the machine is as fair to each group as people are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from qa_nlp.agreement.estimate_text import estimate_text
from qa_nlp.agreement.verdicts.figures import GroupFigures
from qa_nlp.agreement.verdicts.more_grades import more_needed, widening
from qa_nlp.agreement.verdicts.reasons import Check, ask, check
from qa_nlp.agreement.verdicts.rules import Decision, Rules
from qa_nlp.display.formats import counted, shortened

__all__ = ["GroupFinding", "check_groups", "judge_groups"]

_RULE: Final = "groups"


@dataclass(frozen=True, slots=True)
class GroupFinding:
    """Whether the machine treats a group unlike people do.

    Parameters
    ----------
    finding : {"unfair", "unsettled", "none"}, optional
        None where the group is too small to be judged.
    needed : int, optional
        More conversations of an unsettled group to grade; None also where no number would do.
    """

    finding: Literal["unfair", "unsettled", "none"] | None
    needed: int | None = None


def judge_groups(
    groups: tuple[GroupFigures, ...], rules: Rules | None = None
) -> tuple[GroupFinding, ...]:
    """Judge how far machine and people differ on each group.

    A group is treated unfairly where the difference is beyond ``rules.dsm`` and is not chance when
    all groups are looked at together: its Holm-adjusted p-value is below 0.05 and its interval does
    not hold 0; without p-values the interval is widened by Bonferroni's inequality.

    Parameters
    ----------
    groups : tuple of GroupFigures
        Of one criterion.
    rules : Rules, optional
        Thresholds; default: `Rules()`.

    Returns
    -------
    tuple of GroupFinding
        One for each, in order.

    Examples
    --------
    >>> from qa_nlp.agreement.estimates import Estimate
    >>> group = GroupFigures("language", "ro", 80, 80, Estimate(0.3, 0.1, 0.5, 80, 80), 0.004)
    >>> judge_groups((group,))[0].finding
    'unfair'
    """
    rules = rules or Rules()
    judged = max(sum(one.items >= rules.group_items for one in groups), 1)
    return tuple(_judge(one, rules, judged) for one in groups)


def _judge(group: GroupFigures, rules: Rules, judged: int) -> GroupFinding:
    value = group.dsm.value
    if group.items < rules.group_items:
        return GroupFinding(None)
    if value is None:
        return GroupFinding("unsettled")
    if abs(value) <= rules.dsm:
        return GroupFinding("none")
    if _is_not_chance(group, rules, judged):
        return GroupFinding("unfair")
    needed = more_needed(
        group.dsm, 0.0, power=rules.power, level=rules.level, compared=judged, items=group.items
    )
    return GroupFinding("unsettled", needed)


def _is_not_chance(group: GroupFigures, rules: Rules, judged: int) -> bool:
    value, low, high = group.dsm.value, group.dsm.low, group.dsm.high
    if value is None or low is None or high is None:
        return False
    reach = value - low if value > 0 else high - value
    if group.p_adjusted is None:
        return abs(value) > reach * widening(judged, rules.level)
    return abs(value) > reach and 1 - group.p_adjusted > rules.level


def check_groups(groups: tuple[GroupFigures, ...], rules: Rules) -> list[Check]:
    """Check that no group is treated unlike others.

    Parameters
    ----------
    groups : tuple of GroupFigures
        Of one criterion.
    rules : Rules
        Thresholds.

    Returns
    -------
    list of Check
        One for each group that is treated unfairly or may be; else one for all.
    """
    found = judge_groups(groups, rules)
    checks = [
        _check_group(group, finding, rules)
        for group, finding in zip(groups, found, strict=True)
        if finding.finding in ("unfair", "unsettled")
    ]
    return checks or [_all_fair(len(groups), sum(one.finding is None for one in found), rules)]


def _check_group(group: GroupFigures, found: GroupFinding, rules: Rules) -> Check:
    name = f"{shortened(group.by)} {shortened(group.group)!r}"
    if group.dsm.value is None:
        text = f"Whether {name} is graded as people grade it is not known: {group.dsm.reason}."
        return check(_RULE, None, Decision.AUTOMATIC, text)
    side, line = ("higher", rules.dsm) if group.dsm.value > 0 else ("lower", -rules.dsm)
    shown = estimate_text(group.dsm, line, 0.0, signed=True)
    text = (
        f"Against all conversations, the machine grades {name} {side} than people do: {shown} "
        f"standard deviations on {counted(group.items, 'conversation')}; "
        f"{rules.dsm:.2f} either way is allowed."
    )
    if found.finding == "unfair":
        text += " Let people grade this group, and find out why."
        return check(_RULE, False, Decision.HYBRID, text)
    text += " This may be chance."
    if group.dsm.low is not None:
        text += ask(found.needed, " of this group")
    return check(_RULE, None, Decision.AUTOMATIC, text, found.needed)


def _all_fair(groups: int, small: int, rules: Rules) -> Check:
    few = f"fewer than {rules.group_items} conversations"
    if not groups:
        text = "No groups were compared, so whether the machine is fair to all is not known."
        return check(_RULE, None, Decision.AUTOMATIC, text)
    if small == groups:
        text = f"Every group has {few}, so whether the machine is fair to all is not known."
        return check(_RULE, None, Decision.AUTOMATIC, text)
    text = (
        f"In {counted(groups - small, 'group')} judged, the machine differs from people by at most "
        f"{rules.dsm:.2f} standard deviations against all conversations."
    )
    if small:
        text += f" Not judged, with {few}: {counted(small, 'group')}."
    return check(_RULE, True, Decision.AUTOMATIC, text)

"""The checks behind a decision: each allows some decision at most, and says why in a sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from qa_nlp.agreement.estimate_text import estimate_text
from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.verdicts.figures import CriterionFigures
from qa_nlp.agreement.verdicts.groups import check_groups
from qa_nlp.agreement.verdicts.more_grades import MOST, least_share, rounded_up
from qa_nlp.agreement.verdicts.reasons import Check, ask, check, more
from qa_nlp.agreement.verdicts.rules import Decision, Rules
from qa_nlp.display.formats import counted

__all__ = ["all_checks"]

_ONE_SIDED: Final = 0.90  # of the same grades: with so many, a low kappa surprises people


def all_checks(figures: CriterionFigures, rules: Rules) -> list[Check]:
    """Check a criterion on everything that a decision rests on.

    Parameters
    ----------
    figures : CriterionFigures
        Of the criterion.
    rules : Rules
        Thresholds.

    Returns
    -------
    list of Check
        People first, then the machine, then its fairness.
    """
    checks = [_people_agree(figures, rules)]
    if figures.human_kappa.n >= rules.human_items:
        checks.append(_people_agree_exactly(figures, rules))
    checks += [
        _double_grades(figures, rules),
        _machine_agrees(figures, rules),
        _machine_correlates(figures, rules),
        _machine_like_a_person(figures, rules),
        _averages(figures, rules),
    ]
    if figures.critical:
        checks.append(_failures_found(figures, rules))
    return checks + check_groups(figures.groups, rules)


def _still_to_grade_twice(figures: CriterionFigures, rules: Rules) -> int | None:
    return max(rules.double_graded - figures.double_graded, 0) or None


def _unknown(estimate: Estimate) -> str:
    return f"is not known: {estimate.reason or 'it is undefined here'}."


def _people_agree(figures: CriterionFigures, rules: Rules) -> Check:
    rule, line = "people agree", rules.human_kappa
    kappa, missing = figures.human_kappa, _still_to_grade_twice(figures, rules)
    if kappa.n < rules.human_items:
        text = (
            f"Two people graded {counted(kappa.n, 'conversation')}; "
            f"{rules.human_items} are needed to tell how well people agree."
        )
        return check(rule, None, Decision.HYBRID, text, missing)
    if kappa.value is None:
        text = f"How well two people agree beyond chance {_unknown(kappa)}"
        return check(rule, None, Decision.HYBRID, text, missing)
    text = (
        f"Two people agree beyond chance (quadratic kappa) at {estimate_text(kappa, line)}; "
        f"{line:.2f} is needed."
    )
    needed = more(kappa, line, rules)
    if kappa.value < line:
        text += " People must agree first." + _one_sided(figures.human_exact)
        if kappa.high is None or kappa.high < line:
            return check(rule, False, Decision.FIX, text)
        return check(rule, False, Decision.FIX, text + ask(needed), needed)
    if kappa.low is None:
        return check(rule, None, Decision.HYBRID, text, missing)
    if kappa.low < line:
        return check(rule, None, Decision.HYBRID, text + ask(needed), needed)
    return check(rule, True, Decision.AUTOMATIC, text)


def _one_sided(exact: Estimate) -> str:
    if exact.value is None or exact.value < _ONE_SIDED:
        return ""
    return (
        f" They do give the same level on {100 * exact.value:.0f} % of conversations, but almost "
        "as many would be the same by chance, since nearly all grades are one level: study "
        "conversations that vary more."
    )


def _people_agree_exactly(figures: CriterionFigures, rules: Rules) -> Check:
    rule, line, exact = "people give the same level", rules.human_exact, figures.human_exact
    if exact.value is None:
        text = f"How often two people give the same level {_unknown(exact)}"
        return check(rule, None, Decision.HYBRID, text)
    text = (
        f"Two people give the same level on {estimate_text(exact, line, share=True)} of "
        f"conversations; {100 * line:.0f} % is needed."
    )
    if exact.value < line:
        text += " People must agree first."
        return check(rule, False, Decision.FIX, text)
    return check(rule, True, Decision.AUTOMATIC, text)


def _double_grades(figures: CriterionFigures, rules: Rules) -> Check:
    rule, missing = "enough double grades", _still_to_grade_twice(figures, rules)
    graded = counted(figures.double_graded, "conversation")
    text = (
        f"Graded by two people and the machine: {graded}; automatic grading needs "
        f"{rules.double_graded}."
    )
    if missing is None:
        return check(rule, True, Decision.AUTOMATIC, text)
    return check(rule, False, Decision.HYBRID, text + ask(missing), missing)


def _machine_agrees(figures: CriterionFigures, rules: Rules) -> Check:
    rule, kappa = "machine agrees with people", figures.machine_kappa
    missing = rules.machine_items - figures.items
    if missing > 0:
        text = (
            f"Machine and people graded {counted(figures.items, 'conversation')}; "
            f"{rules.machine_items} are needed to tell how well they agree."
        )
        return check(rule, None, Decision.HUMAN, text + ask(missing, ""), missing)
    if kappa.value is None:
        text = f"How well machine and people agree beyond chance {_unknown(kappa)}"
        return check(rule, None, Decision.HUMAN, text)
    line = rules.hybrid_kappa if kappa.value < rules.hybrid_kappa else rules.machine_kappa
    text = (
        "Machine and people agree beyond chance (quadratic kappa) at "
        f"{estimate_text(kappa, line)}; "
    )
    if kappa.value < rules.hybrid_kappa:
        text += f"even with spot checks {line:.2f} is needed."
        return check(rule, False, Decision.HUMAN, text)
    if kappa.low is None:
        text += "without an interval this may be chance."
        return check(rule, None, Decision.HUMAN, text)
    if kappa.low <= 0:
        needed = more(kappa, 0.0, rules)
        text += "this may be chance."
        return check(rule, None, Decision.HUMAN, text + ask(needed, ""), needed)
    text += f"automatic grading needs {line:.2f}."
    if kappa.value < rules.machine_kappa:
        return check(rule, False, Decision.HYBRID, text)
    return check(rule, True, Decision.AUTOMATIC, text)


def _machine_correlates(figures: CriterionFigures, rules: Rules) -> Check:
    rule, line, pearson = "machine follows people", rules.machine_pearson, figures.machine_pearson
    if pearson.value is None:
        text = f"Whether the machine's grades rise and fall with people's {_unknown(pearson)}"
        return check(rule, None, Decision.HYBRID, text)
    text = (
        "The machine's grades rise and fall with people's (correlation) at "
        f"{estimate_text(pearson, line)}; automatic grading needs {line:.2f}."
    )
    if pearson.value < line:
        return check(rule, False, Decision.HYBRID, text)
    return check(rule, True, Decision.AUTOMATIC, text)


def _machine_like_a_person(figures: CriterionFigures, rules: Rules) -> Check:
    rule, line, change = "machine agrees like a person", rules.degradation, figures.degradation
    missing = _still_to_grade_twice(figures, rules)
    if change.value is None:
        text = f"Whether the machine agrees with a person as another person does {_unknown(change)}"
        return check(rule, None, Decision.HYBRID, text, missing)
    lowest = f"{line:.2f}".replace("-", "\N{MINUS SIGN}")
    text = (
        "Where a person is replaced by the machine, agreement beyond chance changes by "
        f"{estimate_text(change, line, signed=True)}; automatic grading needs an interval from "
        f"{lowest} up."
    )
    if change.value < line:
        return check(rule, False, Decision.HYBRID, text)
    if change.low is None:
        return check(rule, None, Decision.HYBRID, text, missing)
    if change.low < line:
        needed = more(change, line, rules)
        return check(rule, None, Decision.HYBRID, text + ask(needed), needed)
    return check(rule, True, Decision.AUTOMATIC, text)


def _averages(figures: CriterionFigures, rules: Rules) -> Check:
    rule, line, gap = "averages match", rules.smd, figures.smd
    if gap.value is None:
        text = f"How far the averages of machine and people are apart {_unknown(gap)}"
        return check(rule, None, Decision.HYBRID, text)
    near = line if gap.value > 0 else -line
    text = (
        f"The machine's average differs from people's by {estimate_text(gap, near, signed=True)} "
        f"standard deviations; automatic grading allows {line:.2f} either way."
    )
    if abs(gap.value) > line:
        return check(rule, False, Decision.HYBRID, text)
    return check(rule, True, Decision.AUTOMATIC, text)


def _failures_found(figures: CriterionFigures, rules: Rules) -> Check:
    rule, recall = "failures are found", figures.failure_recall
    if recall is None or recall.value is None:
        why = "is not known: people found no failure." if recall is None else _unknown(recall)
        text = f"How many of the failures that people find the machine finds {why}"
        return check(rule, None, Decision.HYBRID, text)
    value = recall.value
    low = None if recall.low is None else min(recall.low, least_share(value, recall.n, rules.level))
    recall = replace(recall, low=low)
    share, least = f"{100 * rules.failure_recall:.0f} %", f"{100 * rules.failure_recall_low:.0f} %"
    line = rules.failure_recall if value < rules.failure_recall else rules.failure_recall_low
    text = (
        f"Of {counted(recall.n, 'failure')} that people found, the machine found "
        f"{estimate_text(recall, line, share=True)}; automatic grading of a critical criterion "
        f"needs {share}, and an interval from {least} up."
    )
    if value < rules.failure_recall:
        return check(rule, False, Decision.HYBRID, text)
    if low is None:
        return check(rule, None, Decision.HYBRID, text)
    if low < rules.failure_recall_low:
        needed = _conversations_with_failures(recall, figures.items, rules)
        return check(rule, None, Decision.HYBRID, text + ask(needed, ""), needed)
    return check(rule, True, Decision.AUTOMATIC, text)


def _conversations_with_failures(recall: Estimate, items: int, rules: Rules) -> int | None:
    failures = more(recall, rules.failure_recall_low, rules)
    if failures is None:
        return None
    # Grading cannot be aimed at failures: they come among all other conversations.
    conversations = failures * items / max(recall.n, 1)
    return rounded_up(conversations) if conversations <= MOST else None

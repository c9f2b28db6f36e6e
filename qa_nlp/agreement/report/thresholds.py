"""The thresholds behind the verdicts of an agreement report, as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from qa_nlp.agreement.report.parts import Cell, Row, Table, count, figure, share, table

__all__ = ["THRESHOLDS", "rules_table"]

_ALL: Final = "all"
_FIX: Final = "fix the criterion"
_HYBRID: Final = "hybrid"
_AUTOMATIC: Final = "automatic"

THRESHOLDS: Final[Mapping[str, tuple[str, str, Callable[[float | None], Cell]]]] = {
    "human_items": (_ALL, "Conversations graded twice from which on people are judged", count),
    "human_kappa": (_FIX, "Quadratic kappa of two people, if below", figure),
    "human_exact": (_FIX, "Same level by two people, if below", share),
    "machine_items": (_HYBRID, "Conversations with grades of machine and people", count),
    "hybrid_kappa": (_HYBRID, "Quadratic kappa of machine and people, from", figure),
    "spot_check_drop": (_HYBRID, "Loss of exact agreement that spot checks must find", share),
    "conversations_a_month": (_HYBRID, "Conversations a month, for the rate of checks", count),
    "double_graded": (_AUTOMATIC, "Conversations graded twice", count),
    "machine_kappa": (_AUTOMATIC, "Quadratic kappa of machine and people, from", figure),
    "machine_pearson": (_AUTOMATIC, "Pearson correlation of machine and people, from", figure),
    "degradation": (_AUTOMATIC, "Lower end of the degradation of kappa, from", figure),
    "smd": (_AUTOMATIC, "Standardised mean difference, either way at most", figure),
    "group_items": (_AUTOMATIC, "Conversations from which on a group is judged", count),
    "dsm": (_AUTOMATIC, "Difference of standardised means of a group, at most", figure),
    "failure_recall": (_AUTOMATIC, "Failures found on a critical criterion, from", share),
    "failure_recall_low": (_AUTOMATIC, "Lower end of that share, from", share),
    "power": (_ALL, "Chance to settle a question with the grades asked for", share),
    "level": (_ALL, "Confidence of intervals", share),
}
"""By rule: the verdict that it bears on, what it is about, and how its number reads."""


def rules_table(rules: Mapping[str, Any]) -> Table:
    """Show the thresholds that a study was judged by.

    Parameters
    ----------
    rules : dict
        As `Rules.to_dict` gives them.

    Returns
    -------
    Table
        A row for each rule.

    Examples
    --------
    >>> rules_table({"smd": 0.15}).rows[0][-1].text
    '0.15'
    """
    rows: list[Row] = [
        [words, Cell(verdict), cell(rules[name])]
        for name, (verdict, words, cell) in THRESHOLDS.items()
        if name in rules
    ]
    heads = ("Rule", "Verdict", "Threshold")
    return table("rules-table", "Thresholds of the verdicts", heads, rows)

"""One criterion of an agreement report: its row in the table, its verdict, and what unfolds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qa_nlp.agreement.report.blocks import criterion_blocks
from qa_nlp.agreement.report.disagreement import DisagreementView, disagreement_view
from qa_nlp.agreement.report.parts import Block, Cell, count, figure
from qa_nlp.agreement.report.words import span, told, told_id
from qa_nlp.display.card import Bar
from qa_nlp.display.formats import counted, percent, unit

__all__ = [
    "DECISIONS",
    "CriterionView",
    "Decision",
    "criterion_anchor",
    "criterion_name",
    "criterion_view",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict in words; `rank` 0 is the most urgent."""

    name: str
    rank: int
    sign: str
    words: str


DECISIONS: Final = {
    "fix the criterion": Decision("fix", 0, "✕", "Fix the criterion"),
    "human only": Decision("human", 1, "○", "Human only"),
    "hybrid": Decision("hybrid", 2, "◐", "Hybrid"),
    "automatic": Decision("automatic", 3, "✓", "Automatic"),
}
"""Verdicts, the most urgent first."""

_NO_DECISION: Final = Decision("unknown", 4, "?", "No verdict")
_MET: Final = {True: ("✓", "met"), False: ("✕", "not met"), None: ("?", "not settled")}


@dataclass(frozen=True, slots=True)
class CriterionView:
    """A criterion, ready to print.

    Parameters
    ----------
    anchor, name, question, section : str
        Its id on the page, its words, what it asks, and its section; the last two may be empty.
    critical : bool
        Whether its lowest level fails a scorecard.
    decision : Decision
        The verdict.
    cells : tuple of Cell
        The figures of its row.
    bar : Bar or None
        Quadratic kappa of machine and people, from 0 to 100.
    reasons : tuple of (str, str, str)
        Sign, its words, and a reason for the verdict.
    next_steps : tuple of str
        What to do, such as how many grades to check, and what would settle the verdict.
    blocks : tuple of Block
        What unfolds.
    disagreements : tuple of DisagreementView
        The widest first.
    """

    anchor: str
    name: str
    question: str
    section: str
    critical: bool
    decision: Decision
    cells: tuple[Cell, ...]
    bar: Bar | None
    reasons: tuple[tuple[str, str, str], ...]
    next_steps: tuple[str, ...]
    blocks: tuple[Block, ...]
    disagreements: tuple[DisagreementView, ...]


def criterion_anchor(place: int) -> str:
    """Give the id of a criterion's row on the page, from its place in the study."""
    return f"criterion{place}"


def criterion_name(criterion: Mapping[str, Any]) -> str:
    """Give the words for a criterion: its name, else its identifier."""
    return told(criterion["name"]) or told_id(criterion["criterion"])


def criterion_view(
    criterion: Mapping[str, Any], anchor: str, limit: float, *, include_text: bool
) -> CriterionView:
    """Prepare a criterion for the template.

    Parameters
    ----------
    criterion : dict
        As in the study.
    anchor : str
        Prefix of ids, unique on the page.
    limit : float
        Of the difference of standardised means of a group.
    include_text : bool
        Whether words of conversations are shown.

    Returns
    -------
    CriterionView
        The criterion in words.
    """
    machine, human = criterion["machine_human"], criterion["human_human"]
    counts, verdict = criterion["counts"], criterion["verdict"]
    return CriterionView(
        anchor=anchor,
        name=criterion_name(criterion),
        question=told(criterion.get("question")),
        section=told_id(criterion["section"]) if criterion["section"] else "",
        critical=bool(criterion["critical"]),
        decision=DECISIONS.get(verdict["decision"], _NO_DECISION),
        cells=(
            figure(machine["quadratic_kappa"]),
            figure(human["quadratic_kappa"]),
            figure(criterion["degradation"]["quadratic_kappa"], "signed"),
            figure(machine["exact"], "share"),
            count(counts["graded"]),
            count(counts["double_graded"]),
        ),
        bar=_bar(machine["quadratic_kappa"]),
        reasons=tuple(
            (*_MET[reason["met"]], told(reason["text"])) for reason in verdict["reasons"]
        ),
        next_steps=tuple(_next_steps(verdict)),
        blocks=criterion_blocks(criterion, anchor, limit),
        disagreements=tuple(
            disagreement_view(each, include_text=include_text)
            for each in criterion["disagreements"]
        ),
    )


def _bar(found: Mapping[str, Any]) -> Bar | None:
    if found["value"] is None:
        return None
    ends = span(found) or ()
    return Bar(*(round(100 * unit(number), 2) for number in (found["value"], *ends)))


def _next_steps(verdict: Mapping[str, Any]) -> Iterator[str]:
    if advice := told(verdict.get("advice")):
        yield advice
        return
    if verdict["needed"]:
        many = counted(verdict["needed"], "more conversation")
        yield f"To settle it, have about {many} graded twice."
    if verdict["spot_checks"]:
        share = percent(verdict["spot_checks"])
        yield f"Spot checks: a person grades {share} of the conversations too."

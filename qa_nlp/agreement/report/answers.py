"""The first screen of an agreement report: four questions, each answered by a sentence and a chart.

Does the machine agree with people as well as people agree with each other, where does it fail, when
must a person look, and is it fair?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qa_nlp.agreement.report.blocks import group_limit
from qa_nlp.agreement.report.charts import bars, coverage_chart, interval_chart
from qa_nlp.agreement.report.criterion import DECISIONS, Decision, criterion_anchor, criterion_name
from qa_nlp.agreement.report.parts import Chart
from qa_nlp.agreement.report.words import told

__all__ = ["AnswerView", "answer_view"]

MOST_ROWS: Final = 12
"""Rows of a chart on the first screen."""

_MOST_GROUPS: Final = 8
_TONES: Final = {
    "good": ("✓", "Good"),
    "mixed": ("◐", "Mixed"),
    "bad": ("✕", "Poor"),
    "unknown": ("?", "Not known"),
}
_COLOURS: Final = {"fix": "fail", "human": "warn", "hybrid": "hybrid", "automatic": "up"}
_WHERE: Final = {
    "agree": ("#criteria", "All criteria"),
    "where": ("#criteria", "Reasons for each verdict"),
    "review": ("#review", "What goes to a person"),
    "fair": ("#fairness", "All groups"),
}


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer: tone with its sign and words, the sentence, a chart, and where to read on.

    `lists` holds verdicts with the (name, anchor) pairs of their criteria.
    """

    anchor: str
    question: str
    answer: str
    tone: str
    sign: str
    tone_words: str
    chart: Chart | None
    lists: tuple[tuple[Decision, tuple[tuple[str, str], ...]], ...]
    target: str
    link: str


def answer_view(answer: Mapping[str, Any], study: Mapping[str, Any]) -> AnswerView:
    """Prepare an answer for the template.

    Parameters
    ----------
    answer : dict
        As in the study.
    study : dict
        The study, for the chart.

    Returns
    -------
    AnswerView
        The answer in words.
    """
    kind = answer["id"]
    tone = answer["tone"] if answer["tone"] in _TONES else "unknown"
    sign, words = _TONES[tone]
    target, link = _WHERE.get(kind, ("#criteria", "All criteria"))
    draw = _CHARTS.get(kind)
    chart = draw(study) if draw else None
    anchor = f"answer-{kind}" if kind in _WHERE else "answer"
    question, sentence = told(answer["question"]), told(answer["answer"])
    lists = tuple(_lists(study)) if kind == "where" else ()
    return AnswerView(anchor, question, sentence, tone, sign, words, chart, lists, target, link)


def _agree(study: Mapping[str, Any]) -> Chart | None:
    criteria = study["criteria"]
    rows = [
        (
            criterion_name(each),
            [each[side]["quadratic_kappa"] for side in ("machine_human", "human_human")],
        )
        for each in criteria[:MOST_ROWS]
    ]
    return interval_chart(
        "chart-agree",
        _first("Agreement beyond chance", criteria, MOST_ROWS),
        rows,
        "Quadratic kappa",
    )


def _where(study: Mapping[str, Any]) -> Chart | None:
    found = [each["verdict"]["decision"] for each in study["criteria"]]
    rows = [
        (decision.words, found.count(name), _COLOURS[decision.name])
        for name, decision in reversed(DECISIONS.items())
    ]
    return bars("chart-where", "Criteria by verdict", rows)


def _lists(study: Mapping[str, Any]) -> Iterator[tuple[Decision, tuple[tuple[str, str], ...]]]:
    """List by verdict the criteria that the machine cannot grade alone."""
    for name, decision in DECISIONS.items():
        found = [
            (criterion_name(each), criterion_anchor(place))
            for place, each in enumerate(study["criteria"])
            if each["verdict"]["decision"] == name
        ]
        if found and name != "automatic":
            yield decision, tuple(found)


def _review(study: Mapping[str, Any]) -> Chart | None:
    curve = study["review"]["curve"]
    return coverage_chart("chart-review", "Exact agreement on the grades kept", curve)


def _fair(study: Mapping[str, Any]) -> Chart | None:
    found: dict[tuple[str, str], tuple[float, str, Mapping[str, Any]]] = {}
    for each in study["criteria"]:
        for group in each["groups"]:
            figure = group["difference_of_standardised_means"]
            if not group["shown"] or figure["value"] is None:
                continue
            name = f"{told(group['group'])} · {criterion_name(each)}"
            place, width = (group["by"], group["group"]), abs(figure["value"])
            if place not in found or width > found[place][0]:
                found[place] = (width, name, figure)
    limit = group_limit(study)
    widest = sorted(found.values(), key=lambda row: -row[0])
    return interval_chart(
        "chart-fair",
        _first("Widest difference of each group", widest, _MOST_GROUPS),
        [(name, [figure]) for _, name, figure in widest[:_MOST_GROUPS]],
        "Difference of standardised means",
        limits=(-limit, limit),
        kind="signed",
    )


_CHARTS: Final = {"agree": _agree, "where": _where, "review": _review, "fair": _fair}


def _first(caption: str, rows: Sequence[object], most: int) -> str:
    return caption if len(rows) <= most else f"{caption} ({most} of {len(rows):,})"

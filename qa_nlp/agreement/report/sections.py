"""The parts of an agreement report below its criteria: totals, raters, fairness, review, data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from qa_nlp.agreement.report.blocks import coverage_table
from qa_nlp.agreement.report.charts import coverage_chart
from qa_nlp.agreement.report.glossary import GLOSSARY
from qa_nlp.agreement.report.parts import Block, Cell, Row, count, figure, probability, share, table
from qa_nlp.agreement.report.thresholds import rules_table
from qa_nlp.agreement.report.words import figure_words, told, told_id
from qa_nlp.display.formats import counted, percent

__all__ = ["study_blocks"]

Study = Mapping[str, Any]
Rows = list[Row]

_EXAMPLES: Final = 5


def study_blocks(study: Study) -> tuple[Block, ...]:
    """Prepare all parts of a report that follow its criteria.

    Parameters
    ----------
    study : dict
        As an agreement study gives it.

    Returns
    -------
    tuple of Block
        In the order in which they are read.
    """
    return tuple(make(study) for make in _PARTS)


def _totals(study: Study) -> Block:
    rows: Rows = [[told_id(each["section"]), *_total(each)] for each in study["sections"]]
    texts = []
    if "items" in study["total"]:
        rows.append(["Total", *_total(study["total"])])
    else:
        texts.append(f"There is no figure for the total: {told(study['total']['reason'])}.")
    heads = ("Section", "Scorecards", "Pearson correlation", "Spearman correlation",
             "Mean absolute error", "Standardised mean difference", "Two people: Pearson",
             "Change of Pearson", "Two people: error", "Change of error")  # fmt: skip
    tables = [table("totals-table", "Scores of 0 to 100 by section", heads, rows)] if rows else []
    if rows:
        texts.append(
            "Two people are compared where both answered every criterion; change is that of the "
            "machine beside one person, on the same scorecards: below 0 of Pearson and above 0 of "
            "the error, people agree better."
        )
    return Block("totals", "Sections and total", tuple(texts), tables=tuple(tables))


def _total(found: Study) -> list[Cell]:
    return [
        count(found["items"]),
        figure(found["pearson"]),
        figure(found["spearman"]),
        figure(found["mean_absolute_error"]),
        figure(found["standardised_mean_difference"], "signed"),
        figure(found["human_human"]["pearson"]),
        figure(found["degradation"]["pearson"], "signed"),
        figure(found["human_human"]["mean_absolute_error"]),
        figure(found["degradation"]["mean_absolute_error"], "signed"),
    ]


def _raters(study: Study) -> Block:
    rows: Rows = [
        [
            told(each["rater"]) or "unknown",
            count(each["grades"]),
            count(each["items_shared"]),
            figure(each["severity"], "signed"),
            figure(each["consistency"]),
            figure(each["agreement"]),
        ]
        for each in study["raters"]
    ]
    heads = ("Rater", "Grades", "Shared with others", "Severity, in levels", "Consistency",
             "Quadratic kappa with the rest")  # fmt: skip
    text = (
        "Above 0, a rater is stricter than colleagues on the same conversations. This is no "
        "ranking of people: it hangs on who the colleagues were."
    )
    if len(rows) == 2:
        text += " Two raters are each other's only colleagues, so one row mirrors the other."
    if study["data"]["unknown_raters"]:
        text += " Grades without a rater's name count as those of unknown people."
    return _block("raters", "Raters", "Raters against their colleagues", heads, rows, text)


def _drift(study: Study) -> Block:
    rows: Rows = [
        [
            told(each["period"]),
            "All" if each["criterion"] is None else told_id(each["criterion"]),
            count(each["items"]),
            figure(each["exact"], "share"),
            figure(each["standardised_mean_difference"], "signed"),
            figure(each["change"], "points"),
        ]
        for each in study["drift"]
    ]
    heads = ("Period", "Criterion", "Conversations", "Exact agreement",
             "Standardised mean difference", "Change, in points")  # fmt: skip
    text = (
        "Change is that of exact agreement since the period before. Where nothing changed, about "
        "one interval in twenty still leaves 0 out."
    )
    return _block("drift", "Drift", "Agreement over time", heads, rows, text)


def _length(study: Study) -> Block:
    rows: Rows = [
        [
            told_id(each["criterion"]),
            figure(each["with_words"], "signed"),
            figure(each["human_with_words"], "signed"),
            figure(each["given_words"], "signed"),
        ]
        for each in study["length"]
    ]
    heads = ("Criterion", "Machine's grade with length", "Human grade with length",
             "Machine with people, length held equal")  # fmt: skip
    text = (
        "Correlations with the logarithm of a conversation's number of words. A machine that "
        "follows length rather than people agrees with them less once length is held equal."
    )
    return _block("length", "Length control", "Grades and length", heads, rows, text)


def _fairness(study: Study) -> Block:
    parts = ("accuracy", "difference", "conditional")
    rows: Rows = []
    group_rows: Rows = []
    for each in study["fairness"]:
        start: list[Cell | str] = [told_id(each["by"]), told_id(each["criterion"])]
        rows.append([*start, *(cell for part in parts for cell in _explained(each[part]))])
        group_rows += [
            [
                *start,
                told(group["group"]),
                told(each["reference"]),
                figure(group["difference"], "signed"),
                figure(group["conditional"], "signed"),
            ]
            for group in each["groups"]
        ]
    heads = ("By", "Criterion", "Accuracy by group", "p", "Difference by group", "p",
             "Difference at equal human grades", "p")  # fmt: skip
    group_heads = ("By", "Criterion", "Group", "Largest group", "Difference",
                   "Difference at equal human grades")  # fmt: skip
    if not rows:
        return _block("fairness", "Fairness", "", heads, rows, "")
    tables = [table("fairness-table", "What membership of a group explains", heads, rows)]
    if group_rows:
        caption = "Mean error of each group less that of the largest, in values of the levels"
        tables.append(table("fairness-groups", caption, group_heads, group_rows, folded=True))
    tested = sum(each[part]["p"] is not None for each in study["fairness"] for part in parts)
    texts = (
        "Shares of the differences between the machine's errors that membership of a group "
        "explains, adjusted for the number of groups: about 0 % where it makes no difference. Left "
        "out are criteria with fewer than two groups that are large enough to be shown.",
        f"p is not adjusted for the number of rows: of {counted(tested, 'test')}, about "
        f"{math.ceil(tested / 20)} would be below 0.05 by chance alone.",
    )
    return Block("fairness", "Fairness", texts, tables=tuple(tables))


def _explained(found: Study) -> list[Cell]:
    return [share(found["adjusted_share"]), probability(found["p"])]


def _counterfactuals(study: Study) -> Block:
    found = study["counterfactuals"]
    rows: Rows = [
        [
            told_id(each["kind"]),
            told_id(each["criterion"]),
            count(each["pairs"]),
            figure(each["flip_rate"], "share"),
            figure(each["mean_shift"], "signed"),
        ]
        for each in (found["kinds"] if found else ())
    ]
    heads = ("What was exchanged", "Criterion", "Pairs", "Flip rate", "Mean shift of the value")
    text = (
        "The same conversations graded again with only names, spellings or gendered words changed."
    )
    return _block(
        "counterfactuals", "Counterfactuals", "Grades after an exchange", heads, rows, text
    )


def _review(study: Study) -> Block:
    review = study["review"]
    chart = coverage_chart("review-curve", "Exact agreement on the grades kept", review["curve"])
    rows: Rows = [
        [
            told(each["rule"]),
            figure(each["share"], "share"),
            figure(each["agreement_outside"], "share"),
        ]
        for each in review["rows"]
    ]
    heads = ("Rule", "Share sent to a person", "Exact agreement on the rest")
    tables = (
        [table("review-rules", "What each rule sends to a person", heads, rows)] if rows else []
    )
    if review["curve"]:
        tables.append(coverage_table("review-coverage", review["curve"]))
    texts = [
        f"Left to a person by the machine itself: {figure_words(review['abstained'], 'share')}.",
        "No grade states which levels are plausible."
        if review["wide"]["value"] is None
        else f"Of the grades it gave, every level is plausible on "
        f"{figure_words(review['wide'], 'share')}.",
    ]
    if review["lift"]:
        texts.append(
            f"Lift over a random sample: {figure_words(review['lift'])}. So many times as many of "
            "the poorest tenth of conversations, by people's scores, are in the tenth that the "
            "machine scores lowest as in a random tenth; 10 is the most."
        )
    charts = (chart,) if chart else ()
    return Block("review", "Review by people", tuple(texts), charts, tuple(tables))


def _data(study: Study) -> Block:
    data, options = study["data"], study["options"]
    counts: Rows = [[words, count(data[key])] for key, words in _COUNTS.items()]
    exclusions: Rows = [
        [
            told_id(each["what"]),
            told(each["reason"]),
            count(each["count"]),
            _listed(each["examples"]),
        ]
        for each in data["exclusions"]
    ]
    groups: Rows = [
        [told_id(each["by"]), told(each["group"]), count(each["transcripts"])]
        for each in data["groups"]
    ]
    tables = [table("data-counts", "What was compared", ("What", "Number"), counts)]
    if exclusions:
        why = ("What", "Why it was left out", "Number", "Examples")
        tables.append(table("data-exclusions", "What was left out", why, exclusions))
    if groups:
        by = ("By", "Group", "Conversations")
        tables.append(table("data-groups", "Groups", by, groups, folded=True))
    groupings = ", ".join(told_id(name).lower() for name in options["by"])
    texts = [
        f"Intervals of {percent(options['level'])} come from {options['rounds']:,} resamples of "
        f"whole groups of conversations ({told(options['cluster'])}).",
        f"Groups are by {groupings}." if groupings else "",
        *([] if exclusions else ["Nothing was left out."]),
    ]
    return Block("data", "Data and exclusions", tuple(texts), tables=tuple(tables))


_COUNTS: Final = {
    "scored": "Scorecards",
    "graded": "Conversations that people graded",
    "matched": "Conversations with both",
    "clusters": "Groups of conversations, resampled as one",
    "grades": "Human grades that count",
    "raters": "Raters",
    "items": "Answered by both: a criterion of a conversation, abstentions included",
    "double_graded": "Of these graded by two people or more",
    "in_calibration": "Conversations used in calibration",
    "out_of_fold": "Of these judged by their out-of-fold grades",
}


def _missing(study: Study) -> Block:
    rows: Rows = [[_begun(each["part"]), _begun(each["needs"])] for each in study["missing"]]
    heads = ("Part", "What it needs")
    if not rows:
        return Block("missing", "What is missing", ("Nothing: every part could be worked out.",))
    made = table("missing-table", "Parts that could not be worked out", heads, rows)
    return Block("missing", "What is missing", tables=(made,))


def _glossary(study: Study) -> Block:
    rows = [[each.name, each.sentence, each.source] for each in GLOSSARY.values()]
    heads = ("Figure", "What it says", "Source")
    tables = [table("glossary-table", "Every figure in a sentence", heads, rows)]
    if rules := study["options"].get("rules"):
        tables.insert(0, rules_table(rules))
    return Block("glossary", "How figures are made", tables=tuple(tables))


_PARTS: Final[tuple[Callable[[Study], Block], ...]] = (
    _totals,
    _raters,
    _drift,
    _length,
    _fairness,
    _counterfactuals,
    _review,
    _data,
    _missing,
    _glossary,
)


def _block(
    anchor: str, title: str, caption: str, heads: Sequence[str], rows: Rows, text: str
) -> Block:
    if not rows:
        return Block(anchor, title, ("Not worked out; see what is missing below.",))
    return Block(anchor, title, (text,), tables=(table(f"{anchor}-table", caption, heads, rows),))


def _listed(examples: Sequence[str]) -> str:
    more = ", …" if len(examples) > _EXAMPLES else ""
    return ", ".join(map(told, examples[:_EXAMPLES])) + more


def _begun(value: object) -> str:
    """Give a text with a capital letter at its start."""
    text = told(value)
    return text[:1].upper() + text[1:]

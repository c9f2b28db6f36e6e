"""What unfolds below a criterion in an agreement report: figures, confusions, levels, groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from qa_nlp.agreement.report.charts import (
    coverage_chart,
    interval_chart,
    reliability_chart,
)
from qa_nlp.agreement.report.glossary import NAMES
from qa_nlp.agreement.report.levels import confusion_block, distribution_block, matrix_of
from qa_nlp.agreement.report.parts import (
    Block,
    Cell,
    Row,
    Table,
    count,
    figure,
    probability,
    share,
    table,
)
from qa_nlp.agreement.report.words import Kind, figure_words, told, told_id
from qa_nlp.display.formats import counted

__all__ = ["coverage_table", "criterion_blocks", "group_limit"]

_GROUP_LIMIT: Final = 0.1
"""Of the difference of standardised means (Williamson, Xi and Breyer, 2012)."""

_KINDS: Final[Mapping[str, Kind]] = {
    "adjacent": "share",
    "exact": "share",
    "standardised_mean_difference": "signed",
}
_PAIR_STATISTICS: Final = (
    "quadratic_kappa",
    "exact",
    "adjacent",
    "cohen_kappa",
    "linear_kappa",
    "krippendorff_alpha",
    "gwet_ac1",
    "gwet_ac2",
    "icc_1",
    "icc_2k",
    "pearson",
    "spearman",
    "disattenuated_correlation",
    "prmse",
    "mean_absolute_error",
    "root_mean_squared_error",
    "standardised_mean_difference",
)
_NOT_MADE: Final = Cell("–", number=True)
_FINDINGS: Final = {
    "unfair": "unfair",
    "unsettled": "unsettled",
    "none": "within the limit",
}


def criterion_blocks(
    criterion: Mapping[str, Any], anchor: str, limit: float = _GROUP_LIMIT
) -> tuple[Block, ...]:
    """Prepare the parts that unfold below a criterion.

    Parameters
    ----------
    criterion : dict
        As in the study.
    anchor : str
        Prefix of ids, unique on the page.
    limit : float, default 0.1
        Of the difference of standardised means of a group.

    Returns
    -------
    tuple of Block
        In the order in which they are read.
    """
    return tuple(_blocks(criterion, anchor, limit))


def group_limit(study: Mapping[str, Any]) -> float:
    """Give the difference of standardised means beyond which a group is treated otherwise.

    Parameters
    ----------
    study : dict
        As an agreement study gives it.

    Returns
    -------
    float
        As its rules say; 0.1 where it states none.

    Examples
    --------
    >>> group_limit({"options": {"rules": {"dsm": 0.2}}}), group_limit({"options": {}})
    (0.2, 0.1)
    """
    return float((study["options"].get("rules") or {}).get("dsm", _GROUP_LIMIT))


def coverage_table(anchor: str, curve: Sequence[Mapping[str, Any]]) -> Table:
    """Make a table of agreement by the share of grades that the machine keeps.

    Parameters
    ----------
    anchor : str
        Unique on the page.
    curve : sequence of dict
        ``coverage`` from 0 to 1, and ``agreement`` as an estimate.

    Returns
    -------
    Table
        Folded, since a chart shows the same.
    """
    rows = [[share(row["coverage"]), figure(row["agreement"], "share")] for row in curve]
    heads = ("Grades kept by the machine", "Exact agreement on them")
    return table(anchor, "Agreement on the grades kept", heads, rows, folded=True)


def _blocks(criterion: Mapping[str, Any], anchor: str, limit: float) -> Iterator[Block]:
    yield _agreement(criterion, anchor)
    yield confusion_block(criterion, anchor)
    yield distribution_block(criterion, anchor)
    yield _sureness(criterion, anchor)
    if criterion["failures"] or criterion["applicability"]:
        yield _failures(criterion, anchor)
    if criterion["groups"]:
        yield _groups(criterion, anchor, limit)


def _agreement(criterion: Mapping[str, Any], anchor: str) -> Block:
    machine, human = criterion["machine_human"], criterion["human_human"]
    degradation, counts = criterion["degradation"], criterion["counts"]
    rows: list[Row] = []
    for key in _PAIR_STATISTICS:
        kind = _KINDS.get(key, "plain")
        cells = [figure(side[key], kind) if key in side else _NOT_MADE for side in (machine, human)]
        cells.append(_lost(degradation[key], kind) if key in degradation else _NOT_MADE)
        rows.append([NAMES[key], *cells])
    heads = ("Figure", "Machine and people", "Two people", "Degradation")
    texts = (
        _counts(counts),
        "Degradation is not the difference of the two columns before it: it compares the machine "
        "with one person at a time, on the conversations that two people graded. A dash marks what "
        "is not made of that pair.",
        _ceilings(criterion["ceilings"]),
    )
    made = table(f"{anchor}-figures", "Agreement on this criterion", heads, rows)
    return Block(f"{anchor}-agreement", "Agreement", texts, tables=(made,))


def _counts(counts: Mapping[str, Any]) -> str:
    outside = counts["items"] - counts["graded"] - counts["abstained"]
    rest = f", and on {outside:,} it or they say that it does not apply" if outside else ""
    return (
        f"Of {counted(counts['items'], 'conversation')} that people graded, the machine can be "
        f"compared on {counts['graded']:,}; {counts['abstained']:,} it left to a person{rest}. "
        f"{counts['double_graded']:,} of those compared were graded by two people or more."
    )


def _lost(found: Mapping[str, Any], kind: Kind) -> Cell:
    """Make a cell of a difference; that of shares is in points."""
    if kind != "share" or found["value"] is None:
        return figure(found, "signed")
    cell = figure(found, "points")
    value, bracket, ends = cell.text.partition(" (")
    return replace(cell, text=f"{value} points{bracket}{ends}")


def _ceilings(ceilings: Mapping[str, Any]) -> str:
    if ceilings["ideal"] is None or ceilings["human_like"] is None:
        return f"Ceilings of kappa are undefined: {told(ceilings['reason']) or 'too few grades'}."
    return (
        f"With raters as reliable as these ({ceilings['reliability'] or 0:.2f}), a machine "
        f"that knows the true grade would reach a quadratic kappa of "
        f"{_reached(ceilings, 'ideal')}, and one as noisy as a person "
        f"{_reached(ceilings, 'human_like')}."
    )


def _reached(ceilings: Mapping[str, Any], name: str) -> str:
    ends = ceilings.get(f"{name}_interval")
    interval = f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else ""
    return f"{ceilings[name]:.2f}{interval}"


def _sureness(criterion: Mapping[str, Any], anchor: str) -> Block:
    reliability, selective = criterion["reliability"], criterion["selective"]
    texts, charts, tables = [], [], []
    if reliability:
        charts.append(
            reliability_chart(
                f"{anchor}-sure",
                "How sure the machine is, and how often right",
                reliability["curve"],
            )
        )
        rows = [
            [
                share(row["predicted"]),
                share(row["observed"]),
                count(row["n"]),
            ]
            for row in reliability["curve"]
        ]
        heads = ("Probability stated", "Right", "Grades")
        caption = "How sure the machine is, and how often right"
        tables.append(table(f"{anchor}-curve", caption, heads, rows, folded=True))
        texts.append(f"Calibration error: {figure_words(reliability['error'])}.")
    else:
        texts.append("The machine gave no probabilities, so how sure it is cannot be judged.")
    if selective:
        charts.append(coverage_chart(f"{anchor}-kept", "Agreement on the grades kept", selective))
        tables.append(coverage_table(f"{anchor}-coverage", selective))
    if criterion["lift"]:
        texts.append(
            f"Lift: {figure_words(criterion['lift'])}. So many times as often as among all did "
            "people give the lowest level among the tenth that the machine grades lowest."
        )
    return Block(
        f"{anchor}-sureness",
        "When the machine is sure",
        tuple(texts),
        tuple(chart for chart in charts if chart),
        tuple(tables),
    )


def _failures(criterion: Mapping[str, Any], anchor: str) -> Block:
    failures, applies = criterion["failures"], criterion["applicability"]
    rows: list[Row] = []
    matrices = []
    if failures:
        rows.append(["Failures found (recall)", figure(failures["recall"], "share")])
        rows.append(["Rightly called (precision)", figure(failures["precision"], "share")])
        rows.append(["Failures that people saw", count(failures["human"])])
        rows.append(["Failures that the machine saw", count(failures["machine"])])
    if applies:
        rows.append(["Agreement on what applies", figure(applies["exact"], "share")])
        rows.append(["The same beyond chance (kappa)", figure(applies["cohen_kappa"])])
        levels = {"levels": ["applies", "not applicable"], "table": applies["table"]}
        caption = "Whether the criterion applies: people (rows) and machine (columns)"
        matrices.append(matrix_of(levels, caption, ("Person ↓", "Machine →")))
    title = "Failures, and what applies" if failures and applies else (
        "Failures" if failures else "What applies"
    )  # fmt: skip
    made = table(f"{anchor}-fails", title, ("Figure", "Value"), rows)
    return Block(f"{anchor}-failures", title, tables=(made,), matrices=tuple(matrices))


def _groups(criterion: Mapping[str, Any], anchor: str, limit: float) -> Block:
    shown = [group for group in criterion["groups"] if group["shown"]]
    chart = interval_chart(
        f"{anchor}-by",
        "Machine against people, by group",
        [(told(group["group"]), [group["difference_of_standardised_means"]]) for group in shown],
        "Difference of standardised means",
        limits=(-limit, limit),
        kind="signed",
    )
    rows = [_group_row(group) for group in criterion["groups"]]
    heads = (
        "Group", "By", "Conversations", "Difference of standardised means", "Adjusted p", "Finding",
        "Quadratic kappa", "Exact agreement", "Pearson correlation",
    )  # fmt: skip
    made = table(f"{anchor}-bygroup", "Agreement by group", heads, rows)
    return Block(f"{anchor}-groups", "Groups", charts=(chart,) if chart else (), tables=(made,))


def _group_row(group: Mapping[str, Any]) -> list[Cell | str]:
    start: list[Cell | str] = [told(group["group"]), told_id(group["by"]), count(group["items"])]
    if not group["shown"]:
        return [
            *start,
            Cell("not shown", number=True, note=_hidden(group)),
            _NOT_MADE,
            "–",
            *[_NOT_MADE] * 3,
        ]
    return [
        *start,
        figure(group["difference_of_standardised_means"], "signed"),
        probability(group["p_adjusted"]),
        _finding(group),
        figure(group["quadratic_kappa"]),
        figure(group["exact"], "share"),
        figure(group["pearson"]),
    ]


def _hidden(group: Mapping[str, Any]) -> str:
    reason = told(group["difference_of_standardised_means"]["reason"])
    return f"{reason}: figures of few conversations could point at people"


def _finding(group: Mapping[str, Any]) -> Cell:
    text = _FINDINGS.get(group["finding"], "not judged")
    if group["needed"]:
        text += f"; about {counted(group['needed'], 'more conversation')} would settle it"
    return Cell(text, tone="bad" if group["finding"] == "unfair" else "")

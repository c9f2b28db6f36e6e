"""The levels of a criterion in an agreement report: which are confused, and how often each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qa_nlp.agreement.report.charts import distribution_chart
from qa_nlp.agreement.report.parts import Block, Cell, Matrix, Row, figure, share, table
from qa_nlp.agreement.report.words import told_id
from qa_nlp.display.formats import decimals, unit

__all__ = ["confusion_block", "distribution_block", "matrix_of"]


def confusion_block(criterion: Mapping[str, Any], anchor: str) -> Block:
    """Show which levels are taken for which.

    Parameters
    ----------
    criterion : dict
        As in the study.
    anchor : str
        Prefix of ids, unique on the page.

    Returns
    -------
    Block
        With a cross table of machine and people, and of two people where there is one.
    """
    sides = (
        (
            "confusion",
            "Grades of people (rows) and of the machine (columns)",
            ("Person ↓", "Machine →"),
        ),
        (
            "human_confusion",
            "Grades of two people of the same conversation, each pair both ways",
            ("Person ↓", "Person →"),
        ),
    )
    made = [
        matrix_of(criterion[key], caption, corner)
        for key, caption, corner in sides
        if criterion[key]
    ]
    return Block(f"{anchor}-confusion", "Which levels are confused", matrices=tuple(made))


def distribution_block(criterion: Mapping[str, Any], anchor: str) -> Block:
    """Show how often people and the machine give each level.

    Parameters
    ----------
    criterion : dict
        As in the study.
    anchor : str
        Prefix of ids, unique on the page.

    Returns
    -------
    Block
        With a chart and the same in numbers.
    """
    levels = criterion["distribution"]
    chart = distribution_chart(
        f"{anchor}-shares",
        "How often each level is given",
        [(told_id(row["level"]), row["human"], row["machine"]) for row in levels],
    )
    rows: list[Row] = [
        [
            told_id(row["level"]),
            share(row["human"]),
            share(row["machine"]),
            figure(row["difference"], "points"),
            Cell("yes", tone="bad") if row["flag"] else Cell("no"),
        ]
        for row in levels
    ]
    heads = ("Level", "People", "Machine", "Difference, in points", "Beyond 5 points")
    made = table(f"{anchor}-levels", "Shares of the levels", heads, rows)
    return Block(
        f"{anchor}-distribution",
        "How often each level is given",
        charts=(chart,) if chart else (),
        tables=(made,),
    )


def matrix_of(found: Mapping[str, Any], caption: str, corner: tuple[str, ...]) -> Matrix:
    """Make a cross table whose cells are shaded by their share of the row.

    Parameters
    ----------
    found : dict
        ``levels``, and the counts as ``table``.
    caption : str
        What it shows.
    corner : tuple of str
        What rows and columns are.

    Returns
    -------
    Matrix
        With levels and counts in words.
    """
    levels = tuple(told_id(level) for level in found["levels"])
    rows = []
    for place, (level, numbers) in enumerate(zip(levels, found["table"], strict=True)):
        whole = sum(numbers) or 1
        cells = tuple(
            (decimals(number, 1), round(100 * unit(number / whole)), at == place)
            for at, number in enumerate(numbers)
        )
        rows.append((level, cells))
    return Matrix(caption, corner, levels, tuple(rows))

"""What the report of an agreement study is put together from: cells, tables, charts, blocks.

What a figure lacks, its value or its interval, is told in a footnote of its table.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from markupsafe import Markup

from qa_nlp.agreement.report.words import (
    Figure,
    Kind,
    figure_note,
    figure_words,
    finite,
    told,
)

__all__ = [
    "Block",
    "Cell",
    "Chart",
    "Matrix",
    "Row",
    "Table",
    "count",
    "figure",
    "probability",
    "share",
    "table",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Parameters
    ----------
    text : str
        What it says.
    value : float or None
        What it is sorted by, where that is a number.
    number : bool
        Whether it lines up at its end, as numbers do.
    note : str or None
        A footnote.
    mark : str
        The letter of the footnote.
    tone : str
        ``"good"``, ``"bad"`` or empty.
    """

    text: str
    value: float | None = None
    number: bool = False
    note: str | None = None
    mark: str = ""
    tone: str = ""


Row: TypeAlias = Sequence[Cell | str]
"""Cells of a table; texts are cells without more."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: heads with whether numbers stand below them, rows, and (letter, footnote) pairs."""

    anchor: str
    caption: str
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[tuple[str, str], ...] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its caption; `keys` are (shape, words) pairs of a legend."""

    caption: str
    drawing: Markup
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """A cross table of levels: rows of (text, shade from 0 to 100, on the diagonal)."""

    caption: str
    corner: tuple[str, ...]
    levels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int, bool], ...]], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the report under its own heading; `kind` is the end of its anchor."""

    anchor: str
    title: str
    texts: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    matrices: tuple[Matrix, ...] = ()

    @property
    def kind(self) -> str:
        """What the part is about, whatever criterion it belongs to."""
        return self.anchor.rpartition("-")[2]


def figure(found: Figure, kind: Kind = "plain") -> Cell:
    """Make a cell of a figure.

    Parameters
    ----------
    found : dict, float or None
        The figure.
    kind : {"plain", "points", "share", "signed"}, default "plain"
        How its numbers read.

    Returns
    -------
    Cell
        What is missing or doubtful about the figure is its footnote.
    """
    value = finite(found.get("value") if isinstance(found, Mapping) else found)
    text = figure_words(found, kind, reason=False)
    return Cell(text, value, number=True, note=figure_note(found) or None)


def count(number: float | None) -> Cell:
    """Make a cell of a count.

    Parameters
    ----------
    number : float or None
        How many.

    Returns
    -------
    Cell
        With thousands set apart.

    Examples
    --------
    >>> count(12_000).text
    '12,000'
    """
    number = finite(number)
    if number is None:
        return Cell("not counted", None, True)
    text = f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
    return Cell(text, number, True)


def share(number: float | None) -> Cell:
    """Make a cell of a share that has no interval.

    Parameters
    ----------
    number : float or None
        0 to 1.

    Returns
    -------
    Cell
        In whole per cent.

    Examples
    --------
    >>> share(0.637).text
    '64 %'
    """
    return figure(number, "share")


def probability(number: float | None) -> Cell:
    """Make a cell of the p-value of a test.

    Parameters
    ----------
    number : float or None
        0 to 1; None where nothing was tested.

    Returns
    -------
    Cell
        With three decimals; with four where three would hide on which side of 0.05 it is.

    Examples
    --------
    >>> probability(0.0321).text, probability(0.00001).text
    ('0.032', '<0.001')
    """
    found = finite(number)
    if found is None:
        return Cell("not tested", None, True)
    places = 4 if found != 0.05 and round(found, 3) == 0.05 else 3
    return Cell("<0.001" if found < 0.001 else f"{found:.{places}f}", found, True)


def table(
    anchor: str,
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Row],
    *,
    folded: bool = False,
) -> Table:
    """Make a table, and footnotes of what its cells have to add.

    Parameters
    ----------
    anchor : str
        Unique on the page.
    caption : str
        What it shows.
    heads : sequence of str
        One for each column.
    rows : iterable of sequence of (Cell or str)
        The first cell of each names its row.
    folded : bool, default False
        Whether it is shown only on demand.

    Returns
    -------
    Table
        The same note has the same letter throughout the table.

    Examples
    --------
    >>> made = table("t", "Kappa", ["level", "value"], [["low", figure(None)]])
    >>> made.rows[0][1].mark, made.notes
    ('a', (('a', 'it was not measured'),))
    """
    letters: dict[str, str] = {}
    made = []
    for row in rows:
        cells = [cell if isinstance(cell, Cell) else Cell(told(cell)) for cell in row]
        for at, cell in enumerate(cells):
            if cell.note:
                letter = letters.setdefault(cell.note, _letter(len(letters)))
                cells[at] = replace(cell, mark=letter)
        made.append(tuple(cells))
    numbers = [bool(made) and any(row[at].number for row in made) for at in range(len(heads))]
    notes = tuple((letter, note) for note, letter in letters.items())
    titles = tuple(zip(heads, numbers, strict=True))
    return Table(anchor, caption, titles, tuple(made), notes, folded)


def _letter(place: int) -> str:
    rounds, letter = divmod(place, 26)
    return string.ascii_lowercase[letter] * (rounds + 1)

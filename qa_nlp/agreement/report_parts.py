"""What the report of an agreement study is put together from: cells, tables, charts, blocks.

Figures come as the dictionaries that `qa_nlp.agreement.estimates.Estimate.to_dict` makes and leave
as words. What a figure lacks (its value, its interval) is told in a footnote of its table.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from markupsafe import Markup

from qa_nlp.display.formats import clean, percent, signed, spoken

__all__ = [
    "Block",
    "Cell",
    "Chart",
    "Figure",
    "Kind",
    "Matrix",
    "Table",
    "count",
    "figure",
    "figure_words",
    "number_words",
    "span",
    "table",
    "told",
    "told_id",
]

Figure: TypeAlias = Mapping[str, Any] | float | None
"""An estimate as a dictionary, a bare number, or nothing."""

Kind: TypeAlias = Literal["plain", "share", "signed"]
"""How a number reads: with two decimals, in per cent, or with its sign."""

_UNDEFINED: Final = "undefined"
_NO_REASON: Final = "no reason is on record"
_NOT_TEXT: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")


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
    corner: str
    levels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int, bool], ...]], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the report under its own heading."""

    anchor: str
    title: str
    texts: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    matrices: tuple[Matrix, ...] = ()


def told(value: object) -> str:
    """Give any text of a study as it may be shown.

    Parameters
    ----------
    value : object
        None gives an empty text.

    Returns
    -------
    str
        Without characters that HTML cannot hold.

    Examples
    --------
    >>> told("team\x00 7") == "team\N{REPLACEMENT CHARACTER} 7"
    True
    """
    return "" if value is None else _NOT_TEXT.sub("\ufffd", clean(str(value)))


def told_id(value: object) -> str:
    """Give an identifier of a criterion, section or level as words.

    Parameters
    ----------
    value : object
        The identifier.

    Returns
    -------
    str
        Its words.

    Examples
    --------
    >>> told_id("needs_work")
    'Needs work'
    """
    return spoken(told(value))


def number_words(value: float, kind: Kind = "plain") -> str:
    """Give a number as people read it.

    Parameters
    ----------
    value : float
        A finite number.
    kind : {"plain", "share", "signed"}, default "plain"
        How it reads.

    Returns
    -------
    str
        With two decimals, or in whole per cent.

    Examples
    --------
    >>> number_words(0.714), number_words(0.714, "share"), number_words(0.714, "signed")
    ('0.71', '71 %', '+0.71')
    """
    if kind == "share":
        return percent(value)
    return signed(value) if kind == "signed" else signed(value).removeprefix("+")


def figure_words(found: Figure, kind: Kind = "plain") -> str:
    """Give a figure with its interval in one line.

    Parameters
    ----------
    found : dict, float or None
        The figure.
    kind : {"plain", "share", "signed"}, default "plain"
        How its numbers read.

    Returns
    -------
    str
        The figure, or why it is undefined.

    Examples
    --------
    >>> figure_words({"value": 0.714, "low": 0.62, "high": 0.79, "reason": None})
    '0.71 (0.62 to 0.79)'
    >>> figure_words({"value": None, "low": None, "high": None, "reason": "one level only"})
    'undefined: one level only'
    """
    cell = figure(found, kind)
    return f"{cell.text}: {cell.note}" if cell.text == _UNDEFINED else cell.text


def figure(found: Figure, kind: Kind = "plain", tone: str = "") -> Cell:
    """Make a cell of a figure.

    Parameters
    ----------
    found : dict, float or None
        The figure.
    kind : {"plain", "share", "signed"}, default "plain"
        How its numbers read.
    tone : str, default ""
        ``"good"``, ``"bad"`` or empty.

    Returns
    -------
    Cell
        What is missing or doubtful about the figure is its footnote.
    """
    if not isinstance(found, Mapping):
        found = {"value": found, "reason": "it was not measured"}
    value = _finite(found.get("value"))
    note = " ".join(told(found.get(part)) for part in ("reason", "warning") if found.get(part))
    if value is None:
        return Cell(_UNDEFINED, None, True, note or _NO_REASON)
    text = number_words(value, kind)
    if (ends := span(found)) is not None:
        low, high = (number_words(end, kind).removesuffix(" %") for end in ends)
        text += f" ({low} to {high})"
    return Cell(text, value, True, note or None, tone=tone)


def span(found: Figure) -> tuple[float, float] | None:
    """Give the ends of a figure's interval.

    Parameters
    ----------
    found : dict, float or None
        The figure.

    Returns
    -------
    tuple of float, or None
        Low and high, where both exist.
    """
    if not isinstance(found, Mapping):
        return None
    low, high = _finite(found.get("low")), _finite(found.get("high"))
    return None if low is None or high is None else (low, high)


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
    number = _finite(number)
    if number is None:
        return Cell("not counted", None, True)
    text = f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
    return Cell(text, number, True)


def table(
    anchor: str,
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
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
    rows : iterable of sequence of Cell or str
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


def _finite(value: object) -> float | None:
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None


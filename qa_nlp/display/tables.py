"""Tables as people read them, in text and in HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

__all__ = ["html_table", "paragraphs", "text_table"]


def text_table(
    cells: Sequence[Sequence[str]], right: Collection[int] = (), indent: str = ""
) -> list[str]:
    """Line cells up in columns.

    Parameters
    ----------
    cells : sequence of sequence of str
        Titles first; rows of the same length.
    right : collection of int, default ()
        Columns whose cells end, rather than begin, below each other.
    indent : str, default ""
        What each line begins with.

    Returns
    -------
    list of str
        One line for each row, without blanks at the end.

    Examples
    --------
    >>> text_table([["name", "grades"], ["Ana", "12"]], right=[1], indent="> ")
    ['> name  grades', '> Ana       12']
    """
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        indent
        + "  ".join(
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def html_table(
    cells: Sequence[Sequence[str]], caption: str = "", *, row_heads: bool = False
) -> str:
    """Write cells as an HTML table; all texts are escaped.

    Parameters
    ----------
    cells : sequence of sequence of str
        Titles first.
    caption : str, default ""
        Above the table; none where empty.
    row_heads : bool, default False
        Whether the first cell names its row, in whatever direction its script is written.

    Returns
    -------
    str
        One table.

    Examples
    --------
    >>> html_table([["name"], ["a<b"]]).removeprefix("<table><thead><tr><th>name</th></tr></thead>")
    '<tbody><tr><td>a&lt;b</td></tr></tbody></table>'
    """
    titles, *rows = cells
    scope = " scope='col'" if row_heads else ""
    head = "".join(f"<th{scope}>{escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{_row(row, row_heads)}</tr>" for row in rows)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Sequence[str], head: bool) -> str:
    cells = [f"<td>{escape(text)}</td>" for text in row]
    if head:
        cells[0] = f"<th scope='row'><bdi>{escape(row[0])}</bdi></th>"
    return "".join(cells)


def paragraphs(texts: Iterable[str]) -> str:
    """Write texts as HTML paragraphs; they are escaped.

    Parameters
    ----------
    texts : iterable of str
        One for each paragraph.

    Returns
    -------
    str
        The paragraphs in order.

    Examples
    --------
    >>> paragraphs(["fair & firm", "late"])
    '<p>fair &amp; firm</p><p>late</p>'
    """
    return "".join(f"<p>{escape(text)}</p>" for text in texts)

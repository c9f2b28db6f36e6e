"""A table in a Markdown page that a script draws: write it between its markers, or check it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DrawnTable", "check_or_write"]


@dataclass(frozen=True, slots=True)
class DrawnTable:
    """A table and where it stands.

    Parameters
    ----------
    page : pathlib.Path
        A Markdown file that holds each marker once.
    opening, closing : str
        The lines before and after the table.
    table : str
        Markdown that ends with a line break.
    """

    page: Path
    opening: str
    closing: str
    table: str

    def renewed(self, text: str) -> str:
        """Put the table between its markers.

        Parameters
        ----------
        text : str
            The page.

        Returns
        -------
        str
            The page with the table.

        Raises
        ------
        ValueError
            When the page does not hold each marker once.
        """
        if text.count(self.opening) != 1 or text.count(self.closing) != 1:
            raise ValueError(
                f"{self.page} must hold each of the lines {self.opening.strip()} and "
                f"{self.closing.strip()} once"
            )
        before, _, rest = text.partition(self.opening)
        after = rest.partition(self.closing)[2]
        return f"{before}{self.opening}{self.table}{self.closing}{after}"


def check_or_write(
    tables: Iterable[DrawnTable], arguments: Sequence[str] | None, *, script: str, description: str
) -> int:
    """Write tables, or check them, as the command line asks.

    Parameters
    ----------
    tables : iterable of DrawnTable
        As they should be.
    arguments : sequence of str, optional
        Command line, ``--check`` or ``--write``; default: that of the process.
    script : str
        Module that draws the tables, for the remedy.
    description : str
        What ``--help`` says.

    Returns
    -------
    int
        Exit code: 1 when ``--check`` found a stale table.
    """
    parser = argparse.ArgumentParser(description=description)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="write nothing, fail when stale")
    choice.add_argument("--write", action="store_true", help="renew what is stale")
    options = parser.parse_args(arguments)
    stale = 0
    for drawn in tables:
        text = drawn.page.read_text(encoding="utf-8")
        new = drawn.renewed(text)
        if new == text:
            continue
        if options.write:
            drawn.page.write_text(new, encoding="utf-8", newline="\n")
            print(f"wrote {drawn.page}")
        else:
            stale = 1
            print(f"{drawn.page}: the table is stale; run: python -m {script} --write")
    return stale

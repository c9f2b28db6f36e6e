"""CSV and TSV, one row per turn, streamed: only one conversation is in memory at a time.

Source: this project. Columns: ``conversation_id`` (or ``transcript_id``), ``role`` or ``speaker``,
``text``, and perhaps ``turn_index``, ``start``, ``end``, ``agent_id``, ``channel``, ``language``,
``started_at``, ``group_id``; ``columns=`` maps other names. Every other column whose value is the
same in all rows of a conversation becomes metadata. Times are seconds, clock times or ISO 8601.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, ReadOptions, Source
from qa_nlp.importers.columns import Columns, Row
from qa_nlp.importers.table import read_rows
from qa_nlp.transcript import Transcript

__all__ = ["Csv"]

_DELIMITERS: Final = (",", "\t", ";", "|")
_LONGEST_CELL: Final = 64 * 1024 * 1024
_LONGEST_NAME: Final = 60
_ROWS_SNIFFED: Final = 20


class Csv:
    """Values separated by commas, tabs, semicolons or bars, with a header."""

    name = "csv"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether it has a header, and under it rows of as many cells.
        """
        header, *rows = _head_rows(source.head) or [[]]
        if _is_known(header):
            return True
        # The last row may be cut off where the head ends.
        rows = rows[:-1] if len(rows) > 1 else rows
        return (
            len(header) > 2
            and len(set(header)) == len(header)
            and all(name.strip() and len(name) <= _LONGEST_NAME for name in header)
            and len(rows) > 0
            and sum(len(row) == len(header) for row in rows) >= len(rows) / 2
        )

    def read(self, source: Source, options: ReadOptions) -> Iterator[Transcript | BadTranscript]:
        """See `Importer.read`.

        Parameters
        ----------
        source : Source
            The file.
        options : ReadOptions
            Its `columns` are looked at.

        Yields
        ------
        Transcript or BadTranscript
            One item for each conversation.

        Raises
        ------
        TranscriptError
            When a column is missing, or the quotes do not match.
        """
        rows = _rows(source)
        header = next(rows, None)
        if header is None or header.error is not None:
            raise TranscriptError("the header cannot be read", source=source.name)
        names = [str(cell or "") for cell in header.cells]
        try:
            columns = Columns.find(names, options.columns)
        except TranscriptError as error:
            raise error.at(source.at(header.number)) from None
        yield from read_rows(source, _even(rows, len(names)), columns, self.name)


def _even(rows: Iterator[Row], width: int) -> Iterator[Row]:
    empty = True
    for row in rows:
        empty = False
        if row.error is None and len(row.cells) != width:
            reason = f"the row has {len(row.cells)} cells, the header {width}; quote the text"
            row = replace(row, error=TranscriptError(reason))
        yield row
    if empty:
        raise TranscriptError("there are no rows under the header")


def _rows(source: Source) -> Iterator[Row]:
    lines = source.lines()
    number, first = next((pair for pair in lines if pair[1].strip()), (1, ""))
    above = number - 1
    delimiter = _delimiter(first)
    begun: list[str] = []

    def feed() -> Iterator[str]:
        for line in itertools.chain([first], (line for _, line in lines)):
            if not begun:
                begun.append(line)
            yield line + "\n"  # a line end within a quoted cell is part of the cell

    _allow_long_cells()
    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    while True:
        begun.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            reason = "the quotes of a cell do not match; nothing below this line could be read"
            # What stands before the quote still tells which conversation it is.
            readable = next(csv.reader(begun, delimiter=delimiter), [])
            yield Row(number, readable, TranscriptError(reason))
            return
        except TranscriptError as error:
            yield Row(number, (), error)
            return
        if cells is None:
            return
        if cells:
            yield Row(number, [cell or None for cell in cells])
        number = above + reader.line_num + 1


def _head_rows(head: str) -> list[list[str]]:
    lines = [line for line in head.split("\n") if line.strip()]
    if not lines:
        return []
    _allow_long_cells()
    # Not strict: the head may end within a quoted cell.
    return list(itertools.islice(csv.reader(lines, delimiter=_delimiter(lines[0])), _ROWS_SNIFFED))


def _delimiter(header: str) -> str:
    def cells(delimiter: str) -> int:
        return len(next(csv.reader([header], delimiter=delimiter), []))

    return max(_DELIMITERS, key=cells)


def _allow_long_cells() -> None:
    # The limit belongs to the whole process; it is only ever raised, for turns beyond 128 KiB.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))


def _is_known(header: Sequence[str]) -> bool:
    try:
        Columns.find(header, {})
    except TranscriptError:
        return False
    return True

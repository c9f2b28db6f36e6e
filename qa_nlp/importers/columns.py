"""One row per turn: which column of a table is what."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from qa_nlp.errors import TranscriptError, did_you_mean

__all__ = ["FIELDS", "Cell", "Columns", "Row"]

Cell: TypeAlias = object
"""What a cell may hold: text from CSV, anything from Parquet."""

FIELDS: Final = (
    "conversation_id",
    "turn_index",
    "role",
    "speaker",
    "text",
    "start",
    "end",
    "agent_id",
    "channel",
    "language",
    "started_at",
    "group_id",
)
"""What a column can be; the keys of ``columns=``."""

_ALIASES: Final[Mapping[str, str]] = {
    "transcript_id": "conversation_id",
    "interaction_id": "conversation_id",
    "call_id": "conversation_id",
    "utterance": "text",
    "start_time": "start",
    "end_time": "end",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Parameters
    ----------
    number : int
        1-based line or row, for messages.
    cells : sequence
        In the order of the header; empty cells are None.
    error : TranscriptError, optional
        Why the row cannot be used; it takes its conversation with it.
    """

    number: int
    cells: Sequence[Cell]
    error: TranscriptError | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands, and which columns are left for metadata.

    Parameters
    ----------
    of_field : mapping of str to int
        Field -> position.
    extra : mapping of str to int
        Any other column -> position.
    """

    of_field: Mapping[str, int]
    extra: Mapping[str, int]

    @classmethod
    def find(cls, header: Sequence[str], mapped: Mapping[str, str]) -> Columns:
        """Find the columns.

        Parameters
        ----------
        header : sequence of str
            The file's column names.
        mapped : mapping of str to str
            Field -> the file's column; what it leaves out is found by name, in any case and with
            spaces or hyphens for underscores. An empty column name means "there is none".

        Returns
        -------
        Columns
            The positions.

        Raises
        ------
        TranscriptError
            When a column is missing or there twice.
        """
        names = [_plain(name) for name in header]
        of_field = {
            ours: _position(theirs, ours, header) for ours, theirs in mapped.items() if theirs
        }
        for position, name in enumerate(names):
            name = _ALIASES.get(name, name)
            if name in FIELDS and name not in mapped and position not in of_field.values():
                if name in of_field:
                    raise TranscriptError(
                        f"two columns could be {name!r}; say which with "
                        f"columns={{{name!r}: '<its name>'}}"
                    )
                of_field[name] = position
        _check_required(of_field, mapped, header)
        taken = set(of_field.values())
        extra = {
            name.strip(): position
            for position, name in enumerate(header)
            if position not in taken and name.strip()
        }
        return cls(of_field, extra)

    def cell(self, row: Row, name: str) -> Cell:
        """Give a row's cell.

        Parameters
        ----------
        row : Row
            A row without error.
        name : str
            The field.

        Returns
        -------
        object
            None where the cell is empty or the column absent.
        """
        position = self.of_field.get(name)
        return None if position is None else row.cells[position]


def _check_required(
    of_field: Mapping[str, int], mapped: Mapping[str, str], header: Sequence[str]
) -> None:
    for name in ("conversation_id", "text"):
        if name not in of_field and (name == "text" or name not in mapped):
            near = difflib.get_close_matches(name, [_plain(column) for column in header], n=1)
            hint = f" (nearest: {near[0]!r})" if near else ""
            remedy = f"say which it is with columns={{{name!r}: '<its name>'}}"
            if name == "conversation_id":
                remedy += ", or '' if the whole file is one conversation"
            raise TranscriptError(
                f"none of the {len(header)} columns is called {name!r}{hint}; {remedy}"
            )
    if "role" not in of_field and "speaker" not in of_field:
        raise TranscriptError(
            f"none of the {len(header)} columns is called 'role' or 'speaker'; say which it is "
            "with columns={'speaker': '<its name>'}"
        )


def _position(theirs: str, ours: str, header: Sequence[str]) -> int:
    if theirs not in header:
        near = [name for name in header if difflib.get_close_matches(theirs, [name], n=1)]
        tail = did_you_mean(theirs, near) if near else ""
        raise TranscriptError(
            f"columns maps {ours!r} to {theirs!r}, which is none of the file's {len(header)} "
            f"columns{tail}"
        )
    return list(header).index(theirs)


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")

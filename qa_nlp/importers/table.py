"""One row per turn, whatever file the rows come from: rows to turns to transcripts."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, Source
from qa_nlp.importers.clock import parse_moment, parse_seconds
from qa_nlp.importers.columns import Cell, Columns, Row
from qa_nlp.importers.roles import number_agents, role_of_label
from qa_nlp.importers.shaping import derive_ends
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["read_rows"]

_Plain: TypeAlias = str | int | float | bool

_RATINGS: Final = frozenset({"csat", "nps", "ces"})
# Three years. Beyond that a number of seconds is surely a date, milliseconds or a mistake.
_LONGEST: Final = 1e8


@dataclass(slots=True)
class _Conversation:
    """Rows that stand together."""

    id: str
    rows: list[Row] = field(default_factory=list)


def read_rows(
    source: Source, rows: Iterator[Row], columns: Columns, format_name: str
) -> Iterator[Transcript | BadTranscript]:
    """Turn rows into conversations, holding one of them in memory at a time.

    Parameters
    ----------
    source : Source
        The file.
    rows : iterator of Row
        In the file's order; the rows of a conversation stand together.
    columns : Columns
        Which column is what.
    format_name : str
        Name of the importer.

    Yields
    ------
    Transcript or BadTranscript
        One item a conversation, and one more each time that a conversation comes back.
    """
    seen: set[str] = set()
    for conversation in _together(source, rows, columns):
        number = conversation.rows[0].number
        known_id = conversation.id or None
        try:
            if known_id is None:
                raise TranscriptError("the conversation_id is empty")
            if known_id in seen:
                raise TranscriptError(
                    "rows of this conversation are not together: those above were read as the "
                    "whole of it; sort the file by conversation_id"
                )
            seen.add(known_id)
            yield _transcript(source, conversation, columns, format_name)
        except TranscriptError as error:
            yield source.bad(error, number, known_id)


def _together(source: Source, rows: Iterator[Row], columns: Columns) -> Iterator[_Conversation]:
    file_id = source.stem
    current: _Conversation | None = None
    for row in rows:
        row_id = _row_id(row, columns, file_id, current.id if current else "")
        if current is None or row_id != current.id:
            if current is not None:
                yield current
            current = _Conversation(row_id)
        current.rows.append(row)
    if current is not None:
        yield current


def _row_id(row: Row, columns: Columns, file_id: str, current_id: str) -> str:
    position = columns.of_field.get("conversation_id")
    if position is None:
        return file_id
    if row.error is not None and not position < min(columns.of_field["text"], len(row.cells) - 1):
        # In a broken row, only the cells in front of the text are surely in their place.
        return current_id
    return _text(row.cells[position])


def _transcript(
    source: Source, conversation: _Conversation, columns: Columns, format_name: str
) -> Transcript:
    for row in conversation.rows:
        if row.error is not None:
            raise row.error.at(source.at(row.number), conversation.id)
    rows = _ordered(conversation.rows, columns, source)
    moments = [_moment(columns.cell(row, "start")) for row in rows]
    zero = next((moment for moment in moments if moment is not None), None)
    metadata = _metadata(rows, columns)
    # Many exports repeat the agent on every row, those of the customer too.
    with_agent = {Role.AGENT} if _is_repeated(rows, columns) else {Role.AGENT, Role.UNKNOWN}
    turns = []
    for row in rows:
        try:
            turns.append(_turn(row, columns, zero, with_agent))
        except TranscriptError as error:
            raise error.at(source.at(row.number), conversation.id) from None
    channel, language, started_at, group_id = (
        _constant(rows, columns.of_field.get(name), name)
        for name in ("channel", "language", "started_at", "group_id")
    )
    return Transcript(
        id=conversation.id,
        turns=tuple(derive_ends(number_agents(turns))),
        channel=channel.lower() if channel else None,
        language=language,
        started_at=_moment(started_at) or zero,
        metadata={"format": format_name, **metadata},
        group_id=group_id or "",
    )


def _ordered(rows: list[Row], columns: Columns, source: Source) -> list[Row]:
    if "turn_index" not in columns.of_field:
        return rows
    keyed = []
    for row in rows:
        index = _number(columns.cell(row, "turn_index"))
        if index is None or index != int(index):
            raise TranscriptError(
                "turn_index must be a whole number in every row of the conversation",
                source=source.at(row.number),
            )
        keyed.append((int(index), row))
    if len({index for index, _ in keyed}) < len(keyed):
        raise TranscriptError("two rows of the conversation have the same turn_index")
    return [row for _, row in sorted(keyed, key=lambda pair: pair[0])]


def _is_repeated(rows: Sequence[Row], columns: Columns) -> bool:
    return len({_optional(columns.cell(row, "agent_id")) for row in rows}) == 1


def _turn(row: Row, columns: Columns, zero: datetime | None, with_agent: Collection[Role]) -> Turn:
    text = columns.cell(row, "text")
    stated = _optional(columns.cell(row, "role"))
    label = _optional(columns.cell(row, "speaker"))
    # Without a role column, a speaker called "Agent" states his role.
    role = role_of_label(stated if "role" in columns.of_field else label)
    if role is Role.UNKNOWN and label is None and stated not in (None, Role.UNKNOWN.value):
        label = stated
    start = _seconds(columns.cell(row, "start"), "start", zero)
    return Turn(
        role=role,
        text=text if isinstance(text, str) else _text(text),
        speaker=label,
        agent_id=_optional(columns.cell(row, "agent_id")) if role in with_agent else None,
        start=start,
        end=None if start is None else _seconds(columns.cell(row, "end"), "end", zero),
    )


def _seconds(cell: Cell, name: str, zero: datetime | None) -> float | None:
    if cell is None:
        return None
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    moment = _moment(cell)
    if moment is not None and zero is not None:
        return round((moment - zero).total_seconds(), 6)
    seconds = parse_seconds(cell) if isinstance(cell, str) else _number(cell)
    if seconds is None or moment is not None:
        raise TranscriptError(
            f"{name} must be seconds, a clock time such as 00:12, or (in all rows) a date and time "
            "in ISO 8601"
        )
    if seconds > _LONGEST:
        raise TranscriptError(
            f"{name} is too large for seconds since the start of the conversation; milliseconds "
            "and dates as numbers must be converted"
        )
    return seconds


def _metadata(rows: Sequence[Row], columns: Columns) -> dict[str, _Plain]:
    positions = dict(columns.extra)
    if "agent_id" in columns.of_field:
        positions["agent_id"] = columns.of_field["agent_id"]
    metadata: dict[str, _Plain] = {}
    for name, position in positions.items():
        values = _values(rows, position)
        if len(values) == 1:
            (value,) = values
            metadata[name] = _rating(value) if name.casefold() in _RATINGS else value
    return metadata


def _values(rows: Sequence[Row], position: int) -> set[_Plain]:
    plain = (_plain_value(row.cells[position]) for row in rows)
    return {value for value in plain if value is not None}


def _rating(value: _Plain) -> _Plain:
    number = _number(value)
    if number is None:
        return value
    return int(number) if number.is_integer() else number


def _constant(rows: Sequence[Row], position: int | None, name: str) -> str | None:
    if position is None:
        return None
    values = _values(rows, position)
    if len(values) > 1:
        raise TranscriptError(f"{name} must be the same in all rows of the conversation")
    value = _text(values.pop()) if values else ""
    if name == "started_at" and value and _moment(value) is None:
        raise TranscriptError("started_at must be ISO 8601 such as '2026-03-04T09:15:00Z'")
    return value or None


def _text(cell: Cell) -> str:
    # Data frames make 17 a 17.0 where another id is missing.
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _optional(cell: Cell) -> str | None:
    return _text(cell) or None


def _number(cell: Cell) -> float | None:
    if isinstance(cell, bool) or not isinstance(cell, (int, float, Decimal, str)):
        return None
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _moment(cell: Cell) -> datetime | None:
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else parse_moment(cell.isoformat(timespec="microseconds"))
    return parse_moment(cell) if isinstance(cell, str) else None


def _plain_value(cell: Cell) -> _Plain | None:
    # Metadata is what JSON can hold; lists and structures in a column are none of its business.
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, (float, Decimal)):
        return float(cell) if math.isfinite(cell) else None
    return cell if isinstance(cell, (str, int, bool)) else None

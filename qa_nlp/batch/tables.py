"""The tables of a shard, each with a fixed schema, so that shards can be read as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import Scorecards, to_arrow

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TABLES", "shard_tables"]

TABLES: Final = ("scorecards", "cards", "grades", "evidence", "errors", "conversations")
"""Tables of a result, one file of each in every shard."""

_NUMBERS: Final = frozenset(
    {
        "total",
        "total_low",
        "total_high",
        "probability",
        "expected",
        "points",
        "possible",
        "contribution",
    }
)
_COUNTS: Final = frozenset({"fold", "turn", "start", "end"})
_FLAGS: Final = frozenset({"needs_review", "critical", "calibrated"})


def shard_tables(
    cards: Sequence[Scorecard],
    criteria: Sequence[str],
    conversations: Sequence[tuple[str | None, str, tuple[str, ...]]],
) -> dict[str, pa.Table]:
    """Turn the scorecards of a shard into tables.

    Parameters
    ----------
    cards : sequence of Scorecard
        In order.
    criteria : sequence of str
        Of the rubric; a column each in the wide table, also where no card has one.
    conversations : sequence of (str or None, str, tuple of str)
        Id, input and scorecard ids of each conversation, in order.

    Returns
    -------
    dict of str to pyarrow.Table
        By name: ``scorecards`` is exact, ``cards``, ``grades`` and ``evidence`` are as those of
        `Scorecards.to_frame`, ``errors`` holds reasons, ``conversations`` tells the input of each.
    """
    import pyarrow as pa

    everything = Scorecards(cards)
    tables = {"scorecards": to_arrow(everything)}
    for shape in ("cards", "grades", "evidence"):
        shown = everything.to_frame(shape, "arrow")
        tables[shape] = _fixed(shown, criteria if shape == "cards" else ())
    bad = everything.errors
    tables["errors"] = pa.table(
        {
            "transcript_id": pa.array([card.transcript_id for card in bad], pa.string()),
            "error": pa.array([card.error for card in bad], pa.string()),
        }
    )
    ids, inputs, own = zip(*conversations, strict=True) if conversations else ((), (), ())
    tables["conversations"] = pa.table(
        {
            "transcript_id": pa.array(ids, pa.string()),
            "input": pa.array(inputs, pa.string()),
            "scorecard_ids": pa.array(map(list, own), pa.list_(pa.string())),
        }
    )
    return tables


def _fixed(table: pa.Table, criteria: Sequence[str]) -> pa.Table:
    """Give a table the columns and types that it has when every cell is filled."""
    import pyarrow as pa

    names = [name for name in table.column_names if name not in criteria]
    if criteria:  # between what is known of the card and its error
        names[-1:-1] = criteria
    columns = {}
    for name in names:
        kind = pa.string() if name in criteria else _kind(name)
        known = name in table.column_names
        columns[name] = table[name].cast(kind) if known else pa.nulls(len(table), kind)
    return pa.table(columns)


def _kind(name: str) -> pa.DataType:
    import pyarrow as pa

    if name in _NUMBERS:
        return pa.float64()
    if name in _COUNTS:
        return pa.int64()
    return pa.bool_() if name in _FLAGS else pa.string()

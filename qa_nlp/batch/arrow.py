"""Arrow in, Arrow out: the function that Ray, Spark, DuckDB and others call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.batch.ids import SeenIds
from qa_nlp.batch.scorers import ScorerLike, cached_scorer
from qa_nlp.batch.scoring import score_all
from qa_nlp.errors import TranscriptError, did_you_mean
from qa_nlp.importers import BadTranscript
from qa_nlp.scorecards import arrow_schema, to_arrow
from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["score_batches", "transcript_schema", "transcripts_to_arrow"]

_REQUIRED: Final = ("transcript_id", "turns")
_OPTIONAL: Final = ("channel", "language", "started_at", "group_id")


def transcript_schema() -> pa.Schema:
    """Give the Arrow schema of transcripts: one row each, with its turns as a list.

    Only ``transcript_id`` and ``turns``, with the ``role`` and ``text`` of each turn, must be
    there. ``started_at`` may also be a timestamp, and ``metadata`` is a JSON object as text.

    Returns
    -------
    pyarrow.Schema
        With all columns.
    """
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    turn = pa.struct(
        [
            ("role", text),
            ("text", text),
            ("speaker", text),
            ("agent_id", text),
            ("start", number),
            ("end", number),
            ("end_derived", pa.bool_()),
        ]
    )
    return pa.schema(
        [
            ("transcript_id", text),
            ("turns", pa.list_(turn)),
            *((name, text) for name in _OPTIONAL),
            ("metadata", text),
        ]
    )


def transcripts_to_arrow(transcripts: Iterable[Transcript]) -> pa.RecordBatch:
    """Give transcripts in the form that `score_batches` takes.

    Parameters
    ----------
    transcripts : iterable of Transcript
        In order.

    Returns
    -------
    pyarrow.RecordBatch
        With `transcript_schema`.

    Examples
    --------
    >>> from qa_nlp.transcript import Turn
    >>> transcripts_to_arrow([Transcript("c1", [Turn("agent", "Hello!")])]).num_rows
    1
    """
    import pyarrow as pa

    rows = []
    for transcript in transcripts:
        row = transcript.to_dict()
        row["transcript_id"] = row.pop("id")
        row["metadata"] = json.dumps(row.get("metadata", {}), ensure_ascii=False)
        rows.append(row)
    return pa.RecordBatch.from_pylist(rows, schema=transcript_schema())


def score_batches(
    batches: Iterable[pa.RecordBatch], scorer: ScorerLike = "service_excellence"
) -> Iterator[pa.RecordBatch]:
    """Score transcripts in Arrow batches, such as those of a Spark or Ray job.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        One row for each transcript, with the columns of `transcript_schema`. Other columns become
        metadata where their values are text, numbers, truth values or dates.
    scorer : Scorer, str, pathlib.Path or callable, default "service_excellence"
        As for `score_files`. Given by a path or a function, it is loaded once in each process.

    Yields
    ------
    pyarrow.RecordBatch
        One for each batch, with the schema `arrow_schema`: a row for each scorecard, also for what
        could not be scored. An id that comes twice in `batches` is scored the first time.

    Raises
    ------
    TranscriptError
        When a column is missing.

    Examples
    --------
    >>> import qa_nlp as qa
    >>> (batch,) = score_batches([transcripts_to_arrow(qa.load_samples()[:2])])
    >>> batch.num_rows
    2
    """
    made = cached_scorer(scorer)
    seen = SeenIds()
    number = 0
    for batch in batches:
        _check_columns(batch.schema.names)
        items = []
        for row in batch.to_pylist():
            number += 1
            items.append(_unique(_transcript(row, f"row {number}"), seen))
        table = to_arrow(score_all(made, items)).combine_chunks()
        found = table.to_batches()
        yield found[0] if found else _nothing()


def _nothing() -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=arrow_schema())


def _check_columns(names: list[str]) -> None:
    for name in _REQUIRED:
        if name not in names:
            raise TranscriptError(
                f"there is no column {name!r}{did_you_mean(name, names)} (see transcript_schema)"
            )


def _transcript(row: dict[str, Any], place: str) -> Transcript | BadTranscript:
    identifier = row.pop("transcript_id")
    known = identifier if isinstance(identifier, str) and identifier.strip() else None
    try:
        turns = row.pop("turns")
        if turns is None:
            raise TranscriptError("turns is empty")
        fields = {name: _text(row.pop(name, None)) for name in _OPTIONAL}
        stated = _stated(row.pop("metadata", None))
        return Transcript.from_dict(
            {
                "id": identifier,
                "turns": [_present(turn) for turn in turns],
                **fields,
                "metadata": {**_others(row), **stated},
            }
        )
    except TranscriptError as error:
        # a row is counted within its part of a job, so it names only what has no other name
        told = error.at(place) if known is None else error.about(known)
        return BadTranscript(known, place, told)


def _present(turn: Any) -> Any:
    if not isinstance(turn, Mapping):
        return turn
    return {name: value for name, value in turn.items() if value is not None}


def _stated(metadata: Any) -> Mapping[str, Any]:
    if metadata is None:
        return {}
    try:
        found = json.loads(metadata)
    except (TypeError, ValueError):
        raise TranscriptError("metadata must be a JSON object as text") from None
    if not isinstance(found, dict):
        raise TranscriptError("metadata must be a JSON object as text")
    return found


def _text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _others(row: dict[str, Any]) -> dict[str, Any]:
    plain = {name: _text(value) for name, value in row.items()}
    return {
        name: value for name, value in plain.items() if isinstance(value, (str, int, float, bool))
    }


def _ids(item: Transcript) -> set[str]:
    return {item.id, *(view.id for view in item.by_agent())}


def _unique(item: Transcript | BadTranscript, seen: SeenIds) -> Transcript | BadTranscript:
    if isinstance(item, BadTranscript) or seen.add(_ids(item)):
        return item
    error = TranscriptError(
        "a transcript with this id came earlier; ids must be unique", transcript_id=item.id
    )
    return BadTranscript(item.id, item.id, error)

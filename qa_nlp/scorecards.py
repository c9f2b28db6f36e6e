"""Many scorecards: a sequence that turns into tables and files.

The functions here are the only ones that know how scorecards lie on disk. Both forms hold the same
fields, so a file read back gives scorecards equal to those written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from qa_nlp.errors import ArtifactError, did_you_mean, require
from qa_nlp.scorecard import (
    GRADE_MAPPINGS,
    SCORECARD_FORMAT,
    Evidence,
    Grade,
    GradeStatus,
    Scorecard,
)
from qa_nlp.user_files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SHARDS", "Scorecards", "arrow_schema", "read_scorecards", "write_scorecards"]

Shape = Literal["cards", "grades", "evidence"]
_SHAPES = ("cards", "grades", "evidence")
_ERROR = "error"
SHARDS = "shards"
"""Where a result folder of `qa_nlp.batch.score_files` holds its parts."""


class Scorecards(Sequence[Scorecard]):
    """A sequence of scorecards.

    Parameters
    ----------
    cards : iterable of Scorecard
        In order.

    Examples
    --------
    >>> cards = Scorecards([Scorecard("c1", "c1", "demo", "1", total=80.0)])
    >>> len(cards), cards[0].total, cards["c1"].transcript_id
    (1, 80.0, 'c1')
    """

    def __init__(self, cards: Iterable[Scorecard]) -> None:
        self._cards = tuple(cards)

    def __len__(self) -> int:
        return len(self._cards)

    @overload
    def __getitem__(self, index: int | str) -> Scorecard: ...
    @overload
    def __getitem__(self, index: slice) -> Scorecards: ...
    def __getitem__(self, index: int | str | slice) -> Scorecard | Scorecards:
        if isinstance(index, slice):
            return Scorecards(self._cards[index])
        if isinstance(index, str):
            for card in self._cards:
                if card.transcript_id == index:
                    return card
            tail = did_you_mean(index, (card.transcript_id for card in self._cards))
            raise KeyError(f"no scorecard of {index!r}{tail}")
        return self._cards[index]

    def __iter__(self) -> Iterator[Scorecard]:
        return iter(self._cards)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scorecards) and self._cards == other._cards

    def __hash__(self) -> int:
        return hash(self._cards)

    def __repr__(self) -> str:
        review = sum(card.needs_review for card in self._cards)
        return (
            f"<Scorecards: {len(self)} cards, {len(self.errors)} errors, {review} for a person to "
            "look at>"
        )

    @property
    def errors(self) -> tuple[Scorecard, ...]:
        """The cards of transcripts that could not be scored."""
        return tuple(card for card in self._cards if card.error is not None)

    def to_frame(self, shape: Shape = "cards", library: str = "pandas") -> Any:
        """Give the scorecards as a table.

        Parameters
        ----------
        shape : {"cards", "grades", "evidence"}, default "cards"
            One row for each card, for each grade, or for each piece of evidence.
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            The table.

        Raises
        ------
        ValueError
            When `shape` or `library` is another.
        """
        makers = {"cards": _card_rows, "grades": _grade_rows, "evidence": _evidence_rows}
        if shape not in makers:
            raise ValueError(f"unknown shape {shape!r}{did_you_mean(shape, _SHAPES)}")
        rows = makers[shape](self._cards)
        return to_library(rows, library, list(rows[0]) if rows else _columns(shape))

    def _repr_html_(self) -> str:
        from qa_nlp.scorecard_html import overview_html

        return overview_html(self)


def to_library(rows: list[dict[str, Any]], library: str, columns: list[str]) -> Any:
    """Turn rows into a table of the library asked for.

    Parameters
    ----------
    rows : list of dict
        All with the same keys.
    library : {"pandas", "polars", "arrow"}
        What to return.
    columns : list of str
        Those keys, which a table without rows has too.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The table.

    Raises
    ------
    ValueError
        When the library is another.
    """
    if library == "pandas":
        import pandas as pd

        return pd.DataFrame(rows, columns=columns)
    if library == "arrow":
        import pyarrow as pa

        return pa.table({name: [row[name] for row in rows] for name in columns})
    if library == "polars":
        polars = require("polars", "polars")
        return (
            polars.DataFrame(rows, infer_schema_length=None)
            if rows
            else polars.DataFrame(schema=columns)
        )
    names = ("pandas", "polars", "arrow")
    raise ValueError(f"unknown library {library!r}{did_you_mean(library, names)}")


def _head(card: Scorecard) -> dict[str, Any]:
    return {
        "transcript_id": card.transcript_id,
        "rubric": card.rubric,
        "agent_id": _as_text(card.metadata.get("agent_id")),
        "team": _as_text(card.metadata.get("team")),
        "channel": card.channel,
        "language": card.language,
    }


def _as_text(value: object) -> str | None:
    # a column of one type, whatever the files of different teams hold
    return None if value is None else str(value)


def _card_rows(cards: Sequence[Scorecard]) -> list[dict[str, Any]]:
    criteria = {grade.criterion: None for card in cards for grade in card.grades}
    rows = []
    for card in cards:
        low, high = card.total_interval or (None, None)
        answers = {grade.criterion: shown_level(grade) for grade in card.grades}
        rows.append(
            {
                **_head(card),
                "total": card.total,
                "total_status": card.total_status.value,
                "total_low": low,
                "total_high": high,
                "fold": card.fold,
                "needs_review": card.needs_review,
                **{criterion: answers.get(criterion) for criterion in criteria},
                _ERROR: card.error,
            }
        )
    return rows


def shown_level(grade: Grade) -> str:
    """Give the level of a grade, or the word that stands where there is none.

    Parameters
    ----------
    grade : Grade
        The grade.

    Returns
    -------
    str
        Level id, ``"N/A"`` or ``"abstained"``.
    """
    if grade.status is GradeStatus.NOT_APPLICABLE:
        return "N/A"
    return grade.level if grade.level is not None else GradeStatus.ABSTAINED.value


def _grade_rows(cards: Sequence[Scorecard]) -> list[dict[str, Any]]:
    return [
        {
            **_head(card),
            "criterion": grade.criterion,
            "status": grade.status.value,
            "level": grade.level,
            "probability": grade.probabilities.get(grade.level) if grade.level else None,
            "expected": grade.expected,
            "points": grade.points,
            "possible": grade.possible,
            "level_set": " ".join(grade.level_set) or None,
            "critical": grade.critical,
            "calibrated": grade.calibrated,
            "reason": grade.reason,
        }
        for card in cards
        for grade in card.grades
    ]


def _evidence_rows(cards: Sequence[Scorecard]) -> list[dict[str, Any]]:
    return [
        {"transcript_id": card.transcript_id, "criterion": grade.criterion, **item.to_dict()}
        for card in cards
        for grade in card.grades
        for item in grade.evidence
    ]


def _columns(shape: str) -> list[str]:
    """Give the columns of a table without rows."""
    grade = Grade("", GradeStatus.GRADED, evidence=(Evidence("", 0.0),))
    if shape == "cards":
        return list(_card_rows([Scorecard("", "", "", "")])[0])
    rows = _grade_rows if shape == "grades" else _evidence_rows
    return list(rows([Scorecard("", "", "", "", grades=(grade,))])[0])


def arrow_schema() -> pa.Schema:
    """Give the Arrow schema of stored scorecards.

    Maps are lists of (key, value) so that their order survives; metadata, which may hold anything,
    is JSON text. The schema's own metadata carries ``qa_nlp.scorecard_format``.

    Returns
    -------
    pyarrow.Schema
        One row for each scorecard.
    """
    import pyarrow as pa

    number, text = pa.float64(), pa.string()
    pairs = pa.list_(pa.struct([("key", text), ("value", number)]))
    evidence = pa.struct(
        [
            ("turn", pa.int64()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("quote", text),
            ("signal", text),
            ("contribution", number),
            ("note", text),
        ]
    )
    grade = pa.struct(
        [
            ("criterion", text),
            ("status", text),
            ("level", text),
            ("probabilities", pairs),
            ("expected", number),
            ("points", number),
            ("possible", number),
            ("level_set", pa.list_(text)),
            ("level_values", pairs),
            ("level_points", pairs),
            ("critical", pa.bool_()),
            ("calibrated", pa.bool_()),
            ("reason", text),
            ("contributions", pairs),
            ("evidence", pa.list_(evidence)),
        ]
    )
    section = pa.struct(
        [("section", text), ("total", number), ("points", number), ("possible", number)]
    )
    fields = [
        ("format_version", pa.int64()),
        ("transcript_id", text),
        ("group_id", text),
        ("rubric", text),
        ("rubric_version", text),
        ("total", number),
        ("total_status", text),
        ("total_interval", pa.list_(number)),
        ("total_without_critical", number),
        ("sections", pa.list_(section)),
        ("grades", pa.list_(grade)),
        ("critical_failures", pa.list_(text)),
        ("fold", pa.int64()),
        ("out_of_fold", pa.list_(grade)),
        ("total_out_of_fold", number),
        ("fingerprint", text),
        ("provenance", pa.list_(pa.struct([("key", text), ("value", text)]))),
        ("metadata", text),
        ("channel", text),
        ("language", text),
        ("started_at", text),
        ("turn_count", pa.int64()),
        ("word_count", pa.int64()),
        (_ERROR, text),
    ]
    return pa.schema(fields, metadata={"qa_nlp.scorecard_format": str(SCORECARD_FORMAT)})


def _pairs(mapping: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in mapping.items()]


def to_arrow(cards: Iterable[Scorecard]) -> pa.Table:
    """Give scorecards in their stored Arrow form.

    Parameters
    ----------
    cards : iterable of Scorecard
        In order.

    Returns
    -------
    pyarrow.Table
        With `arrow_schema`.
    """
    import pyarrow as pa

    rows = []
    for card in cards:
        row = card.to_dict()
        row["provenance"] = _pairs(row["provenance"])
        row["metadata"] = _json(row["metadata"], card)
        for grade in (*row["grades"], *row["out_of_fold"]):
            for name in GRADE_MAPPINGS:  # which lie as pairs in Arrow
                grade[name] = _pairs(grade[name])
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=arrow_schema())


def from_arrow(table: pa.Table) -> Scorecards:
    """Read scorecards back from their stored Arrow form.

    Parameters
    ----------
    table : pyarrow.Table
        With `arrow_schema`.

    Returns
    -------
    Scorecards
        The scorecards.

    Raises
    ------
    ArtifactError
        When the table holds something else.
    """
    missing = [name for name in arrow_schema().names if name not in table.schema.names]
    if missing:
        raise ArtifactError(f"not a table of scorecards: no column {missing[0]!r}")
    cards = []
    for number, row in enumerate(table.to_pylist(), start=1):
        try:
            row["provenance"] = {pair["key"]: pair["value"] for pair in row["provenance"]}
            row["metadata"] = json.loads(row["metadata"])
            for grade in (*row["grades"], *row["out_of_fold"]):
                for name in GRADE_MAPPINGS:
                    grade[name] = {pair["key"]: pair["value"] for pair in grade[name]}
            cards.append(Scorecard.from_dict(row))
        except ArtifactError as error:
            raise ArtifactError(f"row {number}: {error}") from None
        except (KeyError, TypeError, ValueError, RecursionError):
            raise ArtifactError(f"row {number}: not a scorecard") from None
    return Scorecards(cards)


def write_scorecards(cards: Iterable[Scorecard], path: str | Path) -> Path:
    """Write scorecards to one file; the ending chooses the form.

    The file appears whole or not at all.

    Parameters
    ----------
    cards : iterable of Scorecard
        In order.
    path : str or pathlib.Path
        Ends in ``.jsonl``, ``.parquet`` or ``.html``. HTML pages are for reading only.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ArtifactError
        When the ending is another, the folder cannot be written to, or a scorecard holds what the
        file cannot.
    """
    path = Path(path)
    writers = {".jsonl": _write_jsonl, ".parquet": _write_parquet, ".html": _write_html}
    writer = writers.get(path.suffix)
    if writer is None:
        raise ArtifactError(f"cannot write scorecards to {path.name!r}: end it in {_either()}")
    with replacing(path) as temporary:
        writer(cards, temporary)
    return path


def read_scorecards(path: str | Path) -> Scorecards:
    """Read scorecards that `write_scorecards` or `qa_nlp.batch.score_files` wrote.

    Parameters
    ----------
    path : str or pathlib.Path
        Ends in ``.jsonl`` or ``.parquet``, or is the result folder of `score_files`.

    Returns
    -------
    Scorecards
        Equal to those written.

    Raises
    ------
    ArtifactError
        When the file is missing, damaged or something else; the message names the line.
    """
    path = Path(path)
    try:
        if path.is_dir():
            shards = sorted(path.glob(f"{SHARDS}/*/scorecards.parquet"))
            if not shards:
                raise ArtifactError(f"{path}: is a folder, not a file, and holds no batch result")
            return Scorecards(card for shard in shards for card in _read_parquet(shard))
        if path.suffix == ".parquet":
            return _read_parquet(path)
        if path.suffix == ".jsonl":
            return _read_jsonl(path)
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {_reason(error)}") from None
    raise ArtifactError(
        f"cannot read scorecards from {path.name!r}: it must end in .jsonl or .parquet"
    )


def _reason(error: OSError) -> str:
    return "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)


def _json(value: Any, card: Scorecard) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise ArtifactError(
            f"the scorecard of {card.transcript_id!r} holds what JSON cannot, such as NaN or a date"
        ) from None
    return text


def _either() -> str:
    return ".jsonl, .parquet or .html"


def _write_jsonl(cards: Iterable[Scorecard], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for card in cards:
            file.write(_json(card.to_dict(), card) + "\n")


def _write_parquet(cards: Iterable[Scorecard], path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(to_arrow(cards), path)


def _write_html(cards: Iterable[Scorecard], path: Path) -> None:
    from qa_nlp.scorecard_html import page_html

    path.write_text(page_html(cards), encoding="utf-8")


def _read_jsonl(path: Path) -> Scorecards:
    cards = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                cards.append(Scorecard.from_dict(json.loads(line.decode())))
            except UnicodeDecodeError:
                raise ArtifactError(
                    f"{path}:{number}: not UTF-8; the file may be cut off"
                ) from None
            except json.JSONDecodeError as error:
                raise ArtifactError(
                    f"{path}:{number}: not JSON (column {error.colno}); the file may be cut off"
                ) from None
            except (ArtifactError, TypeError, ValueError, RecursionError) as error:
                raise ArtifactError(f"{path}:{number}: {error}") from None
    return Scorecards(cards)


def _read_parquet(path: Path) -> Scorecards:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return from_arrow(pq.read_table(path))
    except pa.ArrowInvalid:
        raise ArtifactError(f"{path}: not a Parquet file, or cut off") from None
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from None

"""Files and tables that people keep grades in, as rows of cells."""

from __future__ import annotations

import csv
import glob
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from qa_nlp.errors import GradesError
from qa_nlp.grade_columns import Rows
from qa_nlp.user_files import files_nearby

__all__ = ["Table", "tables"]

_DELIMITED: Final = (".csv", ".tsv", ".txt")
_LINES: Final = (".jsonl", ".ndjson")
_SHEETS: Final = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of one source, before it is known what they mean.

    Parameters
    ----------
    name : str
        What messages call it.
    prefix : str
        What stands before a row's number in its place.
    header : tuple of str
        Names of the columns; made text without spaces around it.
    rows : callable
        Takes positions of columns (None: a column of nothing) and gives numbered rows.
    is_file : bool, default True
        Whether it must hold something.
    advice : str
        What to do where a column is missing.
    """

    name: str
    prefix: str
    header: tuple[str, ...]
    rows: Callable[[Sequence[int | None]], Rows]
    is_file: bool = True
    advice: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", tuple(str(name).strip() for name in self.header))


def tables(source: Any) -> Iterator[Table]:
    """Open files and tables one after the other.

    Parameters
    ----------
    source : path, list of paths, table, or iterable of mappings
        What `read_grades` takes.

    Yields
    ------
    Table
        Its rows are read when they are asked for.

    Raises
    ------
    GradesError
        When the source is something else, or a file cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        source = [source]
    frame = _frame_table(source)
    if frame is not None:
        yield frame
        return
    if isinstance(source, (bytes, Mapping)) or not isinstance(source, Iterable):
        raise GradesError(
            f"grades cannot be read from a {type(source).__name__}; give a path, several, a table "
            "of pandas, polars or pyarrow, or a list with a mapping for each row"
        )
    items = list(source)
    if items and all(isinstance(item, (str, os.PathLike)) for item in items):
        for path in dict.fromkeys(chain.from_iterable(map(_expand, items))):
            yield _file_table(path)
        return
    for number, item in enumerate(items, start=1):
        if not isinstance(item, Mapping):
            raise GradesError(
                f"row {number}: a {type(item).__name__}, not a mapping; for tuples use "
                "Grades.from_rows"
            )
    if items:
        yield _mapping_table("the rows", "row ", list(enumerate(items, start=1)), is_file=False)


def _expand(item: str | os.PathLike[str]) -> list[Path]:
    """List the files that a path or a pattern means."""
    path = Path(item)
    try:
        if path.is_dir():
            raise GradesError(
                f"{path}: is a folder; give its files, or a pattern such as {path / '*.csv'}"
            )
        if os.path.lexists(path):
            return [path]
    except OSError as error:
        raise GradesError(f"the path cannot be used: {error.strerror}") from None
    if glob.has_magic(str(path)):
        fixed = list(takewhile(lambda part: not glob.has_magic(part), path.parts))
        found = sorted(Path(*fixed).glob(str(Path(*path.parts[len(fixed) :]))))
        files = [file for file in found if file.is_file() and file.name[0] not in ".~"]
        if files:
            return files
        raise GradesError(f"{path}: matches no file; check the pattern")
    raise GradesError(f"{_name(path)}: no such file{files_nearby(path) or '; check the path'}")


def _name(path: Path) -> str:
    text = str(path)
    # somebody gave the table itself instead of its path
    return f"(a path of {len(text):,} characters)" if "\n" in text or len(text) > 400 else text


def _file_table(path: Path) -> Table:
    ending = path.suffix.lower()
    try:
        if ending in _DELIMITED:
            return _csv_table(path)
        if ending in _LINES:
            return _mapping_table(str(path), f"{path}:", list(_json_rows(path)))
        if ending == ".parquet":
            return _parquet_table(path)
    except OSError as error:
        raise GradesError(f"{path}: cannot be read: {error.strerror or error}") from None
    remedy = "save the sheet as CSV UTF-8 and read that" if ending in _SHEETS else "convert it"
    raise GradesError(
        f"{path}: grades are read from {', '.join((*_DELIMITED, '.jsonl', '.parquet'))}; {remedy}"
    )


def _csv_table(path: Path) -> Table:
    lines = _csv_rows(path)
    first = next(lines, None)
    if first is None:
        raise GradesError(f"{path}:1: the file is empty; check that it was saved completely")
    header = tuple(first[1])

    def rows(positions: Sequence[int | None]) -> Rows:
        width = len(header)
        pick = itemgetter(*(width if at is None else at for at in positions))
        for line, cells in lines:
            if len(cells) > width and any(map(str.strip, cells[width:])):
                raise GradesError(
                    f"{path}:{line}: {len(cells)} cells, but the header has {width}; put text "
                    "that holds the separator in double quotes"
                )
            del cells[width:]
            cells.extend(repeat("", width + 1 - len(cells)))
            yield line, pick(cells)

    return Table(str(path), f"{path}:", header, rows)


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give the line on which each row begins, and its cells; empty rows are left out."""
    begin = 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            skipped, first, separator = _first_line(file)
            begin = skipped + 1
            reader = csv.reader(chain([first], file), delimiter=separator, strict=True)
            for cells in reader:
                line, begin = begin, skipped + reader.line_num + 1
                if cells and (cells[0].strip() or any(map(str.strip, cells))):
                    yield line, cells
        except UnicodeDecodeError:
            raise _not_utf8(path) from None
        except csv.Error as error:
            raise GradesError(
                f"{path}:{begin}: not CSV: {error}; check the double quotes of this row"
            ) from None


def _first_line(file: Iterator[str]) -> tuple[int, str, str]:
    """Give the number of lines before the header, its first line, and the separator."""
    stated = ""
    for skipped, line in enumerate(file):
        excel = re.fullmatch(r"sep=([,;\t])", line.strip(' "\r\n'))
        if excel:
            stated = excel[1]
        elif line.strip():
            bare = re.sub(r'"[^"]*"?', "", line)
            return skipped, line, stated or max(",;\t", key=bare.count)
    return 0, "", ","


def _not_utf8(path: Path) -> GradesError:
    number = 1
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):  # noqa: B007
            try:
                line.decode()
            except UnicodeDecodeError:
                break
    return GradesError(f"{path}:{number}: not UTF-8; save it as CSV UTF-8")


def _json_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                row = json.loads(text) if text.strip() else {}
            except UnicodeDecodeError:
                raise GradesError(f"{path}:{number}: not UTF-8; save it as UTF-8") from None
            except (ValueError, RecursionError) as error:  # also a number of too many digits
                column = f" (column {error.colno})" if hasattr(error, "colno") else ""
                raise GradesError(
                    f"{path}:{number}: not JSON{column}; write one object on each line"
                ) from None
            if not isinstance(row, dict):
                raise GradesError(
                    f"{path}:{number}: a {type(row).__name__}, not an object; write one object "
                    "on each line"
                )
            if row:
                yield number, row


def _mapping_table(
    name: str, prefix: str, rows: list[tuple[int, Mapping[Any, Any]]], *, is_file: bool = True
) -> Table:
    keys = list(dict.fromkeys(chain.from_iterable(row for _, row in rows)))
    if not rows:
        raise GradesError(f"{name}:1: the file is empty; check that it was saved completely")

    def cells(positions: Sequence[int | None]) -> Rows:
        wanted = [None if at is None else keys[at] for at in positions]
        for number, row in rows:
            yield number, tuple(None if key is None else row.get(key) for key in wanted)

    return Table(name, prefix, tuple(keys), cells, is_file)


def _parquet_table(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            header = tuple(file.schema_arrow.names)
    except pa.ArrowException:
        raise GradesError(f"{path}: not a Parquet file, or cut off; write it again") from None

    def rows(positions: Sequence[int | None]) -> Rows:
        try:
            with pq.ParquetFile(path) as file:
                read = file.read(columns=[header[at] for at in positions if at is not None])
            return _by_columns(lambda at: read.column(header[at]).to_pylist())(positions)
        except (pa.ArrowException, OSError):
            raise GradesError(f"{path}: the Parquet file is damaged; write it again") from None

    return Table(str(path), f"{path}: row ", header, rows)


def _by_columns(column: Callable[[int], list[Any]]) -> Callable[[Sequence[int | None]], Rows]:
    def rows(positions: Sequence[int | None]) -> Rows:
        # never only columns of nothing: the transcripts' ids are among them
        columns = [repeat(None) if at is None else column(at) for at in positions]
        return enumerate(zip(*columns, strict=False), start=1)

    return rows


def _frame_table(source: Any) -> Table | None:
    """Give a table of pandas, polars or pyarrow, or None where it is something else."""
    library = type(source).__module__.partition(".")[0]
    if library == "polars" and hasattr(source, "collect"):
        source = source.collect()
    advice = ""
    if library == "pandas" and hasattr(source, "iloc") and hasattr(source, "columns"):
        header, column = source.columns, lambda at: source.iloc[:, at].tolist()
        if any(name is not None for name in source.index.names):
            advice = "; if it is in the index, call reset_index() first"
    elif library == "polars" and hasattr(source, "to_series"):
        header, column = source.columns, lambda at: source.to_series(at).to_list()
    elif library == "pyarrow" and hasattr(source, "column"):
        header, column = source.schema.names, lambda at: source.column(at).to_pylist()
    else:
        return None
    return Table("the table", "row ", tuple(header), _by_columns(column), False, advice)

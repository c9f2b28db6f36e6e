"""Read texts that a person has labelled from CSV or JSONL, with errors that name the line."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.user_files import read_text, table_rows

__all__ = ["LabelledText", "read_labelled"]

_REQUIRED: Final = ("text", "label")
_LABELS: Final = {
    **dict.fromkeys(("1", "true", "yes", "hit"), True),
    **dict.fromkeys(("0", "false", "no", "miss"), False),
}
_TABLES: Final = (".csv", ".tsv")
_LINES: Final = (".jsonl", ".ndjson")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_LONGEST_SHOWN: Final = 20

Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text of which a person says whether it is a hit.

    Parameters
    ----------
    text : str
        What was said.
    label : bool
        Whether it says the phrase.
    language : str, optional
        ISO 639-1 code, where the row states it.
    line : int, optional
        Where the row begins in its file.
    place : str, default ""
        ``file:line``, for messages.
    """

    text: str
    label: bool
    language: str | None = None
    line: int | None = None
    place: str = ""


def read_labelled(path: str | Path) -> list[LabelledText]:
    """Read labelled texts.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file in UTF-8 (separated by commas, semicolons or tabs), or JSONL, with ``text`` and
        ``label`` (1 or 0, true or false, yes or no, hit or miss) and perhaps ``language``. What
        else a row holds is not looked at.

    Returns
    -------
    list of LabelledText
        In the order of the file.

    Raises
    ------
    RubricError
        When the file or a row of it cannot be used; the message names file and line.
    """
    path = Path(path)
    if path.suffix.lower() in _TABLES:
        rows = _table_rows
    elif path.suffix.lower() in _LINES:
        rows = _json_rows
    else:
        raise RubricError(f"{path}: labelled texts are read from .csv, .tsv and .jsonl")
    text = read_text(path)
    if not text.strip():
        raise RubricError(f"{path}:1: the file is empty")
    labelled = [_labelled(cells, line, f"{path}:{line}") for line, cells in rows(text, path)]
    if not labelled:
        raise RubricError(f"{path}:1: no rows below the header")
    return labelled


def _table_rows(text: str, path: Path) -> Iterator[tuple[int, Cells]]:
    yield from table_rows(text, str(path), _header)


def _header(cells: Sequence[str], place: str) -> list[str]:
    names = [cell.strip().casefold() for cell in cells]
    for name in (*_REQUIRED, "language"):
        if names.count(name) > 1:
            raise RubricError(f"{place}: two columns are called {name!r}")
    for name in _REQUIRED:
        if name not in names:
            raise RubricError(f"{place}: the column {name!r} is missing{_near(name, names)}")
    return names


def _near(name: str, names: Sequence[str]) -> str:
    # only near ones are named: a first row that is no header holds what somebody said
    near = difflib.get_close_matches(name, names)
    return did_you_mean(name, near) if near else f"; name it {name!r}"


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Cells]]:
    # not splitlines(), which also cuts at separators that JSON allows within a string
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        place = f"{path}:{line}"
        try:
            row = json.loads(content)
        except (ValueError, RecursionError):
            raise RubricError(f"{place}: not JSON; write one object a line") from None
        if not isinstance(row, dict):
            raise RubricError(f"{place}: not an object; write one object with text and label")
        for name in _REQUIRED:
            if name not in row:
                raise RubricError(f"{place}: {name!r} is missing{_near(name, list(row))}")
        yield line, row


def _labelled(cells: Cells, line: int, place: str) -> LabelledText:
    text = cells.get("text")
    if not isinstance(text, str) or not text.strip():
        raise RubricError(f"{place}: the text is {'empty' if not text else 'not a string'}")
    return LabelledText(
        " ".join(text.split()),
        _label(cells.get("label"), place),
        _language(cells.get("language"), place),
        line,
        place,
    )


def _label(cell: object, place: str) -> bool:
    word = "" if cell is None else str(cell).strip().casefold()
    if not word:
        raise RubricError(f"{place}: the label is empty; write 1 or 0, or take the row out")
    if word not in _LABELS:
        # a long one is probably a text in the wrong column, which no message may hold
        shown = f", not {word!r}" if len(word) <= _LONGEST_SHOWN else ""
        raise RubricError(f"{place}: the label must be 1 or 0, yes or no, hit or miss{shown}")
    return _LABELS[word]


def _language(cell: object, place: str) -> str | None:
    if cell is None or cell == "":
        return None
    if not isinstance(cell, str) or not _LANGUAGE.fullmatch(cell.strip()):
        raise RubricError(f"{place}: the language must be a code such as en")
    return cell.strip()

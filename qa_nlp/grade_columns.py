"""Columns of human grades, cleaned cell by cell; each distinct text is kept once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.errors import GradesError
from qa_nlp.grade_levels import NOT_APPLICABLE, level_text, shown_text

__all__ = ["FIELDS", "CollectedGrades", "Rows", "Texts", "frozen", "objects"]

Texts: TypeAlias = "NDArray[np.object_]"
Rows: TypeAlias = Iterable[tuple[int, Sequence[Any]]]

FIELDS: Final = ("transcript_id", "criterion", "rater", "level")
"""The columns of a grade file."""


class CollectedGrades:
    """Columns of grades while they are read.

    Examples
    --------
    >>> collected = CollectedGrades()
    >>> collected.add_long("row ", [(1, ("c1", "empathy", None, 4.0))])
    >>> [column.tolist() for column in collected.columns()]
    [['c1'], ['empathy'], [None], ['4'], ['row 1']]
    """

    def __init__(self) -> None:
        self.transcripts: list[str] = []
        self.criteria: list[str] = []
        self.raters: list[str | None] = []
        self.levels: list[str] = []
        self.places: list[str] = []
        self._ids, self._names, self._people = _Memo(str.strip), _Memo(str.strip), _Memo(str.strip)
        self._answers = _Memo(level_text)

    def __len__(self) -> int:
        return len(self.places)

    def add_long(self, prefix: str, rows: Rows, criterion: str | None = None) -> None:
        """Add grades.

        Parameters
        ----------
        prefix : str
            What stands before a row's number in its place.
        rows : iterable of (int, (transcript_id, criterion, rater, level))
            Numbers and cells.
        criterion : str, optional
            Stands for that of all rows.

        Raises
        ------
        GradesError
            When a cell but the rater's is empty, or holds no text or number.
        """
        for number, (identifier, asked, rater, level) in rows:
            place = f"{prefix}{number}"
            try:
                transcript = self._ids[_text(identifier)]
                question = self._names[_text(asked) if criterion is None else criterion]
                answer = self._answers[_text(level)]
                person = self._people[_text(rater)]
            except GradesError as error:
                raise GradesError(f"{place}: {error}") from None
            if not (transcript and question and answer):
                raise _incomplete(place, transcript, question)
            self._add(transcript, question, person, answer, place)

    def add_wide(self, prefix: str, rows: Rows, criteria: Sequence[str]) -> None:
        """Add the grades of rows with a level for each criterion; empty cells are left out.

        Parameters
        ----------
        prefix : str
            What stands before a row's number in its place.
        rows : iterable of (int, (transcript_id, rater, level, level, …))
            Numbers and cells.
        criteria : sequence of str
            Of the levels.

        Raises
        ------
        GradesError
            When a row with a level has no transcript, or a cell holds no text or number.
        """
        for number, (identifier, rater, *cells) in rows:
            place = f"{prefix}{number}"
            try:
                transcript = self._ids[_text(identifier)]
                person = self._people[_text(rater)]
                answers = [self._answers[_text(cell)] for cell in cells]
            except GradesError as error:
                raise GradesError(f"{place}: {error}") from None
            for criterion, answer in zip(criteria, answers, strict=True):
                if answer:
                    if not transcript:
                        raise _incomplete(place, transcript, criterion)
                    self._add(transcript, criterion, person, answer, place)

    def _add(self, transcript: str, criterion: str, rater: str, level: str, place: str) -> None:
        self.transcripts.append(transcript)
        self.criteria.append(criterion)
        self.raters.append(rater or None)
        self.levels.append(level)
        self.places.append(place)

    def columns(self) -> tuple[Texts, ...]:
        """Give transcripts, criteria, raters, levels and places.

        Returns
        -------
        tuple of ndarray of object, shapes (n,)
            Not writeable.
        """
        lists = (self.transcripts, self.criteria, self.raters, self.levels, self.places)
        return tuple(frozen(objects(column)) for column in lists)


class _Memo(dict[str, str]):
    """Cleans each distinct text once, and keeps one object of it."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean

    def __missing__(self, text: str) -> str:
        cleaned = self._clean(text)
        self[text] = self.setdefault(cleaned, cleaned)
        return self[text]


def _incomplete(place: str, transcript: str, criterion: str) -> GradesError:
    if not transcript:
        return GradesError(f"{place}: no transcript_id; fill it in, or leave the row out")
    if not criterion:
        return GradesError(
            f"{place}: no criterion for transcript {transcript!r}; fill it in, or leave the row out"
        )
    tail = ""
    if place.startswith("row "):
        tail = " (pandas.read_csv reads 'N/A' as nothing: give it keep_default_na=False)"
    return GradesError(
        f"{place}: no level for transcript {transcript!r}, criterion {shown_text(criterion)}; "
        f"write a level or {NOT_APPLICABLE}, or leave the row out{tail}"
    )


def _text(value: object) -> str:
    """Give a cell as text, empty where it holds nothing."""
    if isinstance(value, str):
        return value
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(value).lower()
    if isinstance(value, (Real, Decimal)):
        number: Any = value
        if number != number:  # NaN
            return ""
        whole = abs(number) < 1e15 and number == int(number)
        return str(int(number)) if whole else str(number)
    raise GradesError(f"a cell holds a {type(value).__name__}; it must be text or a number")


def objects(values: Any) -> Texts:
    """Give a column as a new array of Python objects.

    Parameters
    ----------
    values : list, array or column of a table, shape (n,)
        Cells.

    Returns
    -------
    ndarray of object, shape (n,)
        The cells.

    Raises
    ------
    GradesError
        When it is one text, or has no length.
    """
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise GradesError(f"a column must be a list or an array, not {type(values).__name__}")
    cells = values.tolist() if isinstance(values, np.ndarray) else values
    return np.fromiter(cells, np.object_, len(values))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array read-only.

    Parameters
    ----------
    array : ndarray
        Changed in place.

    Returns
    -------
    ndarray
        The same.
    """
    array.flags.writeable = False
    return array

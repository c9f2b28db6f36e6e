"""Human grades: which rater gave which level to which criterion of which transcript.

Grades are kept in columns, so that a million of them are read, compared and cut in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from qa_nlp.display.formats import counted
from qa_nlp.errors import GradesError
from qa_nlp.grade_columns import FIELDS, CollectedGrades, Rows, Texts, frozen, objects
from qa_nlp.grade_levels import NOT_APPLICABLE, level_place, level_scale, unknown_level
from qa_nlp.scorecards import to_library

if TYPE_CHECKING:
    from qa_nlp.rubric import Criterion

__all__ = ["NOT_APPLICABLE", "CriterionGrades", "Grades", "HumanGrade", "read_grades"]

Column: TypeAlias = "Sequence[Any] | NDArray[Any]"


@dataclass(frozen=True, slots=True)
class HumanGrade:
    """One person's answer to one criterion of one transcript.

    Parameters
    ----------
    transcript_id, criterion : str
        What was graded.
    rater : str or None
        Who graded; None is an unknown person.
    level : str
        A level's id or value as it was written, or ``"N/A"``.
    place : str, default ""
        Where it was written; not compared.
    """

    transcript_id: str
    criterion: str
    rater: str | None
    level: str
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class CriterionGrades:
    """The grades of one criterion, with levels as positions.

    Parameters
    ----------
    criterion : Criterion
        The criterion.
    transcript_ids, raters : ndarray of object, shape (n,)
        Which transcripts, and who graded them (None: an unknown person).
    levels : ndarray of int64, shape (n,)
        Position in ``criterion.levels``, 0 = worst; -1 = not applicable.
    """

    criterion: Criterion
    transcript_ids: Texts
    raters: Texts
    levels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.levels)

    def applicable(self) -> CriterionGrades:
        """Leave out what was graded N/A.

        Returns
        -------
        CriterionGrades
            Levels of 0 and above only, in the same order.
        """
        keep = self.levels >= 0
        return CriterionGrades(
            self.criterion,
            frozen(self.transcript_ids[keep]),
            frozen(self.raters[keep]),
            frozen(self.levels[keep]),
        )


class Grades(Sequence[HumanGrade]):
    """Human grades, an immutable sequence kept in columns.

    Cells are stripped, numbers become their shortest text (``"4"``, not ``"4.0"``), and every
    spelling of "not applicable" becomes ``"N/A"``. Two `Grades` are equal when their rows are,
    wherever these were written.

    Parameters
    ----------
    transcript_ids, criteria : array_like of str, shape (n,)
        What was graded.
    raters : array_like of str or None, shape (n,)
        Who graded; None or empty is an unknown person.
    levels : array_like of str or number, shape (n,)
        A level's id or value, or N/A.
    places : array_like of str, shape (n,), optional
        Where each row was written; default: ``"row 1"`` and so on.

    Raises
    ------
    GradesError
        When the columns are of different lengths, or a cell but the rater's is empty.

    Examples
    --------
    >>> grades = Grades(["c1", "c1"], ["empathy"] * 2, ["Ana", None], [4.0, "n/a"])
    >>> grades
    <Grades: 2 grades of 1 transcript on 1 criterion by 1 rater and unknown people>
    >>> grades.levels.tolist(), grades[0].rater, grades[1].place
    (['4', 'N/A'], 'Ana', 'row 2')
    """

    __slots__ = ("_columns",)

    def __init__(
        self,
        transcript_ids: Column,
        criteria: Column,
        raters: Column,
        levels: Column,
        places: Column | None = None,
    ) -> None:
        given = [objects(column) for column in (transcript_ids, criteria, raters, levels)]
        where = None if places is None else objects(places)
        lengths = {len(column) for column in (*given, *([] if where is None else [where]))}
        if len(lengths) > 1:
            raise GradesError(f"columns of grades have different lengths: {sorted(lengths)}")
        collected = CollectedGrades()
        collected.add_long("row ", enumerate(zip(*given, strict=True), start=1))
        columns = collected.columns()
        self._columns = columns if where is None else (*columns[:4], frozen(where))

    @classmethod
    def _from_columns(cls, columns: tuple[Texts, ...]) -> Grades:
        grades = cls.__new__(cls)
        grades._columns = tuple(frozen(column) for column in columns)
        return grades

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[Any]]) -> Grades:
        """Make grades from rows.

        Parameters
        ----------
        rows : iterable of (transcript_id, criterion, rater, level)
            The rater may be None; the level may be a number.

        Returns
        -------
        Grades
            In the same order.

        Raises
        ------
        GradesError
            When a row has not four cells, or one but the rater's is empty; the message names it.

        Examples
        --------
        >>> Grades.from_rows([("c1", "empathy", "Ana", 4)]).levels.tolist()
        ['4']
        """
        collected = CollectedGrades()
        collected.add_long("row ", _rows_of_four(rows))
        return cls._from_columns(collected.columns())

    @property
    def transcript_ids(self) -> Texts:
        """Which transcripts, shape (n,)."""
        return self._columns[0]

    @property
    def criteria(self) -> Texts:
        """Which criteria, shape (n,)."""
        return self._columns[1]

    @property
    def raters(self) -> Texts:
        """Who graded, shape (n,); None is an unknown person."""
        return self._columns[2]

    @property
    def levels(self) -> Texts:
        """A level's id or value as text, or ``"N/A"``, shape (n,)."""
        return self._columns[3]

    @property
    def places(self) -> Texts:
        """Where each grade was written, shape (n,): ``"grades.csv:2"`` or ``"row 2"``."""
        return self._columns[4]

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, index: int) -> HumanGrade: ...
    @overload
    def __getitem__(self, index: slice) -> Grades: ...
    def __getitem__(self, index: int | slice) -> HumanGrade | Grades:
        if isinstance(index, slice):
            return Grades._from_columns(tuple(column[index] for column in self._columns))
        return HumanGrade(*(column[index] for column in self._columns))

    def __iter__(self) -> Iterator[HumanGrade]:
        return map(HumanGrade, *self._columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grades):
            return NotImplemented
        pairs = zip(self._columns[:4], other._columns[:4], strict=True)
        return all(np.array_equal(own, theirs) for own, theirs in pairs)

    def __hash__(self) -> int:
        return hash((len(self), tuple(self[:8])))

    def __reduce__(self) -> tuple[object, ...]:
        return (Grades._from_columns, (self._columns,))

    def __repr__(self) -> str:
        return f"<Grades: {self._summary()}>"

    def _summary(self) -> str:
        raters = {rater for rater in self.raters if rater is not None}
        people = [counted(len(raters), "rater")] if raters else []
        if any(rater is None for rater in self.raters):
            people.append("unknown people")
        return (
            f"{counted(len(self), 'grade')} of "
            f"{counted(len(set(self.transcript_ids)), 'transcript')} on "
            f"{counted(len(set(self.criteria)), 'criterion', 'criteria')}"
            f"{' by ' if people else ''}{' and '.join(people)}"
        )

    def to_frame(self, library: str = "pandas") -> Any:
        """Give the grades as a table.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            Columns ``transcript_id``, ``criterion``, ``rater`` and ``level``.

        Raises
        ------
        ValueError
            When the library is another.
        """
        rows = [dict(zip(FIELDS, row, strict=True)) for row in zip(*self._columns[:4], strict=True)]
        return to_library(rows, library, list(FIELDS))

    def for_transcripts(self, ids: Iterable[str]) -> Grades:
        """Keep the grades of some transcripts.

        Parameters
        ----------
        ids : iterable of str
            Ids of transcripts; one string is one id.

        Returns
        -------
        Grades
            In the same order.
        """
        wanted = {ids} if isinstance(ids, str) else set(ids)
        return self._where(np.fromiter((i in wanted for i in self.transcript_ids), np.bool_))

    def for_criterion(self, criterion: str) -> Grades:
        """Keep the grades of one criterion.

        Parameters
        ----------
        criterion : str
            Its id.

        Returns
        -------
        Grades
            In the same order; empty where it was never graded.
        """
        return self._where(np.asarray(self.criteria == criterion, dtype=np.bool_))

    def _where(self, keep: NDArray[np.bool_]) -> Grades:
        return Grades._from_columns(tuple(column[keep] for column in self._columns))

    def of(self, criterion: Criterion) -> CriterionGrades:
        """Give the grades of one criterion of a rubric, with levels as positions.

        Parameters
        ----------
        criterion : Criterion
            The criterion.

        Returns
        -------
        CriterionGrades
            In the same order; N/A is -1.

        Raises
        ------
        GradesError
            When a grade is no level of the criterion; near matches are listed.

        Examples
        --------
        >>> from qa_nlp.rubric import Rubric
        >>> empathy = Rubric.load("service_excellence").criterion("empathy")
        >>> rows = [("c1", "empathy", "Ana", "excellent"), ("c1", "empathy", "Ben", 1)]
        >>> Grades.from_rows(rows).of(empathy).levels.tolist()
        [3, 0]
        """
        own, scale = self.for_criterion(criterion.id), level_scale(criterion)
        positions: dict[str, int] = {}
        for text in dict.fromkeys(own.levels):
            position = level_place(scale, text)
            if position is None:
                places = own.places[own.levels == text]
                more = f" (and in {len(places) - 1:,} more places)" if len(places) > 1 else ""
                raise GradesError(f"{places[0]}{more}: {unknown_level(criterion.id, scale, text)}")
            positions[text] = position
        levels = np.fromiter(map(positions.__getitem__, own.levels), np.int64, len(own))
        return CriterionGrades(criterion, own.transcript_ids, own.raters, frozen(levels))


def read_grades(
    source: Any, columns: Mapping[str, str] | None = None, *, criterion: str | None = None
) -> Grades:
    """Read human grades from files or tables.

    In the long form each row is one grade. In the wide form each row is one transcript with a
    column for each criterion, and an empty cell means that it was not graded.

    Parameters
    ----------
    source : path, list of paths, table, iterable of mappings, or Grades
        ``.csv``, ``.tsv`` or ``.txt`` (cells between commas, semicolons or tabs), ``.parquet`` or
        ``.jsonl``; a glob pattern; or a table of pandas, polars or pyarrow. `Grades` are returned
        unchanged.
    columns : mapping of str to str, optional
        Our names to those of the source. Keys are ``transcript_id``, ``criterion``, ``rater`` and
        ``level``, each its own default; any other key is the id of a criterion and means the wide
        form. Without a column of raters they are unknown people.
    criterion : str, optional
        The criterion of all rows, where the source has no column for it.

    Returns
    -------
    Grades
        In the order of the source.

    Raises
    ------
    GradesError
        When the source cannot be read, a column is missing, or a row has no transcript, no
        criterion or no level; the message says where and what to do.

    Examples
    --------
    >>> rows = [{"Call ID": 17.0, "Empathy (1-5)": 4, "Greeting": None}]
    >>> columns = {"transcript_id": "Call ID", "empathy": "Empathy (1-5)", "greeting": "Greeting"}
    >>> read_grades(rows, columns)[0]
    HumanGrade(transcript_id='17', criterion='empathy', rater=None, level='4', place='row 1')
    """
    if isinstance(source, Grades):
        return source
    from qa_nlp.grades_reading import read_columns

    return Grades._from_columns(read_columns(source, columns, criterion))


def _rows_of_four(rows: Iterable[Sequence[Any]]) -> Rows:
    for number, row in enumerate(rows, start=1):
        if isinstance(row, (str, Mapping)) or len(row) != len(FIELDS):
            raise GradesError(f"row {number}: a row must be ({', '.join(FIELDS)})")
        yield number, tuple(row)

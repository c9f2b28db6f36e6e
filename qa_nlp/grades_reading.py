"""Find the columns of grades in files and tables, and read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.grade_columns import FIELDS, CollectedGrades, Texts
from qa_nlp.grade_levels import LONGEST_SHOWN
from qa_nlp.grades_sources import Table, tables

__all__ = ["read_columns"]


def read_columns(
    source: Any, columns: Mapping[str, str] | None, criterion: str | None
) -> tuple[Texts, ...]:
    """Read the columns of grades; see `read_grades`.

    Parameters
    ----------
    source, columns, criterion
        As given to `read_grades`, but no `Grades`.

    Returns
    -------
    tuple of ndarray of object, shapes (n,)
        Transcripts, criteria, raters, levels and places.

    Raises
    ------
    GradesError
        As `read_grades`.
    """
    plan = _Plan.of(columns, criterion)
    collected = CollectedGrades()
    for table in tables(source):
        before = len(collected)
        plan.collect(table, collected)
        if table.is_file and len(collected) == before:
            raise GradesError(f"{table.name}: holds no grades; check that it was saved completely")
    return collected.columns()


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which columns to read, as the user said."""

    named: Mapping[str, str]
    wide: Mapping[str, str]
    criterion: str | None

    @classmethod
    def of(cls, columns: Mapping[str, str] | None, criterion: str | None) -> _Plan:
        if columns is not None and not isinstance(columns, Mapping):
            raise GradesError("columns must map our names to those of the source")
        given = {str(ours).strip(): str(theirs).strip() for ours, theirs in (columns or {}).items()}
        if "" in given:
            raise GradesError(f"columns gives {given['']!r} no name; name a criterion or a field")
        if len(given) < len(columns or {}):
            raise GradesError("columns has a name twice, but for spaces around it")
        named = {ours: theirs for ours, theirs in given.items() if ours in FIELDS}
        wide = {ours: theirs for ours, theirs in given.items() if ours not in FIELDS}
        for theirs in given.values():
            if list(given.values()).count(theirs) > 1:
                raise GradesError(f"columns names the column {theirs!r} twice")
        clash = [ours for ours in ("criterion", "level") if ours in named]
        if wide and (clash or criterion is not None):
            raise GradesError(
                f"columns has {next(iter(wide))!r}, which means one column for each criterion, and "
                f"also {repr(clash[0]) if clash else 'criterion='}; leave one of them out (names "
                f"for one grade in each row: {', '.join(FIELDS)})"
            )
        if criterion is not None and ("criterion" in named or not criterion.strip()):
            raise GradesError("criterion= must be the id of a criterion, without a column for it")
        return cls(named, wide, criterion)

    def collect(self, table: Table, collected: CollectedGrades) -> None:
        identifier = self._position(table, "transcript_id")
        rater = self._position(table, "rater")
        if self.wide:
            levels = [self._find(table, column, ours) for ours, column in self.wide.items()]
            rows = table.rows([identifier, rater, *levels])
            collected.add_wide(table.prefix, rows, list(self.wide))
            return
        if self.criterion is not None and "criterion" in table.header:
            raise GradesError(
                f"{table.name}: has a column 'criterion'; leave criterion= out and choose with "
                "Grades.for_criterion"
            )
        asked = None if self.criterion is not None else self._position(table, "criterion")
        rows = table.rows([identifier, asked, rater, self._position(table, "level")])
        collected.add_long(table.prefix, rows, self.criterion)

    def _position(self, table: Table, ours: str) -> int | None:
        if ours == "rater" and ours not in self.named and ours not in table.header:
            return None
        return self._find(table, self.named.get(ours, ours), ours)

    def _find(self, table: Table, column: str, ours: str) -> int:
        found = [at for at, name in enumerate(table.header) if name == column]
        if len(found) == 1:
            return found[0]
        if found:
            raise GradesError(f"{table.name}: two columns are called {column!r}; rename one")
        names = [name for name in table.header if name and len(name) <= LONGEST_SHOWN]
        purpose = "" if ours == column else f" (for {ours!r})"
        raise GradesError(
            f"{table.name}: no column {column!r}{purpose}{did_you_mean(column, names)}"
            f"{table.advice or self._remedy(ours, names)}"
        )

    def _remedy(self, ours: str, names: Sequence[str]) -> str:
        theirs = {name: self.named.get(name, name) for name in FIELDS}
        tail = "" if self.wide else f"; say which column it is, as in columns={{{ours!r}: '…'}}"
        if ours == "criterion" and theirs["level"] in names:
            return f"{tail}, or give criterion='…' where all rows grade the same one"
        others = [name for name in names if name not in theirs.values()]
        if self.wide or {theirs["level"], theirs["criterion"]} & set(names) or not others:
            return tail
        identifier = theirs["transcript_id"]
        if identifier not in names:
            identifier = others.pop(0)
        example = f", 'empathy': {others[0]!r}" if others else ", 'empathy': '…'"
        return (
            f"{tail}; where each criterion has a column of its own, give "
            f"columns={{'transcript_id': {identifier!r}{example}}}"
        )

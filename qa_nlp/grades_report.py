"""What was found in human grades, as people read it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from qa_nlp.display.formats import counted
from qa_nlp.display.tables import html_table, text_table

__all__ = ["SEVERITIES", "GradesFinding", "GradesReport", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "note"]

SEVERITIES: Final = ("error", "warning", "note")
"""From what cannot be used to what is good to know."""

_TITLES: Final = {
    "levels": "Levels given",
    "raters": "Raters",
    "double_graded": "Graded by two or more raters",
    "learnable": "What can be learnt",
}


@dataclass(frozen=True, slots=True)
class GradesFinding:
    """Something about the grades that a person should know.

    Parameters
    ----------
    severity : {"error", "warning", "note"}
        Cannot be used; can be used, but perhaps is not what was meant; good to know.
    kind : str
        Short name of what was looked for, such as ``"unknown level"``.
    message : str
        What was found and what to do.
    places : tuple of str
        The first few places where it was found; empty where there is none.
    count : int
        How many there are.
    """

    severity: Severity
    kind: str
    message: str
    places: tuple[str, ...] = ()
    count: int = 1

    def __str__(self) -> str:
        where = ""
        if self.places:
            more = ", …" if self.count > len(self.places) else ""
            where = f" [{', '.join(self.places)}{more}]"
        return f"{self.severity}: {self.kind}: {self.message}{where}"


@dataclass(frozen=True, slots=True)
class GradesReport:
    """What was found in human grades, and what can be learnt from them.

    The tables leave out what is no criterion or level of the rubric, and count a repeated row once.

    Parameters
    ----------
    rubric : str
        Id of the rubric.
    summary : str
        How many grades there are, in words.
    findings : tuple of GradesFinding
        Errors first, then warnings, then notes.
    levels : list of dict
        ``criterion``, ``level``, ``count``: grades of each level of the rubric, and N/A.
    raters : list of dict
        ``rater``, ``grades``, ``transcripts``, ``mean_relative_level`` (0 = always the worst
        level, 1 = always the best, None = only N/A). None as rater stands for unknown people.
    double_graded : list of dict
        ``criterion``, ``transcripts`` (graded by two or more known raters), ``pairs`` (of grades
        of one transcript by two raters) and ``exact_agreement`` (share of pairs that are the same
        answer, 0 to 1; N/A is an answer; None without pairs).
    learnable : list of dict
        ``criterion``, ``transcripts`` (with a grade other than N/A) and ``statement``.
    """

    rubric: str
    summary: str
    findings: tuple[GradesFinding, ...]
    levels: list[dict[str, Any]] = field(default_factory=list)
    raters: list[dict[str, Any]] = field(default_factory=list)
    double_graded: list[dict[str, Any]] = field(default_factory=list)
    learnable: list[dict[str, Any]] = field(default_factory=list)

    @property
    def errors(self) -> tuple[GradesFinding, ...]:
        """What makes grades unusable."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[GradesFinding, ...]:
        """What is perhaps not as it was meant."""
        return self._of("warning")

    @property
    def notes(self) -> tuple[GradesFinding, ...]:
        """What is good to know."""
        return self._of("note")

    @property
    def error_text(self) -> str:
        """The errors, a line for each; empty where there are none."""
        return "\n".join(str(finding).removeprefix("error: ") for finding in self.errors)

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    def _of(self, severity: Severity) -> tuple[GradesFinding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == severity)

    def to_dict(self) -> dict[str, Any]:
        """Give the report as JSON-ready values.

        Returns
        -------
        dict
            All fields, and ``ok``.
        """
        names = ("severity", "kind", "message", "count")
        return {
            "ok": self.ok,
            "rubric": self.rubric,
            "summary": self.summary,
            "findings": [
                {name: getattr(found, name) for name in names} | {"places": list(found.places)}
                for found in self.findings
            ],
            **{name: [dict(row) for row in rows] for name, rows in self._tables()},
        }

    def _tables(self) -> list[tuple[str, list[dict[str, Any]]]]:
        return [(name, getattr(self, name)) for name in _TITLES]

    def __str__(self) -> str:
        parts = [f"{self.summary}, checked against the rubric {self.rubric!r}: {self._verdict()}"]
        parts += [f"  {finding}" for finding in self.findings]
        for name, rows in self._tables():
            if rows:
                parts += ["", _TITLES[name], *text_table(_cells(rows), indent="  ")]
        return "\n".join(parts)

    def _verdict(self) -> str:
        counts = [
            counted(len(self._of(severity)), severity)
            for severity in SEVERITIES
            if self._of(severity)
        ]
        return ", ".join(counts) or "nothing to remark"

    def _repr_html_(self) -> str:
        head = f"{self.summary}, checked against the rubric {self.rubric}: {self._verdict()}"
        items = "".join(f"<li>{html.escape(str(found))}</li>" for found in self.findings)
        tables = "".join(
            html_table(_cells(rows), _TITLES[name]) for name, rows in self._tables() if rows
        )
        return f"<div><p>{html.escape(head)}</p><ul>{items}</ul>{tables}</div>"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _cells(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    titles = [name.replace("_", " ") for name in rows[0]]
    return [titles, *([_cell(value) for value in row.values()] for row in rows)]

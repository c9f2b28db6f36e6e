"""Check human grades against a rubric, and against transcripts, before anything is learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.display.formats import counted
from qa_nlp.errors import did_you_mean
from qa_nlp.grade_columns import Texts
from qa_nlp.grade_levels import NOT_APPLICABLE, level_scale, shown_text, unknown_level
from qa_nlp.grades import Grades, read_grades
from qa_nlp.grades_matching import unmatched
from qa_nlp.grades_report import SEVERITIES, GradesFinding, GradesReport, Severity
from qa_nlp.grades_tables import (
    LEAST_CHOSEN,
    LEAST_LEARNT,
    UNKNOWN,
    Counts,
    coded_grades,
    double_graded_rows,
    learnable_rows,
    level_counts,
    level_rows,
    linked,
    rater_rows,
)
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Scorecard
from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GradesReport", "check_grades"]

Rows: TypeAlias = "NDArray[np.int64]"
Flags: TypeAlias = "NDArray[np.bool_]"

_QUESTION: Final = ["transcript", "asked", "rater"]
_SHOWN: Final = 5
_LISTED: Final = 10
_FEW_GRADES: Final = 5


def check_grades(
    grades: Any,
    rubric: str | Path | Rubric,
    transcripts: Iterable[Transcript | Scorecard | str] | None = None,
) -> GradesReport:
    """Check human grades before a scorer learns from them.

    Parameters
    ----------
    grades : Grades or anything `read_grades` takes
        Human grades.
    rubric : str, pathlib.Path or Rubric
        Name of a shipped rubric, path of one, or a rubric.
    transcripts : iterable of Transcript, Scorecard or str, optional
        What was graded, or the ids. ``ID@AGENT`` and ``ID#TURN`` belong to the transcript ``ID``
        when it has that agent or that turn, as far as is known.

    Returns
    -------
    GradesReport
        Findings and tables; it prints as text and draws itself in a notebook.

    Raises
    ------
    GradesError
        When the grades cannot be read at all.
    RubricError
        When there is no such rubric.

    Examples
    --------
    >>> rows = [("c1", "empathy", "Ana", "good"), ("c2", "empathy", "Ana", "god")]
    >>> report = check_grades(Grades.from_rows(rows), "service_excellence")
    >>> report.ok
    False
    >>> print(report.errors[0])  # doctest: +ELLIPSIS
    error: unknown level: criterion 'empathy' has no level 'god'; did you mean 'good'?... [row 2]
    """
    given = read_grades(grades)
    form = Rubric.load(rubric)
    table = coded_grades(given, form)
    names = list(dict.fromkeys(rater for rater in given.raters if rater is not None))
    known = (table["position"] > UNKNOWN).to_numpy()
    # 4 and its level's id are the same answer; what is unknown is compared as it was written
    answer = table["position"].where(known, UNKNOWN - 1 - table["text"])
    again = table[_QUESTION].assign(answer=answer).duplicated().to_numpy()
    usable = table[known & ~again]
    counts = level_counts(usable, form)
    learnable = learnable_rows(usable, form, counts)
    findings = [
        *([] if transcripts is None else unmatched(given, transcripts)),
        *_unknown_names(given, table, form),
        *_repeated(given, table, again),
        *_about_criteria(form, counts, learnable),
        *_about_raters(table, usable, names),
    ]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return GradesReport(
        form.id,
        given._summary(),
        tuple(findings),
        level_rows(form, counts),
        rater_rows(names, usable, form),
        double_graded_rows(usable, form),
        learnable,
    )


def _first_places(grades: Grades, rows: Rows) -> tuple[str, ...]:
    return tuple(dict.fromkeys(grades.places[rows[: 4 * _SHOWN]]))[:_SHOWN]


def _unknown_names(grades: Grades, table: pd.DataFrame, rubric: Rubric) -> list[GradesFinding]:
    ids = [criterion.id for criterion in rubric.criteria]
    strange = table[table["position"] == UNKNOWN]
    findings = []
    for at, criterion in enumerate(rubric.criteria):
        wrong = partial(unknown_level, criterion.id, level_scale(criterion))
        own = strange[strange["criterion"] == at]["text"]
        begin = f"criterion {criterion.id!r}: "
        findings += _unknown("level", own, grades, grades.levels, wrong, begin)

    def message(name: str) -> str:
        return (
            f"rubric {rubric.id!r} has no criterion {shown_text(name)}{did_you_mean(name, ids)}; "
            "correct the name, or leave these grades out"
        )

    own = strange[strange["criterion"] < 0]["asked"]
    return findings + _unknown("criterion", own, grades, grades.criteria, message)


def _unknown(
    noun: str,
    codes: pd.Series[int],
    grades: Grades,
    texts: Texts,
    message: Callable[[str], str],
    begin: str = "",
) -> list[GradesFinding]:
    """Give a finding for each of the first few texts, and one for all others."""
    kind, values, findings = f"unknown {noun}", codes.unique(), []
    for value in values[:_LISTED]:
        rows = codes.index[codes == value].to_numpy()
        places = _first_places(grades, rows)
        findings.append(GradesFinding("error", kind, message(texts[rows[0]]), places, len(rows)))
    if len(values) > _LISTED:
        text = (
            f"{begin}{len(values) - _LISTED:,} more that are no {noun}; check that the right "
            f"column is read as {noun}"
        )
        count = len(codes) - sum(finding.count for finding in findings)
        findings.append(GradesFinding("error", kind, text, (), count))
    return findings


def _repeated(grades: Grades, table: pd.DataFrame, again: Flags) -> list[GradesFinding]:
    """Look for a row that stands twice, and for a rater who contradicts themselves."""
    by_known = table["rater"].to_numpy() >= 0
    findings = []
    kinds: tuple[tuple[Severity, Any, str], ...] = (
        (
            "warning",
            again & by_known,
            "the same rater, transcript, criterion and level as a row above; each counts once",
        ),
        (
            "note",
            again & ~by_known,
            "the same transcript, criterion and level as a row above, by "
            "an unknown person: one row twice, or two people; name the raters to tell",
        ),
    )
    for severity, found, text in kinds:
        at = np.flatnonzero(found)
        if len(at):
            message = f"{counted(len(at), 'row')} with {text}"
            places = _first_places(grades, at)
            findings.append(GradesFinding(severity, "duplicate", message, places, len(at)))
    distinct = table[by_known & ~again]
    other = distinct[distinct.duplicated(_QUESTION)]
    if len(other):
        items = len(other.drop_duplicates(_QUESTION))
        findings.append(
            GradesFinding(
                "warning",
                "contradiction",
                f"{counted(items, 'answer')} where one rater gave one criterion of one transcript "
                "different levels; keep the one that holds",
                _first_places(grades, other.index.to_numpy()),
                items,
            )
        )
    return findings


def _about_criteria(
    rubric: Rubric, counts: Counts, learnable: Sequence[Mapping[str, Any]]
) -> list[GradesFinding]:
    findings = []
    for criterion, row in zip(rubric.criteria, learnable, strict=True):
        count = counts[criterion.id]
        used = [level.id for at, level in enumerate(criterion.levels) if count[at]]
        unused = [level.id for at, level in enumerate(criterion.levels) if not count[at]]
        name, number = repr(criterion.id), row["transcripts"]
        if not sum(count.values()):
            text = f"{name} has no usable grade: the rubric's own prior is used"
            findings.append(GradesFinding("warning", "criterion without grades", text))
        elif not used:
            text = f"{name} has no grade but {NOT_APPLICABLE}: nothing can be learnt about it"
            findings.append(GradesFinding("warning", "N/A only", text, (), count[-1]))
        elif len(used) == 1:
            text = f"{name}: every grade is {used[0]!r}; nothing tells its levels apart"
            findings.append(GradesFinding("warning", "one level only", text))
        elif len(unused) >= 2:
            text = f"{name}: nobody gave {', '.join(map(repr, unused))}"
            findings.append(GradesFinding("note", "levels never used", text, (), len(unused)))
        if 0 < number < LEAST_CHOSEN:
            text = f"{name} has {counted(number, 'graded transcript')}: the rubric's model "
            if number < LEAST_LEARNT:
                text += f"stays; from {LEAST_LEARNT} on, it is fitted to the grades"
            else:
                text += (
                    "decides mostly, at fixed strengths; "
                    f"from {LEAST_CHOSEN} on, cross-validation may change these"
                )
            findings.append(GradesFinding("note", "few transcripts", text, (), number))
    return findings


def _about_raters(
    table: pd.DataFrame, usable: pd.DataFrame, names: Sequence[str]
) -> list[GradesFinding]:
    findings = []
    unknown = int((table["rater"] < 0).sum())
    if unknown:
        text = (
            f"{counted(unknown, 'grade')} by unknown people: how strict they are cannot be told "
            "apart, nor how well they agree; name the column of raters if there is one"
        )
        findings.append(GradesFinding("note", "unknown raters", text, (), unknown))
    given = usable["rater"].value_counts().to_dict()
    few = sorted(name for code, name in enumerate(names) if given.get(code, 0) < _FEW_GRADES)
    if few:
        text = (
            f"{_listed(few)} gave fewer than {_FEW_GRADES} usable grades: too few to tell how "
            f"strict {'this rater is' if len(few) == 1 else 'they are'}"
        )
        findings.append(GradesFinding("note", "few grades by a rater", text, (), len(few)))
    return [*findings, *_disconnected(usable, names)]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(shown_text, names[:_SHOWN]))
    return shown + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")


def _disconnected(usable: pd.DataFrame, names: Sequence[str]) -> list[GradesFinding]:
    groups = _components(usable, names)
    if len(groups) < 2:
        return []
    shown = "; ".join(f"({_listed(group)})" for group in groups[:_SHOWN])
    more = f"; and {len(groups) - _SHOWN:,} more groups" if len(groups) > _SHOWN else ""
    text = (
        f"the raters fall into {len(groups):,} groups of which no two graded the same criterion "
        f"of the same transcript: {shown}{more}. "
        "Between groups a strict rater looks the same as worse conversations; let raters of "
        "different groups grade some of the same transcripts"
    )
    return [GradesFinding("warning", "disconnected raters", text, (), len(groups))]


def _components(usable: pd.DataFrame, names: Sequence[str]) -> list[list[str]]:
    """Give the raters linked by answers (a criterion of a transcript) that both gave a level."""
    own = usable[(usable["rater"] >= 0) & (usable["position"] >= 0)]
    item = own.groupby(["transcript", "criterion"], sort=False).ngroup()
    rater = own["rater"].to_numpy(np.int64)
    label = linked(rater, np.asarray(item, dtype=np.int64), len(names))
    groups: dict[int, list[str]] = {}
    for code in np.unique(rater):
        groups.setdefault(int(label[code]), []).append(names[code])
    return sorted((sorted(group) for group in groups.values()), key=lambda g: (-len(g), g))

"""Check human grades against a rubric, and against transcripts, before anything is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.errors import did_you_mean
from qa_nlp.grade_levels import NOT_APPLICABLE, counted, shown_text, unknown_level
from qa_nlp.grades import Grades, read_grades
from qa_nlp.grades_matching import unmatched
from qa_nlp.grades_report import SEVERITIES, GradesFinding, GradesReport, Severity
from qa_nlp.grades_tables import (
    UNKNOWN,
    Counts,
    coded_grades,
    double_graded_rows,
    learnable_rows,
    level_counts,
    level_rows,
    rater_names,
    rater_rows,
)
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Scorecard
from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GradesReport", "check_grades"]

Rows: TypeAlias = "NDArray[np.int64]"

_SHOWN: Final = 5
_LISTED: Final = 10
_FEW_GRADES: Final = 5
_FEW_TRANSCRIPTS: Final = 40


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
    findings = [
        *([] if transcripts is None else unmatched(given, transcripts)),
        *_unknown_names(given, table, form),
        *_repeated(given, table),
    ]
    usable = table[table["position"] > UNKNOWN].drop_duplicates(
        ["transcript", "criterion", "rater", "position"]
    )
    counts = level_counts(usable, form)
    learnable = learnable_rows(usable, form, counts)
    findings += _about_criteria(form, counts, learnable)
    findings += _about_raters(given, table, usable)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return GradesReport(
        form.id,
        repr(given).removeprefix("<Grades: ").removesuffix(">"),
        tuple(findings),
        level_rows(form, counts),
        rater_rows(given, usable, form),
        double_graded_rows(usable, form),
        learnable,
    )


def _first_places(grades: Grades, rows: Rows) -> tuple[str, ...]:
    return tuple(dict.fromkeys(grades.places[rows[: 4 * _SHOWN]]))[:_SHOWN]


def _unknown_names(grades: Grades, table: pd.DataFrame, rubric: Rubric) -> list[GradesFinding]:
    known = [criterion.id for criterion in rubric.criteria]
    strange = table[table["position"] == UNKNOWN]
    findings = []
    for at, criterion in enumerate(rubric.criteria):
        own = strange[strange["criterion"] == at]
        for rows in _groups(own, "text"):
            message = unknown_level(criterion, grades.levels[rows[0]])
            findings.append(_unknown("unknown level", message, grades, rows))
        findings += _unlisted(own, "text", "unknown level", f"criterion {criterion.id!r}: ")
    own = strange[strange["criterion"] < 0]
    for rows in _groups(own, "asked"):
        name = grades.criteria[rows[0]]
        message = (
            f"rubric {rubric.id!r} has no criterion {shown_text(name)}{did_you_mean(name, known)}; "
            "correct the name, or leave these grades out"
        )
        findings.append(_unknown("unknown criterion", message, grades, rows))
    return findings + _unlisted(own, "asked", "unknown criterion", "")


def _unknown(kind: str, message: str, grades: Grades, rows: Rows) -> GradesFinding:
    return GradesFinding("error", kind, message, _first_places(grades, rows), len(rows))


def _groups(rows: pd.DataFrame, name: str) -> list[Rows]:
    """Give the rows of each of the first few values."""
    first = rows[name].unique()[:_LISTED]
    return [np.asarray(rows.index[(rows[name] == value).to_numpy()]) for value in first]


def _unlisted(rows: pd.DataFrame, name: str, kind: str, begin: str) -> list[GradesFinding]:
    values = rows[name].unique()
    if len(values) <= _LISTED:
        return []
    count = int((~rows[name].isin(values[:_LISTED])).sum())
    noun = "level" if name == "text" else "criterion"
    text = (
        f"{begin}{len(values) - _LISTED:,} more that are no {noun}; check that the right column is "
        f"read as {noun}"
    )
    return [GradesFinding("error", kind, text, (), count)]


def _repeated(grades: Grades, table: pd.DataFrame) -> list[GradesFinding]:
    """Look for a row that stands twice, and for a rater who contradicts themselves."""
    # 4 and its level's id are the same answer; what is unknown is compared as it was written
    answer = table["position"].where(table["position"] > UNKNOWN, -3 - table["text"])
    rows = table.assign(answer=answer)
    again = rows.duplicated(["transcript", "asked", "rater", "answer"]).to_numpy()
    by_known = rows["rater"].to_numpy() >= 0
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
    distinct = rows[by_known & ~again]
    item = ["transcript", "asked", "rater"]
    other = distinct[distinct.duplicated(item)]
    if len(other):
        items = len(other.drop_duplicates(item))
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
        if 0 < number < _FEW_TRANSCRIPTS:
            text = (
                f"{name} has {counted(number, 'graded transcript')}: the rubric's prior decides "
                f"mostly; from {_FEW_TRANSCRIPTS} on, its signals' weights are learnt too"
            )
            findings.append(GradesFinding("note", "few transcripts", text, (), number))
    return findings


def _about_raters(grades: Grades, table: pd.DataFrame, usable: pd.DataFrame) -> list[GradesFinding]:
    findings = []
    names = rater_names(grades, table)
    unknown = int((table["rater"] < 0).sum())
    if unknown:
        text = (
            f"{counted(unknown, 'grade')} by unknown people: how strict they are cannot be told "
            "apart, nor how well they agree; name the column of raters if there is one"
        )
        findings.append(GradesFinding("note", "unknown raters", text, (), unknown))
    given = usable["rater"].value_counts().to_dict()
    few = sorted(name for code, name in names.items() if given.get(code, 0) < _FEW_GRADES)
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


def _disconnected(usable: pd.DataFrame, names: Mapping[int, str]) -> list[GradesFinding]:
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


def _components(usable: pd.DataFrame, names: Mapping[int, str]) -> list[list[str]]:
    """Give the raters linked by answers (a criterion of a transcript) that both gave a level."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    own = usable[(usable["rater"] >= 0) & (usable["position"] >= 0)]
    if not len(own):
        return []
    item = own.groupby(["transcript", "criterion"], sort=False).ngroup().to_numpy()
    rater = own["rater"].to_numpy()
    raters, items = int(rater.max()) + 1, int(item.max()) + 1
    graph = coo_array(
        (np.ones(len(own), dtype=np.int8), (rater, raters + item)),
        shape=(raters + items, raters + items),
    )
    label = connected_components(graph, directed=False)[1]
    groups: dict[int, list[str]] = {}
    for code in np.unique(rater):
        groups.setdefault(int(label[code]), []).append(names[int(code)])
    return sorted((sorted(group) for group in groups.values()), key=lambda g: (-len(g), g))

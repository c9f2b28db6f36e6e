"""Scorecards made of a plain table of grades, so that the grades of any other system are judged."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.grade_levels import NOT_APPLICABLE, level_place, level_text, unknown_level
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard

__all__ = ["cards_of_table"]

_Scale: TypeAlias = dict[str, float]

_MOST_LEVELS: Final = 50  # a table of pairs has its square of cells for each cluster
_OWN_COLUMNS = ("channel", "language", "started_at", "group_id")


def cards_of_table(
    machine: Grades, human: Grades, levels: Any = None, metadata: Any = None
) -> list[Scorecard]:
    """Make scorecards of a machine's grades.

    Parameters
    ----------
    machine : Grades
        One for each transcript and criterion.
    human : Grades
        People's, which tell the numbers that occur.
    levels : mapping or sequence, optional
        As `AgreementStudy.from_tables` takes them.
    metadata : table, optional
        One row for each transcript.

    Returns
    -------
    list of Scorecard
        In the order of the machine's grades.

    Raises
    ------
    GradesError
        When a level is unknown, or a grade stands twice.
    """
    scales = _scales(machine, human, levels)
    about = _about(metadata)
    grades: dict[str, dict[str, Grade]] = {}
    made: dict[tuple[str, str], Grade] = {}
    for given in machine:
        if given.criterion not in scales:
            known = did_you_mean(given.criterion, scales)
            raise GradesError(f"{given.place}: criterion {given.criterion!r} has no levels{known}")
        key = (given.criterion, given.level)
        if key not in made:
            made[key] = _grade(given.criterion, scales[given.criterion], given.level, given.place)
        own = grades.setdefault(given.transcript_id, {})
        if given.criterion in own:
            raise GradesError(
                f"{given.place}: the machine grades {given.criterion!r} of transcript "
                f"{given.transcript_id!r} twice; keep one"
            )
        own[given.criterion] = made[key]
    unknown = next((name for name in about if name not in grades), None)
    if about and unknown is not None and not any(name in about for name in grades):
        raise GradesError(
            f"no transcript of the metadata has a machine grade: it names {unknown!r}, the grades "
            f"{next(iter(grades), None)!r}"
        )
    return [_card(name, own, about.get(name, {})) for name, own in grades.items()]


def _card(name: str, grades: Mapping[str, Grade], about: Mapping[str, Any]) -> Scorecard:
    own = {key: None if about.get(key) is None else str(about[key]) for key in _OWN_COLUMNS}
    return Scorecard(
        name,
        own["group_id"] or name,
        "table",
        "",
        grades=tuple(grades.values()),
        metadata={key: value for key, value in about.items() if key not in _OWN_COLUMNS},
        channel=own["channel"],
        language=own["language"],
        started_at=own["started_at"],
    )


def _grade(criterion: str, scale: _Scale, level: str, place: str) -> Grade:
    at = level_place(scale, level)
    if at is None:
        raise GradesError(f"{place}: {unknown_level(criterion, scale, level)}")
    worth = _points(scale)
    if at < 0:
        status = GradeStatus.NOT_APPLICABLE
        return Grade(criterion, status, level_values=scale, level_points=worth)
    name = list(scale)[at]
    return Grade(
        criterion,
        GradeStatus.GRADED,
        name,
        expected=scale[name],
        level_values=scale,
        level_points=worth,
    )


def _points(scale: _Scale) -> _Scale:
    """Let every criterion weigh the same: 0 for its lowest level, 1 for its highest."""
    lowest, highest = min(scale.values()), max(scale.values())
    if lowest == highest:
        return dict.fromkeys(scale, 1.0)
    return {name: (value - lowest) / (highest - lowest) for name, value in scale.items()}


def _scales(machine: Grades, human: Grades, levels: Any) -> dict[str, _Scale]:
    names = list(dict.fromkeys([*machine.criteria, *human.criteria]))
    if levels is None:
        return {name: _numbers(name, machine, human) for name in names}
    nested = isinstance(levels, Mapping) and any(
        isinstance(own, Mapping) or (isinstance(own, Sequence) and not isinstance(own, str))
        for own in levels.values()
    )
    if nested:
        return {str(name): _scale(str(name), own) for name, own in levels.items()}
    return {name: _scale(name, levels) for name in names}


def _numbers(name: str, machine: Grades, human: Grades) -> _Scale:
    found: set[float] = set()
    for grades in (machine.for_criterion(name), human.for_criterion(name)):
        for level, place in zip(grades.levels, grades.places, strict=True):
            if level == NOT_APPLICABLE:
                continue
            number = _number(level)
            if math.isnan(number):
                raise GradesError(
                    f"{place}: the level of {name!r} is no number; give the levels, worst first "
                    "(levels=…)"
                )
            found.add(number)
    _check_few(name, len(found))
    return {level_text(repr(number)): number for number in sorted(found)}


def _check_few(name: str, levels: int) -> None:
    if levels > _MOST_LEVELS:
        raise GradesError(
            f"the grades of {name!r} are {levels:,} different levels; round them to "
            f"{_MOST_LEVELS} or fewer"
        )


def _scale(name: str, levels: Any) -> _Scale:
    if isinstance(levels, (str, bytes)) or not isinstance(levels, (Mapping, Sequence)):
        raise GradesError(f"levels of {name!r} must be a list or a mapping, worst first")
    if isinstance(levels, Mapping):
        scale = {level_text(str(level)): _number(value) for level, value in levels.items()}
    else:
        scale = {level_text(str(level)): float(at) for at, level in enumerate(levels)}
        numbers = {level: _number(level) for level in scale}
        if not any(map(math.isnan, numbers.values())):
            scale = numbers
    values = list(scale.values())
    in_order = all(a < b for a, b in itertools.pairwise(values))
    if not values or len(values) != len(levels) or math.isnan(values[0]) or not in_order:
        raise GradesError(
            f"levels of {name!r} must be different and in order, worst first, and their values "
            "numbers"
        )
    _check_few(name, len(scale))
    if NOT_APPLICABLE in scale:
        raise GradesError(f"levels of {name!r}: {NOT_APPLICABLE} is always known; leave it out")
    return scale


def _number(value: Any) -> float:
    """Give a finite number, or NaN for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _about(metadata: Any) -> dict[str, dict[str, Any]]:
    if metadata is None:
        return {}
    if isinstance(metadata, (str, Mapping)):
        raise GradesError(
            "metadata must be a table, or a list of mappings, one for each transcript"
        )
    if hasattr(metadata, "to_dicts"):
        rows = metadata.to_dicts()
    elif hasattr(metadata, "to_pylist"):
        rows = metadata.to_pylist()
    elif hasattr(metadata, "to_dict") and hasattr(metadata, "columns"):
        rows = metadata.to_dict("records")
    else:
        rows = list(metadata)
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or "transcript_id" not in row:
            raise GradesError(f"metadata, row {number}: no transcript_id")
        name = _identifier(row["transcript_id"])
        fields = {str(key): _known(own) for key, own in row.items() if key != "transcript_id"}
        if found.setdefault(name, fields) != fields:
            raise GradesError(
                f"metadata, row {number}: transcript {name!r} is there twice; keep one"
            )
    return found


def _identifier(value: Any) -> str:
    """Give an id as grades hold it; a column of numbers may have become one of decimals."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value).strip()


def _known(value: Any) -> Any:
    """Give None for what tables write where there is nothing."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(value, float) and math.isnan(value) else value

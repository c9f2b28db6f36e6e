"""How strict each rater is, and what the average rater would have given.

The statistics are in `qa_nlp.calibration.rater_model`; this module takes grades as people keep
them, and gives tables that people read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.rater_expectations import Expectations, expectations
from qa_nlp.calibration.rater_likelihood import DEFAULT_SIGMA
from qa_nlp.calibration.rater_model import Severities, fit_severities
from qa_nlp.calibration.rater_table import RaterEffect, RaterEffects
from qa_nlp.errors import GradesError, RubricError, did_you_mean
from qa_nlp.grades import NOT_APPLICABLE, Grades, read_grades
from qa_nlp.rubric import Rubric

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["rater_effects"]

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

_NORMAL_95: Final = 1.959963984540054
_FEW_SHARED: Final = 10


def rater_effects(
    grades: object,
    rubric: str | Path | Rubric | None = None,
    criterion: str | None = None,
    *,
    random_allocation: bool = False,
) -> RaterEffects:
    """Estimate how strict each rater is.

    Raters are compared on the items (a transcript on a criterion) that several of them graded,
    unless `random_allocation`. A row that says the same as an earlier one counts once; N/A is left
    out. See `fit_severities` for the model.

    Parameters
    ----------
    grades : object
        What `read_grades` takes.
    rubric : str, pathlib.Path or Rubric, optional
        Gives the order of the levels; without it, levels must be numbers.
    criterion : str, optional
        Only this one; default: all, with one severity for each rater.
    random_allocation : bool, default False
        Whether it was left to chance who graded what. Then grades of transcripts that one person
        alone graded count too.

    Returns
    -------
    RaterEffects
        Independent of the order of the rows.

    Raises
    ------
    GradesError
        When there is no grade to use, a criterion or level is unknown, or levels are no numbers
        and there is no rubric.

    Examples
    --------
    >>> rows = [(f"c{i}", "empathy", "Ana", 1 + i % 3) for i in range(40)]
    >>> rows += [(f"c{i}", "empathy", "Ben", 1 + (i + 1) // 2 % 3) for i in range(40)]
    >>> effects = rater_effects(Grades.from_rows(rows))
    >>> effects["Ana"].grades, round(effects["Ana"].severity + effects["Ben"].severity, 6)
    (40, 0.0)
    """
    table = _table(read_grades(grades), rubric, criterion)
    fit = fit_severities(
        table.level,
        table.item,
        table.rater,
        [len(values) for values in table.values],
        criteria=table.criterion,
        random_allocation=random_allocation,
    )
    expected = expectations(fit, table.values)
    adjusted = table.value + (expected.average - expected.own)
    components = _members(table.names, fit.component)
    return RaterEffects(
        raters=tuple(_effects(table, fit, expected, adjusted)),
        sigma=fit.sigma,
        tau=fit.tau,
        components=components,
        scale="value" if table.same_scale else "share",
        warnings=tuple(_warnings(table, fit, components, random_allocation)),
        adjusted=_adjusted(table, adjusted),
    )


@dataclass(frozen=True, eq=False)
class _Table:
    """Grades as codes, without N/A and without repeated rows."""

    transcript: Integers
    criterion: Integers
    rater: Integers  # -1 = unknown
    level: Integers
    item: Integers
    transcript_ids: NDArray[np.object_]
    criteria: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[Floats, ...]  # of the levels, by criterion
    left_out: tuple[str, ...]  # criteria with one level only

    @property
    def same_scale(self) -> bool:
        return len({(values[0], values[-1]) for values in self.values}) == 1

    @cached_property
    def value(self) -> Floats:
        """The value of each row's level."""
        starts = np.cumsum([0, *map(len, self.values)])[:-1]
        return np.asarray(np.concatenate(self.values)[starts[self.criterion] + self.level])

    @cached_property
    def known_items(self) -> Integers:
        """How many known raters graded each row's item; 0 for grades of unknown people."""
        pairs = np.unique(np.stack([self.item, self.rater])[:, self.rater >= 0], axis=1)
        number = np.bincount(pairs[0], minlength=int(self.item.max()) + 1)
        return np.where(self.rater >= 0, number[self.item], 0)


def _table(grades: Grades, rubric: str | Path | Rubric | None, only: str | None) -> _Table:
    import pandas as pd

    known = sorted(set(grades.criteria))
    if only is not None and only not in known:
        raise GradesError(f"no grades of criterion {only!r}{did_you_mean(only, known)}")
    form = None if rubric is None else Rubric.load(rubric)
    parts: list[pd.DataFrame] = []
    values: list[Floats] = []
    names: list[str] = []
    left_out: list[str] = []
    for name in known if only is None else [only]:
        part, scale = _criterion(grades, name, form)
        if len(part) and len(scale) < 2:
            left_out.append(name)
        elif len(part):
            parts.append(part.assign(criterion=len(names)))
            values.append(scale)
            names.append(name)
    if not parts:
        raise GradesError(
            "no grades to compare raters on: every grade is N/A or every level is the same"
        )
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)
    transcript, ids = pd.factorize(rows["transcript"].to_numpy(), sort=True)
    rater, people = pd.factorize(rows["rater"].to_numpy(), sort=True)
    criterion = rows["criterion"].to_numpy(dtype=np.int64)
    _, item = np.unique(transcript * len(names) + criterion, return_inverse=True)
    return _Table(
        transcript=transcript.astype(np.int64),
        criterion=criterion,
        rater=rater.astype(np.int64),
        level=rows["level"].to_numpy(dtype=np.int64),
        item=item.astype(np.int64),
        transcript_ids=np.asarray(ids, dtype=object),
        criteria=tuple(names),
        names=tuple(people),
        values=tuple(values),
        left_out=tuple(left_out),
    )


def _criterion(grades: Grades, name: str, rubric: Rubric | None) -> tuple[pd.DataFrame, Floats]:
    """Give transcript, rater and level of a criterion's grades, and the values of the levels."""
    import pandas as pd

    own = grades.for_criterion(name)
    if rubric is None:
        level, values = _numbers(own, name)
    else:
        try:
            criterion = rubric.criterion(name)
        except RubricError as error:
            raise GradesError(f"{own.places[0]}: {error}") from None
        level = own.of(criterion).levels
        values = np.array([one.value for one in criterion.levels], dtype=float)
    columns = {"transcript": own.transcript_ids, "rater": own.raters, "level": level}
    frame = pd.DataFrame(columns, dtype=object)
    return frame[level >= 0], values


def _numbers(own: Grades, name: str) -> tuple[Integers, Floats]:
    """Read levels as numbers; those that occur are the scale."""
    number: dict[str, float] = {}
    for text in dict.fromkeys(own.levels):
        try:
            number[text] = np.nan if text == NOT_APPLICABLE else float(text)
        except ValueError:
            number[text] = np.inf
        if np.isinf(number[text]) or (np.isnan(number[text]) and text != NOT_APPLICABLE):
            place = own.places[own.levels == text][0]
            raise GradesError(
                f"{place}: level {text!r} of criterion {name!r} is no number; give rubric=, which "
                "tells the order of the levels"
            )
    read = np.array([number[text] for text in own.levels], dtype=float)
    values = np.unique(read[~np.isnan(read)])
    return np.where(np.isnan(read), -1, np.searchsorted(values, read)), values


def _effects(
    table: _Table, fit: Severities, expected: Expectations, fair: Floats
) -> list[RaterEffect]:
    value, ends = table.value, (table.values[0][0], table.values[0][-1])
    if not table.same_scale:
        worst = np.array([values[0] for values in table.values])[table.criterion]
        width = np.array([np.ptp(values) for values in table.values])[table.criterion]
        value, fair, ends = (value - worst) / width, (fair - worst) / width, (0.0, 1.0)
    shared = table.known_items > 1
    half = _NORMAL_95 * fit.standard_error
    effects = []
    for code, name in enumerate(table.names):
        mine = table.rater == code
        both = mine & shared
        fits = bool(both.any())
        squared, variance = expected.squared[both], expected.variance[both]
        effects.append(
            RaterEffect(
                rater=str(name),
                severity=float(fit.severity[code]),
                low=float(fit.severity[code] - half[code]),
                high=float(fit.severity[code] + half[code]),
                grades=int(mine.sum()),
                transcripts=len(np.unique(table.transcript[mine])),
                mean_level=float(value[mine].mean()),
                adjusted_mean=float(np.clip(fair[mine].mean(), *ends)),
                infit=float(squared.sum() / variance.sum()) if fits else None,
                outfit=float(expected.standardised[both].mean()) if fits else None,
                component=int(fit.component[code]),
            )
        )
    return effects


def _adjusted(table: _Table, fair: Floats) -> pd.DataFrame:
    """Give the mean level of each item, and what it would be under the average rater."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "transcript": table.transcript,
            "criterion": table.criterion,
            "mean": table.value,
            "adjusted": fair,
        }
    )
    means = frame.groupby(["transcript", "criterion"], as_index=False).mean()
    criterion = means["criterion"].to_numpy()
    lowest = np.array([values[0] for values in table.values])[criterion]
    highest = np.array([values[-1] for values in table.values])[criterion]
    return pd.DataFrame(
        {
            "transcript_id": table.transcript_ids[means["transcript"].to_numpy()],
            "criterion": np.asarray(table.criteria, dtype=object)[criterion],
            "mean": means["mean"],
            "adjusted": np.clip(means["adjusted"].to_numpy(), lowest, highest),
        }
    )


def _members(names: tuple[str, ...], component: Integers) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(name for name, own in zip(names, component, strict=True) if own == number)
        for number in range(int(component.max(initial=-1)) + 1)
    )


def _warnings(
    table: _Table, fit: Severities, components: tuple[tuple[str, ...], ...], by_chance: bool
) -> Iterable[str]:
    if len(table.names) < 2:
        who = "one rater is" if table.names else "no rater is"
        yield f"{who} known, so nobody's severity can be told"
    elif len(components) > 1 and not by_chance:
        groups = "; ".join(", ".join(group[:5]) for group in components[:5])
        yield (
            f"the raters fall into {len(components)} groups that share no graded transcript "
            f"({groups}{'; …' if len(components) > 5 else ''}); severities are relative to the "
            "group, and whether one group is stricter than another is not identified: have some "
            "transcripts graded across groups"
        )
    if not fit.sigma_estimated:
        yield f"nothing was graded twice; the spread of items is set to {DEFAULT_SIGMA:g} logit"
    if len(table.names) > 1 and not by_chance:
        few = [
            name
            for code, name in enumerate(table.names)
            if 0
            < len(np.unique(table.item[(table.rater == code) & (table.known_items > 1)]))
            < _FEW_SHARED
        ]
        if few:
            yield f"fewer than {_FEW_SHARED} items shared with others: {', '.join(few[:10])}"
    if table.left_out:
        yield f"left out, since every grade is the same: {', '.join(table.left_out)}"

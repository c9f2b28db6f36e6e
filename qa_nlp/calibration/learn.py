"""From measured transcripts and human grades to a calibrator."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.calibrator import (
    LEAST_GRADED,
    Calibrator,
    LearntCriterion,
    fold_count,
    learn_criterion,
)
from qa_nlp.calibration.criterion_data import CriterionData, line_up
from qa_nlp.calibration.fitting import split_groups
from qa_nlp.calibration.grading import not_applicable_rule
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.calibration.text_score import TextViews, TurnGrades
from qa_nlp.errors import GradesError
from qa_nlp.grades import CriterionGrades, Grades
from qa_nlp.rubric import Criterion, Rubric
from qa_nlp.signals.measure import SignalTable
from qa_nlp.transcript import Role, Transcript, split_turn

__all__ = ["Graded", "learn"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

Progress = Callable[[int, int], None]

_SEED: Final = 20250
"""Of the folds."""


@dataclass(frozen=True, eq=False)
class Graded:
    """Measured transcripts with their grades, ready to learn from.

    Parameters
    ----------
    rubric : Rubric
        The questions.
    models : mapping of str to CriterionModel
        The rubric's own.
    transcripts : sequence of Transcript
        The graded conversations, by id: what is learnt does not depend on their order.
    table : SignalTable
        Their signals and summaries, in the same order.
    grades : Grades
        Those of other transcripts are left out.
    warnings : tuple of str, default ()
        What to keep in mind about the grades.
    """

    rubric: Rubric
    models: Mapping[str, CriterionModel]
    transcripts: Sequence[Transcript]
    table: SignalTable
    grades: Grades
    warnings: tuple[str, ...] = ()

    @cached_property
    def group_names(self) -> list[str]:
        """Ids of the groups, by number."""
        return sorted({transcript.group_id for transcript in self.transcripts})

    @cached_property
    def groups(self) -> Index:
        """Number of each transcript's group, shape (transcripts,)."""
        number = {name: position for position, name in enumerate(self.group_names)}
        return np.array([number[one.group_id] for one in self.transcripts], dtype=np.int64)

    @cached_property
    def raters(self) -> list[str]:
        """The known raters, by number."""
        return sorted({rater for rater in self.grades.raters if rater is not None})

    @cached_property
    def folds(self) -> Index:
        """Fold of each transcript, dealt by group, shape (transcripts,)."""
        return split_groups(self.groups, fold_count(len(self.group_names)), _SEED)

    def criteria(self) -> Iterator[CriterionData]:
        """Line up the grades of each criterion.

        Where whole conversations were graded and also conversations up to a turn, the latter help
        to read the former and are not learnt from otherwise.

        Yields
        ------
        CriterionData
            Of each criterion of the rubric, in order; one without grades has no rows.

        Raises
        ------
        GradesError
            When a level is unknown.
        """
        views: dict[bytes, TextViews] = {}
        values = {name: column.values for name, column in self.table.columns.items()}
        ids = {transcript.id: row for row, transcript in enumerate(self.transcripts)}
        for criterion in self.rubric.criteria:
            given = self.grades.of(criterion)
            turns = _turn_ids(set(given.transcript_ids) & ids.keys())
            data = line_up(
                given,
                self.models[criterion.id],
                {name: row for name, row in ids.items() if name not in turns},
                values,
                self._ruled_out(criterion),
                self.groups,
                self.folds,
                self.raters,
            )
            if self.table.summaries and len(data.rows):
                data = replace(data, views=self._views(data.rows, views))
                if turns:
                    data = replace(data, turns=self._turns(given, data, ids, turns, views))
            yield data

    def _views(self, rows: Index, made: dict[bytes, TextViews]) -> TextViews:
        key = rows.tobytes()
        if key not in made:
            made[key] = TextViews([self.table.summaries[row] for row in rows])
        return made[key]

    def _turns(
        self,
        given: CriterionGrades,
        data: CriterionData,
        ids: Mapping[str, int],
        turns: Collection[str],
        views: dict[bytes, TextViews],
    ) -> TurnGrades:
        grades = given.applicable()
        values = [level.value for level in given.criterion.levels]
        found: dict[int, list[float]] = {}
        for name, level in zip(grades.transcript_ids, grades.levels.tolist(), strict=True):
            if name in turns:
                found.setdefault(ids[name], []).append(values[level])
        rows = np.array(sorted(found), dtype=np.int64)
        place = {int(row): number for number, row in enumerate(data.rows)}
        parts = [split_turn(self.transcripts[row].id) for row in rows]
        said_by = [self.transcripts[row].turns[-1].role for row in rows]
        return TurnGrades(
            self._views(rows, views),
            np.array([np.mean(found[int(row)]) for row in rows]),
            self.groups[rows],
            np.array([place.get(ids.get(part[0], -1), -1) if part else -1 for part in parts]),
            max((Role.AGENT, Role.CUSTOMER), key=said_by.count),
        )

    def _ruled_out(self, criterion: Criterion) -> NDArray[np.bool_]:
        """Tell for which transcripts the rubric's rule says that a criterion does not apply."""
        size = len(self.transcripts)
        if not criterion.not_applicable_if:
            return np.zeros(size, dtype=np.bool_)
        columns = {name: column.values for name, column in self.table.columns.items()}
        rows = (
            {name: float(values[row]) for name, values in columns.items()} for row in range(size)
        )
        return np.array([not_applicable_rule(criterion, row) is not None for row in rows])


def _turn_ids(ids: Collection[str]) -> frozenset[str]:
    """Give the ids of conversations up to a turn, where whole conversations were graded too."""
    parts = {name for name in ids if split_turn(name) is not None}
    return frozenset(parts) if len(parts) < len(ids) else frozenset()


def learn(graded: Graded, progress: Progress | None = None) -> Calibrator:
    """Learn every criterion that has enough grades.

    Parameters
    ----------
    graded : Graded
        Transcripts and grades.
    progress : callable, optional
        Called with the number of fits done and of all.

    Returns
    -------
    Calibrator
        Criteria with grades on fewer than `LEAST_GRADED` conversations keep the rubric's model.

    Raises
    ------
    GradesError
        When a level is unknown, or no criterion can be learnt.
    """
    rubric, folds = graded.rubric, graded.folds
    learnt: dict[str, LearntCriterion] = {}
    size = int(folds.max()) + 1
    counts = [0, (size + 1) * len(rubric.criteria)]

    def step(done: int = 1) -> None:
        counts[0] += done
        if progress is not None:
            progress(counts[0], counts[1])

    for data in graded.criteria():
        if len(data.graded_groups) < LEAST_GRADED:
            step(size + 1)
        else:
            learnt[data.criterion.id] = learn_criterion(data, graded.raters, size, step)
    if not learnt:
        raise GradesError(
            f"no criterion of {rubric.id!r} has grades on {LEAST_GRADED} conversations or more; "
            "grade more conversations, or use the rubric as it is"
        )
    words = [transcript.word_count for transcript in graded.transcripts]
    fold_of = dict(zip((one.group_id for one in graded.transcripts), folds.tolist(), strict=True))
    return Calibrator(
        learnt,
        dict(sorted(fold_of.items())),
        frozenset(language for language in graded.table.languages if language is not None),
        frozenset(one.channel for one in graded.transcripts if one.channel is not None),
        (min(words), max(words)),
    )

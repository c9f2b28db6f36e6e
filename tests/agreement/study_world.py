"""Invented scorecards and grades for studies: cards are one line each, grades are rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard

LEVELS = ("poor", "fair", "good")
VALUES = {"poor": 0.0, "fair": 1.0, "good": 2.0}
Row = tuple[str, str, str | None, str]


def graded(
    criterion: str, chances: Sequence[float], *, values: Mapping[str, float] = VALUES, **fields: Any
) -> Grade:
    """Build a grade from its chances, as a scorer does."""
    names = list(values)
    place = min(int((np.cumsum(chances) < 0.5).sum()), len(names) - 1)
    expected = float(np.dot(chances, list(values.values())))
    status = fields.pop("status", GradeStatus.GRADED)
    level = names[place] if status is GradeStatus.GRADED else None
    weight = fields.pop("weight", 1.0)
    return Grade(
        criterion,
        status,
        level,
        dict(zip(names, map(float, chances), strict=True)),
        expected,
        expected * weight,
        max(values.values()) * weight,
        level_values=values,
        level_points={name: value * weight for name, value in values.items()},
        **fields,
    )


def plain_grade(criterion: str, level: str | None, **fields: Any) -> Grade:
    """Build a grade without chances; None is N/A, ``"?"`` an abstention."""
    status = GradeStatus.GRADED
    if level is None:
        status = GradeStatus.NOT_APPLICABLE
    elif level == "?":
        status, level = GradeStatus.ABSTAINED, None
    fields = {"level_values": VALUES, "level_points": VALUES, **fields}
    expected = None if level is None else fields["level_values"].get(level)
    return Grade(criterion, status, level, expected=expected, points=expected, **fields)


def card(name: str, *grades: Grade, **fields: Any) -> Scorecard:
    """Build a card of one conversation."""
    return Scorecard(
        name,
        fields.pop("group_id", name),
        fields.pop("rubric", "demo"),
        "1",
        grades=grades,
        **fields,
    )


def leveled_cards(
    levels: Sequence[str | None], criterion: str = "tone", **fields: Any
) -> list[Scorecard]:
    """Build cards with one criterion each, named c000, c001 and so on."""
    return [
        card(f"c{at:03d}", plain_grade(criterion, level), **fields)
        for at, level in enumerate(levels)
    ]


def rows_of(
    levels: Sequence[str | None], rater: str | None = "Ana", criterion: str = "tone"
) -> list[Row]:
    """Give one rater's grades of c000, c001 and so on; None leaves one out."""
    return [
        (f"c{at:03d}", criterion, rater, level)
        for at, level in enumerate(levels)
        if level is not None
    ]


def study_of(cards: Sequence[Scorecard], rows: Sequence[Row], **options: Any) -> AgreementStudy:
    """Make a study with few resamples."""
    return AgreementStudy(cards, Grades.from_rows(rows), **{"rounds": 200, **options})


class World:
    """Conversations of three criteria, graded by one to three of four people.

    Everything that a study reads is kept in plain lists, so that tests reckon in plain loops.
    """

    criteria = ("tone", "steps", "notice")

    def __init__(self, size: int = 120, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.cards: list[Scorecard] = []
        self.rows: list[Row] = []
        for number in range(size):
            quality = random.normal()
            grades = [self._grade(name, quality, random) for name in self.criteria]
            name = f"c{number:03d}"
            self.cards.append(
                card(
                    name,
                    *grades,
                    group_id=f"g{number // 2:03d}",
                    metadata={
                        "team": ("north", "south", "west")[number % 3],
                        "agent_id": f"A{number % 30}",
                    },
                    language="en" if number % 4 else "pt",
                    started_at=f"2025-0{1 + number * 3 // size}-11T10:00:00Z",
                    word_count=int(random.integers(50, 900)),
                )
            )
            people = random.permutation(4)[: 1 + number % 3]
            for rater in (("Ana", "Ben", "Cleo", None)[at] for at in people):
                for criterion in self.criteria:
                    if (level := self._person(criterion, quality, random)) is not None:
                        self.rows.append((name, criterion, rater, level))

    @property
    def grades(self) -> Grades:
        return Grades.from_rows(self.rows)

    def study(self, **options: Any) -> AgreementStudy:
        return AgreementStudy(self.cards, self.grades, **{"rounds": 200, **options})

    def levels(self, criterion: str) -> dict[str, list[int]]:
        """Give the levels that people gave each conversation, as positions."""
        found: dict[str, list[int]] = {}
        for name, own, _, level in self.rows:
            if own == criterion and level != "N/A":
                found.setdefault(name, []).append(LEVELS.index(level))
        return found

    def machine(self, criterion: str) -> dict[str, Grade]:
        """Give the machine's grades with a level."""
        grades = {one.transcript_id: one.grade(criterion) for one in self.cards}
        return {name: grade for name, grade in grades.items() if grade.level is not None}

    def _grade(self, name: str, quality: float, random: np.random.Generator) -> Grade:
        chances = np.round(
            random.dirichlet(0.6 + 3 * (np.arange(3) == self._level(quality, random))), 4
        )
        chances[2] = round(1 - chances[0] - chances[1], 4)
        chances = np.maximum(chances, 0.0)
        if name == "notice" and random.random() < 0.15:
            return plain_grade(name, None, critical=True)
        status = GradeStatus.ABSTAINED if random.random() < 0.08 else GradeStatus.GRADED
        return graded(name, chances.tolist(), critical=name == "notice", status=status)

    def _person(self, name: str, quality: float, random: np.random.Generator) -> str | None:
        if name == "notice" and random.random() < 0.15:
            return "N/A"
        return None if random.random() < 0.05 else LEVELS[self._level(quality, random)]

    @staticmethod
    def _level(quality: float, random: np.random.Generator) -> int:
        return int(np.searchsorted((-0.6, 0.5), quality + 0.5 * random.normal()))


def figures_in(value: Any) -> Iterator[dict[str, Any]]:
    """Give every estimate inside what `AgreementStudy.to_dict` gave."""
    if isinstance(value, Mapping):
        if {"value", "low", "high", "n", "clusters"} <= value.keys():
            yield dict(value)
        for one in value.values():
            yield from figures_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from figures_in(one)


def numbers(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.low, estimate.high

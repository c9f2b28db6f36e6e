"""Totals of people beside those of the machine, against plain loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Scorecard
from tests.agreement.study_world import VALUES, card, plain_grade

CRITERIA = ("tone", "pace")
NAMES = list(VALUES)


def world(cards: int = 40) -> tuple[list[Scorecard], list[tuple[str, str, str, str]]]:
    """Make cards of two criteria, graded by two or three people."""
    random = np.random.default_rng(8)
    made, rows = [], []
    for number in range(cards):
        truth = random.integers(3, size=2)
        machine = np.clip(truth + random.integers(-1, 2, size=2), 0, 2)
        grades = [plain_grade(c, NAMES[at]) for c, at in zip(CRITERIA, machine, strict=True)]
        made.append(card(f"c{number}", *grades))
        for rater in ("Ana", "Ben", "Eve")[: 2 + number % 2]:
            given = np.clip(truth + random.integers(-1, 2, size=2), 0, 2)
            levels = zip(CRITERIA, given, strict=True)
            rows += [(f"c{number}", name, rater, NAMES[at]) for name, at in levels]
    return made, rows


def by_hand(rows: list[tuple[str, str, str, str]]) -> dict[str, list[float]]:
    """Give each person's total of each card, where they answered both criteria."""
    given: dict[tuple[str, str], list[float]] = {}
    for transcript, _, rater, level in rows:
        given.setdefault((transcript, rater), []).append(VALUES[level])
    totals: dict[str, list[float]] = {}
    for (transcript, _), points in given.items():
        if len(points) == 2:
            totals.setdefault(transcript, []).append(100 * sum(points) / 4)
    return totals


def test_error_of_two_people_is_that_of_a_plain_loop() -> None:
    cards, rows = world()
    total = AgreementStudy(cards, Grades.from_rows(rows)).to_dict()["total"]

    gaps = [
        np.mean([abs(a - b) for a, b in itertools.combinations(own, 2)])
        for own in by_hand(rows).values()
    ]

    found = total["human_human"]["mean_absolute_error"]
    assert found["value"] == pytest.approx(np.mean(gaps), abs=1e-4)
    assert found["n"] == 40


def test_change_of_error_is_that_of_the_machine_beside_single_people() -> None:
    cards, rows = world()
    total = AgreementStudy(cards, Grades.from_rows(rows)).to_dict()["total"]

    people = by_hand(rows)
    machine = {
        one.transcript_id: 100 * sum(VALUES[str(grade.level)] for grade in one.grades) / 4
        for one in cards
    }
    gaps = [
        np.mean([abs(machine[name] - own) for own in totals])
        - np.mean([abs(a - b) for a, b in itertools.combinations(totals, 2)])
        for name, totals in people.items()
    ]

    found = total["degradation"]["mean_absolute_error"]
    assert found["value"] == pytest.approx(np.mean(gaps), abs=1e-4)


def test_a_person_who_left_a_criterion_out_has_no_total() -> None:
    cards, rows = world()
    left = [row for row in rows if row[1:3] != ("pace", "Ben")]

    found = AgreementStudy(cards, Grades.from_rows(left)).to_dict()["total"]["human_human"]

    assert found["pearson"]["n"] == 20  # Ana and Eve, on every other card


def test_totals_of_people_are_missing_with_a_reason_when_nobody_graded_twice() -> None:
    cards, rows = world()
    one = [row for row in rows if row[2] == "Ana"]

    found = AgreementStudy(cards, Grades.from_rows(one)).to_dict()["total"]["degradation"]

    assert found["pearson"]["value"] is None
    assert "no two known raters" in found["pearson"]["reason"]

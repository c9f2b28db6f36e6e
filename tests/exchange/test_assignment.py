"""Who grades what: even loads, the stated overlap, linked raters, the same for the same seed."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from qa_nlp.errors import GradesError
from qa_nlp.exchange import Assignment, assign_gradings
from qa_nlp.exchange.rater_teams import teams

SIZES = st.integers(1, 60)
RATERS = st.integers(2, 9)
OVERLAPS = st.floats(0, 1)


def assigned(number: int, raters: int, overlap: float, **options: Any) -> Assignment:
    ids = [f"c{at:03}" for at in range(number)]
    return assign_gradings(ids, [f"R{at}" for at in range(raters)], overlap, **options)


def graders(assignment: Assignment) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in assignment.rows:
        found.setdefault(row.transcript_id, []).append(row.rater)
    return found


@given(SIZES, RATERS, OVERLAPS, st.data())
def test_loads_differ_by_at_most_one(
    number: int, raters: int, overlap: float, data: st.DataObject
) -> None:
    per_item = data.draw(st.integers(2, raters))

    loads = assigned(number, raters, overlap, per_item=per_item).loads.values()

    assert max(loads) - min(loads) <= 1


@given(SIZES, RATERS, OVERLAPS, st.data())
def test_stated_overlap_is_the_share_that_several_grade(
    number: int, raters: int, overlap: float, data: st.DataObject
) -> None:
    per_item = data.draw(st.integers(2, raters))

    assignment = assigned(number, raters, overlap, per_item=per_item)
    counts = Counter(len(set(people)) for people in graders(assignment).values())

    assert set(counts) <= {1, per_item}
    assert counts.total() == number
    assert assignment.overlap == counts[per_item] / number
    assert abs(assignment.overlap - overlap) <= 0.5 / number + 1e-12 or counts[per_item] == 1


@given(SIZES, RATERS, OVERLAPS)
def test_pairs_share_conversations_evenly(number: int, raters: int, overlap: float) -> None:
    shared = assigned(number, raters, overlap).shared.values()

    assert max(shared) - min(shared) <= 1


@given(SIZES, RATERS, OVERLAPS, st.data())
def test_warning_is_given_exactly_when_raters_are_not_linked(
    number: int, raters: int, overlap: float, data: st.DataObject
) -> None:
    per_item = data.draw(st.integers(2, raters))

    assignment = assigned(number, raters, overlap, per_item=per_item)
    places = {rater: at for at, rater in enumerate(assignment.raters)}
    together = np.zeros((raters, raters))
    for (one, other), count in assignment.shared.items():
        together[places[one], places[other]] = count
    parts, _ = connected_components(together, directed=False)

    assert (assignment.warning is None) == (parts == 1)


@given(RATERS)
def test_raters_are_linked_by_as_few_pairs_as_can_link_them(raters: int) -> None:
    assert assigned(raters - 1, raters, 1).warning is None


@given(SIZES, RATERS, OVERLAPS, st.randoms(use_true_random=False))
def test_assignment_is_the_same_whatever_the_order_of_what_is_given(
    number: int, raters: int, overlap: float, random: Any
) -> None:
    ids = [f"c{at:03}" for at in range(number)]
    people = [f"R{at}" for at in range(raters)]
    random.shuffle(ids)
    random.shuffle(people)

    assert assign_gradings(ids, people, overlap) == assigned(number, raters, overlap)


@given(SIZES, RATERS, OVERLAPS)
def test_every_list_is_numbered_from_one(number: int, raters: int, overlap: float) -> None:
    assignment = assigned(number, raters, overlap)

    for rater in assignment.raters:
        orders = [row.order for row in assignment.rows if row.rater == rater]
        assert orders == list(range(1, len(orders) + 1))


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=4),
    st.integers(2, 5),
    st.floats(0.1, 1),
    st.integers(0, 5),
)
def test_strata_have_their_share_of_the_overlap(
    sizes: list[int], raters: int, overlap: float, seed: int
) -> None:
    strata = {f"{name}-{at}": name for name, size in enumerate(sizes) for at in range(size)}
    people = [f"R{at}" for at in range(raters)]

    assignment = assign_gradings(strata, people, overlap, seed=seed, strata=strata)
    several = Counter(strata[one] for one, by in graders(assignment).items() if len(by) > 1)

    for name, size in enumerate(sizes):
        assert abs(several[name] - assignment.overlap * size) < 1 + 1e-9


def test_raters_have_their_share_of_each_stratum_when_nothing_is_shared() -> None:
    strata = {f"{name}{at}": name for name in "abc" for at in range(12)}

    assignment = assign_gradings(strata, ["Ana", "Ben", "Cleo"], 0, strata=strata)
    counts = Counter((row.rater, strata[row.transcript_id]) for row in assignment.rows)

    assert set(counts.values()) == {4}


@pytest.mark.parametrize(
    ("raters", "per_item"), [(4, 2), (9, 5), (12, 3), (18, 3), (20, 4), (6, 6)]
)
def test_warning_names_the_fewest_shared_conversations_that_link_all(
    raters: int, per_item: int
) -> None:
    warning = assigned(60, raters, 0.001, per_item=per_item).warning or " 1 or more would do"
    fewest = int(warning.split()[-5])

    assert assigned(fewest, raters, 1, per_item=per_item).warning is None
    if fewest > 1:
        assert assigned(fewest - 1, raters, 1, per_item=per_item).warning is not None


def test_another_seed_gives_another_assignment() -> None:
    assert assigned(40, 3, 0.2, seed=1) != assigned(40, 3, 0.2, seed=2)


def test_order_tells_nothing_of_what_others_grade() -> None:
    places = []
    for seed in range(200):
        assignment = assigned(20, 2, 0.2, seed=seed)
        several = {one for one, by in graders(assignment).items() if len(by) > 1}
        places += [row.order for row in assignment.rows if row.transcript_id in several]

    assert sum(places) / len(places) == pytest.approx(6.5, abs=0.4)  # lists of 12


def test_every_conversation_is_as_likely_as_another_to_be_graded_by_several() -> None:
    counts: Counter[str] = Counter()
    for seed in range(500):
        by = graders(assigned(10, 2, 0.3, seed=seed))
        counts.update(one for one, people in by.items() if len(people) > 1)

    assert len(counts) == 10
    assert max(abs(count / 500 - 0.3) for count in counts.values()) < 0.08


@pytest.mark.parametrize("raters", range(2, 12))
def test_teams_of_two_are_even_at_every_beginning(raters: int) -> None:
    loads, met = Counter(range(raters)), Counter(itertools.combinations(range(raters), 2))
    for team in itertools.islice(teams(raters, 2), raters * (raters - 1)):
        loads.update(team)
        met.update(itertools.combinations(sorted(team), 2))
        assert max(loads.values()) - min(loads.values()) <= 1
        assert max(met.values()) - min(met.values()) <= 1


@pytest.mark.parametrize(("raters", "size"), [(5, 3), (6, 4), (8, 3), (9, 5)])
def test_larger_teams_use_all_raters_alike_and_part_nobody_for_long(raters: int, size: int) -> None:
    loads, met = Counter(range(raters)), Counter(itertools.combinations(range(raters), 2))
    for team in itertools.islice(teams(raters, size), 120):
        assert len(set(team)) == size
        loads.update(team)
        met.update(itertools.combinations(sorted(team), 2))
        assert max(loads.values()) - min(loads.values()) <= 1
        assert max(met.values()) - min(met.values()) <= 4


def test_assignment_is_written_as_a_table(tmp_path: Path) -> None:
    assignment = assigned(5, 2, 0.4)

    path = assignment.write(tmp_path / "assignment.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0]) == ["transcript_id", "rater", "order"]
    assert rows == assignment.to_frame().astype(str).to_dict("records")


@pytest.mark.parametrize(
    ("ids", "raters", "options", "message"),
    [
        (["c1", "c1"], ["A", "B"], {}, "transcript_ids holds 'c1' twice"),
        (["c1"], ["A", "A"], {}, "raters holds 'A' twice"),
        ([], ["A", "B"], {}, "transcript_ids is empty"),
        (["c1"], [], {}, "raters is empty"),
        (["c1"], ["A", " "], {}, "raters holds ' '"),
        (["c1"], "AB", {}, "raters must be several texts"),
        (["c1"], ["A"], {}, "an overlap needs at least two raters"),
        (["c1"], ["A", "B"], {"overlap": 1.2}, "overlap must be a share from 0 to 1"),
        (["c1"], ["A", "B"], {"overlap": float("nan")}, "overlap must be a share from 0 to 1"),
        (["c1"], ["A", "B"], {"per_item": 3}, "per_item must be from 2 to the number of raters, 2"),
        (["c1"], ["A", "B"], {"per_item": 1}, "per_item must be from 2"),
        (["c1", "c2"], ["A", "B"], {"strata": {"c1": "x"}}, "no entry for transcript 'c2'"),
    ],
)
def test_assignment_is_refused_when_it_cannot_be_made(
    ids: list[str], raters: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(GradesError, match=message):
        assign_gradings(ids, raters, **options)


def test_one_rater_grades_all_when_nothing_is_shared() -> None:
    assignment = assign_gradings(["c1", "c2"], ["Ana"], 0)

    assert (assignment.loads, assignment.overlap, assignment.warning) == ({"Ana": 2}, 0, None)

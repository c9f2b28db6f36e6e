"""Groups that would point at persons: hidden, also where they could be worked out from others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.agreement.parts.group import SMALLEST_GROUP, protected_groups
from tests.agreement.study_world import LEVELS, card, figures_in, plain_grade, rows_of, study_of


def found(sizes: dict[str, int], **options: Any) -> dict[str, Any]:
    """Study conversations of teams of these sizes."""
    teams = [team for team, size in sizes.items() for _ in range(size)]
    random = np.random.default_rng(4)
    people = random.integers(0, 3, len(teams))
    machine = np.clip(people + random.integers(-1, 2, len(teams)), 0, 2)
    cards = [
        card(f"c{at:03d}", plain_grade("tone", LEVELS[level]), metadata={"team": teams[at]})
        for at, level in enumerate(machine)
    ]
    rows = [row for who in ("Ana", "Ben") for row in rows_of([LEVELS[one] for one in people], who)]
    return study_of(cards, rows, by=["team"], **options).to_dict()


def shown(study: dict[str, Any]) -> dict[str, bool]:
    return {row["group"]: row["shown"] for row in study["criteria"][0]["groups"]}


@given(
    sizes=st.dictionaries(st.text("abc", min_size=1, max_size=2), st.integers(1, 60), max_size=7),
    ungrouped=st.integers(0, 20),
)
def test_protected_groups_leave_nothing_small_to_work_out_when_some_are_hidden(
    sizes: dict[str, int], ungrouped: int
) -> None:
    hidden = protected_groups(sizes, ungrouped)

    assert all(size >= SMALLEST_GROUP for name, size in sizes.items() if name not in hidden)
    if hidden and hidden != sizes.keys():
        assert len(hidden) + (ungrouped > 0) >= 2
        assert ungrouped + sum(sizes[name] for name in hidden) >= SMALLEST_GROUP


@given(sizes=st.dictionaries(st.text("abc", min_size=1), st.integers(SMALLEST_GROUP, 60)))
def test_protected_groups_are_none_when_all_are_large(sizes: dict[str, int]) -> None:
    assert protected_groups(sizes) == frozenset()


def test_next_smallest_group_is_hidden_when_one_is_too_small() -> None:
    study = found({"north": 6, "south": 35, "west": 50, "east": 60})
    hidden = [row for row in study["criteria"][0]["groups"] if not row["shown"]]

    assert shown(study) == {"east": True, "west": True, "south": False, "north": False}
    assert all(figure["value"] is None for figure in figures_in(hidden))
    assert "a smaller group could be worked out" in hidden[0]["exact"]["reason"]


def test_verdict_says_that_a_group_is_not_judged_when_it_is_hidden_for_another() -> None:
    study = found({"north": 6, "south": 35, "west": 50})
    reasons = [reason["text"] for reason in study["criteria"][0]["verdict"]["reasons"]]
    (text,) = (text for text in reasons if "'south'" in text)

    assert text.startswith("Whether team 'south' is graded as people grade it is not known")
    assert not any("'north'" in text for text in reasons)


def test_verdict_counts_the_hidden_when_it_says_how_many_groups_it_did_not_judge() -> None:
    study = found({"a": 4, "b": 7, "c": 12, "d": 90})
    reasons = " ".join(reason["text"] for reason in study["criteria"][0]["verdict"]["reasons"])

    assert "Not judged, with fewer than 30 conversations: 3 groups." in reasons


def test_fairness_leaves_hidden_groups_out_when_one_is_too_small() -> None:
    assert found({"north": 6, "south": 35, "west": 50})["fairness"] == []
    (row,) = found({"north": 6, "south": 35, "west": 50, "east": 60})["fairness"]

    assert row["reference"] == "east"
    assert [group["group"] for group in row["groups"]] == ["west"]


@pytest.mark.parametrize("sizes", [{"a": 7, "b": 7, "c": 90, "d": 60}, {"a": 40, "b": 50}])
def test_other_groups_are_shown_when_no_small_one_can_be_worked_out(sizes: dict[str, int]) -> None:
    assert shown(found(sizes)) == {name: size >= SMALLEST_GROUP for name, size in sizes.items()}

"""Ids as numbers: seen once, sampled evenly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.batch import ids
from qa_nlp.batch.ids import Sample, SeenIds, id_number, smallest_numbers
from qa_nlp.errors import TranscriptError

names = st.text(st.characters(codec="utf-8"), max_size=8)


@given(st.lists(st.lists(names, min_size=1, max_size=3), max_size=30), st.integers(1, 8))
def test_group_is_new_when_none_of_its_ids_was_in_a_group_that_was_new(
    groups: list[list[str]], pending: int
) -> None:
    known: set[str] = set()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ids, "_PENDING", pending)
        seen = SeenIds()
        for group in groups:
            new = not known & set(group)
            assert seen.add(group) is new
            if new:
                known |= set(group)


@given(st.sets(names, max_size=40), st.integers(1, 50), st.integers(0, 3))
def test_sample_of_a_number_takes_the_smallest(found: set[str], count: int, seed: int) -> None:
    sample = Sample(smallest_numbers([*found, *found], count, seed), seed)

    taken = {name for name in found if sample.takes(name)}

    assert taken == set(sorted(found, key=lambda name: id_number(name, seed))[:count])


def test_share_takes_about_that_many() -> None:
    everything = [f"call-{number}" for number in range(20_000)]

    taken = sum(map(Sample.share(0.1, 3).takes, everything))

    assert abs(taken - 2000) < 5 * (20_000 * 0.1 * 0.9) ** 0.5  # five standard deviations
    assert all(map(Sample.share(1.0, 3).takes, everything))


def test_what_has_no_id_is_always_taken() -> None:
    assert Sample(most=0).takes(None)


def test_id_that_cannot_be_written_has_a_number() -> None:
    assert id_number("\udcff") != id_number("\udcfe")


def test_sample_of_nothing_is_refused() -> None:
    with pytest.raises(TranscriptError, match="1 conversation or more, not 0"):
        smallest_numbers(["a"], 0, 0)

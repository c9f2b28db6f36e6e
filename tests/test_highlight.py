"""Overlapping spans become stretches side by side, and no character is lost."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.display.highlight import Segment, segments

SPANS = st.lists(
    st.tuples(st.integers(-5, 60), st.integers(-5, 60), st.sampled_from("abcd")), max_size=8
)


def test_segments_gives_the_text_alone_when_nothing_is_marked() -> None:
    assert segments("Hello", []) == (Segment("Hello"),)


def test_segments_gives_nothing_when_the_text_is_empty() -> None:
    assert segments("", [(0, 3, "a")]) == ()


def test_segments_marks_the_middle_twice_when_two_spans_overlap() -> None:
    found = segments("abcdef", [(0, 4, "x"), (2, 6, "y")])

    assert found == (Segment("ab", ("x",)), Segment("cd", ("x", "y")), Segment("ef", ("y",)))


def test_segments_marks_one_stretch_when_spans_of_one_name_overlap() -> None:
    assert segments("abcdef", [(0, 4, "x"), (2, 6, "x")]) == (Segment("abcdef", ("x",)),)


@given(st.text(max_size=50), SPANS)
def test_segments_marks_each_character_as_its_spans_say_when_given_any_spans(
    text: str, spans: list[tuple[int, int, str]]
) -> None:
    found = segments(text, spans)

    assert "".join(segment.text for segment in found) == text
    marked = [set(segment.marks) for segment in found for _ in segment.text]
    assert marked == [
        {name for start, end, name in spans if start <= position < end}
        for position in range(len(text))
    ]


@given(st.text(max_size=50), SPANS)
def test_segments_never_gives_equal_neighbours_when_given_any_spans(
    text: str, spans: list[tuple[int, int, str]]
) -> None:
    found = segments(text, spans)

    assert all(segment.text for segment in found)
    assert all(a.marks != b.marks for a, b in pairwise(found))

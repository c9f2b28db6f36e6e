"""Marks of wording do not depend on how they are looked for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_nlp.text import wording
from qa_nlp.text.wording import wording_marks

_WORDS = ["not", "NO", "Can't", "n-am", "refused", "notice", "could", "OK", "so", "what", "-", "?"]


@pytest.mark.parametrize(
    ("text", "negation", "question"),
    [
        ("I DON'T know", True, False),
        ("Notice the nutmeg", False, False),
        ("OK, could I", False, True),
        ("Não sei?", True, True),
        ("НЕ знаю", True, False),
    ],
)
def test_wording_marks_tell_negation_and_question(
    text: str, negation: bool, question: bool
) -> None:
    assert wording_marks([text]).tolist() == [[negation, question]]


@given(st.lists(st.sampled_from(_WORDS) | st.text(max_size=5), max_size=8).map(" ".join))
@example("K\u017f")
def test_wording_marks_are_those_of_a_search_that_ignores_case(text: str) -> None:
    expected = [search(text) is not None for search in wording._SEARCHES]

    assert wording_marks([text]).tolist() == [expected]

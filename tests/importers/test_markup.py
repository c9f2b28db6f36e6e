"""Text that is not plain."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.importers.markup import clean, html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain, 3 < 4 & 5 > 4", "plain, 3 < 4 & 5 > 4"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("One<br/>Two<BR>Three", "One\nTwo\nThree"),
        ("<b>bold</b>er <a href='x>y'>link</a>", "bolder link"),
        ("a<!-- <p>hidden</p> -->b", "ab"),
        ("<script>if (a < b) alert('x')</script>seen", "seen"),
        ("<STYLE type=x>p {}</STYLE >seen<style>never closed", "seen"),
        ("Tom &amp; Jerry &lt;3 &#128512; &nbsp;!", "Tom & Jerry <3 \N{GRINNING FACE} !"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("<p class=it's>quoted</p>", "quoted"),
        ("<![if mso]>word<![endif]>", "word"),
        ("line\nend  is \t space", "line end is space"),
        ("<p>unclosed <b", "unclosed <b"),
        ("&lt;script&gt;stays text&lt;/script&gt;", "<script>stays text</script>"),
    ],
)
def test_html_to_text_gives_what_a_reader_sees(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "piece", ["<", "<a ", '<a href="', "<!--", "<script>", "</script ", "<![x[", "&", "&#", "<div>"]
)
def test_html_to_text_takes_linear_time_on_a_hostile_megabyte(piece: str) -> None:
    begin = time.perf_counter()

    html_to_text(piece * (1_000_000 // len(piece)))

    assert time.perf_counter() - begin < 20  # quadratic time would be hours


@given(st.text(st.characters()))
def test_clean_gives_text_that_can_be_encoded_and_keeps_what_could(text: str) -> None:
    cleaned = clean(text)

    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned


def test_clean_joins_the_halves_of_a_pair_and_replaces_a_single_one() -> None:
    assert clean("\ud83d\ude00 \ud83d") == "\N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"

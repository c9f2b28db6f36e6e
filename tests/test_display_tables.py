"""Tables in text and in HTML: how cells line up, and what is escaped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.display.tables import html_table, paragraphs, text_table

CELLS = [["rater", "grades", "note"], ["Ana", "7", ""], ["<Ben>", "1,234", "strict & slow"]]


def test_text_table_lines_columns_up_without_blanks_at_the_end() -> None:
    assert text_table(CELLS, right=[1]) == [
        "rater  grades  note",
        "Ana         7",
        "<Ben>   1,234  strict & slow",
    ]


def test_text_table_indents_every_line() -> None:
    assert text_table(CELLS[:2], indent="  ") == ["  rater  grades  note", "  Ana    7"]


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.text("ab1", max_size=9), min_size=width, max_size=width),
            min_size=1,
            max_size=5,
        )
    )
)
def test_text_table_gives_each_column_one_width(cells: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for sides in ((), range(len(widths))):
        for line, row in zip(text_table(cells, sides), cells, strict=True):
            padded, start = line.ljust(sum(widths) + 2 * len(widths)), 0
            for text, width in zip(row, widths, strict=True):
                assert padded[start : start + width].strip() == text
                assert padded[start + width : start + width + 2] == "  "
                start += width + 2


def test_html_table_escapes_every_cell_and_the_caption() -> None:
    assert html_table(CELLS[:1] + CELLS[2:], "a<b") == (
        "<table><caption>a&lt;b</caption><thead><tr><th>rater</th><th>grades</th><th>note</th></tr>"
        "</thead><tbody><tr><td>&lt;Ben&gt;</td><td>1,234</td><td>strict &amp; slow</td></tr>"
        "</tbody></table>"
    )


def test_html_table_may_name_rows_and_columns_for_screen_readers() -> None:
    assert html_table([["a", "b"], ["<c>", "<d>"]], row_heads=True) == (
        "<table><thead><tr><th scope='col'>a</th><th scope='col'>b</th></tr></thead><tbody><tr>"
        "<th scope='row'><bdi>&lt;c&gt;</bdi></th><td>&lt;d&gt;</td></tr></tbody></table>"
    )


def test_html_table_of_titles_alone_has_no_rows() -> None:
    assert html_table([["a"]]).endswith("</thead><tbody></tbody></table>")


def test_paragraphs_are_escaped() -> None:
    assert paragraphs(["a<b", "c"]) == "<p>a&lt;b</p><p>c</p>"
    assert paragraphs([]) == ""

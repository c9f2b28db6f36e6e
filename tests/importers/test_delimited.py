from __future__ import annotations

import csv
import io
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from qa_nlp.errors import TranscriptError
from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.importers.columns import Columns
from qa_nlp.transcript import Role, Transcript

HEADER = "conversation_id,role,text\n"


def read(path: Path, text: str, **options: dict[str, str]) -> list[Transcript | BadTranscript]:
    path.write_text(text, encoding="utf-8", newline="")
    return list(read_transcripts(path, **options).iter_all())  # type: ignore[arg-type]


def bad(item: Transcript | BadTranscript) -> BadTranscript:
    assert isinstance(item, BadTranscript)
    assert "secret" not in str(item.error)
    return item


def good(item: Transcript | BadTranscript) -> Transcript:
    assert isinstance(item, Transcript), item
    return item


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found_out(
    tmp_path: Path, delimiter: str, line_end: str
) -> None:
    rows = [["Call ID", "Speaker", "Text"], ["c1", "Agent", 'a,b;c|d\te "f"'], ["c2", "Bo", ""]]
    table = io.StringIO()
    csv.writer(table, delimiter=delimiter, lineterminator=line_end).writerows(rows)

    items = read(tmp_path / "x", table.getvalue())

    assert [item.id for item in items] == ["c1", "c2"]
    assert good(items[0]).turns[0].text == 'a,b;c|d\te "f"'


@settings(max_examples=50)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30),
        min_size=1,
        max_size=6,
    )
)
def test_any_text_survives_a_csv_file(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    table = io.StringIO()
    rows = [["conversation_id", "role", "text"], *(["c1", "agent", text] for text in texts)]
    csv.writer(table, quoting=csv.QUOTE_ALL).writerows(rows)

    (item,) = read(tmp_path_factory.mktemp("csv") / "x", table.getvalue())

    assert [turn.text for turn in good(item).turns] == texts


def test_conversation_that_comes_back_is_bad_at_the_row_where_it_does(tmp_path: Path) -> None:
    rows = "a,agent,1\nb,agent,2\na,customer,secret\nc,agent,4\n"

    first, second, again, third = read(tmp_path / "x", HEADER + rows)

    assert [good(item).id for item in (first, second, third)] == ["a", "b", "c"]
    assert bad(again).id == "a"
    assert bad(again).source.endswith("x:4")
    assert "are not together" in bad(again).error.message
    assert "sort the file" in bad(again).error.message


def test_row_with_too_many_cells_takes_only_its_own_conversation_with_it(tmp_path: Path) -> None:
    rows = "a,agent,1\nb,agent,oh, a secret\nb,agent,2\nc,agent,3\n"

    above, broken, below = read(tmp_path / "x", HEADER + rows)

    assert (good(above).id, bad(broken).id, good(below).id) == ("a", "b", "c")
    assert bad(broken).source.endswith("x:3")
    assert "4 cells, the header 3" in bad(broken).error.message


def test_row_with_too_many_cells_in_front_of_its_id_names_no_words_as_id(tmp_path: Path) -> None:
    rows = "agent,1,a\nagent,oh, a secret,a\nagent,3,b\n"

    broken, below = read(tmp_path / "x", "role,text,conversation_id\n" + rows)

    assert bad(broken).id == "a"
    assert good(below).id == "b"


def test_quote_that_never_closes_is_named_by_its_line(tmp_path: Path) -> None:
    rows = 'a,agent,1\nb,agent,"secret\nc,agent,3\n'

    above, broken = read(tmp_path / "x", HEADER + rows)

    assert (good(above).id, bad(broken).id) == ("a", "b")
    assert bad(broken).source.endswith("x:3")
    assert "quotes" in bad(broken).error.message


def test_line_numbers_count_the_lines_within_cells(tmp_path: Path) -> None:
    rows = 'a,agent,"1\n2\n3"\n\nb,agent,4,secret\n'

    _, broken = read(tmp_path / "x", "\n" + HEADER + rows)

    assert bad(broken).source.endswith("x:7")


def test_row_without_id_is_bad_and_costs_no_neighbour(tmp_path: Path) -> None:
    above, broken, below = read(tmp_path / "x", HEADER + "a,agent,1\n,agent,secret\nb,agent,2\n")

    assert (good(above).id, good(below).id) == ("a", "b")
    assert bad(broken).id is None
    assert "conversation_id is empty" in bad(broken).error.message


@pytest.mark.parametrize(
    ("start", "seconds"),
    [("2", 2.0), ("2.5", 2.5), ("00:02", 2.0), ("1:00:02,250", 3602.25), (" 3 ", 3.0)],
)
def test_start_is_seconds_or_a_clock_time(tmp_path: Path, start: str, seconds: float) -> None:
    (item,) = read(tmp_path / "x", f'conversation_id,role,text,start\na,agent,hi,"{start}"\n')

    assert good(item).turns[0].start == seconds


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("-1", "it must be 0 or more"),
        ("nan", "must be seconds"),
        ("inf", "must be seconds"),
        ("soon", "must be seconds"),
        ("00:61", "must be seconds"),
        ("1772615700000", "too large"),
    ],
)
def test_start_that_is_no_time_is_bad_at_its_row(tmp_path: Path, start: str, reason: str) -> None:
    rows = f"a,agent,hi,0\na,customer,secret,{start}\nb,agent,hi,0\n"

    broken, below = read(tmp_path / "x", "conversation_id,role,text,start\n" + rows)

    assert bad(broken).source.endswith("x:3")
    assert reason in bad(broken).error.message
    assert good(below).id == "b"


def test_dates_become_seconds_since_the_first_and_the_first_the_beginning(tmp_path: Path) -> None:
    rows = "a,agent,hi,2026-03-04 09:15:00+01:00\na,customer,oh,2026-03-04T08:15:30Z\n"

    (item,) = read(tmp_path / "x", "conversation_id,role,text,start\n" + rows)

    assert [(t.start, t.end, t.end_derived) for t in good(item).turns] == [
        (0.0, 30.0, True),
        (30.0, None, False),
    ]
    assert good(item).to_dict()["started_at"] == "2026-03-04T09:15:00+01:00"


def test_unknown_roles_keep_their_label_as_speaker(tmp_path: Path) -> None:
    (item,) = read(tmp_path / "x", HEADER + "a,spk_0,hi\na,Agent,hello\na,,hm\na,unknown,so\n")

    assert [(turn.role, turn.speaker) for turn in good(item).turns] == [
        (Role.UNKNOWN, "spk_0"),
        (Role.AGENT, None),
        (Role.UNKNOWN, None),
        (Role.UNKNOWN, None),
    ]


def test_agents_of_one_conversation_are_told_apart(tmp_path: Path) -> None:
    rows = "a,agent,hi,A1\na,customer,oh,\na,spk_2,yes,A2\n"

    (item,) = read(tmp_path / "x", "conversation_id,role,text,agent_id\n" + rows)

    assert [turn.agent_id for turn in good(item).turns] == ["A1", None, "A2"]
    assert "agent_id" not in good(item).metadata


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("a,agent,1,x\na,agent,2,y\n", "channel must be the same in all rows"),
        ("a,agent,1,phone\n", "unknown channel 'phone'"),
    ],
)
def test_channel_must_be_one_that_exists(tmp_path: Path, rows: str, reason: str) -> None:
    (item,) = read(tmp_path / "x", "conversation_id,role,text,channel\n" + rows)

    assert reason in bad(item).error.message


@pytest.mark.parametrize(
    ("indices", "reason"),
    [("0 0", "the same turn_index"), ("0 x", "whole number"), ("1.5 2", "whole")],
)
def test_turn_index_must_be_distinct_whole_numbers(
    tmp_path: Path, indices: str, reason: str
) -> None:
    rows = "".join(f"a,agent,secret,{index}\n" for index in indices.split())

    (item,) = read(tmp_path / "x", "conversation_id,role,text,turn_index\n" + rows)

    assert reason in bad(item).error.message


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("conversation_id,role,txt", "called 'text' (nearest: 'txt')"),
        ("chat,role,text", "called 'conversation_id'"),
        ("conversation_id,who,text", "'role' or 'speaker'"),
        ("conversation_id,call_id,role,text", "two columns could be 'conversation_id'"),
    ],
)
def test_missing_column_is_named_with_its_remedy(tmp_path: Path, header: str, reason: str) -> None:
    row = ",".join("x" * len(header.split(",")))

    (item,) = read(tmp_path / "x", f"{header}\n{row}\n{row}\n", format="csv")  # type: ignore[arg-type]

    assert bad(item).source.endswith("x:1")
    assert reason in bad(item).error.message
    assert "columns={" in bad(item).error.message


def test_header_that_is_really_a_row_is_not_quoted(tmp_path: Path) -> None:
    (item,) = read(tmp_path / "x", "c1,agent,my secret\nc1,customer,oh\nc1,agent,yes\n")

    assert "none of the 3 columns" in bad(item).error.message


def test_column_map_that_names_no_column_lists_near_ones(tmp_path: Path) -> None:
    (item,) = read(tmp_path / "x", HEADER + "a,agent,1\n", columns={"text": "texts"})

    assert "did you mean 'text'?" in bad(item).error.message


def test_unknown_field_of_the_column_map_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(HEADER)

    with pytest.raises(TranscriptError, match="unknown column 'txt'; did you mean 'text'"):
        read_transcripts(tmp_path / "x", columns={"txt": "x"})


def test_whole_file_is_one_conversation_when_the_map_says_so(tmp_path: Path) -> None:
    (item,) = read(
        tmp_path / "call.csv",
        "role,text,id\nagent,hi,1\ncustomer,oh,2\n",
        columns={"conversation_id": ""},
    )

    assert (good(item).id, len(good(item).turns)) == ("call", 2)


def test_header_without_rows_is_bad(tmp_path: Path) -> None:
    (item,) = read(tmp_path / "x", HEADER)

    assert "no rows under the header" in bad(item).error.message


def test_only_one_conversation_is_read_ahead(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(
        HEADER.encode() + b"a,agent,1\nb,agent,2\n" + b"c,agent,3\n" * 200_000 + b"\xff"
    )

    calls = iter(read_transcripts(path))

    # The wrong byte at the very end has not been met when the first conversation is given.
    assert next(calls).id == "a"
    assert next(calls).id == "b"


def test_wrong_byte_late_in_the_file_costs_the_conversation_it_stands_in(tmp_path: Path) -> None:
    rows = b"a,agent,1\n" + b"b,agent,2\n" * 100_000 + b"b,agent,\xe9\nc,agent,3\n"
    (tmp_path / "x").write_bytes(HEADER.encode() + rows)

    above, broken = read_transcripts(tmp_path / "x").iter_all()

    assert good(above).id == "a"
    assert bad(broken).id == "b"
    assert f"byte {len(HEADER) + 10 + 1_000_000 + 8} does not fit" in bad(broken).error.message


def test_columns_finds_names_in_any_case_and_with_spaces() -> None:
    columns = Columns.find(["Conversation ID", "ROLE", "Text", "Agent-Id", "Team"], {})

    assert dict(columns.of_field) == {"conversation_id": 0, "role": 1, "text": 2, "agent_id": 3}
    assert dict(columns.extra) == {"Team": 4}

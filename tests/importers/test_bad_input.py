"""Bad files end in a reason and a remedy, never in a traceback, and never cost a neighbour."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn
from tests.pace import takes_less_than

GOOD = '{"id": "neighbour", "turns": [{"role": "agent", "text": "Hello"}]}'
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>secret\n"


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    columns = {"conversation_id": ["a"], "role": ["agent"], "text": ["secret"]}
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


CONTENTS = {
    "nothing": (b"", "empty"),
    "white space": (b" \r\n\t\n", "empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "empty"),
    "truncated JSON": (b'{"id": "x", "turns": [{"role": "agent", "text": "secret', "cut off"),
    "truncated JSON list": (b'[\n{"id": "x", "turns": []},\n{"id": "secret', "cut off"),
    "nested brackets": (b"[" * 100_000, "nested too deeply"),
    "nested objects": (b'{"turns":' * 100_000, "nested too deeply"),
    "Latin-1": ("Agent: Olá, secret".encode("latin-1"), "byte 9 does not fit"),
    "UTF-16 without mark": ("Agent: secret".encode("utf-16-le"), "byte 1 is zero"),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not"),
    "archive": (b"PK\x03\x04\x14\x00secret", "not text"),
    "web page": (b"<!DOCTYPE html><script>alert('secret')</script>", "none of the formats"),
    "JSON of something else": (b'{"secret": [1, 2, 3]}', "none of the formats"),
    "JSON string": (b'"secret"', "none of the formats"),
    "NaN": (b'[{"id": "x", "turns": [], "metadata": {"x": NaN}}]', "NaN is not a JSON value"),
    "grades": (b"transcript_id,criterion,rater,level\na,b,c,secret\n", "none of the 4 columns"),
    "truncated Parquet": (parquet()[:-9], "cut off or damaged"),
    "only the magic number": (b"PAR1", "cut off or damaged"),
    "caption without end": (VTT.replace("00:02.000", "").encode(), "the times of this cue"),
    "caption that ends first": (VTT.replace("00:02", "00:00").encode(), "ends before it starts"),
    "negative time in CSV": (b"call_id,role,text,start\na,agent,secret,-1\n", "0 or more seconds"),
    "negative time": (GOOD.replace("}]", ', "start": -1}]').encode(), "0 or more seconds"),
}


@pytest.mark.parametrize("name", list(CONTENTS))
@pytest.mark.parametrize("extension", ["", ".jsonl", ".csv", ".vtt"])
def test_bad_content_becomes_one_reason_beside_its_neighbours(
    tmp_path: Path, name: str, extension: str
) -> None:
    content, reason = CONTENTS[name]
    (tmp_path / "a.jsonl").write_text(GOOD)
    (tmp_path / f"b{extension}").write_bytes(content)
    (tmp_path / "c.txt").write_text("Agent: Hello\nCustomer: Hi")

    first, middle, last = read_transcripts(tmp_path).iter_all()

    assert isinstance(first, Transcript)
    assert isinstance(last, Transcript)
    assert isinstance(middle, BadTranscript)
    assert middle.source.startswith(str(tmp_path / f"b{extension}"))
    assert reason in str(middle.error)
    assert "secret" not in str(middle.error)


def dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def folder_named_like_a_file(path: Path) -> None:
    path.mkdir()
    (path / "part.jsonl").write_text(GOOD)


def link_out_of_the_folder(path: Path) -> None:
    outside = path.parent.parent / "outside.jsonl"
    outside.write_text(GOOD)
    path.symlink_to(outside)


def pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "reason", "remedy"),
    [
        (dangling_link, "the link leads nowhere", "remove it or restore its target"),
        (folder_named_like_a_file, "a folder with the name of a file", "rename it"),
        (link_out_of_the_folder, "leads out of the folder", "give its target"),
        (pipe, "no regular file", "save its content to one"),
    ],
)
def test_bad_file_becomes_one_reason_beside_its_neighbours(
    tmp_path: Path, make: Callable[[Path], None], reason: str, remedy: str
) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "a.jsonl").write_text(GOOD)
    make(folder / "b.jsonl")
    (folder / "c.txt").write_text("Agent: Hello\nCustomer: Hi")

    first, middle, last = read_transcripts(folder).iter_all()

    assert isinstance(first, Transcript)
    assert isinstance(middle, BadTranscript)
    assert middle.source == str(folder / "b.jsonl")
    assert reason in middle.error.message
    assert remedy in middle.error.message
    assert isinstance(last, Transcript)


def test_transcripts_without_turns_or_of_one_side_are_read(tmp_path: Path) -> None:
    rows = [Transcript("none", ()), Transcript("one", (Turn(Role.CUSTOMER, "Hello? Hello?"),) * 2)]
    (tmp_path / "x").write_text("\n".join(json.dumps(row.to_dict()) for row in rows))

    assert list(read_transcripts(tmp_path / "x")) == rows


TEXT = 'שלום 🙂👩‍👩‍👧 <script>alert("x")</script> <b>& done'


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"id": "x", "turns": [{"role": "agent", "text": TEXT}]}),
        'call_id,role,text\nx,agent,"{}"\n'.format(TEXT.replace('"', '""')),
        f"Agent: {TEXT}\n",
    ],
    ids=["json", "csv", "text"],
)
def test_emoji_other_scripts_and_markup_are_kept_as_they_are(tmp_path: Path, content: str) -> None:
    (tmp_path / "x").write_text(content, encoding="utf-8")

    (transcript,) = read_transcripts(tmp_path / "x")

    assert transcript.turns[0].text == TEXT


LONG = "word " * 200_000


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"id": "x", "turns": [{"role": "agent", "text": LONG.strip()}]}),
        f"call_id,role,text\nx,agent,{LONG.strip()}\n",
        f'call_id,role,text\nx,agent,"{LONG.strip()}"\n',
        f"Agent: {LONG}",
        f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>{LONG}\n",
        f"1\n00:00:01,000 --> 00:00:02,000\nAgent: {LONG}\n",
    ],
    ids=["json", "csv", "quoted csv", "text", "webvtt", "srt"],
)
def test_turn_of_one_megabyte_is_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "x").write_text(content)

    (transcript,) = read_transcripts(tmp_path / "x")

    assert transcript.turns[0].text == LONG.strip()


MANY = range(100_000)


def jsonl_rows() -> str:
    turns = [{"role": "agent", "text": "hi", "start": i, "end": i + 1} for i in MANY]
    return json.dumps({"id": "x", "turns": turns})


def csv_rows() -> str:
    return "call_id,role,text,start,end,csat\n" + "".join(
        f"x,agent,hi,{i},{i + 1},4\n" for i in MANY
    )


@pytest.mark.parametrize("rows", [jsonl_rows, csv_rows])
def test_hundred_thousand_turns_are_read_in_under_three_seconds(
    tmp_path: Path, rows: Callable[[], str]
) -> None:
    (tmp_path / "x").write_text(rows())

    with takes_less_than(3.0):
        (transcript,) = read_transcripts(tmp_path / "x")

    assert len(transcript.turns) == 100_000

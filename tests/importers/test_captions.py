from __future__ import annotations

from pathlib import Path

import pytest

from qa_nlp.importers import BadTranscript, Source, read_transcripts
from qa_nlp.importers.captions import SubRip, WebVtt
from qa_nlp.transcript import Role, Transcript

TIMES = "00:01.000 --> 00:02.000"
SRT_TIMES = "00:00:01,000 --> 00:00:02,000"


def read(tmp_path: Path, text: str) -> Transcript | BadTranscript:
    (tmp_path / "call").write_text(text, encoding="utf-8")
    (item,) = read_transcripts(tmp_path / "call").iter_all()
    return item


def good(item: Transcript | BadTranscript) -> Transcript:
    assert isinstance(item, Transcript), item
    return item


def bad(item: Transcript | BadTranscript) -> BadTranscript:
    assert isinstance(item, BadTranscript)
    assert "secret" not in str(item.error)
    return item


@pytest.mark.parametrize(
    "header", ["WEBVTT", "WEBVTT some words", "WEBVTT\nKind: captions", "\ufeffWEBVTT\t-"]
)
def test_webvtt_is_known_by_its_signature(tmp_path: Path, header: str) -> None:
    item = read(tmp_path, f"{header}\n\n{TIMES}\n<v Agent>Hi\n")

    assert good(item).metadata["format"] == "webvtt"


@pytest.mark.parametrize("text", ["WEBVTTX\n", "web vtt", "", "1\n00:01 --> 00:02"])
def test_webvtt_is_not_known_without_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)

    assert not WebVtt().sniff(Source(tmp_path / "x"))


@pytest.mark.parametrize(
    "settings", ["", " align:start", " position:10%,line-left size:35% line:0"]
)
def test_cue_settings_are_no_words(tmp_path: Path, settings: str) -> None:
    item = read(tmp_path, f"WEBVTT\n\n{TIMES}{settings}\n<v Agent>Hi\n")

    assert [turn.text for turn in good(item).turns] == ["Hi"]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("a <b>b</b> <c.yellow.bg>c</c> <00:00:01.500>d", "a b c d"),
        ("<lang pt>Olá</lang> &lt;3 &amp; 1 < 2", "Olá <3 & 1 < 2"),
        ("<ruby>x<rt>y</rt></ruby>", "xy"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("&rlm;שלום&nbsp;🙂", "\u200fשלום 🙂"),
    ],
)
def test_webvtt_tags_and_entities_become_text(tmp_path: Path, payload: str, text: str) -> None:
    item = read(tmp_path, f"WEBVTT\n\n{TIMES}\n{payload}\n")

    assert [turn.text for turn in good(item).turns] == [text]


def test_notes_styles_and_regions_are_no_words(tmp_path: Path) -> None:
    blocks = "NOTE secret\nmore\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:x\n\nNOTE\n\n"

    item = read(tmp_path, f"WEBVTT\n\n{blocks}{TIMES}\nHi\n\nNOTE end\n")

    assert [turn.text for turn in good(item).turns] == ["Hi"]


def test_cues_of_nobody_in_particular_stay_apart(tmp_path: Path) -> None:
    item = read(tmp_path, f"WEBVTT\n\n{TIMES}\nOne.\n\n00:03.000 --> 00:04.000\nTwo.\n")

    assert [(turn.role, turn.text) for turn in good(item).turns] == [
        (Role.UNKNOWN, "One."),
        (Role.UNKNOWN, "Two."),
    ]


def test_cues_out_of_order_are_sorted_and_may_overlap(tmp_path: Path) -> None:
    cues = "00:03.000 --> 00:09.000\n<v Agent>b\n\n00:01.000 --> 00:05.000\n<v Tom>a\n"

    item = read(tmp_path, f"WEBVTT\n\n{cues}")

    assert [(turn.text, turn.start, turn.end) for turn in good(item).turns] == [
        ("a", 1.0, 5.0),
        ("b", 3.0, 9.0),
    ]


@pytest.mark.parametrize(
    "times",
    [
        "00:02.000 --> 00:01.000",
        "00:02.000 --> ",
        "-00:02.000 --> 00:03.000",
        "00:99.000 --> 02:00.000",
        "0x --> 1x",
    ],
)
def test_impossible_times_are_refused_with_their_line(tmp_path: Path, times: str) -> None:
    item = read(tmp_path, f"WEBVTT\n\n{TIMES}\n<v Agent>Hi\n\n{times}\n<v Agent>secret\n")

    assert bad(item).id == "call"
    assert bad(item).source.endswith("call:6")


def test_webvtt_without_cues_is_an_empty_transcript(tmp_path: Path) -> None:
    assert good(read(tmp_path, "WEBVTT\n")).turns == ()


@pytest.mark.parametrize("gap", ["\n", "\n\n\n"])
def test_srt_cues_need_no_blank_line_between_them(tmp_path: Path, gap: str) -> None:
    item = read(
        tmp_path,
        f"1\n{SRT_TIMES}\nAgent: Hi{gap}2\n00:00:03,000 --> 00:00:04,000\nCustomer: Oh\n",
    )

    assert [turn.text for turn in good(item).turns] == ["Hi", "Oh"]


def test_srt_words_behind_a_blank_line_belong_to_the_cue_above(tmp_path: Path) -> None:
    item = read(tmp_path, f"1\n{SRT_TIMES}\nAgent: Hi,\n\nAgent: you.\n\n")

    assert [turn.text for turn in good(item).turns] == ["Hi, you."]


def test_srt_without_numbers_is_known(tmp_path: Path) -> None:
    item = read(tmp_path, f"\n{SRT_TIMES}\nAgent: Hi\n")

    assert good(item).metadata["format"] == "srt"


def test_prefix_that_occurs_once_and_states_no_role_is_words(tmp_path: Path) -> None:
    item = read(tmp_path, f"1\n{SRT_TIMES}\nOne thing: it broke.\n")

    assert [(turn.speaker, turn.text) for turn in good(item).turns] == [
        (None, "One thing: it broke.")
    ]


def test_words_above_the_first_cue_are_refused(tmp_path: Path) -> None:
    (tmp_path / "call").write_text(f"secret\n\n{SRT_TIMES}\nHi")

    (item,) = read_transcripts(tmp_path / "call", format="srt").iter_all()

    assert bad(item).source.endswith("call:1")


@pytest.mark.parametrize("text", ["1\n2\n3", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000", "", "1,2"])
def test_srt_is_not_known_without_times(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)

    assert not SubRip().sniff(Source(tmp_path / "x"))

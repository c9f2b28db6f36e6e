from __future__ import annotations

from pathlib import Path

import pytest

from qa_nlp.importers import BadTranscript, Source, read_transcripts
from qa_nlp.importers.plain_text import PlainText
from qa_nlp.transcript import Role, Transcript


def read(tmp_path: Path, text: str) -> Transcript:
    (tmp_path / "call.txt").write_text(text, encoding="utf-8")
    (item,) = read_transcripts(tmp_path / "call.txt", format="text").iter_all()
    assert isinstance(item, Transcript), item
    return item


def knows(tmp_path: Path, text: str) -> bool:
    (tmp_path / "x").write_text(text, encoding="utf-8")
    return PlainText().sniff(Source(tmp_path / "x"))


@pytest.mark.parametrize(
    "line",
    [
        "Agent: Hello",
        "AGENT : Hello",
        "[00:12] Agent: Hello",
        "(0:00:12) Agent: Hello",
        "00:12 Agent: Hello",
        "[00:12 - 00:15] Agent: Hello",
        "[00:12.000] - Agent: Hello",
        "Agent [00:12]: Hello",
        "Agent (00:12): Hello",
        "Agent\uff1a Hello",
        "\ufeffAgent: Hello",
    ],
)
def test_speaker_and_words_are_told_apart_in_every_common_form(tmp_path: Path, line: str) -> None:
    (turn,) = read(tmp_path, line).turns

    assert turn.role is Role.AGENT
    assert turn.text == "Hello"
    assert turn.start == (12.0 if "12" in line else None)
    assert turn.end == (15.0 if "15" in line else None)


def test_line_without_label_continues_the_turn_above(tmp_path: Path) -> None:
    text = "Agent: I looked\n  it up.\n\nRef: 12\nSee https://example.org: fine.\nCustomer: Good."

    assert [turn.text for turn in read(tmp_path, text).turns] == [
        "I looked it up. Ref: 12 See https://example.org: fine.",
        "Good.",
    ]


def test_names_that_come_back_are_speakers_of_unknown_role(tmp_path: Path) -> None:
    turns = read(tmp_path, "Ines: Hi\nTom H.: Hello\nInes: So?\nTom H.: Well.").turns

    assert [(turn.role, turn.speaker) for turn in turns] == [
        (Role.UNKNOWN, "Ines"),
        (Role.UNKNOWN, "Tom H."),
    ] * 2


def test_several_agents_are_told_apart(tmp_path: Path) -> None:
    turns = read(tmp_path, "Agent 1: Hi\nCustomer: Oh\nAgent (Ines): Let me.").turns

    assert [turn.agent_id for turn in turns] == ["Agent 1", None, "Agent (Ines)"]


def test_time_without_speaker_begins_a_turn_of_nobody(tmp_path: Path) -> None:
    (turn,) = read(tmp_path, "[00:12] good morning").turns

    assert (turn.role, turn.speaker, turn.start, turn.text) == (
        Role.UNKNOWN,
        None,
        12.0,
        "good morning",
    )


def test_words_before_any_speaker_are_refused_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "call.txt").write_text("\nsecret words\nAgent: Hello")

    (item,) = read_transcripts(tmp_path / "call.txt", format="text").iter_all()

    assert isinstance(item, BadTranscript)
    assert item.source.endswith("call.txt:2")
    assert item.id == "call"
    assert "secret" not in str(item.error)


def test_decreasing_starts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "call.txt").write_text("[00:12] Agent: secret\n[00:11] Customer: oh")

    (item,) = read_transcripts(tmp_path / "call.txt").iter_all()

    assert isinstance(item, BadTranscript)
    assert "secret" not in str(item.error)


def test_turn_that_ends_before_it_starts_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "call.txt").write_text("Customer: oh\n[00:12 - 00:11] Agent: secret")

    (item,) = read_transcripts(tmp_path / "call.txt").iter_all()

    assert isinstance(item, BadTranscript)
    assert (item.id, item.source[-10:]) == ("call", "call.txt:2")
    assert "secret" not in str(item.error)


def test_markup_and_other_scripts_are_kept_as_they_are(tmp_path: Path) -> None:
    text = "Клиент: <script>alert(1)</script> 🙂\nОператор: שלום &amp; мир"

    turns = read(tmp_path, text).turns

    assert [turn.role for turn in turns] == [Role.CUSTOMER, Role.AGENT]
    assert [turn.text for turn in turns] == ["<script>alert(1)</script> 🙂", "שלום &amp; мир"]


@pytest.mark.parametrize(
    "text",
    [
        "Customer: hi",
        "[00:01] Agent: hi",
        "Ines: a\nTom: b\nInes: c\nTom: d",
        "Оператор: Добрый день",
    ],
)
def test_sniff_knows_a_conversation(tmp_path: Path, text: str) -> None:
    assert knows(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Once upon a time there was an agent.\nAgent: no",
        "name: x\nversion: 2\nlicence: none",
        "From: a@example.org\nTo: b@example.org\nSubject: hello\n\nDear all,",
        "conversation_id,role,text\nc1,agent,Agent: hello",
        '{"id": "x"}',
        "https://example.org",
    ],
)
def test_sniff_leaves_other_text_alone(tmp_path: Path, text: str) -> None:
    assert not knows(tmp_path, text)

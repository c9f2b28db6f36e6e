"""Readers of public conversation sets, on files made up in their shape."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

from benchmarks.parts.conversations import READERS, read_maia, read_star, read_unbabel

MAIA = ("maia/data/de_client_02.json", "maia/Emotion/data/maia/pt_br_client_02_a.json")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_read_maia_takes_the_english_side_of_both_speakers(tmp_path: Path) -> None:
    turns = [
        {"floor": "inbound", "text_src": ["Guten Tag"], "text_mt": ["Good day", "I need help."]},
        {"floor": "outbound", "text_src": ["Hello.", "What is it?"], "text_mt": ["Hallo."]},
    ]
    for number, name in enumerate(MAIA):
        write(tmp_path / name, json.dumps([{"id": f"c{number}", "turns": turns}]))

    chats = read_maia(tmp_path)

    assert [chat.id for chat in chats] == ["maia-c0", "maia-c1"]
    assert [(turn.role.value, turn.text) for turn in chats[0].turns] == [
        ("customer", "Good day\nI need help."),
        ("agent", "Hello. What is it?"),
    ]


def test_read_unbabel_joins_segments_of_one_writer_into_a_turn(tmp_path: Path) -> None:
    columns = ["doc_id", "translation_direction", "source_language", "source_segment", "mt_segment"]
    rows = [
        ["d1", "customer", "fr", "Bonjour", "Hello"],
        ["d1", "customer", "en", "it is broken", "c'est cassé"],
        ["d1", "agent", "en", "I see.", "Je vois."],
        ["d1", "agent", "en", "One moment.", "Un moment."],
        ["d2", "customer", "fr", "Merci", "Thanks"],
    ]
    path = tmp_path / "unbabel_maia/data/MAIA.en-fr.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])

    chats = read_unbabel(tmp_path)

    assert [[turn.text for turn in chat.turns] for chat in chats] == [
        ["Hello\nit is broken", "I see. One moment."],
        ["Thanks"],
    ]


def test_read_star_takes_what_the_customer_saw_where_it_differs(tmp_path: Path) -> None:
    turns = [
        {"role": "customer", "text": "Hi"},
        {"role": "agent", "text": "hello", "displayed_text": "Hello, how can I help?"},
        {"role": "agent", "text": "Sure"},
    ]
    path = tmp_path / "star/dialogues.jsonl.gz"
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps({"id": 7, "turns": turns}) + "\n")

    (dialogue,) = read_star(tmp_path)

    assert (dialogue.id, dialogue.channel, dialogue.language) == ("star-7", "chat", "en")
    assert [turn.text for turn in dialogue.turns] == ["Hi", "Hello, how can I help?", "Sure"]


def test_readers_are_named_as_the_tables_show_them() -> None:
    assert list(READERS) == ["MAIA", "Unbabel MAIA", "STAR"]

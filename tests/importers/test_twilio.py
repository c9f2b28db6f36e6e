"""Twilio Conversational Intelligence."""

from __future__ import annotations

import json
from pathlib import Path

from qa_nlp.importers import read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURE = Path(__file__).parents[1] / "fixtures" / "importers" / "twilio.json"


def test_file_gives_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURE)

    assert call == Transcript(
        id="GT00000000000000000000000000000001",
        channel="voice",
        language="en",
        started_at="2026-04-07T14:30:00Z",
        metadata={
            "format": "twilio",
            "customer_key": "order 5501",
            "duration": 61.0,
            "agent_id": "worker-12",
        },
        turns=(
            Turn(
                Role.AGENT,
                "Fern Florists. Flora speaking.",
                speaker="2",
                agent_id="worker-12",
                start=0.42,
                end=3.1,
            ),
            Turn(Role.CUSTOMER, "The roses were brown.", speaker="1", start=3.4, end=5.25),
        ),
    )


def test_sentences_alone_stay_unknown_until_their_channels_are_mapped(tmp_path: Path) -> None:
    path = tmp_path / "call.json"
    path.write_text(json.dumps({"sentences": json.loads(FIXTURE.read_text())["sentences"]}))

    (call,) = read_transcripts(path)
    (mapped,) = read_transcripts(path, roles={"1": "customer", "2": "agent"})

    assert [(turn.role, turn.speaker) for turn in call.turns] == [
        (Role.UNKNOWN, "2"),
        (Role.UNKNOWN, "1"),
    ]
    assert [turn.role for turn in mapped.turns] == [Role.AGENT, Role.CUSTOMER]


def test_sentences_without_times_keep_the_order_of_their_index(tmp_path: Path) -> None:
    sentences = [
        {"media_channel": 2, "sentence_index": 1, "start_time": None, "transcript": "Second."},
        {"media_channel": "1", "sentence_index": 0, "start_time": None, "transcript": "First."},
    ]
    path = tmp_path / "call.json"
    path.write_text(json.dumps({"sentences": sentences}))

    (call,) = read_transcripts(path)

    assert [(turn.text, turn.start) for turn in call.turns] == [("First.", None), ("Second.", None)]

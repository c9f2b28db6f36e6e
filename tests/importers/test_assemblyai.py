"""AssemblyAI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURE = Path(__file__).parents[1] / "fixtures" / "importers" / "assemblyai.json"


def _changed(tmp_path: Path, **fields: Any) -> Transcript | BadTranscript:
    path = tmp_path / "call.json"
    path.write_text(json.dumps({**json.loads(FIXTURE.read_text()), **fields}))
    (item,) = read_transcripts(path).iter_all()
    return item


def test_file_gives_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURE)

    assert call == Transcript(
        id="aai-5551",
        channel="voice",
        language="en",
        metadata={"format": "assemblyai", "duration": 8.0},
        turns=(
            Turn(
                Role.UNKNOWN,
                "Quince Travel, good evening.",
                speaker="A",
                start=0.25,
                end=1.9,
            ),
            Turn(Role.UNKNOWN, "Our flight was cancelled.", speaker="B", start=2.1, end=3.875),
            Turn(Role.UNKNOWN, "Oh no.", speaker="A", start=3.8, end=4.2),
        ),
    )


def test_roles_mapping_is_applied() -> None:
    (call,) = read_transcripts(FIXTURE, roles={"A": "agent", "B": "customer"})

    assert [turn.role for turn in call.turns] == [Role.AGENT, Role.CUSTOMER, Role.AGENT]


def test_words_are_joined_where_there_are_no_utterances(tmp_path: Path) -> None:
    words = [
        {"text": "Good", "start": 100, "end": 300, "speaker": "A"},
        {"text": "evening.", "start": 310, "end": 700, "speaker": "A"},
        {"text": "Hello.", "start": 900, "end": 1200, "speaker": "B"},
    ]
    call = _changed(tmp_path, utterances=None, words=words)

    assert isinstance(call, Transcript)
    assert [(turn.text, turn.start, turn.end) for turn in call.turns] == [
        ("Good evening.", 0.1, 0.7),
        ("Hello.", 0.9, 1.2),
    ]


def test_text_of_voices_that_were_not_told_apart_is_one_turn(tmp_path: Path) -> None:
    call = _changed(tmp_path, utterances=None, words=None)

    assert isinstance(call, Transcript)
    assert [(turn.role, turn.speaker, turn.start) for turn in call.turns] == [
        (Role.UNKNOWN, None, None)
    ]


def test_speakers_with_the_name_of_a_role_have_it(tmp_path: Path) -> None:
    utterances = [{"speaker": "Agent", "text": "Hello.", "start": 0, "end": 500, "words": []}]
    call = _changed(tmp_path, utterances=utterances)

    assert isinstance(call, Transcript)
    assert call.turns[0].role is Role.AGENT


def test_unfinished_transcript_is_refused(tmp_path: Path) -> None:
    bad = _changed(tmp_path, status="processing", utterances=None, words=None, text=None)

    assert isinstance(bad, BadTranscript)
    assert "fetch it again" in bad.error.message

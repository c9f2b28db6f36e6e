"""Deepgram."""

from __future__ import annotations

import json
from pathlib import Path

from qa_nlp.importers import read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURES = Path(__file__).parents[1] / "fixtures" / "importers"


def test_utterances_give_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURES / "deepgram.json")

    assert call == Transcript(
        id="7f1d-request",
        channel="voice",
        metadata={"format": "deepgram", "duration": 9.75},
        turns=(
            Turn(Role.UNKNOWN, "Pine Street Vets. Hello.", speaker="0", start=0.1, end=1.9),
            Turn(Role.UNKNOWN, "My cat. He limps.", speaker="1", start=2.2, end=4.0),
        ),
    )


def test_channels_give_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURES / "deepgram_channels.json")

    assert call == Transcript(
        id="8a2e-request",
        channel="voice",
        language="en",
        metadata={"format": "deepgram", "duration": 6.0},
        turns=(
            Turn(Role.UNKNOWN, "Good morning.", speaker="0", start=0.5, end=1.1),
            Turn(Role.UNKNOWN, "I want to cancel.", speaker="1", start=1.4, end=2.6),
            # The last word has no time; it stays behind the one above it.
            Turn(Role.UNKNOWN, "Which plan?", speaker="0", start=3.0, end=3.2),
            Turn(Role.UNKNOWN, "The small one.", speaker="1", start=4.0, end=4.9),
        ),
    )


def test_roles_mapping_is_applied_to_numeric_speakers() -> None:
    (call,) = read_transcripts(FIXTURES / "deepgram.json", roles={"0": "agent", "1": "customer"})

    assert [turn.role for turn in call.turns] == [Role.AGENT, Role.CUSTOMER]


def test_bare_text_is_one_turn_without_times(tmp_path: Path) -> None:
    channels = [{"alternatives": [{"transcript": "Hello there."}]}]
    path = tmp_path / "call.json"
    path.write_text(json.dumps({"metadata": {}, "results": {"channels": channels}}))

    (call,) = read_transcripts(path)

    assert call.id == "call"
    assert call.turns == (Turn(Role.UNKNOWN, "Hello there.", speaker="0"),)


def test_speakers_of_several_channels_are_told_apart(tmp_path: Path) -> None:
    utterances = [
        {"start": 0.0, "end": 1.0, "channel": 0, "speaker": 0, "transcript": "One."},
        {"start": 1.0, "end": 2.0, "channel": 1, "speaker": 0, "transcript": "Two."},
    ]
    results = {"channels": [{"alternatives": []}] * 2, "utterances": utterances}
    path = tmp_path / "call.json"
    path.write_text(json.dumps({"metadata": {}, "results": results}))

    (call,) = read_transcripts(path)

    assert [turn.speaker for turn in call.turns] == ["0:0", "1:0"]

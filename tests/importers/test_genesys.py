"""Genesys Cloud transcripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qa_nlp.importers import read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURE = Path(__file__).parents[1] / "fixtures" / "importers" / "genesys.json"


def _changed(tmp_path: Path, **fields: Any) -> Transcript:
    path = tmp_path / "call.json"
    path.write_text(json.dumps({**json.loads(FIXTURE.read_text()), **fields}))
    (call,) = read_transcripts(path)
    return call


def test_file_gives_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURE)

    assert call == Transcript(
        id="9e0d-conversation",
        channel="voice",
        language="en",
        started_at="2026-02-02T02:40:02Z",
        metadata={"format": "genesys", "queue": "queue-7", "team": "team-2"},
        turns=(
            Turn(Role.SYSTEM, "Welcome to the line.", speaker="ivr", start=0.0, end=1.8),
            Turn(
                Role.AGENT,
                "Mira speaking.",
                speaker="internal",
                agent_id="user-mira",
                start=10.0,
                end=13.5,
                end_derived=True,
            ),
            Turn(Role.CUSTOMER, "my router is dead", speaker="external", start=13.5, end=15.6),
            # Both agents were connected: an agent's, but nobody knows whose.
            Turn(Role.AGENT, "I ask my colleague.", speaker="internal", start=20.0, end=21.0),
            Turn(
                Role.AGENT,
                "Jonas here.",
                speaker="internal",
                agent_id="user-jonas",
                start=30.0,
                end=30.9,
            ),
        ),
    )


def test_without_participants_internal_phrases_are_an_agents(tmp_path: Path) -> None:
    call = _changed(tmp_path, participants=None)

    assert [(turn.role, turn.agent_id) for turn in call.turns] == [
        (Role.AGENT, None),
        (Role.CUSTOMER, None),
        (Role.AGENT, None),
    ]


def test_offsets_into_the_call_are_kept_as_they_are(tmp_path: Path) -> None:
    phrases = [
        {"text": "hello", "participantPurpose": "external", "startTimeMs": 4500},
        {"text": "yes", "participantPurpose": "internal", "startTimeMs": 6250},
    ]
    call = _changed(tmp_path, transcripts=[{"phrases": phrases}], participants=[])

    assert [(turn.start, turn.end) for turn in call.turns] == [(4.5, 6.25), (6.25, None)]
    assert call.started_at is None


def test_offsets_with_two_agents_name_neither(tmp_path: Path) -> None:
    phrases = [{"text": "hello", "participantPurpose": "internal", "startTimeMs": 4500}]
    call = _changed(tmp_path, transcripts=[{"phrases": phrases}])

    assert [(turn.role, turn.agent_id) for turn in call.turns] == [(Role.AGENT, None)]


def test_unheard_of_purpose_stays_unknown(tmp_path: Path) -> None:
    phrases = [{"text": "hello", "participantPurpose": "observer", "startTimeMs": 4500}]
    call = _changed(tmp_path, transcripts=[{"phrases": phrases}])

    assert [(turn.role, turn.speaker) for turn in call.turns] == [(Role.UNKNOWN, "observer")]

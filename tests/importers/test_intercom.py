"""Intercom conversations."""

from __future__ import annotations

import json
from pathlib import Path

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURE = Path(__file__).parents[1] / "fixtures" / "importers" / "intercom.json"


def test_conversation_gives_the_expected_transcript() -> None:
    (chat,) = read_transcripts(FIXTURE)

    assert chat == Transcript(
        id="215",
        channel="chat",
        started_at="2026-03-08T20:00:00Z",
        metadata={
            "format": "intercom",
            "agent_id": "31",
            "team": "7",
            "customer_id": "c-9",
            "csat": 5,
            "internal_notes": 1,
        },
        turns=(
            # Sent by a campaign in Hana's name, and by an AI agent on her behalf: neither is hers.
            Turn(
                Role.BOT,
                "Need a hand with your order?",
                speaker="Hana",
                start=0.0,
                end=40.0,
                end_derived=True,
            ),
            Turn(
                Role.CUSTOMER,
                "Yes: it says lost.",
                speaker="Ravi",
                start=40.0,
                end=42.0,
                end_derived=True,
            ),
            Turn(
                Role.BOT,
                "I look it up for you.",
                speaker="Fin",
                start=42.0,
                end=100.0,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Hana here.\nrefund\nnew parcel\nWhich one?",
                speaker="Hana",
                agent_id="31",
                start=100.0,
                end=110.0,
                end_derived=True,
            ),
            Turn(
                Role.CUSTOMER,
                "refund",
                speaker="Ravi",
                start=110.0,
                end=120.0,
                end_derived=True,
            ),
            Turn(Role.UNKNOWN, "Moved to payments.", speaker="Payments", start=120.0),
        ),
    )


def test_roles_mapping_is_applied_to_the_team() -> None:
    (chat,) = read_transcripts(FIXTURE, roles={"Payments": "system"})

    assert chat.turns[-1].role is Role.SYSTEM


def test_list_without_the_answers_is_refused_with_a_remedy(tmp_path: Path) -> None:
    conversation = json.loads(FIXTURE.read_text())
    del conversation["conversation_parts"]
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"type": "conversation.list", "conversations": [conversation]}))

    (bad,) = read_transcripts(path).iter_all()

    assert isinstance(bad, BadTranscript)
    assert bad.id == "215"
    assert "retrieve each conversation by its id" in bad.error.message


def test_remark_of_the_customer_does_not_leak_into_the_metadata() -> None:
    (chat,) = read_transcripts(FIXTURE)

    assert "Quick!" not in json.dumps(chat.to_dict())

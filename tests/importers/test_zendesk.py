"""Zendesk ticket comments and conversation log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURES = Path(__file__).parents[1] / "fixtures" / "importers"


def test_ticket_comments_give_the_expected_transcript() -> None:
    (thread,) = read_transcripts(FIXTURES / "zendesk_comments.json")

    assert thread == Transcript(
        id="4711",
        channel="email",
        started_at="2026-01-10T08:00:00Z",
        metadata={
            "format": "zendesk",
            "csat": "good",
            "queue": "360001",
            "customer_id": "900100",
            "internal_notes": 1,
        },
        turns=(
            Turn(
                Role.CUSTOMER,
                "Hello,\n\nthe kettle leaks & drips.",
                speaker="900100",
                start=0.0,
                end=1800.0,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Dear Ada,\na new one is on its way.",
                speaker="900201",
                agent_id="900201",
                start=1800.0,
                end=3600.0,
                end_derived=True,
            ),
            Turn(
                Role.SYSTEM,
                "Call from +00 000, listen to the recording",
                start=3600.0,
                end=172800.0,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Has it arrived?",
                speaker="900202",
                agent_id="900202",
                start=172800.0,
                end=176400.0,
                end_derived=True,
            ),
            Turn(
                Role.UNKNOWN,
                "I am her neighbour: yes.",
                speaker="900999",
                start=176400.0,
                end=176430.0,
                end_derived=True,
            ),
            Turn(Role.SYSTEM, "This ticket will close soon.", speaker="-1", start=176430.0),
        ),
    )


def test_conversation_log_gives_the_expected_transcript() -> None:
    (chat,) = read_transcripts(FIXTURES / "zendesk_log.json")

    assert chat == Transcript(
        id="zendesk_log",
        channel="chat",
        started_at="2026-05-02T12:00:00Z",
        metadata={"format": "zendesk_log", "internal_notes": 1, "agent_id": "42"},
        turns=(
            Turn(
                Role.CUSTOMER,
                "Where is my parcel?",
                speaker="Piet",
                start=0.0,
                end=3.0,
                end_derived=True,
            ),
            Turn(
                Role.BOT,
                "One moment, I fetch a colleague.",
                speaker="Parcel helper",
                start=3.0,
                end=90.0,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "It is in Utrecht \N{EN DASH} tomorrow\nat your door.",
                speaker="Noor",
                agent_id="42",
                start=90.0,
            ),
        ),
    )


def test_without_users_and_ticket_numeric_authors_stay_unknown_until_mapped(
    tmp_path: Path,
) -> None:
    document = json.loads((FIXTURES / "zendesk_comments.json").read_text())
    path = tmp_path / "4711.json"
    path.write_text(json.dumps({"comments": document["comments"][:3]}))

    (thread,) = read_transcripts(path)
    (mapped,) = read_transcripts(path, roles={"900100": "customer", "900201": "agent"})

    assert [(turn.role, turn.speaker) for turn in thread.turns] == [
        (Role.UNKNOWN, "900100"),
        (Role.UNKNOWN, "900201"),
    ]
    assert [turn.role for turn in mapped.turns] == [Role.CUSTOMER, Role.AGENT]


def test_tickets_that_hold_their_comments_are_read_one_a_line(tmp_path: Path) -> None:
    def ticket(number: int) -> str:
        comment = {"author_id": 5, "public": True, "body": "Hi", "created_at": "2026-01-01T10:00Z"}
        return json.dumps({"id": number, "requester_id": 5, "comments": [comment]})

    path = tmp_path / "tickets.jsonl"
    path.write_text(f"{ticket(1)}\n{ticket(2)}\n")

    threads = list(read_transcripts(path))

    assert [(thread.id, thread.turns[0].role) for thread in threads] == [
        ("1", Role.CUSTOMER),
        ("2", Role.CUSTOMER),
    ]


@pytest.mark.parametrize("public", [None, "yes", 1])
def test_comment_that_does_not_say_whether_it_is_public_is_refused(
    tmp_path: Path, public: object
) -> None:
    document = json.loads((FIXTURES / "zendesk_comments.json").read_text())
    document["comments"][2]["public"] = public
    path = tmp_path / "ticket.json"
    path.write_text(json.dumps(document))

    (bad,) = read_transcripts(path).iter_all()

    assert isinstance(bad, BadTranscript)
    assert bad.id == "4711"
    assert bad.error.message.startswith("comments[2].public ")

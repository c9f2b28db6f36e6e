"""Google Customer Experience Insights: upload form and API form."""

from __future__ import annotations

import json
from pathlib import Path

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURES = Path(__file__).parents[1] / "fixtures" / "importers"


def test_upload_file_gives_the_expected_transcript() -> None:
    (talk,) = read_transcripts(FIXTURES / "google_upload.json")

    assert talk == Transcript(
        id="google_upload",
        started_at="2026-01-01T00:00:00Z",
        metadata={"format": "google_insights_upload", "categories": ["Returns"]},
        turns=(
            Turn(
                Role.BOT,
                "You are talking to the shop's robot.",
                speaker="9",
                start=0.0,
                end=4.25,
                end_derived=True,
            ),
            Turn(
                Role.CUSTOMER,
                "A person, please.",
                speaker="1",
                start=4.25,
                end=30.000001,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Hello, this is Femke.",
                speaker="2",
                agent_id="2",
                start=30.000001,
                end=60.5,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "And I am Joost, her lead.",
                speaker="3",
                agent_id="3",
                start=60.5,
                end=70.0,
                end_derived=True,
            ),
            Turn(Role.CUSTOMER, "Good.", speaker="1", start=70.0),
        ),
    )


def test_chat_of_the_api_gives_the_expected_transcript() -> None:
    (chat,) = read_transcripts(FIXTURES / "google_api_chat.json")

    assert chat == Transcript(
        id="chat-81",
        channel="chat",
        language="en",
        started_at="2026-06-01T07:00:01.500Z",
        metadata={
            "format": "google_insights",
            "agent_id": "agent-7",
            "team": "Evening",
            "csat": 4,
        },
        turns=(
            Turn(
                Role.BOT,
                "Hi! I am the assistant.",
                speaker="bot-1",
                start=0.0,
                end=7.5,
                end_derived=True,
            ),
            Turn(
                Role.CUSTOMER,
                "Change my address.",
                speaker="cust-5",
                start=7.5,
                end=18.75,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Done, anything else?",
                speaker="agent-7",
                agent_id="agent-7",
                start=18.75,
                end=19.5,
                end_derived=True,
            ),
            Turn(Role.UNKNOWN, "Rate us.", start=19.5),
        ),
    )


def test_call_of_the_python_client_gives_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURES / "google_api_call.json")

    assert call == Transcript(
        id="call-82",
        channel="voice",
        language="en",
        started_at="2026-06-02T10:30:00Z",
        metadata={"format": "google_insights", "duration": 95.5},
        turns=(
            Turn(Role.AGENT, "Bluebird Rail, good morning.", speaker="2", start=0.0, end=1.7),
            Turn(
                Role.CUSTOMER,
                "Somebody took my seat. And my coat.",
                speaker="1",
                start=2.1,
                end=4.25,
            ),
            Turn(Role.UNKNOWN, "(music)", speaker="3", start=5.0, end=6.0),
        ),
    )


def test_call_without_stated_channels_stays_unknown_until_mapped(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "google_api_call.json").read_text())
    document["call_metadata"] = {"customer_channel": 0, "agent_channel": 0}
    path = tmp_path / "call.json"
    path.write_text(json.dumps(document))

    (call,) = read_transcripts(path)
    (mapped,) = read_transcripts(path, roles={"1": "customer", "2": "agent"})

    assert {turn.role for turn in call.turns} == {Role.UNKNOWN}
    assert [turn.role for turn in mapped.turns] == [Role.AGENT, Role.CUSTOMER, Role.UNKNOWN]


def test_upload_of_a_clock_that_starts_at_zero_has_no_date(tmp_path: Path) -> None:
    entry = {"text": "Hello", "user_id": 1, "role": "CUSTOMER", "start_timestamp_usec": 1000000}
    path = tmp_path / "talk.json"
    path.write_text(json.dumps({"entries": [entry]}))

    (talk,) = read_transcripts(path)

    assert (talk.started_at, talk.turns[0].start) == (None, 0.0)


def test_list_of_conversations_is_read_and_a_broken_one_costs_no_neighbour(
    tmp_path: Path,
) -> None:
    chat = json.loads((FIXTURES / "google_api_chat.json").read_text())
    broken = json.loads((FIXTURES / "google_api_call.json").read_text())
    broken["transcript"]["transcript_segments"][0]["words"][0]["start_offset"] = "soon"
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"conversations": [broken, chat]}))

    bad, good = read_transcripts(path).iter_all()

    assert isinstance(bad, BadTranscript)
    assert bad.error.message == (
        "conversations[0].transcript.transcript_segments[0].words[0].start_offset "
        "must be a duration such as '1.5s'"
    )
    assert isinstance(good, Transcript)
    assert good.id == "chat-81"

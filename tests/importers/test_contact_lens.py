"""Contact Lens (voice, chat, real time) and AWS post-call analytics."""

from __future__ import annotations

import json
from pathlib import Path

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURES = Path(__file__).parents[1] / "fixtures" / "importers"


def test_voice_file_gives_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURES / "contact_lens_voice.json")

    assert call == Transcript(
        id="3f6e2b1c-0000-4000-8000-00000000c0de",
        channel="voice",
        language="en",
        metadata={
            "format": "contact_lens",
            "duration": 21.5,
            "overall_sentiment": {"agent": 1.5, "customer": -0.8},
            "categories": ["billing-question"],
        },
        turns=(
            Turn(
                Role.SYSTEM,
                "Calls to this number are recorded.",
                speaker="PROMPT",
                start=0.0,
                end=2.4,
            ),
            Turn(
                Role.AGENT,
                "Harbour Gas, Ines here. What has brought you to us?",
                speaker="AGENT",
                start=3.05,
                end=6.5,
            ),
            Turn(
                Role.CUSTOMER,
                "My bill has doubled and nobody tells me why.",
                speaker="CUSTOMER",
                start=6.9,
                end=9.4,
            ),
            # She interrupts: the turns overlap, and are sorted although the file is not.
            Turn(Role.AGENT, "I am sorry about that.", speaker="AGENT", start=9.1, end=10.25),
        ),
    )


def test_chat_file_gives_the_expected_transcript() -> None:
    (chat,) = read_transcripts(FIXTURES / "contact_lens_chat.json")

    assert chat == Transcript(
        id="c4a70000-0000-4000-8000-000000000002",
        channel="chat",
        language="en",
        started_at="2026-03-04T09:15:00Z",
        metadata={
            "format": "contact_lens",
            "overall_sentiment": {"agent": 1.25, "customer": 0.0},
        },
        turns=(
            Turn(
                Role.SYSTEM,
                "You are next in line.",
                speaker="SYSTEM_MESSAGE",
                start=0.0,
                end=12.25,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Hello, Wren here. What can I sort out for you?",
                speaker="Wren",
                agent_id="p-agent-1",
                start=12.25,
                end=31.0,
                end_derived=True,
            ),
            Turn(
                Role.CUSTOMER,
                "The lamp flickers.",
                speaker="Olu",
                start=31.0,
                end=33.5,
                end_derived=True,
            ),
            Turn(
                Role.CUSTOMER,
                "Only in the evening.",
                speaker="Olu",
                start=33.5,
                end=60.0,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Tomas from lighting: please try another bulb.",
                speaker="Tomas",
                agent_id="p-agent-2",
                start=60.0,
            ),
        ),
    )
    assert chat.agents == ("p-agent-1", "p-agent-2")


def test_real_time_segments_give_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURES / "contact_lens_realtime.json")

    assert call == Transcript(
        id="contact_lens_realtime",
        channel="voice",
        language="en",
        metadata={"format": "contact_lens"},
        turns=(
            Turn(Role.AGENT, "Northline, how may I help?", speaker="AGENT", start=0.4, end=2.0),
            Turn(Role.CUSTOMER, "My ticket never arrived.", speaker="CUSTOMER", start=2.3, end=4.1),
        ),
    )


def test_post_call_analytics_gives_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURES / "aws_pca.json")

    assert call == Transcript(
        id="b7d0f1a2-guid",
        channel="voice",
        language="en",
        started_at="2026-02-11T16:20:00Z",
        metadata={
            "format": "aws_pca",
            "agent_id": "agent-31",
            "duration": 42.5,
            "overall_sentiment": {"agent": 0.5, "customer": -1.75},
            "categories": ["refund"],
        },
        turns=(
            Turn(Role.SYSTEM, "Press one for orders.", speaker="IVR", start=0.0, end=3.2),
            Turn(
                Role.AGENT,
                "Orders desk, good afternoon.",
                speaker="spk_0",
                agent_id="u-31",
                start=4.0,
                end=6.5,
            ),
            Turn(Role.CUSTOMER, "I want my money back", speaker="spk_1", start=6.9, end=8.0),
            Turn(Role.UNKNOWN, "Hello?", speaker="spk_2", start=8.4, end=9.0),
        ),
    )


def test_roles_mapping_names_the_unknown_speaker_and_leaves_the_ivr_alone() -> None:
    (call,) = read_transcripts(
        FIXTURES / "aws_pca.json", roles={"spk_2": "agent", "spk_1": "customer"}
    )

    assert [turn.role for turn in call.turns] == [
        Role.SYSTEM,
        Role.AGENT,
        Role.CUSTOMER,
        Role.AGENT,
    ]


def test_wrong_kind_of_text_is_a_bad_transcript_with_file_and_path(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "contact_lens_voice.json").read_text())
    document["Transcript"][3]["Content"] = 17
    path = tmp_path / "call.json"
    path.write_text(json.dumps(document))

    (bad,) = read_transcripts(path).iter_all()

    assert isinstance(bad, BadTranscript)
    assert bad.id == "3f6e2b1c-0000-4000-8000-00000000c0de"
    assert bad.source == str(path)
    assert bad.error.message == "Transcript[3].Content must be a string, not a whole number"


def test_end_before_start_names_the_segment_and_not_its_words(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "contact_lens_voice.json").read_text())
    document["Transcript"][1]["EndOffsetMillis"] = 10
    path = tmp_path / "call.json"
    path.write_text(json.dumps(document))

    (bad,) = read_transcripts(path).iter_all()

    assert isinstance(bad, BadTranscript)
    assert bad.error.message.startswith("Transcript[1]: the turn ends at 0.01 s")
    assert "Harbour" not in str(bad.error)


def test_half_surrogate_becomes_a_replacement_character(tmp_path: Path) -> None:
    text = (FIXTURES / "contact_lens_realtime.json").read_text()
    path = tmp_path / "call.json"
    path.write_text(text.replace("never arrived", "never \\ud83d arrived \\ud83d\\ude00"))

    (call,) = read_transcripts(path)

    assert (
        call.turns[1].text == "My ticket never \N{REPLACEMENT CHARACTER} arrived \N{GRINNING FACE}."
    )


def test_supervisor_is_neither_agent_nor_customer(tmp_path: Path) -> None:
    text = (FIXTURES / "contact_lens_realtime.json").read_text()
    path = tmp_path / "call.json"
    path.write_text(
        text.replace('"ParticipantRole": "CUSTOMER"', '"ParticipantRole": "SUPERVISOR"')
    )

    (call,) = read_transcripts(path)

    assert call.turns[1].role is Role.UNKNOWN

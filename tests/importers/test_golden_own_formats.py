"""Each of the library's own formats, read from a small file into transcripts written out here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURES = Path(__file__).parent.parent / "fixtures" / "importers"


def test_jsonl_gives_what_is_written_one_transcript_a_line() -> None:
    assert list(read_transcripts(FIXTURES / "own.jsonl")) == [
        Transcript(
            id="own-1",
            channel="voice",
            language="en",
            started_at=datetime(2026, 3, 4, 9, 15, tzinfo=UTC),
            metadata={"agent_id": "A7", "team": "north", "csat": 4},
            turns=(
                Turn(Role.AGENT, "Bellwood Bikes, good morning.", start=0.4, end=2.1),
                Turn(Role.CUSTOMER, "Hello, my chain came off again.", start=2.6, end=5.0),
            ),
        ),
        Transcript(
            id="own-2",
            channel="chat",
            language="pt",
            group_id="thread-9",
            turns=(
                Turn(Role.BOT, "Olá! 👋", speaker="Bento"),
                Turn(Role.UNKNOWN, "مرحبا, <b>oi</b>", speaker="visitor 3"),
            ),
        ),
        Transcript(id="own-3", turns=()),
    ]


def test_json_list_gives_one_transcript_an_item() -> None:
    assert list(read_transcripts(FIXTURES / "own.json")) == [
        Transcript(
            id="list-1",
            turns=(
                Turn(Role.CUSTOMER, "Is the parcel shop open on Sunday?"),
                Turn(Role.AGENT, "It is, until noon.", agent_id="A2"),
            ),
        ),
        Transcript(id="list-2", channel="email", turns=(Turn(Role.CUSTOMER, "Please cancel."),)),
    ]


def test_json_object_gives_one_transcript(tmp_path: Path) -> None:
    path = tmp_path / "single"
    path.write_text('{\n  "id": "alone",\n  "turns": [{"role": "agent", "text": "Hello."}]\n}\n')

    assert list(read_transcripts(path)) == [
        Transcript(id="alone", turns=(Turn(Role.AGENT, "Hello."),))
    ]


def test_csv_gives_one_transcript_for_rows_that_stand_together() -> None:
    assert list(read_transcripts(FIXTURES / "turns.csv")) == [
        Transcript(
            id="C-1",
            channel="voice",
            language="en",
            # csat stands in two of the three rows; mood changes, so it is not the conversation's.
            metadata={"format": "csv", "agent_id": "A7", "csat": 4, "queue": "repairs"},
            turns=(
                Turn(Role.AGENT, "Good morning, Bellwood Bikes.", "Ines", "A7", 0.5, 2.0),
                Turn(Role.CUSTOMER, "The chain came off\nagain.", "Tom", None, 2.5, 5.0),
                Turn(Role.AGENT, 'I see, so it "jumps"?', "Ines", "A7", 6.0, 7.25),
            ),
        ),
        Transcript(
            id="C-2",
            channel="chat",
            language="en",
            metadata={
                "format": "csv",
                "agent_id": "A7",
                "csat": 5,
                "queue": "shop",
                "mood": "calm",
            },
            # In the order of turn_index, which is not that of the rows.
            turns=(
                Turn(Role.UNKNOWN, "When do you open?", "visitor 3"),
                Turn(Role.AGENT, "We open at nine.", None, "A7"),
            ),
        ),
    ]


def test_tsv_with_other_names_is_read_through_a_column_map() -> None:
    columns = {"conversation_id": "CallID", "speaker": "Who", "text": "What", "start": "When"}

    calls = read_transcripts(FIXTURES / "mapped.tsv", columns=columns, roles={"spk_1": "agent"})

    assert list(calls) == [
        Transcript(
            id="K-1",
            started_at=datetime(2026, 3, 4, 9, 15, tzinfo=UTC),
            metadata={"format": "csv"},
            turns=(
                Turn(Role.UNKNOWN, "Hello?", "spk_0", start=0.0, end=4.5, end_derived=True),
                Turn(Role.AGENT, "Hi, this is Ines.", "spk_1", start=4.5),
            ),
        )
    ]


def test_parquet_gives_one_transcript_for_rows_that_stand_together(tmp_path: Path) -> None:
    table = pa.table(
        {
            "conversation_id": [17, 17, 18],
            "speaker": ["Agent", "spk_1", "Agent"],
            "text": ["Bellwood Bikes?", "Oh, hello.", "Anybody there?"],
            "start": pa.array([0, 2500, None], pa.duration("ms")),
            "csat": [3.0, float("nan"), None],
            "tags": [["a"], ["a"], ["b"]],
        }
    )
    # Two rows a group, so that a conversation begins in a group and another ends in it.
    pq.write_table(table, tmp_path / "turns", row_group_size=2)

    assert list(read_transcripts(tmp_path / "turns")) == [
        Transcript(
            id="17",
            metadata={"format": "parquet", "csat": 3},
            turns=(
                Turn(Role.AGENT, "Bellwood Bikes?", "Agent", None, 0.0, 2.5, end_derived=True),
                Turn(Role.UNKNOWN, "Oh, hello.", "spk_1", None, 2.5),
            ),
        ),
        Transcript(
            id="18",
            metadata={"format": "parquet"},
            turns=(Turn(Role.AGENT, "Anybody there?", "Agent"),),
        ),
    ]


def test_plain_text_gives_one_transcript_named_like_the_file() -> None:
    assert list(read_transcripts(FIXTURES / "labelled.txt")) == [
        Transcript(
            id="labelled",
            metadata={"format": "text"},
            turns=(
                Turn(
                    Role.SYSTEM,
                    "This call may be recorded.",
                    "System",
                    start=0.0,
                    end=3.0,
                    end_derived=True,
                ),
                Turn(
                    Role.AGENT,
                    "Bellwood Bikes, Ines speaking. How can I help?",
                    "Agent",
                    start=3.0,
                    end=9.0,
                    end_derived=True,
                ),
                Turn(
                    Role.CUSTOMER,
                    "My chain came off. Note: it is the third time.",
                    "Customer",
                    start=9.0,
                    end=15.0,
                    end_derived=True,
                ),
                Turn(Role.AGENT, "Third time? I am sorry to hear that.", "Agent", start=15.0),
            ),
        )
    ]


def test_webvtt_gives_one_transcript_with_a_turn_for_each_change_of_voice() -> None:
    assert list(read_transcripts(FIXTURES / "meeting.vtt")) == [
        Transcript(
            id="meeting",
            channel="voice",
            language="en",
            metadata={"format": "webvtt"},
            turns=(
                Turn(
                    Role.AGENT,
                    "Bellwood Bikes, good morning & welcome.",
                    "Agent",
                    start=0.4,
                    end=3.0,
                ),
                Turn(
                    Role.UNKNOWN,
                    "It jumps again. 2 < 3, right?",
                    "Tom H.",
                    start=62.6,
                    end=65.0,
                ),
                Turn(Role.AGENT, "I see.", "Agent", start=66.0, end=68.0),
                Turn(Role.UNKNOWN, "Do you?", "Tom H.", start=66.0, end=68.0),
            ),
        )
    ]


def test_srt_gives_one_transcript_with_speakers_from_prefixes() -> None:
    assert list(read_transcripts(FIXTURES / "captions.srt")) == [
        Transcript(
            id="captions",
            channel="voice",
            metadata={"format": "srt"},
            turns=(
                Turn(Role.AGENT, "Bellwood Bikes, good morning.", "Agent", start=0.4, end=3.0),
                Turn(Role.CUSTOMER, "Hello, it jumps again.", "Customer", start=4.25, end=6.0),
                Turn(Role.UNKNOWN, "(door closes)", start=7.0, end=8.0),
            ),
        )
    ]


def test_format_is_told_from_content_whatever_the_extension(tmp_path: Path) -> None:
    for number, name in enumerate(("own.jsonl", "turns.csv", "labelled.txt", "meeting.vtt")):
        (tmp_path / f"{number}.dat").write_bytes((FIXTURES / name).read_bytes())

    items = list(read_transcripts(tmp_path).iter_all())

    assert not any(isinstance(item, BadTranscript) for item in items)
    assert [item.id for item in items] == ["own-1", "own-2", "own-3", "C-1", "C-2", "2", "3"]

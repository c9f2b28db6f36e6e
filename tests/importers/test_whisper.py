"""Whisper, WhisperX and whisper.cpp."""

from __future__ import annotations

import json
from pathlib import Path

from qa_nlp.importers import read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURES = Path(__file__).parents[1] / "fixtures" / "importers"


def test_whisper_file_gives_one_unknown_turn_a_segment() -> None:
    (call,) = read_transcripts(FIXTURES / "whisper.json")

    assert call == Transcript(
        id="whisper",
        channel="voice",
        language="en",
        metadata={"format": "whisper"},
        turns=(
            Turn(Role.UNKNOWN, "Good day, Lakeside Clinic.", start=0.0, end=2.4),
            Turn(Role.UNKNOWN, "I need to move my visit.", start=3.1, end=5.0),
        ),
    )


def test_whisperx_file_gives_the_expected_transcript() -> None:
    (call,) = read_transcripts(FIXTURES / "whisperx.json")

    assert call == Transcript(
        id="whisperx",
        channel="voice",
        language="en",
        metadata={"format": "whisper"},
        turns=(
            # The second segment has no speaker of its own, but all its labelled words agree.
            Turn(
                Role.UNKNOWN,
                "Good day, Lakeside Clinic. Room 4 is calling.",
                speaker="SPEAKER_01",
                start=0.52,
                end=3.3,
            ),
            Turn(
                Role.UNKNOWN,
                "I need to move my visit.",
                speaker="SPEAKER_00",
                start=3.6,
                end=5.25,
            ),
            Turn(Role.UNKNOWN, "Mm.", start=5.4, end=5.8),
        ),
    )


def test_whisper_cpp_file_counts_in_milliseconds() -> None:
    (call,) = read_transcripts(FIXTURES / "whisper_cpp.json")

    assert call == Transcript(
        id="whisper_cpp",
        channel="voice",
        language="pt",
        metadata={"format": "whisper"},
        turns=(
            Turn(Role.UNKNOWN, "Boa tarde.", start=0.0, end=1.5),
            Turn(Role.UNKNOWN, "Perdi o cartão.", start=1.5, end=3.04),
        ),
    )


def test_roles_mapping_is_applied_to_diarised_speakers() -> None:
    (call,) = read_transcripts(
        FIXTURES / "whisperx.json", roles={"SPEAKER_01": "agent", "SPEAKER_00": "customer"}
    )

    assert [turn.role for turn in call.turns] == [Role.AGENT, Role.CUSTOMER, Role.UNKNOWN]


def test_language_may_be_written_out(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "whisper.json").read_text())
    path = tmp_path / "call.json"

    def language(written: str) -> str | None:
        path.write_text(json.dumps({**document, "language": written}))
        (call,) = read_transcripts(path)
        return call.language

    assert [language(name) for name in ("romanian", "pt-BR", "klingon")] == ["ro", "pt", None]


def test_segment_whose_words_disagree_stays_without_speaker(tmp_path: Path) -> None:
    words = [{"word": "Yes.", "speaker": "SPEAKER_00"}, {"word": "No.", "speaker": "SPEAKER_01"}]
    segment = {"start": 0.0, "end": 1.0, "text": "Yes. No.", "words": words}
    path = tmp_path / "call.json"
    path.write_text(json.dumps({"segments": [segment], "word_segments": []}))

    (call,) = read_transcripts(path)

    assert call.turns == (Turn(Role.UNKNOWN, "Yes. No.", start=0.0, end=1.0),)


def test_silent_recording_is_an_empty_transcript(tmp_path: Path) -> None:
    path = tmp_path / "silence.json"
    path.write_text('{"text": "", "segments": [], "language": "en"}')

    (call,) = read_transcripts(path)

    assert call.turns == ()

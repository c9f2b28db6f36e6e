"""Whisper, WhisperX and whisper.cpp.

Sources: openai/whisper, https://github.com/openai/whisper (``transcribe.py``); m-bain/whisperX,
https://github.com/m-bain/whisperX (``whisperx/schema.py``); ggml-org/whisper.cpp,
https://github.com/ggml-org/whisper.cpp (``examples/cli``, ``--output-json``).

Unverified: the speaker that WhisperX's diarisation adds to segments and words; all fields of
whisper.cpp; the full names of languages that OpenAI's own service writes.

None of them knows who is the agent: roles stay unknown, labels such as ``SPEAKER_00`` are kept.
Without diarisation every segment is a turn of an unknown speaker, because a segment may end where
the speaker changes and merging them would leave one single turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.roles import role_of_label
from qa_nlp.importers.shaping import from_milliseconds, make_transcript, make_turn, shape_turns
from qa_nlp.transcript import Transcript, Turn

__all__ = ["Whisper"]

# OpenAI's service writes "english" where the open model writes "en"; languages that are not here
# are detected from the text later.
_LANGUAGES: Final[Mapping[str, str]] = {
    "dutch": "nl",
    "english": "en",
    "french": "fr",
    "german": "de",
    "italian": "it",
    "polish": "pl",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "spanish": "es",
    "ukrainian": "uk",
}


class Whisper(JsonImporter):
    """JSON output of the Whisper family; one recording a file."""

    name = "whisper"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        if "transcription" in record:
            return not record.keys().isdisjoint(("systeminfo", "params", "result"))
        segments = record.get("segments")
        if not isinstance(segments, list):
            return False
        if not segments:
            return "text" in record or "word_segments" in record
        return isinstance(segments[0], dict) and {"text", "start", "end"} <= segments[0].keys()

    def _own_id(self, root: Fields) -> str | None:
        return None

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        if "transcription" in root:
            pieces = [_cpp_turn(segment) for segment in root.objects("transcription")]
            language = root.find_object("result").find("language", str)
        else:
            pieces = [_turn(segment) for segment in root.objects("segments")]
            language = root.find("language", str)
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, merge=True),
            channel="voice",
            language=_LANGUAGES.get((language or "").lower(), language),
            metadata={"duration": root.find_number("duration", in_text=True)},
        )


def _turn(segment: Fields) -> Turn:
    speaker = segment.find_id("speaker") or _speaker_of_words(segment)
    return make_turn(
        segment.path,
        role_of_label(speaker),
        segment.take("text", str),
        speaker=speaker,
        start=segment.find_number("start"),
        end=segment.find_number("end"),
    )


def _speaker_of_words(segment: Fields) -> str | None:
    """Give the one speaker whom all labelled words of a segment name."""
    speakers = {word.find_id("speaker") for word in segment.find_objects("words")} - {None}
    return speakers.pop() if len(speakers) == 1 else None


def _cpp_turn(segment: Fields) -> Turn:
    offsets = segment.object("offsets")
    speaker = segment.find_id("speaker")
    return make_turn(
        segment.path,
        role_of_label(speaker),
        segment.take("text", str),
        speaker=speaker,
        start=from_milliseconds(offsets.take_number("from")),
        end=from_milliseconds(offsets.find_number("to")),
    )

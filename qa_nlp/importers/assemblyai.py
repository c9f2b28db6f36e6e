"""AssemblyAI: transcripts of pre-recorded audio.

Sources: AssemblyAI Docs, "Get transcript",
https://www.assemblyai.com/docs/api-reference/transcripts/get; the types ``TranscriptResponse``,
``Utterance`` and ``UtteranceWord`` of the Python SDK.

Unverified: that ``channel`` may be a number; speakers whom speaker identification has given the
name of a role ("Agent").

Times are milliseconds, but ``audio_duration`` is seconds. AssemblyAI tells voices apart (``"A"``,
``"B"``) but not who they are: roles stay unknown unless the label is the name of a role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.roles import role_of_label
from qa_nlp.importers.shaping import from_milliseconds, make_transcript, make_turn, shape_turns
from qa_nlp.transcript import Transcript, Turn

__all__ = ["AssemblyAi"]


class AssemblyAi(JsonImporter):
    """One transcript."""

    name = "assemblyai"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        return {"id", "status", "audio_url"} <= record.keys()

    def _own_id(self, root: Fields) -> str | None:
        return root.find_id("id")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        if root.take("status", str) != "completed":
            raise TranscriptError(
                "status is not 'completed': this file holds no finished transcript; fetch it again"
            )
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(_pieces(root), merge=True),
            channel="voice",
            language=root.find("language_code", str),
            metadata={"duration": root.find_number("audio_duration")},
        )


def _pieces(root: Fields) -> Iterator[Turn]:
    if "utterances" in root:
        yield from (_turn(utterance) for utterance in root.objects("utterances"))
        return
    words = [_turn(word) for word in root.find_objects("words")]
    if words and all(word.speaker for word in words):
        yield from words
    else:
        # Without labels the words of both sides cannot be told apart.
        yield make_turn(
            root.at("text"),
            role_of_label(None),
            root.find("text", str) or "",
            start=words[0].start if words else None,
            end=words[-1].end if words else None,
        )


def _turn(piece: Fields) -> Turn:
    speaker = piece.find_id("speaker") or piece.find_id("channel")
    return make_turn(
        piece.path,
        role_of_label(speaker),
        piece.take("text", str),
        speaker=speaker,
        start=from_milliseconds(piece.find_number("start")),
        end=from_milliseconds(piece.find_number("end")),
    )

"""Deepgram: pre-recorded speech to text.

Sources: Deepgram API reference, "Transcribe pre-recorded audio",
https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded; the type
``ListenV1Response`` of the Python SDK.

Unverified: ``punctuated_word`` outside utterances; that ``results.channels`` come in the order of
the recording's channels.

Deepgram tells voices apart but not who they are. The label is the number of the speaker; in a
recording of several channels it is the number of the channel, with the speaker after a colon where
diarisation ran too (``"1:0"``). Utterances are used where they were asked for, else paragraphs,
else words, else the bare text of each channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.shaping import make_transcript, make_turn, shape_turns
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["Deepgram"]


class Deepgram(JsonImporter):
    """The answer to one request."""

    name = "deepgram"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        results = record.get("results")
        return isinstance(results, dict) and isinstance(results.get("channels"), list)

    def _own_id(self, root: Fields) -> str | None:
        return root.find_object("metadata").find_id("request_id")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        results = root.object("results")
        channels = list(results.objects("channels"))
        if "utterances" in results:
            pieces = _utterances(results, several=len(channels) > 1)
        else:
            pieces = _channels(channels)
        average = results.find_object("sentiments").find_object("average")
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, merge=True),
            channel="voice",
            language=next((c.find("detected_language", str) for c in channels), None),
            metadata={
                "duration": root.find_object("metadata").find_number("duration"),
                "overall_sentiment": average.find("sentiment", str),
            },
        )


def _utterances(results: Fields, several: bool) -> Iterator[Turn]:
    for utterance in results.objects("utterances"):
        channel = utterance.find("channel", int) or 0
        yield _turn(utterance, utterance.find("transcript", str), channel, several)


def _channels(channels: list[Fields]) -> Iterator[Turn]:
    several = len(channels) > 1
    for number, channel in enumerate(channels):
        for best in list(channel.find_objects("alternatives"))[:1]:
            yield from _alternative(best, number, several)


def _alternative(best: Fields, channel: int, several: bool) -> Iterator[Turn]:
    paragraphs = list(best.find_object("paragraphs").find_objects("paragraphs"))
    words = list(best.find_objects("words"))
    for paragraph in paragraphs:
        sentences = (s.find("text", str) or "" for s in paragraph.find_objects("sentences"))
        yield _turn(paragraph, " ".join(sentences), channel, several)
    if paragraphs:
        return
    for word in words:
        text = word.find("punctuated_word", str) or word.find("word", str)
        yield _turn(word, text, channel, several)
    if not words:
        yield _turn(best, best.find("transcript", str), channel, several)


def _turn(piece: Fields, text: str | None, channel: int, several: bool) -> Turn:
    speaker = piece.find("speaker", int)
    if not several:
        label = str(speaker or 0)
    else:
        label = str(channel) if speaker is None else f"{channel}:{speaker}"
    return make_turn(
        piece.path,
        Role.UNKNOWN,
        text or "",
        speaker=label,
        start=piece.find_number("start"),
        end=piece.find_number("end"),
    )

"""Twilio Conversational Intelligence: the sentences of a transcript.

Sources: Twilio Docs, "Conversation Intelligence - Transcript Sentence Subresource",
https://www.twilio.com/docs/conversational-intelligence/api/transcript-sentence-subresource, and
"... - Transcript Resource"; ``twilio.rest.intelligence.v2.transcript`` of the Python SDK.

Unverified: that times are seconds (the documents say "offset"), as text or as numbers;
``channel.participants`` with ``channel_participant``, ``role`` (Agent, Customer) and ``user_id``;
that ``media_channel`` may be text.

The API gives the sentences without the transcript they belong to, and therefore without roles.
Store both in one file, ``{"transcript": {…}, "sentences": […]}``, or pass ``roles={"1": "agent",
"2": "customer"}``: the label is the number of the channel.
"""

from __future__ import annotations

from collections.abc import Mapping

from qa_nlp.importers.clock import parse_moment
from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.roles import role_of_label
from qa_nlp.importers.shaping import make_transcript, make_turn, shape_turns
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["Twilio"]


class Twilio(JsonImporter):
    """Sentences of one transcript, with or without the transcript resource."""

    name = "twilio"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        sentences = record.get("sentences")
        first = sentences[0] if isinstance(sentences, list) and sentences else None
        return isinstance(first, dict) and {"media_channel", "transcript"} <= first.keys()

    def _own_id(self, root: Fields) -> str | None:
        return _resource(root).find_id("sid")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        resource = _resource(root)
        people = {
            person.find_id("channel_participant"): person
            for person in resource.find_object("channel").find_objects("participants")
        }
        sentences = list(root.objects("sentences"))
        # The list may come in pages; without times the index is all there is to sort by.
        sentences.sort(key=lambda sentence: sentence.find_number("sentence_index") or 0)
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns((_turn(sentence, people) for sentence in sentences), merge=True),
            channel="voice",
            language=resource.find("language_code", str),
            started_at=parse_moment(resource.find("media_start_time", str) or ""),
            metadata={
                "customer_key": resource.find("customer_key", str),
                "duration": resource.find_number("duration", in_text=True),
            },
        )


def _resource(root: Fields) -> Fields:
    return root.object("transcript") if "transcript" in root else root


def _turn(sentence: Fields, people: Mapping[str | None, Fields]) -> Turn:
    line = sentence.find_id("media_channel")
    person = people.get(line, Fields({}))
    role = role_of_label(person.find("role", str)) if "role" in person else Role.UNKNOWN
    return make_turn(
        sentence.path,
        role,
        sentence.find("transcript", str) or "",
        speaker=line,
        agent_id=person.find_id("user_id"),
        start=sentence.find_number("start_time", in_text=True),
        end=sentence.find_number("end_time", in_text=True),
    )

"""Google Customer Experience Insights (Contact Center AI Insights): upload files and the API.

Sources: Google Cloud, "Conversation data format",
https://cloud.google.com/contact-center/insights/docs/conversation-data-format; "REST Resource:
projects.locations.conversations",
https://cloud.google.com/contact-center/insights/docs/reference/rest/v1/projects.locations.conversations
(and ``google.cloud.contact_center_insights_v1.types.Conversation``, which the tests parse with).

Unverified: lists of conversations under ``conversations``; that a number may be written as text,
as the JSON form of protocol buffers does for 64-bit integers.

The API writes its names in camelCase, the Python client in snake_case with numbers for enums; both
are read. ``ANY_AGENT`` may be a person or a machine and stays unknown. Where the segments of a
call name no participant, ``call_metadata`` tells the agent's channel from the customer's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.clock import parse_moment
from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.shaping import first_moment, make_transcript, make_turn, shape_turns
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["GoogleInsights", "GoogleInsightsUpload"]

_UPLOAD_ROLES: Final[Mapping[str, Role]] = {
    "AGENT": Role.AGENT,
    "AUTOMATED_AGENT": Role.BOT,
    "CUSTOMER": Role.CUSTOMER,
    "END_USER": Role.CUSTOMER,
}
_API_ROLES: Final[Mapping[str | int, Role]] = {
    "HUMAN_AGENT": Role.AGENT,
    1: Role.AGENT,
    "AUTOMATED_AGENT": Role.BOT,
    2: Role.BOT,
    "END_USER": Role.CUSTOMER,
    3: Role.CUSTOMER,
}
_MEDIUMS: Final[Mapping[str | int, str]] = {
    "PHONE_CALL": "voice",
    1: "voice",
    "CHAT": "chat",
    2: "chat",
}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)s", re.ASCII)


class GoogleInsightsUpload(JsonImporter):
    """Files in the form in which conversations are uploaded; one conversation a file.

    The format does not say whether it was a call or a chat, so the channel is left open.
    """

    name = "google_insights_upload"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        entries = record.get("entries")
        first = entries[0] if isinstance(entries, list) and entries else None
        return isinstance(first, dict) and "start_timestamp_usec" in first

    def _own_id(self, root: Fields) -> str | None:
        return None

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        pieces = []
        for entry in root.objects("entries"):
            user = entry.find_id("user_id")
            pieces.append(
                make_turn(
                    entry.path,
                    _UPLOAD_ROLES.get(entry.find("role", str) or "", Role.UNKNOWN),
                    entry.take("text", str),
                    speaker=user,
                    agent_id=user,
                    start=entry.take_number("start_timestamp_usec", in_text=True) / 1_000_000,
                )
            )
        categories = root.find_object("conversation_info").find_objects("categories")
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, relative=True),
            started_at=first_moment(pieces),
            metadata={"categories": [one.take("display_name", str) for one in categories]},
        )


class GoogleInsights(JsonImporter):
    """Conversations as the API returns them."""

    name = "google_insights"
    wrappers = ("conversations",)

    def _knows(self, record: Mapping[str, Json]) -> bool:
        transcript = record.get("transcript")
        names = ("transcriptSegments", "transcript_segments")
        return isinstance(transcript, dict) and not transcript.keys().isdisjoint(names)

    def _own_id(self, root: Fields) -> str | None:
        return (root.find("name", str) or "").rpartition("/")[2] or None

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        transcript = root.object("transcript")
        segments = list(transcript.objects(_name(transcript, "transcript_segments")))
        channel = _MEDIUMS.get(_enum(root, "medium") or "")
        lines = _lines(root.find_object(_name(root, "call_metadata")))
        # One clock for the whole call: word offsets, or dates where a segment has no words.
        dated = not all(_words(segment) for segment in segments) and any(
            _name(segment, "message_time") in segment for segment in segments
        )
        pieces = [_turn(segment, lines, dated) for segment in segments]
        stated = parse_moment(root.find(_name(root, "start_time"), str) or "")
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, merge=channel == "voice", relative=dated),
            channel=channel,
            language=root.find(_name(root, "language_code"), str),
            started_at=first_moment(pieces) if dated else stated,
            metadata=_quality(root),
        )


def _turn(segment: Fields, lines: Mapping[int, Role], dated: bool) -> Turn:
    person = segment.find_object(_name(segment, "segment_participant"))
    line = segment.find(_name(segment, "channel_tag"), int)
    user = person.find_id(_name(person, "user_id"))
    code = _enum(person, "role")
    role = _API_ROLES.get(code or "", Role.UNKNOWN)
    if code in (None, 0, "ROLE_UNSPECIFIED") and line is not None:
        role = lines.get(line, Role.UNKNOWN)
    if dated:
        start, end = segment.find_time(_name(segment, "message_time")), None
    elif words := _words(segment):
        start, end = _duration(words[0], "start_offset"), _duration(words[-1], "end_offset")
    else:
        start = end = None
    return make_turn(
        segment.path,
        role,
        segment.find("text", str) or "",
        speaker=user or (None if line is None else str(line)),
        agent_id=user,
        start=start,
        end=end,
    )


def _lines(call: Fields) -> dict[int, Role]:
    """Tell which channel is whose; equal numbers mean that neither was stated."""
    agent = call.find(_name(call, "agent_channel"), int)
    customer = call.find(_name(call, "customer_channel"), int)
    if agent == customer:
        return {}
    stated = ((agent, Role.AGENT), (customer, Role.CUSTOMER))
    return {line: role for line, role in stated if line is not None}


def _quality(root: Fields) -> dict[str, Any]:
    quality = root.find_object(_name(root, "quality_metadata"))
    agents = list(quality.find_objects(_name(quality, "agent_info")))
    only = agents[0] if len(agents) == 1 else Fields({})
    return {
        "agent_id": root.find_id(_name(root, "agent_id")) or only.find_id(_name(only, "agent_id")),
        "team": only.find("team", str),
        # The rating begins at 1; the Python client writes 0 where there is none.
        "csat": quality.find(_name(quality, "customer_satisfaction_rating"), int) or None,
        "duration": _duration(root, "duration"),
    }


def _words(segment: Fields) -> list[Fields]:
    words = segment.find_objects("words")
    return [word for word in words if _name(word, "end_offset") in word]


def _name(fields: Fields, snake: str) -> str:
    """Give a field's name as this object writes it."""
    first, *others = snake.split("_")
    camel = first + "".join(part.capitalize() for part in others)
    return camel if camel in fields else snake


def _enum(fields: Fields, name: str) -> str | int | None:
    try:
        return fields.find(name, int)
    except TranscriptError:
        return fields.find(name, str)


def _duration(fields: Fields, snake: str) -> float | None:
    """Read ``"1.500s"``; an offset of zero may be left out."""
    name = _name(fields, snake)
    text = fields.find(name, str)
    if text is None:
        return 0.0 if snake == "start_offset" else None
    match = _DURATION.fullmatch(text)
    if match is None:
        raise TranscriptError(f"{fields.at(name)} must be a duration such as '1.5s'")
    return float(match[1])

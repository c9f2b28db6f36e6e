"""Amazon Connect Contact Lens (voice, chat, real-time segments) and AWS post-call analytics.

Sources:

- Amazon Connect Administrator Guide, "Example Contact Lens output files for a call" and "... for a
  chat", https://docs.aws.amazon.com/connect/latest/adminguide/contact-lens-example-output-files.html
- Amazon Connect API, ``ListRealtimeContactAnalysisSegments`` (``service-2.json`` of botocore)
- "Transcribe Parser" of Amazon Transcribe Post-Call Analytics (PCA),
  https://github.com/aws-samples/amazon-transcribe-post-call-analytics (output_json_structure.md)

Unverified: the roles CUSTOM_BOT and SUPERVISOR in files (they are in the API); ``Channel`` EMAIL;
several agents in one call; the date format of PCA's ``ConversationTime``.

A supervisor who joins a call is neither the customer nor the agent who is graded: such turns stay
unknown. Of chats, only messages of a ``text/`` type are read: joining, leaving, attachments and
interactive messages are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from qa_nlp.importers.clock import parse_moment
from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.roles import role_of_label
from qa_nlp.importers.shaping import (
    first_moment,
    from_milliseconds,
    make_transcript,
    make_turn,
    shape_turns,
)
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["AwsPca", "ContactLens"]

_ROLES: Final[Mapping[str, Role]] = {
    "AGENT": Role.AGENT,
    "CUSTOMER": Role.CUSTOMER,
    "CUSTOM_BOT": Role.BOT,
    "SYSTEM": Role.SYSTEM,
}
_CHANNELS: Final = {"VOICE": "voice", "CHAT": "chat", "EMAIL": "email"}
_REAL_TIME_PARTS: Final = frozenset(
    ("Transcript", "Categories", "PostContactSummary", "ExtractedInformation")
)


class ContactLens(JsonImporter):
    """Contact Lens analysis files, and the answer of its real-time API."""

    name = "contact_lens"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        if "Transcript" in record:
            return not record.keys().isdisjoint(
                ("Participants", "CustomerMetadata", "ConversationCharacteristics")
            )
        segments = record.get("Segments")
        first = segments[0] if isinstance(segments, list) and segments else None
        return isinstance(first, dict) and not first.keys().isdisjoint(_REAL_TIME_PARTS)

    def _own_id(self, root: Fields) -> str | None:
        return root.find_object("CustomerMetadata").find_id("ContactId")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        people = list(root.find_objects("Participants"))
        roles = {person.find_id("ParticipantId"): _role(person) for person in people}
        several = sum(role is Role.AGENT for role in roles.values()) > 1
        channel = _CHANNELS.get(root.find("Channel", str) or "VOICE")
        pieces = [_turn(item, roles, several) for item in _messages(root)]
        first = next(_messages(root), Fields({}))
        dated = "AbsoluteTime" in first
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, merge=channel == "voice", relative=dated),
            channel=channel,
            language=(root if "LanguageCode" in root else first).find("LanguageCode", str),
            started_at=first_moment(pieces) if dated else None,
            metadata=_analysis(root),
        )


class AwsPca(JsonImporter):
    """Files of Amazon Transcribe Post-Call Analytics."""

    name = "aws_pca"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        return "ConversationAnalytics" in record and "SpeechSegments" in record

    def _own_id(self, root: Fields) -> str | None:
        return root.find_object("ConversationAnalytics").find_id("GUID")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        header = root.object("ConversationAnalytics")
        people = {person.find_id("Speaker"): person for person in header.objects("SpeakerLabels")}
        roles = {name: role_of_label(p.find("DisplayText", str)) for name, p in people.items()}
        pieces = [_segment_turn(one, people, roles) for one in root.objects("SpeechSegments")]
        trends = header.find_object("SentimentTrends")
        sentiment = {
            roles[name].value: trends.find_object(name).find_number("SentimentScore")
            for name in roles
            if name is not None and name in trends
        }
        categories = [item.take("Name", str) for item in header.find_objects("CategoriesDetected")]
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, merge=True),
            channel="voice",
            language=header.find("LanguageCode", str),
            started_at=parse_moment(header.find("ConversationTime", str) or ""),
            metadata={
                "agent_id": header.find_id("Agent"),
                "duration": header.find_number("Duration", in_text=True),
                "overall_sentiment": sentiment or None,
                "categories": categories,
            },
        )


def _segment_turn(
    segment: Fields, people: Mapping[str | None, Fields], roles: Mapping[str | None, Role]
) -> Turn:
    speaker = segment.find_id("SegmentSpeaker")
    role = roles.get(speaker, Role.UNKNOWN)
    person = people.get(speaker, Fields({}))
    if segment.find("IVRSegment", bool):
        # It carries the label of a person, and must not become theirs through roles={...}.
        role, speaker = Role.SYSTEM, "IVR"
    return make_turn(
        segment.path,
        role,
        segment.find("DisplayText", str) or segment.find("OriginalText", str) or "",
        speaker=speaker,
        agent_id=person.find_id("UserId"),
        start=segment.take_number("SegmentStartTime"),
        end=segment.find_number("SegmentEndTime"),
    )


def _role(person: Fields) -> Role:
    return _ROLES.get(person.find("ParticipantRole", str) or "", Role.UNKNOWN)


def _messages(root: Fields) -> Iterator[Fields]:
    items: Iterator[Fields]
    if "Segments" in root:
        items = (s.object("Transcript") for s in root.objects("Segments") if "Transcript" in s)
    else:
        items = root.objects("Transcript")
    for item in items:
        kind = item.find("ContentType", str)
        if item.find("Type", str) in (None, "MESSAGE") and (kind or "text/").startswith("text/"):
            yield item


def _turn(item: Fields, roles: Mapping[str | None, Role], several_agents: bool) -> Turn:
    participant = item.find_id("ParticipantId")
    role = _role(item) if "ParticipantRole" in item else roles.get(participant, Role.UNKNOWN)
    if "AbsoluteTime" in item:
        start, end = item.find_time("AbsoluteTime"), None
    else:
        start = from_milliseconds(item.take_number("BeginOffsetMillis"))
        end = from_milliseconds(item.find_number("EndOffsetMillis"))
    return make_turn(
        item.path,
        role,
        item.take("Content", str),
        speaker=item.find_id("DisplayName") or participant,
        agent_id=participant if several_agents else None,
        start=start,
        end=end,
    )


def _analysis(root: Fields) -> dict[str, Any]:
    facts = root.find_object("ConversationCharacteristics")
    overall = facts.find_object("Sentiment").find_object("OverallSentiment")
    # Calls have one number for each role here, chats one level deeper.
    scores = overall.find_object("DetailsByParticipantRole")
    scores = scores if any(role in scores for role in _ROLES) else overall
    sentiment = {
        role.value: scores.find_number(name) for name, role in _ROLES.items() if name in scores
    }
    return {
        "duration": from_milliseconds(facts.find_number("TotalConversationDurationMillis")),
        "overall_sentiment": sentiment or None,
        "categories": root.find_object("Categories").find_texts("MatchedCategories"),
    }

"""Genesys Cloud: the file behind the transcript URL of speech and text analytics.

Source: Genesys Cloud Developer Center, "Transcript URL",
https://developer.genesys.cloud/analyticsdatamanagement/speechtextanalytics/transcript-url

Unverified: that ``startTimeMs`` may also be an offset into the call; ``duration.milliseconds``;
``decoratedText`` (the text with punctuation); ``participants`` with their purposes, times, queue
and team; ``language``; the media types other than call.

A phrase only says ``internal`` or ``external``. An internal phrase belongs to the participant who
was connected when it began: a single agent gets it with its ``agent_id``, a machine makes it a bot
or system turn. Where two agents were connected at once it is an agent's, without ``agent_id``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.shaping import (
    first_moment,
    from_milliseconds,
    is_date,
    make_transcript,
    make_turn,
    shape_turns,
)
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["Genesys"]

_PURPOSES: Final[Mapping[str, Role]] = {
    "external": Role.CUSTOMER,
    "customer": Role.CUSTOMER,
    "agent": Role.AGENT,
    "user": Role.AGENT,
    "bot": Role.BOT,
    "botflow": Role.BOT,
    "acd": Role.SYSTEM,
    "campaign": Role.SYSTEM,
    "dialer": Role.SYSTEM,
    "ivr": Role.SYSTEM,
    "voicemail": Role.SYSTEM,
    "workflow": Role.SYSTEM,
}
_CHANNELS: Final[Mapping[str, str]] = {
    "call": "voice",
    "voice": "voice",
    "callback": "voice",
    "chat": "chat",
    "message": "chat",
    "email": "email",
}


@dataclass(frozen=True, slots=True)
class _Participant:
    """Someone on the company's side, and when they were connected (seconds)."""

    purpose: str
    role: Role
    agent_id: str | None
    start: float | None
    end: float | None

    def was_there(self, time: float | None) -> bool:
        """Whether they were connected then; True where either is not known."""
        if time is None or (is_date(self.start) != is_date(time)):
            return True
        return (self.start is None or self.start <= time) and (self.end is None or time < self.end)


class Genesys(JsonImporter):
    """One communication a file."""

    name = "genesys"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        transcripts = record.get("transcripts")
        first = transcripts[0] if isinstance(transcripts, list) and transcripts else None
        return isinstance(first, dict) and "phrases" in first

    def _own_id(self, root: Fields) -> str | None:
        return root.find_id("conversationId")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        people = list(root.find_objects("participants"))
        company = [_participant(person) for person in people]
        company = [one for one in company if one.role is not Role.CUSTOMER]
        transcripts = list(root.objects("transcripts"))
        pieces = [_turn(p, company) for one in transcripts for p in one.find_objects("phrases")]
        channel = _CHANNELS.get((root.find("mediaType", str) or "call").lower())
        started_at = first_moment(pieces)
        agents = [p for p in people if _participant(p).role is Role.AGENT]
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, merge=channel == "voice", relative=started_at is not None),
            channel=channel,
            language=next((one.find("language", str) for one in transcripts), None),
            started_at=started_at,
            metadata={
                "queue": next((p.find_id("queueId") for p in agents), None),
                "team": next((p.find_id("teamId") for p in agents), None),
            },
        )


def _participant(person: Fields) -> _Participant:
    purpose = (person.find("participantPurpose", str) or "").lower()
    return _Participant(
        purpose,
        _PURPOSES.get(purpose, Role.UNKNOWN),
        person.find_id("userId"),
        from_milliseconds(person.find_number("startTimeMs")),
        from_milliseconds(person.find_number("endTimeMs")),
    )


def _turn(phrase: Fields, company: Sequence[_Participant]) -> Turn:
    start = from_milliseconds(phrase.find_number("startTimeMs"))
    lasts = from_milliseconds(phrase.find_object("duration").find_number("milliseconds"))
    purpose = (phrase.find("participantPurpose", str) or "").lower()
    role, agent_id = _PURPOSES.get(purpose, Role.UNKNOWN), None
    if purpose == "internal" or role is Role.AGENT:
        there = [one for one in company if one.was_there(start)]
        agents = {one.agent_id for one in there if one.role is Role.AGENT}
        machine = next((one for one in there if one.role in (Role.BOT, Role.SYSTEM)), None)
        if machine is not None and not agents and role is not Role.AGENT:
            role, purpose = machine.role, machine.purpose
        else:
            role, agent_id = Role.AGENT, agents.pop() if len(agents) == 1 else None
    return make_turn(
        phrase.path,
        role,
        phrase.find("decoratedText", str) or phrase.take("text", str),
        speaker=purpose or None,
        agent_id=agent_id,
        start=start,
        end=None if start is None or lasts is None else start + lasts,
    )

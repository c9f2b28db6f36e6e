"""Intercom: conversations as the API returns them one by one.

Sources: Intercom Developers, "Conversations" and "Conversation part model",
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations; the types
``Conversation``, ``ConversationPart`` and ``ConversationSource`` of the Python SDK.

Unverified: the author types user, lead, contact, admin, bot and team; the part type
``quick_reply`` (a customer's choice among a bot's answers); ``admin_assignee_id`` and
``team_assignee_id`` as agent and team.

Only comments and quick replies are turns; notes, assignments, closing and the like are not, and
notes are counted in ``metadata["internal_notes"]``. What an AI agent wrote, and an opening message
that a campaign sent in an agent's name, are a bot's turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.documents import JsonImporter
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.markup import html_to_text
from qa_nlp.importers.shaping import (
    first_moment,
    make_transcript,
    make_turn,
    shape_turns,
)
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["Intercom"]

_AUTHORS: Final[Mapping[str, Role]] = {
    "admin": Role.AGENT,
    "bot": Role.BOT,
    "contact": Role.CUSTOMER,
    "lead": Role.CUSTOMER,
    "user": Role.CUSTOMER,
}
_SPOKEN_PARTS: Final = frozenset(("comment", "quick_reply"))
_NOTES: Final = frozenset(("note", "note_and_reopen"))
_NOT_TYPED: Final = frozenset(("automated", "campaigns_initiated", "operator_initiated"))
_CHANNELS: Final[Mapping[str, str]] = {
    "conversation": "chat",
    "facebook": "chat",
    "instagram": "chat",
    "sms": "chat",
    "twitter": "chat",
    "whatsapp": "chat",
    "email": "email",
    "phone_call": "voice",
    "phone_switch": "voice",
}


class Intercom(JsonImporter):
    """One conversation, a list of them, or one a line."""

    name = "intercom"
    wrappers = ("conversations",)

    def _knows(self, record: Mapping[str, Json]) -> bool:
        if record.get("type") == "conversation" and "source" in record:
            return True
        return "conversation_parts" in record and "source" in record

    def _own_id(self, root: Fields) -> str | None:
        return root.find_id("id")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        if "conversation_parts" not in root:
            raise TranscriptError(
                f"{root.at('conversation_parts')} is missing: a list of conversations leaves the "
                "answers out; retrieve each conversation by its id"
            )
        parts = list(root.object("conversation_parts").find_objects("conversation_parts"))
        source = root.find_object("source")
        pieces = [_opening(source, root.find_number("created_at"))]
        pieces += [_turn(p) for p in parts if p.find("part_type", str) in _SPOKEN_PARTS]
        notes = sum(part.find("part_type", str) in _NOTES for part in parts)
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, relative=True),
            channel=_CHANNELS.get(source.find("type", str) or ""),
            started_at=first_moment(pieces),
            metadata={**_facts(root), "internal_notes": notes or None},
        )


def _opening(source: Fields, created_at: float | None) -> Turn:
    role = _role(source.find_object("author"))
    if role is Role.AGENT and source.find("delivered_as", str) in _NOT_TYPED:
        role = Role.BOT
    return _message(source, role, created_at)


def _turn(part: Fields) -> Turn:
    return _message(part, _role(part.find_object("author")), part.find_number("created_at"))


def _role(author: Fields) -> Role:
    if author.find("from_ai_agent", bool):
        return Role.BOT
    return _AUTHORS.get(author.find("type", str) or "", Role.UNKNOWN)


def _message(holder: Fields, role: Role, time: float | None) -> Turn:
    author = holder.find_object("author")
    identifier = author.find_id("id")
    return make_turn(
        holder.path,
        role,
        html_to_text(holder.find("body", str) or ""),
        speaker=author.find_id("name") or identifier,
        agent_id=identifier,
        start=time,
    )


def _facts(root: Fields) -> dict[str, Any]:
    contacts = [c.find_id("id") for c in root.find_object("contacts").find_objects("contacts")]
    return {
        "agent_id": root.find_id("admin_assignee_id"),
        "team": root.find_id("team_assignee_id"),
        "customer_id": contacts[0] if contacts else None,
        "csat": root.find_object("conversation_rating").find("rating", int),
    }

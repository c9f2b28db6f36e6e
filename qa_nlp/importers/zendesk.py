"""Zendesk: the comments of a ticket, and its conversation log.

Sources: Zendesk Developer Docs, "Ticket Comments",
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/; "Conversation Log",
https://developer.zendesk.com/api-reference/ticketing/tickets/conversation_log/; "Conversation log
events reference",
https://developer.zendesk.com/documentation/ticketing/reference-guides/conversation-log-events-reference

Unverified: ``users`` side-loaded next to ``comments``, and their roles ``end-user``, ``agent``,
``admin``; ``plain_body`` and that it holds entities such as ``&nbsp;``; a ``ticket`` stored in the
same file; ``metadata.public`` of log events and the log's author types other than user, agent and
bot.

Internal notes are dropped and counted in ``metadata["internal_notes"]``. A comment that does not
say whether it is public is an error, for guessing would either grade a note or lose an answer.
Only what the file says decides who is the agent: the roles under ``users``, or the ticket's
requester and assignee.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import unescape
from typing import Final

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

__all__ = ["ZendeskComments", "ZendeskLog"]

_USER_ROLES: Final[Mapping[str, Role]] = {
    "end-user": Role.CUSTOMER,
    "agent": Role.AGENT,
    "admin": Role.AGENT,
}
_AUTHOR_TYPES: Final[Mapping[str, Role]] = {
    "user": Role.CUSTOMER,
    "end-user": Role.CUSTOMER,
    "end_user": Role.CUSTOMER,
    "agent": Role.AGENT,
    "bot": Role.BOT,
    "system": Role.SYSTEM,
    "trigger": Role.SYSTEM,
}
_CHANNELS: Final[Mapping[str, str]] = {
    "email": "email",
    "chat": "chat",
    "messaging": "chat",
    "native_messaging": "chat",
    "sms": "chat",
    "whatsapp": "chat",
    "voice": "voice",
}
_SYSTEM_AUTHOR: Final = "-1"


class ZendeskComments(JsonImporter):
    """Comments of tickets: ``{"comments": […], "users": […]?, "ticket": {…}?}``.

    Tickets that hold their comments themselves, alone, in a list or one a line, are read too.
    """

    name = "zendesk"
    wrappers = ("tickets",)

    def _knows(self, record: Mapping[str, Json]) -> bool:
        comments = record.get("comments")
        first = comments[0] if isinstance(comments, list) and comments else None
        return isinstance(first, dict) and "author_id" in first

    def _own_id(self, root: Fields) -> str | None:
        return _ticket(root).find_id("id") or root.find_id("ticket_id")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        ticket = _ticket(root)
        roles = _people(root, ticket)
        comments = list(root.objects("comments"))
        public = [comment for comment in comments if comment.take("public", bool)]
        pieces = [_comment(comment, roles) for comment in public]
        via = (ticket, *public[:1])
        channels = (one.find_object("via").find("channel", str) for one in via if "via" in one)
        score = ticket.find_object("satisfaction_rating").find("score", str)
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, relative=True),
            channel=_CHANNELS.get(next(channels, None) or ""),
            started_at=first_moment(pieces),
            metadata={
                "csat": score if score in ("good", "bad") else None,
                "queue": ticket.find_id("group_id"),
                "customer_id": ticket.find_id("requester_id"),
                "internal_notes": (len(comments) - len(public)) or None,
            },
        )


class ZendeskLog(JsonImporter):
    """The conversation log of a ticket: ``{"events": […]}``."""

    name = "zendesk_log"

    def _knows(self, record: Mapping[str, Json]) -> bool:
        events = record.get("events")
        first = events[0] if isinstance(events, list) and events else None
        return isinstance(first, dict) and {"author", "content", "type"} <= first.keys()

    def _own_id(self, root: Fields) -> str | None:
        return root.find_id("ticket_id")

    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        events = list(root.objects("events"))
        public = [event for event in events if _is_public(event)]
        pieces = [_event(event) for event in public]
        messaging = any(e.take("type", str).startswith("Messaging::") for e in events)
        return make_transcript(
            self.name,
            transcript_id,
            shape_turns(pieces, relative=True),
            channel="chat" if messaging else None,
            started_at=first_moment(pieces),
            metadata={"internal_notes": (len(events) - len(public)) or None},
        )


def _ticket(root: Fields) -> Fields:
    """Give the ticket beside the comments, or the object itself where it is the ticket."""
    if "ticket" in root:
        return root.object("ticket")
    return root if "requester_id" in root or "via" in root else Fields({})


def _people(root: Fields, ticket: Fields) -> dict[str | None, Role]:
    roles: dict[str | None, Role] = {}
    if assignee := ticket.find_id("assignee_id"):
        roles[assignee] = Role.AGENT
    for user in root.find_objects("users"):
        roles[user.find_id("id")] = _USER_ROLES.get(user.find("role", str) or "", Role.UNKNOWN)
    # Whoever asks is the customer of this ticket, also an employee who asks the help desk.
    if requester := ticket.find_id("requester_id"):
        roles[requester] = Role.CUSTOMER
    roles[_SYSTEM_AUTHOR] = Role.SYSTEM
    return roles


def _comment(comment: Fields, roles: Mapping[str | None, Role]) -> Turn:
    author = comment.find_id("author_id")
    role = roles.get(author, Role.UNKNOWN)
    if comment.find("type", str) == "VoiceComment":
        # Its text is the phone system's: numbers, times and a link to the recording.
        role, author = Role.SYSTEM, None
    return make_turn(
        comment.path,
        role,
        _body(comment),
        speaker=author,
        agent_id=author,
        start=comment.find_time("created_at"),
    )


def _body(holder: Fields) -> str:
    if plain := holder.find("plain_body", str):
        return unescape(plain).replace("\N{NO-BREAK SPACE}", " ")
    if html := holder.find("html_body", str):
        return html_to_text(html)
    return holder.find("body", str) or ""


def _is_public(event: Fields) -> bool:
    metadata = event.find_object("metadata")
    # A message of the messaging channel is by its nature seen by both sides.
    if event.take("type", str).startswith("Messaging::") and "public" not in metadata:
        return True
    return metadata.take("public", bool)


def _event(event: Fields) -> Turn:
    author = event.object("author")
    person = author.find_id("zen:support:user_id") or author.find_id("zen:sunco:user_id")
    content = event.object("content")
    text = content.find("text", str) or content.find("body", str) or ""
    return make_turn(
        event.path,
        _AUTHOR_TYPES.get(author.find("type", str) or "", Role.UNKNOWN),
        html_to_text(text) if content.find("type", str) == "html" else text,
        speaker=author.find_id("display_name") or person,
        agent_id=person,
        start=event.find_time("created_at"),
    )

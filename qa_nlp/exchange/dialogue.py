"""A conversation as annotation tools show it."""

from __future__ import annotations

from collections.abc import Iterable

from qa_nlp.display.formats import clean
from qa_nlp.errors import TranscriptError
from qa_nlp.masking import mask as masked
from qa_nlp.transcript import Transcript

__all__ = ["graded_conversations", "shown_turns"]


def graded_conversations(transcripts: Iterable[Transcript]) -> list[Transcript]:
    """Give what is graded: a conversation, or one view of it for each of its human agents.

    Parameters
    ----------
    transcripts : iterable of Transcript
        The conversations.

    Returns
    -------
    list of Transcript
        In the same order.

    Raises
    ------
    TranscriptError
        When two have one id: their grades could not be told apart.
    """
    views: dict[str, Transcript] = {}
    for transcript in transcripts:
        for view in transcript.by_agent():
            if view.id in views:
                raise TranscriptError(
                    "two conversations have this id; give each its own", transcript_id=view.id
                )
            views[view.id] = view
    return list(views.values())


def shown_turns(transcript: Transcript, mask: bool) -> list[tuple[str, str]]:
    """Give the turns that hold words.

    Parameters
    ----------
    transcript : Transcript
        The conversation.
    mask : bool
        Whether to hide e-mail addresses and runs of five or more digits.

    Returns
    -------
    list of (str, str)
        Role and words, without control characters.

    Raises
    ------
    TranscriptError
        When no turn holds any.

    Examples
    --------
    >>> from qa_nlp.transcript import Turn
    >>> chat = Transcript("c1", [Turn("customer", "It is 44710923."), Turn("agent", " ")])
    >>> shown_turns(chat, mask=True)
    [('customer', 'It is ••••••••.')]
    """
    said = [(str(turn.role), clean(turn.text)) for turn in transcript.turns if turn.text.strip()]
    if not said:
        raise TranscriptError(
            "no turn holds any words, so there is nothing to grade; leave it out",
            transcript_id=transcript.id,
        )
    return [(role, masked(text)) for role, text in said] if mask else said

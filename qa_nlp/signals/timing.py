"""Measure the times of a conversation: responses, silences, overlaps, duration.

Own definitions. All times are seconds. An end that a source did not state (``end_derived``) is no
end here: it would turn every silence into speech. Turns of the system (notices, events) are
neither speech nor answers, so adding one changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["Stretch", "duration", "overlaps", "response_times", "silences"]

_MACHINES: Final = frozenset({Role.BOT, Role.SYSTEM})
_PEOPLE: Final = frozenset({Role.AGENT, Role.CUSTOMER})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A measured time.

    Parameters
    ----------
    seconds : float
        How long, 0 or more.
    turn : int
        The turn to show for it.
    """

    seconds: float
    turn: int


def response_times(transcript: Transcript) -> list[Stretch]:
    """Measure how long the customer waits for each answer of the agent.

    An answer is an agent's turn that directly follows a customer's turn; turns of a bot or the
    system between them are skipped, a turn of an unknown role breaks the pair. In voice the time
    runs from the end of the customer's turn; in chat and e-mail from its start, when it was sent;
    where the channel is not known, from its end where it has one, else from its start. It runs to
    the start of the agent's turn. An agent who starts before the customer ends answers in 0 s.

    Parameters
    ----------
    transcript : Transcript
        The conversation.

    Returns
    -------
    list of Stretch
        With the turn of the answer; empty without times or answers.

    Examples
    --------
    >>> turns = [Turn("customer", "Hi", start=1, end=2), Turn("agent", "Hello", start=2.5, end=3)]
    >>> response_times(Transcript("c1", turns, channel="voice"))
    [Stretch(seconds=0.5, turn=1)]
    """
    answers = []
    waiting: Turn | None = None
    for index, turn in enumerate(transcript.turns):
        if turn.role in _MACHINES:
            continue
        if turn.role is Role.AGENT and waiting is not None and turn.start is not None:
            since = _waits_since(waiting, transcript.channel)
            if since is not None:
                answers.append(Stretch(max(0.0, turn.start - since), index))
        waiting = turn if turn.role is Role.CUSTOMER else None
    return answers


def _waits_since(turn: Turn, channel: str | None) -> float | None:
    if channel == "voice":
        # From the start, the customer's own speech would count as the agent's delay.
        return _own_end(turn)
    end = _own_end(turn) if channel is None else None
    return turn.start if end is None else end


def silences(transcript: Transcript) -> list[Stretch]:
    """Measure the gaps of a voice conversation in which nobody speaks.

    A gap lies between two neighbouring turns (of agent, customer, bot or unknown), from the latest
    end so far to the next start; 0 where they overlap. What follows a turn without a time of its
    own is not measured, nor is the time before the first turn.

    Parameters
    ----------
    transcript : Transcript
        The conversation.

    Returns
    -------
    list of Stretch
        With the turn that ends the gap; empty outside voice, and where no gap could be measured.
    """
    if transcript.channel != "voice":
        return []
    gaps = []
    spoken: float | None = None
    latest = 0.0
    for index, turn in enumerate(transcript.turns):
        if turn.role is Role.SYSTEM:
            continue
        if turn.start is not None and spoken is not None:
            gaps.append(Stretch(max(0.0, turn.start - spoken), index))
        end = _own_end(turn)
        if end is None:
            spoken = None
        else:
            spoken = latest = max(latest, end)
    return gaps


def overlaps(transcript: Transcript) -> list[Stretch] | None:
    """Measure the stretches of a voice conversation in which agent and customer both speak.

    Parameters
    ----------
    transcript : Transcript
        The conversation.

    Returns
    -------
    list of Stretch or None
        In order, with the turn that begins while the other speaks. None outside voice, and where
        agent or customer has no turn with a start and an end.
    """
    if transcript.channel != "voice":
        return None
    agent = list(_speech(transcript, Role.AGENT))
    customer = list(_speech(transcript, Role.CUSTOMER))
    if not agent or not customer:
        return None
    found = []
    a = c = 0
    while a < len(agent) and c < len(customer):
        one, other = agent[a], customer[c]
        later = one if one.start >= other.start else other
        seconds = min(one.end, other.end) - later.start
        if seconds > 0:
            found.append(Stretch(seconds, later.turn))
        if one.end <= other.end:
            a += 1
        else:
            c += 1
    return found


@dataclass(frozen=True, slots=True)
class _Speech:
    start: float
    end: float
    turn: int


def _speech(transcript: Transcript, role: Role) -> Iterator[_Speech]:
    """Merge one role's turns that overlap or touch, so that no second is counted twice."""
    start, latest, first = 0.0, -1.0, -1
    for index, turn in enumerate(transcript.turns):
        end = _own_end(turn)
        if turn.role is not role or turn.start is None or end is None:
            continue
        if turn.start <= latest:
            latest = max(latest, end)
            continue
        if first >= 0:
            yield _Speech(start, latest, first)
        start, latest, first = turn.start, end, index
    if first >= 0:
        yield _Speech(start, latest, first)


def duration(transcript: Transcript) -> float | None:
    """Measure from the first to the last moment in which agent or customer speak or write.

    Parameters
    ----------
    transcript : Transcript
        The conversation.

    Returns
    -------
    float or None
        Seconds, above 0; None where the times hold fewer than two moments.
    """
    moments = [
        moment
        for turn in transcript.turns
        if turn.role in _PEOPLE
        for moment in (turn.start, _own_end(turn))
        if moment is not None
    ]
    if not moments:
        return None
    return (max(moments) - min(moments)) or None


def _own_end(turn: Turn) -> float | None:
    return None if turn.end_derived else turn.end

"""Find the conversations, and parts of them, that grades speak of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from qa_nlp.transcript import Transcript, split_turn

__all__ = ["graded_views"]


def graded_views(transcripts: Iterable[Transcript], ids: Collection[str]) -> Iterator[Transcript]:
    """Find what was graded.

    Parameters
    ----------
    transcripts : iterable of Transcript
        The conversations.
    ids : collection of str
        Ids in a file of grades: of a conversation, ``ID@AGENT`` of one human agent in it, or
        ``ID#TURN`` of the conversation up to a turn.

    Yields
    ------
    Transcript
        Those that were graded, each once.

    Examples
    --------
    >>> from qa_nlp.transcript import Turn
    >>> chat = Transcript("c1", [Turn("customer", "Hi"), Turn("agent", "Hello")])
    >>> [view.id for view in graded_views([chat], {"c1", "c1#0", "c2"})]
    ['c1', 'c1#0']
    """
    parts: dict[str, list[int]] = {}
    for identifier in ids:
        part = split_turn(identifier)
        if part is not None:
            parts.setdefault(part[0], []).append(part[1])
    seen: set[str] = set()
    for transcript in transcripts:
        for view in transcript.by_agent():
            if view.id in ids and view.id not in seen:
                seen.add(view.id)
                yield view
            for turn in sorted(parts.get(view.id, ())):
                if turn < len(view.turns) and f"{view.id}#{turn}" not in seen:
                    seen.add(f"{view.id}#{turn}")
                    yield view.prefix(turn)

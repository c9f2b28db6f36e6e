"""A conversation beside its scorecard: turns with the evidence in them, and where evidence lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qa_nlp.display.formats import clean, minutes, shown_words, signed, spoken
from qa_nlp.display.highlight import segments
from qa_nlp.scorecard import Evidence, Grade, Scorecard
from qa_nlp.transcript import Transcript, Turn

__all__ = ["EFFECTS", "MOST_TURNS", "EvidenceView", "Piece", "TurnView", "evidence_views", "turns"]

MOST_TURNS: Final = 400
"""Turns shown from the start of a conversation; later ones only where they hold evidence."""

EFFECTS: Final[Mapping[str, str]] = {
    "up": "speaks for a better level",
    "down": "speaks for a worse level",
    "both": "speaks for a better and for a worse level",
    "none": "speaks neither way",
}
"""What evidence does to a grade, in words."""

Mark = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A piece of evidence.

    Parameters
    ----------
    key : str
        ``grade.evidence``, unique on its card.
    words, place, note : str or None
        The words, where they were said, and what was searched or measured.
    anchor : str or None
        The turn to jump to, where it is on the page.
    signal, effect, contribution : str
        The signal, a key of `EFFECTS`, and the logits it adds.
    """

    key: str
    words: str | None
    place: str | None
    note: str | None
    anchor: str | None
    signal: str
    effect: str
    contribution: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn's words.

    Parameters
    ----------
    text : str
        The words, masked.
    keys : str
        Keys of the evidence that it is, separated by spaces; empty for other words.
    anchor, title, effect : str
        The grade to jump to, the criteria it speaks for, and a key of `EFFECTS`.
    """

    text: str
    keys: str = ""
    anchor: str = ""
    title: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True)
class TurnView:
    """A turn.

    Parameters
    ----------
    anchor : str
        Its id on the page.
    number : int
        Its 0-based position, as in files.
    role, speaker : str
        Who speaks; the speaker is empty where it says no more than the role.
    time : str or None
        ``m:ss``.
    pieces : tuple of Piece
        Joined, they are the words.
    skipped : int
        How many turns above it are left out.
    """

    anchor: str
    number: int
    role: str
    speaker: str
    time: str | None
    pieces: tuple[Piece, ...]
    skipped: int


def evidence_views(
    grade: Grade, index: int, transcript: Transcript | None, anchor: str
) -> tuple[EvidenceView, ...]:
    """Prepare the evidence of a grade.

    Parameters
    ----------
    grade : Grade
        The grade.
    index : int
        Its position on the card.
    transcript : Transcript or None
        Where the words are looked up that the evidence does not quote.
    anchor : str
        Prefix of all anchors of the card.

    Returns
    -------
    tuple of EvidenceView
        Strongest first.
    """
    return tuple(
        _evidence_view(item, f"{index}.{number}", transcript, anchor)
        for number, item in enumerate(grade.evidence)
    )


def turns(card: Scorecard, anchor: str) -> tuple[TurnView, ...]:
    """Prepare the turns to show: the first `MOST_TURNS`, and all that hold evidence.

    Parameters
    ----------
    card : Scorecard
        The scorecard; without a transcript there are no turns.
    anchor : str
        Prefix of all anchors of the card.

    Returns
    -------
    tuple of TurnView
        In order.
    """
    if card.transcript is None:
        return ()
    marks = _marks(card, card.transcript)
    shown = sorted({*range(min(len(card.transcript.turns), MOST_TURNS)), *marks})
    views = []
    for above, index in zip([-1, *shown], shown, strict=False):
        turn = card.transcript.turns[index]
        speaker = shown_words(turn.speaker or "")
        view = TurnView(
            anchor=f"{anchor}t{index}",
            number=index,
            role=turn.role.value,
            speaker="" if speaker.lower() == turn.role.value else speaker,
            time=None if turn.start is None else minutes(turn.start),
            pieces=tuple(_pieces(card, turn, marks.get(index, ()), anchor)),
            skipped=index - above - 1,
        )
        views.append(view)
    return tuple(views)


def _evidence_view(
    item: Evidence, key: str, transcript: Transcript | None, anchor: str
) -> EvidenceView:
    turn = _turn(item, transcript)
    span = None if turn is None else _span(item, turn)
    words = None if item.quote is None else shown_words(item.quote)
    if words is None and turn is not None and span is not None:
        words = shown_words(turn.text)[slice(*span)]
    return EvidenceView(
        key=key,
        words=words or None,
        place=_place(item, turn, exact=not words),
        note=None if item.note is None else clean(item.note),
        anchor=None if span is None else f"{anchor}t{item.turn}",
        signal=clean(item.signal),
        effect=_effect([item]),
        contribution=signed(item.contribution),
    )


def _turn(item: Evidence, transcript: Transcript | None) -> Turn | None:
    if transcript is None or item.turn is None or not 0 <= item.turn < len(transcript.turns):
        return None
    return transcript.turns[item.turn]


def _span(item: Evidence, turn: Turn) -> tuple[int, int] | None:
    """Give the characters to mark: the whole turn where the evidence names none."""
    start = max(item.start or 0, 0)
    end = len(turn.text) if item.end is None else min(item.end, len(turn.text))
    return (start, end) if start < end else None


def _place(item: Evidence, turn: Turn | None, exact: bool) -> str | None:
    if item.turn is None:
        return None
    place = f"turn {item.turn}"
    if turn is not None and turn.start is not None:
        place += f" at {minutes(turn.start)}"
    if exact and item.start is not None and item.end is not None:
        place += f", characters {item.start}-{item.end}"
    return place


def _marks(card: Scorecard, transcript: Transcript) -> dict[int, list[Mark]]:
    """Collect the spans to mark, by turn; each is named ``grade.evidence``."""
    found: dict[int, list[Mark]] = {}
    for index, grade in enumerate(card.grades):
        for number, item in enumerate(grade.evidence):
            turn = _turn(item, transcript)
            span = None if turn is None else _span(item, turn)
            if item.turn is not None and span is not None:
                found.setdefault(item.turn, []).append((*span, f"{index}.{number}"))
    return found


def _pieces(card: Scorecard, turn: Turn, marks: Sequence[Mark], anchor: str) -> Iterator[Piece]:
    for segment in segments(shown_words(turn.text), marks):
        if not segment.marks:
            yield Piece(segment.text)
            continue
        places = [tuple(map(int, key.split("."))) for key in segment.marks]
        effect = _effect(card.grades[grade].evidence[number] for grade, number in places)
        names = dict.fromkeys(spoken(card.grades[grade].criterion) for grade, _ in places)
        yield Piece(
            text=segment.text,
            keys=" ".join(segment.marks),
            anchor=f"{anchor}g{places[0][0]}",
            title=f"{', '.join(names)}: {EFFECTS[effect]}",
            effect=effect,
        )


def _effect(items: Iterable[Evidence]) -> str:
    signs = {(item.contribution > 0) - (item.contribution < 0) for item in items}
    if signs >= {1, -1}:
        return "both"
    return "up" if 1 in signs else "down" if -1 in signs else "none"

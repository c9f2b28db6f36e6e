"""The largest disagreements, with both grades, the evidence and the words it quotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from qa_nlp.agreement.joined import ABSTAINED, NOT_APPLICABLE, Joined
from qa_nlp.agreement.material import Compared
from qa_nlp.display.formats import shown_words
from qa_nlp.display.highlight import segments
from qa_nlp.scorecard import Evidence, Scorecard
from qa_nlp.transcript import Transcript

__all__ = ["MOST_SHOWN", "disagreements"]

MOST_SHOWN: Final = 5
"""Disagreements of each criterion."""

_MOST_PASSAGES: Final = 3
_MOST_EVIDENCE: Final = 4


def disagreements(
    joined: Joined, compared: Compared, transcripts: Mapping[str, Transcript]
) -> list[dict[str, Any]]:
    """List where machine and people differ most on a criterion.

    Parameters
    ----------
    joined : Joined
        The scorecards and raters.
    compared : Compared
        Of the criterion.
    transcripts : mapping of str to Transcript
        By id; those that are there give the passages.

    Returns
    -------
    list of dict
        At most 5, largest difference first, differences of half a step between levels or more only.
        Words are masked.
    """
    answers, pairs = compared.answers, compared.levels
    size = len(answers.items)
    weight = np.bincount(pairs.item, pairs.weight, minlength=size)
    gaps = np.bincount(
        pairs.item, pairs.weight * np.abs(compared.human - compared.machine), minlength=size
    )
    with np.errstate(invalid="ignore"):
        gap = np.where(weight > 0, gaps / weight, 0.0)
    half = float(np.diff(answers.values).min()) / 2 if len(answers.values) > 1 else 0.0
    order = np.argsort(-gap, kind="stable")[:MOST_SHOWN]
    return [
        _row(joined, compared, int(row), float(gap[row]), transcripts)
        for row in order
        if gap[row] >= half and gap[row] > 0
    ]


def _row(
    joined: Joined, compared: Compared, row: int, gap: float, transcripts: Mapping[str, Transcript]
) -> dict[str, Any]:
    answers = compared.answers
    card = joined.cards[answers.items[row]]
    grade = joined.grades[answers.items[row]][answers.criterion]
    evidence = _evidence(card, answers.criterion)
    transcript = _transcript(card.transcript_id, transcripts)
    human = [
        {
            "rater": joined.raters[rater] if rater >= 0 else None,
            "level": answers.levels[level] if level >= 0 else "N/A",
        }
        for rater, level in zip(answers.rater[row], answers.human[row], strict=True)
        if level >= NOT_APPLICABLE
    ]
    return {
        "transcript_id": card.transcript_id,
        "human": human,
        "machine": None if answers.machine[row] <= ABSTAINED else grade.level,
        "machine_status": grade.status.value,
        "expected": grade.expected,
        "gap": round(gap, 4),
        "evidence": [_shown(item) for item in evidence],
        "passages": None if transcript is None else _passages(transcript, evidence),
    }


def _transcript(name: str, transcripts: Mapping[str, Transcript]) -> Transcript | None:
    """Find the conversation of a card; one agent's, or its beginning, has the same turns."""
    if name in transcripts:
        return transcripts[name]
    whole = next((name.rpartition(mark)[0] for mark in "@#" if mark in name), name)
    return transcripts.get(whole)


def _evidence(card: Scorecard, criterion: str) -> tuple[Evidence, ...]:
    """Give the evidence of the card's own grade: out-of-fold grades carry none."""
    for grade in card.grades:
        if grade.criterion == criterion:
            return grade.evidence[:_MOST_EVIDENCE]
    return ()


def _shown(item: Evidence) -> dict[str, Any]:
    quote = None if item.quote is None else shown_words(item.quote)
    return {**item.to_dict(), "quote": quote, "contribution": round(item.contribution, 4)}


def _passages(transcript: Transcript, evidence: tuple[Evidence, ...]) -> list[dict[str, Any]]:
    turns = dict.fromkeys(
        item.turn
        for item in evidence
        if item.turn is not None and 0 <= item.turn < len(transcript.turns)
    )
    found = []
    for at in list(turns)[:_MOST_PASSAGES]:
        turn = transcript.turns[at]
        marks = [
            (item.start or 0, len(turn.text) if item.end is None else item.end, "evidence")
            for item in evidence
            if item.turn == at
        ]
        parts = [
            {"text": piece.text, "marked": bool(piece.marks)}
            for piece in segments(shown_words(turn.text), marks)
        ]
        found.append({"turn": at, "role": turn.role.value, "parts": parts})
    return found

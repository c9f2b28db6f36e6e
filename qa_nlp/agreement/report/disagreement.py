"""A conversation on which machine and people disagree, and the words that moved the machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qa_nlp.agreement.report.words import told, told_id
from qa_nlp.display.formats import decimals, shown_words, signed

__all__ = ["DisagreementView", "EvidenceLine", "PassageView", "disagreement_view"]

_STATUS: Final = {
    "graded": "",
    "abstained": "left to a person",
    "not_applicable": "does not apply",
}
_NO_GRADE: Final = "No grade"
_UNKNOWN_RATER: Final = "unknown rater"


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A piece of evidence: effect (``"up"``, ``"down"``, ``"none"``), words, note and the rest."""

    effect: str
    words: str
    note: str
    meta: str


@dataclass(frozen=True, slots=True)
class PassageView:
    """A turn with evidence: its position, its role, and (words, marked) pieces."""

    turn: str
    role: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class DisagreementView:
    """A disagreement, ready to print; words are masked, but not escaped."""

    name: str
    people: tuple[tuple[str, str], ...]
    machine: str
    machine_note: str
    gap: str
    evidence: tuple[EvidenceLine, ...]
    passages: tuple[PassageView, ...]


def disagreement_view(found: Mapping[str, Any], *, include_text: bool) -> DisagreementView:
    """Prepare a disagreement for the template.

    Parameters
    ----------
    found : dict
        As in the study.
    include_text : bool
        Whether words of the conversation, and notes that may hold some, are shown.

    Returns
    -------
    DisagreementView
        The disagreement in words.
    """
    notes = [_STATUS.get(found["machine_status"], told_id(found["machine_status"]).lower())]
    if found["expected"] is not None:
        notes.append(f"expected value {decimals(found['expected'])}")
    passages = (found["passages"] or ()) if include_text else ()
    return DisagreementView(
        name=told(found["transcript_id"]),
        people=tuple(
            (told(grade["rater"]) or _UNKNOWN_RATER, told_id(grade["level"]) or _NO_GRADE)
            for grade in found["human"]
        ),
        machine=told_id(found["machine"]) or _NO_GRADE,
        machine_note=", ".join(note for note in notes if note),
        gap=_gap(found["gap"]),
        evidence=tuple(_evidence(item, include_text=include_text) for item in found["evidence"]),
        passages=tuple(_passage(passage) for passage in passages),
    )


def _gap(gap: float | None) -> str:
    return "" if gap is None else f"{decimals(abs(gap))} apart in values of the levels"


def _evidence(item: Mapping[str, Any], *, include_text: bool) -> EvidenceLine:
    weight = item["contribution"] or 0.0
    place = "" if item["turn"] is None else f"turn {item['turn']}"
    return EvidenceLine(
        effect="up" if weight > 0 else "down" if weight < 0 else "none",
        words=shown_words(told(item["quote"])) if include_text else "",
        note=shown_words(told(item["note"])) if include_text else "",
        meta=" · ".join(part for part in (signed(weight), place, told(item["signal"])) if part),
    )


def _passage(passage: Mapping[str, Any]) -> PassageView:
    return PassageView(
        turn=str(passage["turn"]),
        role=told_id(passage["role"]),
        pieces=tuple(_pieces(passage["parts"])),
    )


def _pieces(parts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Mask the whole turn before it is cut: a number may begin in one piece and end in the next."""
    words = shown_words(told("".join(part["text"] for part in parts)))
    start = 0
    for part in parts:
        end = start + len(part["text"])
        yield words[start:end], bool(part["marked"])
        start = end

"""Bank dialogues of STAR in which the customer's identity must be verified first.

Agents labelled each turn with the standard reply that they meant. The labels give the truth and the
places where violations are planted; a decision reads the texts alone, as the customer saw them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.conversations import star_dialogues, star_shown
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = [
    "ASKS",
    "ENDS",
    "LEAST",
    "Case",
    "LabelledTurn",
    "all_forms",
    "moved",
    "plant",
    "read_cases",
    "reasons",
    "removed",
    "verified",
]

ASKS: Final = {
    "bank_ask_account_number": "phrase.account_number_request",
    "bank_ask_childhood_pets_name": "phrase.pet_name_request",
    "bank_ask_dob": "phrase.birth_date_request",
    "bank_ask_mothers_maiden_name": "phrase.maiden_name_request",
    "bank_ask_pin": "phrase.pin_request",
}
"""Labels of what verifies a customer, with the phrase that says it."""
ENDS: Final = {
    "bank_inform_balance": "phrase.balance_statement",
    "bank_inform_fraud_report_submitted": "phrase.fraud_report_filed",
}
"""Labels of what must wait until then, with the phrase that says it."""
LEAST: Final = 2
"""How many different things must be asked for."""

AS_PLAYED: Final = "as played"
MOVED: Final = "verification moved after"
REMOVED: Final = "verification removed"


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """One turn of a dialogue.

    Parameters
    ----------
    role : Role
        Who speaks.
    text : str
        What the other one saw.
    label : str, optional
        The standard reply that the agent meant.
    """

    role: Role
    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A dialogue as it was played, or with a violation planted in it.

    Parameters
    ----------
    id : str
        Of the dialogue.
    wizard : str
        Who played the agent.
    turns : tuple of LabelledTurn
        What was said.
    form : str, default "as played"
        What was done to it.
    """

    id: str
    wizard: str
    turns: tuple[LabelledTurn, ...]
    form: str = AS_PLAYED

    @property
    def met(self) -> bool:
        """Whether the labels say that the customer was verified first."""
        return verified(self.turns) is True

    @property
    def transcript(self) -> Transcript:
        """The texts alone."""
        turns = [Turn(turn.role, turn.text) for turn in self.turns]
        return Transcript(f"{self.id}, {self.form}", turns, channel="chat", language="en")


def read_cases(folder: Path) -> list[Case]:
    """Read the bank dialogues whose agent turns are all labelled and in which a detail is given.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of Case
        As they were played, in the order of the file.
    """
    cases = [
        Case(dialogue["id"], dialogue["wizard_id"], tuple(map(_turn, dialogue["turns"])))
        for dialogue in star_dialogues(folder)
        if any(task.startswith("bank_") for task in dialogue["task"].split("|"))
    ]
    return [case for case in cases if _is_labelled(case) and verified(case.turns) is not None]


def _turn(turn: dict[str, Any]) -> LabelledTurn:
    return LabelledTurn(Role(turn["role"]), star_shown(turn), turn.get("action_label"))


def _is_labelled(case: Case) -> bool:
    return all(turn.label for turn in case.turns if turn.role is Role.AGENT)


def verified(turns: Sequence[LabelledTurn]) -> bool | None:
    """Tell from the labels whether the customer was verified before the first detail.

    Parameters
    ----------
    turns : sequence of LabelledTurn
        A dialogue.

    Returns
    -------
    bool or None
        Whether at least `LEAST` different things were asked for; None where no detail is given.
    """
    end = _first_end(turns)
    if end is None:
        return None
    return len({turn.label for turn in turns[:end] if turn.label in ASKS}) >= LEAST


def _first_end(turns: Sequence[LabelledTurn]) -> int | None:
    return next((index for index, turn in enumerate(turns) if turn.label in ENDS), None)


def moved(case: Case) -> Case:
    """Move the verification to right after the first detail.

    Parameters
    ----------
    case : Case
        In which a detail is given.

    Returns
    -------
    Case
        With the questions, and the answers that directly follow them, after the detail.

    Raises
    ------
    ValueError
        When no detail is given.
    """
    end = _first_end(case.turns)
    if end is None:
        raise ValueError(f"{case.id}: no detail is given")
    asked = _verification(case.turns[:end])
    before = [turn for index, turn in enumerate(case.turns[:end]) if index not in asked]
    after = [case.turns[index] for index in asked]
    turns = (*before, case.turns[end], *after, *case.turns[end + 1 :])
    return replace(case, turns=turns, form=MOVED)


def removed(case: Case) -> Case:
    """Take the verification out.

    Parameters
    ----------
    case : Case
        A dialogue.

    Returns
    -------
    Case
        Without the questions and the answers that directly follow them.
    """
    asked = _verification(case.turns)
    turns = tuple(turn for index, turn in enumerate(case.turns) if index not in asked)
    return replace(case, turns=turns, form=REMOVED)


def _verification(turns: Sequence[LabelledTurn]) -> list[int]:
    """Give the positions of the questions and of the customer's turns that directly follow."""
    found: list[int] = []
    inside = False
    for index, turn in enumerate(turns):
        inside = turn.label in ASKS if turn.role is Role.AGENT else inside
        if inside:
            found.append(index)
    return found


def plant(cases: Iterable[Case], seed: int) -> list[Case]:
    """Plant a violation in half of the dialogues that have none.

    Parameters
    ----------
    cases : iterable of Case
        As they were played.
    seed : int
        Of the choice.

    Returns
    -------
    list of Case
        In the same order. Of those chosen, half are `moved` and half `removed`.
    """
    cases = list(cases)
    compliant = sorted(case.id for case in cases if case.met)
    chosen = random.Random(seed).sample(compliant, len(compliant) // 2)
    change = dict.fromkeys(chosen[::2], moved) | dict.fromkeys(chosen[1::2], removed)
    return [change[case.id](case) if case.id in change else case for case in cases]


def all_forms(cases: Iterable[Case]) -> list[Case]:
    """Give every dialogue as it was played, and the compliant ones also moved and removed.

    Parameters
    ----------
    cases : iterable of Case
        As they were played.

    Returns
    -------
    list of Case
        In the same order.
    """
    return [
        form
        for case in cases
        for form in ((case, moved(case), removed(case)) if case.met else (case,))
    ]


def reasons(
    case: Case, recognised: Sequence[frozenset[str]], decision: bool | None
) -> tuple[str, ...]:
    """Say why a decision is wrong, by the labels.

    Parameters
    ----------
    case : Case
        The dialogue.
    recognised : sequence of frozenset of str
        Of each turn, the phrases that were found in it.
    decision : bool or None
        What was decided; None where no detail was recognised.

    Returns
    -------
    tuple of str
        What was recognised otherwise than it is labelled, and speaks for the wrong decision.
    """
    end, heard = _first_end(case.turns), _first(recognised, ENDS.values())
    if decision is None or end is None or heard is None:
        return ("inform not recognised",)
    asks = frozenset(ASKS.values())
    own = [frozenset({ASKS[turn.label]} if turn.label in ASKS else ()) for turn in case.turns]
    if decision:
        found = {
            "inform recognised too late": heard > end,
            "ask recognised where none is labelled": any(
                phrases & asks - labelled
                for phrases, labelled in zip(recognised[:heard], own[:heard], strict=True)
            ),
        }
    else:
        found = {
            "inform recognised too early": heard < end,
            "ask not recognised": any(
                labelled - phrases
                for phrases, labelled in zip(recognised[:end], own[:end], strict=True)
            ),
        }
    return tuple(name for name, holds in found.items() if holds) or ("order within a turn",)


def _first(recognised: Sequence[frozenset[str]], wanted: Iterable[str]) -> int | None:
    names = frozenset(wanted)
    return next((index for index, phrases in enumerate(recognised) if phrases & names), None)

"""Suggest signals for a question, by the words they have in common.

This is a lookup that a person can follow, and nothing more: it reads the names and purposes of the
shipped phrase banks and the table below.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from qa_nlp.phrase_bank import load_bank_file, shipped_banks

__all__ = ["Suggestion", "suggest_signals"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A signal that may inform a question.

    Parameters
    ----------
    signal : str
        Its name.
    direction : {"more", "less"}
        Is more of it better, or less?
    threshold : float
        Value that speaks neither for nor against.
    within : str
        Scope.
    words : tuple of str
        The words of the question that called for it; empty for the default signals.
    """

    signal: str
    direction: str
    threshold: float
    within: str = "anywhere"
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    suggestion: Suggestion
    strong: tuple[str, ...]
    """Words of which one is enough."""
    weak: tuple[str, ...] = ()
    """Words of which two are needed."""


DEFAULTS: Final = (
    Suggestion("customer_sentiment.end", "more", 0.0),
    Suggestion("phrase.solution_offered", "more", 0.5),
)
"""For questions that no keyword fits."""

MEASURES: Final = {
    Suggestion("empathy.emotional_reactions", "more", 0.7): (
        "empathy warm caring compassion feelings emotion"
    ),
    Suggestion("empathy.answered_share", "more", 0.5): "empathy feelings emotion",
    Suggestion("customer_sentiment.change", "more", 0.0): "calm upset angry",
    Suggestion("customer_sentiment.end", "more", 0.0): "satisfied satisfaction happy",
    Suggestion("conduct.response_time_median", "less", 30.0): (
        "prompt quick fast delay response responsive speed pace"
    ),
    Suggestion("conduct.longest_silence", "less", 30.0): "silence dead",
    Suggestion("conduct.hold_time", "less", 60.0): "hold",
    Suggestion("conduct.overlap_share", "less", 0.05): "interrupt listen overtalk",
    Suggestion("conduct.agent_talk_share", "less", 0.65): "listen monologue",
    Suggestion("conduct.agent_questions", "more", 2.0): "questions probing clarify",
    Suggestion("conduct.agent_words_per_turn", "less", 50.0): "concise brief short",
}
"""Signals that are no phrases, and the words of a question that call for them."""

SYNONYMS: Final = {
    "acknowledgement": "understand understood listen rephrase",
    "anything_else": "further additional assistance",
    "apology": "sorry",
    "blaming_customer": "blame fault",
    "dismissal": "ownership ignore",
    "empathy_statement": "feelings compassion concern",
    "farewell": "closing close goodbye ending",
    "greeting": "welcome hello opening",
    "guarantee": "promise overpromise",
    "hold_request": "hold",
    "identity_check": "verify verification security authenticate validate",
    "next_steps": "steps expectations",
    "purpose_question": "reason need discover",
    "recap": "summary summarise summarize",
    "resolution_check": "resolved satisfied",
    "rudeness": "polite courteous courtesy respectful professional tone",
    "sensitive_data_request": "cvv password",
    "solution_offered": "solve resolve answer correct accurate",
    "time_commitment": "deadline timeframe",
    "transfer": "handover escalate",
}
"""Words for a phrase bank that stand neither in its name nor in its purpose."""

WITHIN: Final = {
    "greeting": "first 3 agent turns",
    "self_introduction": "first 3 agent turns",
    "purpose_question": "first 4 agent turns",
    "recording_notice": "first 4 agent turns",
    "anything_else": "last 4 agent turns",
    "farewell": "last 3 agent turns",
}
"""Phrases that have their place at one end of the conversation."""

_MOST: Final = 3
_ENOUGH: Final = 2
_AVOIDING: Final = frozenset(
    {"avoid", "avoids", "avoided", "refrain", "refrained", "without", "keep"}
)
_SAME: Final = 6
_SHORTEST: Final = 4
_COMMON: Final = """
about after agent all and another any anything are asked asks before but call calls can cannot
conversation customer data did does for from full gave gives had has have how its making more must
name names never not offer offered offers one other our out own passing phone question request right
same says shows someone something starts sums tells that the their them they this used uses was were
what when whether who why will with you your
"""
_COMMON_WORDS: Final = frozenset(_COMMON.split())


def suggest_signals(question: str) -> tuple[Suggestion, ...]:
    """Suggest up to three signals for a question.

    Two words are taken for one when they share their first six letters, or when one of at least
    four letters begins the other.

    Parameters
    ----------
    question : str
        As a grader reads it.

    Returns
    -------
    tuple of Suggestion
        Best first; never empty.

    Examples
    --------
    >>> [s.signal for s in suggest_signals("Did the agent welcome the customer warmly?")]
    ['phrase.greeting', 'empathy.emotional_reactions']
    """
    words = _words(question)
    avoiding = any(word in _AVOIDING for word in words)
    found = []
    for order, entry in enumerate(_entries()):
        strong = [word for word in words if _among(word, entry.strong)]
        weak = [word for word in words if word not in strong and _among(word, entry.weak)]
        score = 2 * len(strong) + len(weak)
        if score and avoiding and entry.suggestion.direction == "less":
            score += 1
        if score >= _ENOUGH:
            found.append((-score, order, entry.suggestion, tuple(strong + weak)))
    if not found:
        return DEFAULTS
    return tuple(
        Suggestion(best.signal, best.direction, best.threshold, best.within, matched)
        for _, _, best, matched in sorted(found)[:_MOST]
    )


@functools.cache
def _entries() -> tuple[_Entry, ...]:
    entries = []
    for bank in (load_bank_file(path) for path in shipped_banks().values()):
        forbidden = bank.kind == "forbidden"
        suggestion = Suggestion(
            f"phrase.{bank.id}",
            "less" if forbidden else "more",
            0.6 if forbidden else 0.5,
            WITHIN.get(bank.id, "anywhere"),
        )
        strong = (*_words(bank.name), *SYNONYMS.get(bank.id, "").split())
        weak = tuple(word for word in _words(bank.purpose) if word not in strong)
        entries.append(_Entry(suggestion, strong, weak))
    for suggestion, words in MEASURES.items():
        entries.append(_Entry(suggestion, tuple(words.split())))
    return tuple(entries)


def _words(text: str) -> tuple[str, ...]:
    """Give the distinct words that may tell questions apart."""
    words = re.findall(r"[a-z]+", text.lower())
    return tuple(
        dict.fromkeys(word for word in words if len(word) >= 3 and word not in _COMMON_WORDS)
    )


def _among(word: str, words: tuple[str, ...]) -> bool:
    return any(_alike(word, other) for other in words)


def _alike(word: str, other: str) -> bool:
    if word == other or (len(word) >= _SAME and word[:_SAME] == other[:_SAME]):
        return True
    short, long = sorted((word, other), key=len)
    return len(short) >= _SHORTEST and long.startswith(short)

"""Whether the rules of a rubric are met: wordings that must or must not be said.

Own definition. A rule looks into each turn of its role on its own; in phrases case does not matter.
`CompiledRules` says how texts are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.rubric import Rule, column_name
from qa_nlp.scope import Scope
from qa_nlp.signals.base import Batch, Column, SignalSpec, Span
from qa_nlp.signals.events import Event
from qa_nlp.signals.rule_matchers import CompiledRules, Found
from qa_nlp.transcript import Role, Transcript

__all__ = ["CompiledRules", "RuleHits", "check_rules", "measure_rules", "rule_specs"]

_PREFIX: Final = "rule."
_MOST_SPANS: Final = 3


def rule_specs(rules: Iterable[Rule]) -> tuple[SignalSpec, ...]:
    """Describe the signals of a rubric's rules.

    Parameters
    ----------
    rules : iterable of Rule
        The rules.

    Returns
    -------
    tuple of SignalSpec
        ``rule.ID`` each.

    Examples
    --------
    >>> rule_specs([Rule(id="notice", name="Recording notice", patterns=("is recorded",))])[0].name
    'rule.notice'
    """
    return tuple(
        SignalSpec(
            name=f"{_PREFIX}{rule.id}",
            description=f"{rule.name}: 1 where a turn of the role {rule.role.value!r} matches the "
            "rule, 0 where none does.",
            unit="found",
            low=0.0,
            high=1.0,
            typical_low=0.0,
            typical_high=1.0,
            scoped=True,
            source="own definition",
        )
        for rule in rules
    )


def check_rules(rules: Iterable[Rule]) -> None:
    """Check that every pattern of every rule makes sense and can match something.

    Parameters
    ----------
    rules : iterable of Rule
        The rules.

    Raises
    ------
    RubricError
        When a pattern is malformed or can never match; the message names the rule and the pattern,
        counted from 1.
    """
    CompiledRules(rules)


def measure_rules(
    batch: Batch, rules: Sequence[Rule] | CompiledRules, uses: Collection[tuple[str, str]]
) -> dict[str, Column]:
    """Look for rules in conversations.

    Parameters
    ----------
    batch : Batch
        The conversations.
    rules : sequence of Rule, or CompiledRules
        The rubric's rules; compiled ones save time where there are several batches.
    uses : collection of (str, str)
        Signal (``rule.ID``) and scope of each column that is wanted.

    Returns
    -------
    dict of str to Column
        By column name. 1 where a turn of the rule's role within the scope matches, 0 where none
        does, NaN where the rule is not for the conversation's language or nobody has its role. The
        evidence is up to three matches, or what was searched in vain.

    Raises
    ------
    RubricError
        When a pattern is malformed, a scope cannot be read, or there is no such rule.
    """
    compiled = rules if isinstance(rules, CompiledRules) else CompiledRules(rules)
    return RuleHits(batch, compiled, {signal for signal, _ in uses}).columns(uses)


class RuleHits:
    """Where in a batch some rules match; each turn is searched once, for all of them.

    Parameters
    ----------
    batch : Batch
        The conversations.
    rules : CompiledRules
        The rubric's rules.
    signals : collection of str
        Those asked about, ``rule.ID``.

    Raises
    ------
    RubricError
        When there is no such rule.
    """

    def __init__(self, batch: Batch, rules: CompiledRules, signals: Collection[str]) -> None:
        self.batch = batch
        self._rules = {signal: _rule(signal, rules) for signal in signals}
        self._found = _search(batch, rules, list(self._rules.values()))

    def events(self, signal: str) -> list[list[Event] | None]:
        """Give the places where a rule matches.

        Parameters
        ----------
        signal : str
            One of those asked about.

        Returns
        -------
        list of (list of Event or None)
            For each conversation in its order; None where the rule is not for its language or
            nobody has its role.
        """
        rule = self._rules[signal]
        return [
            _events(transcript, rule, self._found.get(language, {}))
            if language in rule.languages and any(t.role is rule.role for t in transcript.turns)
            else None
            for transcript, language in zip(
                self.batch.transcripts, self.batch.languages, strict=True
            )
        ]

    def columns(self, uses: Collection[tuple[str, str]]) -> dict[str, Column]:
        """Measure rules within scopes, as `measure_rules` does.

        Parameters
        ----------
        uses : collection of (str, str)
            Signal and scope of each column that is wanted.

        Returns
        -------
        dict of str to Column
            By column name.
        """
        return {
            column_name(signal, within): self._column(signal, Scope.parse(within))
            for signal, within in uses
        }

    def _column(self, signal: str, scope: Scope) -> Column:
        answers = [
            _Answer(nan)
            if matches is None
            else _answer(transcript, self._rules[signal].role, scope, matches)
            for transcript, matches in zip(self.batch.transcripts, self.events(signal), strict=True)
        ]
        return Column(
            np.array([answer.value for answer in answers], dtype=np.float64),
            tuple(answer.evidence for answer in answers),
        )


def _events(transcript: Transcript, rule: Rule, found: Mapping[str, Found]) -> list[Event]:
    return [
        Event(index, start, end)
        for index, turn in enumerate(transcript.turns)
        if turn.role is rule.role
        for start, end in found.get(turn.text, {}).get(rule.id, ())
    ]


def _rule(signal: str, compiled: CompiledRules) -> Rule:
    rule = compiled.rules.get(signal.removeprefix(_PREFIX))
    if rule is None or not signal.startswith(_PREFIX):
        tail = did_you_mean(signal, [f"{_PREFIX}{identifier}" for identifier in compiled.rules])
        raise RubricError(f"there is no rule behind the signal {signal!r}{tail}")
    return rule


def _search(
    batch: Batch, compiled: CompiledRules, rules: Sequence[Rule]
) -> dict[str, dict[str, Found]]:
    """Search each distinct turn of each language once, for all rules."""
    texts: dict[str, dict[str, None]] = {}
    for transcript, language in zip(batch.transcripts, batch.languages, strict=True):
        roles = {rule.role for rule in rules if language in rule.languages}
        if language is not None and roles:
            wanted = (turn.text for turn in transcript.turns if turn.role in roles)
            texts.setdefault(language, {}).update(dict.fromkeys(wanted))
    return {language: compiled.search(language, distinct) for language, distinct in texts.items()}


@dataclass(frozen=True, slots=True)
class _Answer:
    value: float
    evidence: tuple[Span, ...] = ()


def _answer(transcript: Transcript, role: Role, scope: Scope, events: Sequence[Event]) -> _Answer:
    if not scope.measurable(transcript):
        return _Answer(nan)
    turns = transcript.turns
    searched = {index for index in scope.turns(transcript) if turns[index].role is role}
    matches = [event for event in events if event.turn in searched]
    if not matches:
        plural = "" if len(searched) == 1 else "s"
        note = f"searched {scope}: {len(searched)} {role.value} turn{plural}"
        return _Answer(0.0, (Span(1.0, note=note),))
    shown = matches[:_MOST_SPANS]
    return _Answer(1.0, tuple(Span(1 / len(shown), e.turn, e.start, e.end) for e in shown))

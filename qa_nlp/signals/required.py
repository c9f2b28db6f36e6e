"""Signals of what a rubric requires: its conditions, procedures and forbidden statements."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.requirements import SEVERITY, ForbiddenStatement, Procedure, silence_seconds
from qa_nlp.rubric import Rubric
from qa_nlp.signals.base import Column, SignalSpec, Span
from qa_nlp.signals.events import SAID, Event
from qa_nlp.signals.phrases import PhraseHits, foreign_samples
from qa_nlp.signals.procedures import align
from qa_nlp.signals.requirements import Heard, Outcome, evaluate, quoted, spans_of, surest_first
from qa_nlp.signals.rules import RuleHits

__all__ = ["check_requirements", "measure_required", "named_signals", "required_specs"]

WORST: Final = "forbidden.worst"


def required_specs(rubric: Rubric) -> tuple[SignalSpec, ...]:
    """Describe the signals of a rubric's conditions, procedures and forbidden statements.

    Parameters
    ----------
    rubric : Rubric
        The rubric.

    Returns
    -------
    tuple of SignalSpec
        ``condition.ID``, ``procedure.ID`` and ``forbidden.ID`` each, and ``forbidden.worst`` where
        something is forbidden.
    """
    specs = [
        *(
            _spec(f"condition.{c.id}", f"{c.name}: degree to which it holds.", "degree")
            for c in rubric.conditions
        ),
        *(
            _spec(
                f"procedure.{p.id}",
                f"{p.name}: share of the steps asked for that are done in order.",
                "share",
            )
            for p in rubric.procedures
        ),
        *(
            _spec(
                f"forbidden.{f.id}",
                f"{f.label} ({f.severity}): probability that it is said.",
                "probability",
            )
            for f in rubric.forbidden
        ),
    ]
    if rubric.forbidden:
        counts = ", ".join(f"{name} {share:g}" for name, share in SEVERITY.items())
        description = f"Probability times severity of the worst forbidden statement: {counts}."
        specs.append(_spec(WORST, description, "degree"))
    return tuple(specs)


def _spec(name: str, description: str, unit: str) -> SignalSpec:
    return SignalSpec(name, description, unit, 0, 1, 0, 1, source="own definition")


def check_requirements(rubric: Rubric, known: Collection[str]) -> None:
    """Check that everything that a rubric's requirements name exists.

    Parameters
    ----------
    rubric : Rubric
        The rubric.
    known : collection of str
        Names of the phrase and rule signals.

    Raises
    ------
    RubricError
        One line for each name that does not exist, with its place and near matches.
    """
    findings = [
        f"{where}: there is no {name.partition('.')[0]} {name!r}{did_you_mean(name, known)}"
        for name, where in rubric.requirement_places()
        if silence_seconds(name) is None and name not in known
    ]
    if findings:
        raise RubricError("\n".join(findings))


def named_signals(rubric: Rubric, family: str) -> frozenset[str]:
    """Give the phrases or rules that a rubric's requirements name.

    Parameters
    ----------
    rubric : Rubric
        The rubric.
    family : {"phrase.", "rule."}
        Which.

    Returns
    -------
    frozenset of str
        Signals.
    """
    return frozenset(name for name, _ in rubric.requirement_places() if name.startswith(family))


def measure_required(
    rubric: Rubric, hits: PhraseHits, rules: RuleHits, names: Collection[str]
) -> dict[str, Column]:
    """Measure the conditions, procedures and forbidden statements of a rubric.

    Parameters
    ----------
    rubric : Rubric
        What is required.
    hits : PhraseHits
        Where phrases are said, those of `named_signals` among them.
    rules : RuleHits
        Where rules match, those of `named_signals` among them.
    names : collection of str
        Which signals; others are left out.

    Returns
    -------
    dict of str to Column
        By name; NaN where there was nothing to measure.
    """
    asked = _asked(rubric, names)
    if not asked:
        return {}
    heard = _heard(rubric, hits, rules)
    remarks = _remarks(rubric, hits)
    columns = {}
    for name, answer in asked.items():
        outcomes = [answer(conversation) for conversation in heard]
        columns[name] = Column(
            np.array([outcome.value for outcome in outcomes], dtype=np.float64),
            [
                tuple(_remarked(span, remark) for span in spans_of(outcome))
                for outcome, remark in zip(outcomes, remarks, strict=True)
            ],
        )
    return columns


def _asked(rubric: Rubric, names: Collection[str]) -> dict[str, Callable[[Heard], Outcome]]:
    found: dict[str, Callable[[Heard], Outcome]] = {}
    for condition in rubric.conditions:
        found[f"condition.{condition.id}"] = partial(evaluate, condition)
    for procedure in rubric.procedures:
        found[f"procedure.{procedure.id}"] = partial(_followed, procedure)
    for statement in rubric.forbidden:
        found[f"forbidden.{statement.id}"] = partial(_uttered, statement)
    if rubric.forbidden:
        found[WORST] = partial(_worst, rubric.forbidden)
    return {name: answer for name, answer in found.items() if name in names}


def _followed(procedure: Procedure, heard: Heard) -> Outcome:
    return align(procedure, heard).outcome


def _uttered(statement: ForbiddenStatement, heard: Heard) -> Outcome:
    """Give the probability that a forbidden statement is made, with the words."""
    events = heard.of(statement.said)
    if events is None:
        return Outcome(math.nan)
    ranked = surest_first(events)
    best = ranked[0].probability if ranked else 0.0
    what = f"{statement.severity} forbidden statement, {statement.label}"
    said = quoted(ranked, lambda event: f"{what}: probability {event.probability:.2f}")
    clearly = "clearly " if best >= SAID else ""
    return Outcome(best, said, (Span(1.0, note=f"{what}: not {clearly}said; nearest {best:.2f}"),))


def _worst(statements: Sequence[ForbiddenStatement], heard: Heard) -> Outcome:
    found = [(SEVERITY[one.severity], _uttered(one, heard)) for one in statements]
    measured = [(share, outcome) for share, outcome in found if not math.isnan(outcome.value)]
    if not measured:
        return Outcome(math.nan)
    share, worst = max(measured, key=lambda pair: pair[0] * pair[1].value)
    note = f"none of {len(measured)} forbidden statements is clearly made"
    return Outcome(share * worst.value, worst.met, (Span(1.0, note=note),))


def _heard(rubric: Rubric, hits: PhraseHits, rules: RuleHits) -> list[Heard]:
    """Give each conversation with the events that the requirements name."""
    events: Mapping[str, Sequence[Sequence[Event] | None]] = {
        name: hits.events(name.removeprefix("phrase."))
        for name in sorted(named_signals(rubric, "phrase."))
    } | {name: rules.events(name) for name in sorted(named_signals(rubric, "rule."))}
    return [
        Heard(transcript, {name: found[position] for name, found in events.items()})
        for position, transcript in enumerate(hits.batch.transcripts)
    ]


def _remarks(rubric: Rubric, hits: PhraseHits) -> list[dict[str, str]]:
    """Say for each conversation which phrases were matched across languages."""
    banks = {
        name: hits.bank(name.removeprefix("phrase."))
        for name in sorted(named_signals(rubric, "phrase."))
    }
    return [
        {name: foreign_samples(bank, language) for name, bank in banks.items()}
        for language in hits.batch.languages
    ]


def _remarked(span: Span, remarks: Mapping[str, str]) -> Span:
    note = span.note or ""
    said = "".join(dict.fromkeys(remark for name, remark in remarks.items() if name in note))
    return replace(span, note=note + said) if said else span

"""What a rubric requires of a conversation: conditions, procedures, forbidden statements.

They are written in the YAML file of a rubric, where each becomes a signal: ``condition.ID``,
``procedure.ID``, ``forbidden.ID``. How they are evaluated stands in `qa_nlp.signals.requirements`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from qa_nlp.errors import RubricError
from qa_nlp.scope import Reach, Scope
from qa_nlp.yaml_findings import PlacedError
from qa_nlp.yaml_types import Identifier, Part, Text

__all__ = [
    "IT",
    "SEVERITY",
    "ForbiddenStatement",
    "NamedRequirement",
    "Procedure",
    "Requirement",
    "Step",
    "named_places",
    "silence_seconds",
]

IT: Final = "it"
"""What `before` and `after` call the trigger of an `each_time`."""
SEVERITY: Final = {"minor": 0.25, "major": 0.5, "critical": 1.0}
"""What a forbidden statement counts in the signal ``forbidden.worst``, by its severity."""

_SILENCE: Final = "silence of "
_FORMS: Final = ("said", "not_said", "all_of", "any_of")


def silence_seconds(trigger: str) -> int | None:
    """Give the length of the silence that a trigger names.

    Parameters
    ----------
    trigger : str
        ``silence of 20 s``, or the name of a phrase or rule.

    Returns
    -------
    int or None
        Seconds; None where it names no silence.

    Examples
    --------
    >>> silence_seconds("silence of 20 s"), silence_seconds("phrase.greeting")
    (20, None)
    """
    return Reach.parse(trigger.removeprefix(_SILENCE)).count if _is_silence(trigger) else None


def _is_silence(trigger: str) -> bool:
    return trigger.startswith(_SILENCE)


def _valid_spoken(name: str) -> str:
    family, _, identifier = name.partition(".")
    if family not in ("phrase", "rule") or not identifier:
        raise ValueError(f"must name a phrase or a rule, such as 'phrase.greeting', not {name!r}")
    return name


def _valid_trigger(text: str) -> str:
    words = " ".join(text.split())
    if not _is_silence(words):
        return _valid_spoken(words)
    try:
        reach = Reach.parse(words.removeprefix(_SILENCE))
    except RubricError:
        reach = None
    if reach is None or reach.unit != "s":
        raise ValueError(f"cannot read the silence {text!r}; write 'silence of 20 s'")
    return f"{_SILENCE}{reach}"


def _valid_anchor(text: str) -> str:
    return IT if text == IT else _valid_trigger(text)


def _valid_within(text: str) -> str:
    for read in (Reach.parse, Scope.parse):
        try:
            return str(read(text))
        except RubricError as error:
            reason = str(error)
    raise ValueError(reason)


Spoken = Annotated[str, AfterValidator(_valid_spoken)]
Trigger = Annotated[str, AfterValidator(_valid_trigger)]
Anchor = Annotated[str, AfterValidator(_valid_anchor)]
Within = Annotated[str, AfterValidator(_valid_within)]


class Requirement(Part):
    """Something that must be said or not be said, somewhere, alone or together with other things.

    Exactly one of `said`, `not_said`, `all_of` and `any_of` is given.

    Examples
    --------
    >>> check = Requirement(said="phrase.identity_check", within="first 3 agent turns")
    >>> str(check.scope), check.reach
    ('first 3 agent turns', None)
    """

    said: Annotated[Spoken | None, Field(description="A phrase or rule that must be said.")] = None
    not_said: Annotated[Spoken | None, Field(description="One that must not be said.")] = None
    all_of: Annotated[tuple[Requirement, ...], Field(description="Each of these.")] = ()
    any_of: Annotated[tuple[Requirement, ...], Field(description="At least one of these.")] = ()
    within: Annotated[
        Within | None,
        Field(
            description="Where: 'first 3 agent turns', 'last 2 turns', 'first 30 s'; beside before "
            "or after a distance: '3 turns', '30 s'."
        ),
    ] = None
    before: Annotated[
        Anchor | None, Field(description="Only what is said before this is first said.")
    ] = None
    after: Annotated[
        Anchor | None, Field(description="Only what is said after this was first said.")
    ] = None
    at_least: Annotated[
        int, Field(ge=1, le=100, description="How often it must be said, or how many of any_of.")
    ] = 1

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        given = [form for form in _FORMS if getattr(self, form)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(_FORMS)}")
        if self.at_least > 1 and given[0] not in ("said", "any_of"):
            raise PlacedError("at_least goes with said and any_of alone", "at_least")
        if self.any_of and self.at_least > len(self.any_of):
            raise PlacedError(f"any_of lists only {len(self.any_of)}", "at_least")
        reach = self.reach
        if reach is not None and reach.unit == "turns" and not (self.before or self.after):
            raise PlacedError(
                f"'{reach}' from where? Write 'first {reach}', 'last {reach}', "
                "or add before or after",
                "within",
            )
        return self

    @functools.cached_property
    def reach(self) -> Reach | None:
        """The distance that `within` states, where it states one."""
        try:
            return None if self.within is None else Reach.parse(self.within)
        except RubricError:
            return None

    @functools.cached_property
    def scope(self) -> Scope:
        """The stretch of the conversation that `within` states."""
        anchored = self.before is not None or self.after is not None
        if self.within is None or (anchored and self.reach is not None):
            return Scope()
        return Scope.parse(self.within)

    @property
    def parts(self) -> tuple[Requirement, ...]:
        """What it is put together from."""
        return self.all_of or self.any_of

    @property
    def speaks_of_it(self) -> bool:
        """Whether it, or a part of it, stands before or after "it"."""
        return IT in (self.before, self.after) or any(part.speaks_of_it for part in self.parts)


class NamedRequirement(Requirement):
    """A condition of a rubric; each becomes the signal ``condition.ID``."""

    id: Identifier
    name: Annotated[Text, Field(description="As reports write it.")]
    each_time: Annotated[
        Trigger | None,
        Field(
            description="Must hold each time this is said or happens: a phrase, a rule, or "
            "'silence of 20 s'; before and after call it 'it'."
        ),
    ] = None

    @model_validator(mode="after")
    def _knows_it(self) -> Self:
        if self.each_time is None and self.speaks_of_it:
            raise ValueError("'it' stands for what each_time names, which is missing")
        if self.each_time is not None and not self.speaks_of_it:
            raise PlacedError("say where: before: it, or after: it", "each_time")
        return self


class Step(Requirement):
    """One step of a procedure: what is said when it is done."""

    id: Identifier
    name: Annotated[Text | None, Field(description="As reports write it; default: the id.")] = None
    optional: Annotated[bool, Field(description="May be left out without loss.")] = False
    only_if: Annotated[
        Requirement | None, Field(description="Asked for only where this holds.")
    ] = None
    not_early: Annotated[
        bool, Field(description="Must not be begun before every step above it is done.")
    ] = False

    @model_validator(mode="after")
    def _is_a_step(self) -> Self:
        if self.not_said is not None or self.all_of:
            raise ValueError("a step is something said; give said or any_of")
        if any(part.said is None for part in self.any_of):
            raise PlacedError("in a step, any_of lists what may be said", "any_of")
        if self.speaks_of_it or (self.only_if is not None and self.only_if.speaks_of_it):
            raise ValueError("'it' makes sense beside each_time alone")
        return self

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.name or self.id


class Procedure(Part):
    """Steps that are done in this order; becomes the signal ``procedure.ID``."""

    id: Identifier
    name: Annotated[Text, Field(description="As reports write it.")]
    steps: Annotated[tuple[Step, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        seen: set[str] = set()
        for position, step in enumerate(self.steps):
            if step.id in seen:
                raise PlacedError(f"two steps have the id {step.id!r}", "steps", position, "id")
            seen.add(step.id)
        if all(step.optional for step in self.steps):
            raise PlacedError("at least one step must not be optional", "steps")
        return self


class ForbiddenStatement(Part):
    """Something that must never be said; becomes the signal ``forbidden.ID``."""

    id: Identifier
    name: Annotated[Text | None, Field(description="As reports write it; default: the id.")] = None
    said: Annotated[Spoken, Field(description="The phrase or rule that must not be said.")]
    severity: Annotated[
        Literal["minor", "major", "critical"],
        Field(description="How bad it is; a critical one must inform a critical criterion."),
    ] = "major"

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.name or self.id


def named_places(
    requirement: Requirement, place: Sequence[int | str]
) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """Walk over every phrase, rule or silence that a requirement names, with its place.

    Parameters
    ----------
    requirement : Requirement
        With its parts.
    place : sequence of int or str
        Where it stands in the document.

    Yields
    ------
    tuple of (str, tuple)
        Name, and keys and positions from the root of the document.
    """
    for field in ("said", "not_said", "before", "after", "each_time"):
        name = getattr(requirement, field, None)
        if name is not None and name != IT:
            yield name, (*place, field)
    for field in ("all_of", "any_of"):
        for position, part in enumerate(getattr(requirement, field)):
            yield from named_places(part, (*place, field, position))
    only_if = getattr(requirement, "only_if", None)
    if only_if is not None:
        yield from named_places(only_if, (*place, "only_if"))

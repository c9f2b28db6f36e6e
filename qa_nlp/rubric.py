"""The scorecard form: sections of criteria with ordered levels, and the signals that inform them.

A rubric is written in YAML (the shipped ones lie in ``rubric_prompts/rubrics``) and checked against
the models below, whose JSON Schema lets an editor complete and check the file while it is written.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    field_validator,
    model_validator,
)

from qa_nlp.editor_schema import editor_schema
from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.phrase_bank import PhraseBankFile, load_bank_file
from qa_nlp.requirements import ForbiddenStatement, NamedRequirement, Procedure, named_places
from qa_nlp.resources import resource_folder
from qa_nlp.transcript import Role
from qa_nlp.user_files import locate
from qa_nlp.yaml_files import YamlFile, load_model
from qa_nlp.yaml_findings import PlacedError
from qa_nlp.yaml_types import (
    Finite,
    Identifier,
    LanguageCode,
    Part,
    Phrase,
    ScopeText,
    Text,
)

__all__ = [
    "NOT_LEVELS",
    "AppliesIf",
    "Condition",
    "Criterion",
    "Level",
    "MinimumSize",
    "Rubric",
    "Rule",
    "Section",
    "SignalUse",
    "rubric_schema",
    "shipped_rubrics",
]

NOT_LEVELS: Final = frozenset({"n/a", "na", "n.a.", "not_applicable", "not applicable"})
"""Spellings of "not applicable", in lower case; no level may bear one of them as its id."""

CUTPOINT_SPACING: Final = 2.0
"""Distance in logits between neighbouring levels where a criterion states no cutpoints."""


def _number_as_text(value: object) -> object:
    # a level may be called 1 without quotes
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:g}" if is_number else value


def _level_name(value: object) -> object:
    value = _number_as_text(value)
    if isinstance(value, str) and value.casefold() in NOT_LEVELS:
        raise ValueError("'N/A' is not a level; state not_applicable_if instead")
    return value


RESERVED_IDS: Final = frozenset(
    {
        *("transcript_id", "rubric", "agent_id", "team", "channel", "language", "total"),
        *("total_status", "total_low", "total_high", "needs_review", "fold", "error"),
    }
)
"""Columns of the table of scorecards, which no criterion may be called."""

Channel = Literal["voice", "chat", "email"]
LevelName = Annotated[
    Identifier,
    BeforeValidator(_level_name, json_schema_input_type=Identifier | float),
]


def _written_out(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(f"load the rubric from a file, which tells where {value!r} lies")
    return value


BankOrPath = Annotated[
    PhraseBankFile, BeforeValidator(_written_out, json_schema_input_type=PhraseBankFile | str)
]


def _level_defaults(schema: dict[str, Any]) -> None:
    # a number as id is its own value, and a value without points is worth itself
    schema["required"] = ["id"]
    schema["anyOf"] = [
        {"required": ["value"]},
        {"properties": {"id": {"type": "number"}}},
    ]


class Level(Part):
    """One of a criterion's answers."""

    model_config = ConfigDict(json_schema_extra=_level_defaults)

    id: Annotated[LevelName, Field(description="Short name, used in grade files.")]
    value: Annotated[Finite, Field(description="Position on the scale; increasing, unique.")]
    points: Annotated[Finite, Field(ge=0, description="What this answer is worth.")]
    description: Annotated[str, Field(description="When a grader chooses this answer.")] = ""

    @model_validator(mode="before")
    @classmethod
    def _default_points(cls, data: object) -> object:
        if isinstance(data, dict):
            if isinstance(data.get("id"), (int, float)) and not isinstance(data["id"], bool):
                data = {"value": data["id"], **data}
            if "points" not in data and "value" in data:
                data = {**data, "points": data["value"]}
        return data


class SignalUse(Part):
    """A signal that informs a criterion, with what is assumed of it before any human grade."""

    signal: Annotated[str, Field(description="Name of a signal, such as phrase.greeting.")]
    within: Annotated[ScopeText, Field(description="Where to look, for phrases and rules.")] = (
        "anywhere"
    )
    direction: Annotated[
        Literal["more", "less"], Field(description="Is more of it better, or less?")
    ] = "more"
    threshold: Annotated[
        Finite, Field(description="Value of the signal that speaks neither for nor against.")
    ]
    weight: Annotated[
        Finite, Field(gt=0, le=50, description="Logits by which the signal's typical range moves.")
    ]

    @property
    def column(self) -> str:
        """Name of the measured column: the signal, and its scope where it has one."""
        return column_name(self.signal, self.within)


class Condition(Part):
    """A bound on a signal, perhaps with an exception.

    Examples
    --------
    >>> silent = Condition(signal="conduct.hold_time", above=20)
    >>> no_hold = Condition(signal="phrase.hold_request", below=0.5, unless=silent)
    >>> no_hold.holds({"phrase.hold_request": 0.1, "conduct.hold_time": 0.0})
    True
    >>> no_hold.holds({"phrase.hold_request": 0.1, "conduct.hold_time": 60.0})
    False
    """

    signal: Annotated[str, Field(description="Name of a signal, such as conduct.hold_time.")]
    within: ScopeText = "anywhere"
    above: Annotated[Finite | None, Field(description="Holds for greater values.")] = None
    below: Annotated[Finite | None, Field(description="Holds for smaller values.")] = None
    unless: Annotated[Condition | None, Field(description="Does not hold where this one does.")] = (
        None
    )

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of 'above' and 'below'")
        return self

    @property
    def column(self) -> str:
        """Name of the measured column."""
        return column_name(self.signal, self.within)

    def holds(self, values: Mapping[str, float]) -> bool:
        """Tell whether the condition is met.

        Parameters
        ----------
        values : mapping of str to float
            Measured columns; NaN or absent where there was nothing to measure.

        Returns
        -------
        bool
            False where the signal was not measured. An exception that was not measured counts
            for nothing.
        """
        value = values.get(self.column, float("nan"))
        if self.above is not None:
            met = value > self.above
        else:
            met = self.below is not None and value < self.below
        return met and not (self.unless is not None and self.unless.holds(values))

    def __str__(self) -> str:
        bound = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        exception = f", unless {self.unless}" if self.unless is not None else ""
        return f"{self.column} is {bound}{exception}"


class AppliesIf(Part):
    """Another criterion's answers under which this criterion is asked at all."""

    criterion: Identifier
    levels: Annotated[
        tuple[LevelName, ...], Field(min_length=1, description="Ids of that criterion's levels.")
    ]


class MinimumSize(Part):
    """The least conversation that may be graded."""

    turns: Annotated[int, Field(ge=0)] = 0
    agent_words: Annotated[int, Field(ge=0)] = 0
    customer_words: Annotated[int, Field(ge=0)] = 0


class Criterion(Part):
    """One question with ordered answers."""

    id: Identifier
    question: Annotated[Text, Field(description="As a human grader reads it.")]
    guidance: Annotated[
        str, Field(description="What to look for, where the question is short.")
    ] = ""
    weight: Annotated[Finite, Field(gt=0, description="Share in the total, times the points.")] = (
        1.0
    )
    critical: Annotated[bool, Field(description="The lowest level fails the whole scorecard.")] = (
        False
    )
    auto_fail_at: Annotated[
        float,
        Field(gt=0.5, lt=1, description="Probability from which the machine may fail the card."),
    ] = 0.95
    channels: Annotated[
        tuple[Channel, ...], Field(description="Asked only on these channels; empty: all.")
    ] = ()
    languages: Annotated[
        tuple[LanguageCode, ...], Field(description="Asked only in these languages; empty: all.")
    ] = ()
    minimum_size: MinimumSize = MinimumSize()
    not_applicable_if: Annotated[
        tuple[Condition, ...], Field(description="N/A where any of these holds.")
    ] = ()
    applies_if: Annotated[
        AppliesIf | None, Field(description="Asked only where an earlier criterion got a level.")
    ] = None
    levels: Annotated[tuple[Level, ...], Field(min_length=2, max_length=25)]
    cutpoints: Annotated[
        tuple[Finite, ...] | None,
        Field(description="Logits between neighbouring levels; default: even, 2 apart."),
    ] = None
    signals: Annotated[tuple[SignalUse, ...], Field(min_length=1)]

    @field_validator("levels")
    @classmethod
    def _ordered(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        for name in ("id", "value"):
            position = _repeated([getattr(level, name) for level in levels])
            if position is not None:
                value = getattr(levels[position], name)
                raise PlacedError(f"two levels have the {name} {value!r}", position, name)
        for position, (worse, better) in enumerate(itertools.pairwise(levels), start=1):
            if better.value <= worse.value or better.points < worse.points:
                raise PlacedError(
                    f"levels go from worst to best: {better.id!r} must have a higher value than "
                    f"{worse.id!r} and no fewer points",
                    position,
                )
        if levels[-1].points <= 0:
            raise PlacedError("the best level must be worth more than 0 points", len(levels) - 1)
        ids = {level.id for level in levels}
        for position, level in enumerate(levels):
            if f"{level.value:g}" in ids - {level.id}:
                raise PlacedError(
                    "this value is another level's id; grade files could mean either",
                    position,
                    "value",
                )
        return levels

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.cutpoints is not None:
            pairs = itertools.pairwise(self.cutpoints)
            if len(self.cutpoints) != len(self.levels) - 1 or any(a >= b for a, b in pairs):
                raise PlacedError(
                    f"cutpoints must be {len(self.levels) - 1} increasing numbers, one between "
                    "each pair of neighbouring levels",
                    "cutpoints",
                )
        columns = [use.column for use in self.signals]
        position = _repeated(columns)
        if position is not None:
            raise PlacedError(
                f"the signal {columns[position]!r} is used twice", "signals", position
            )
        return self

    @property
    def possible(self) -> float:
        """Points of the best level."""
        return self.levels[-1].points

    @property
    def prior_cutpoints(self) -> tuple[float, ...]:
        """Logits between neighbouring levels, shape (levels - 1,)."""
        if self.cutpoints is not None:
            return self.cutpoints
        steps = len(self.levels)
        return tuple(CUTPOINT_SPACING * (step - steps / 2) for step in range(1, steps))

    def level(self, name: str | float) -> Level:
        """Find a level by its id or its value.

        Parameters
        ----------
        name : str or float
            An id, or a value as a number or as text.

        Returns
        -------
        Level
            The level.

        Raises
        ------
        RubricError
            When there is none; near matches are listed.
        """
        for level in self.levels:
            if level.id == name:
                return level
        try:
            number = float(name)
        except ValueError:
            number = float("nan")
        for level in self.levels:
            if level.value == number:
                return level
        tail = did_you_mean(str(name), [level.id for level in self.levels])
        raise RubricError(f"criterion {self.id!r} has no level {name!r}{tail}")


class Section(Part):
    """A heading with its criteria."""

    id: Identifier
    name: Text
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]


class Rule(Part):
    """A wording that must or must not be said, as exact phrases or spaCy token patterns."""

    id: Identifier
    name: Text
    role: Annotated[Role, Field(description="Whose turns are searched.")] = Role.AGENT
    languages: Annotated[tuple[LanguageCode, ...], Field(min_length=1)] = ("en",)
    patterns: Annotated[
        tuple[Phrase | Annotated[tuple[dict[str, Any], ...], Field(min_length=1)], ...],
        Field(
            min_length=1,
            description="A phrase (case does not matter), or a list of spaCy token attributes.",
        ),
    ]


class Rubric(Part):
    """A versioned scorecard form.

    Load one with `Rubric.load`; the fields are those of the YAML file.

    Examples
    --------
    >>> rubric = Rubric.load("service_excellence")
    >>> [criterion.id for criterion in rubric.criteria]
    ['responsiveness', 'knowledge', 'empathy', 'communication', 'follow_up']
    """

    format_version: Literal[1]
    id: Identifier
    version: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    name: Text
    description: str = ""
    channels: tuple[Channel, ...] = ()
    languages: tuple[LanguageCode, ...] = ()
    minimum_size: MinimumSize = MinimumSize()
    rules: tuple[Rule, ...] = ()
    phrase_banks: Annotated[
        tuple[BankOrPath, ...],
        Field(
            description="Phrase banks of one's own: each written out, or the path of its file from "
            "where the rubric lies. One with the id of a shipped bank takes its place."
        ),
    ] = ()
    conditions: Annotated[
        tuple[NamedRequirement, ...], Field(description="Signals condition.ID.")
    ] = ()
    procedures: Annotated[tuple[Procedure, ...], Field(description="Signals procedure.ID.")] = ()
    forbidden: Annotated[
        tuple[ForbiddenStatement, ...],
        Field(description="Signals forbidden.ID, and forbidden.worst for all of them."),
    ] = ()
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]
    _document: YamlFile | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _references(self) -> Self:
        for what, ids in (
            ("sections", [section.id for section in self.sections]),
            ("rules", [rule.id for rule in self.rules]),
            ("phrase_banks", [bank.id for bank in self.phrase_banks]),
            ("conditions", [condition.id for condition in self.conditions]),
            ("procedures", [procedure.id for procedure in self.procedures]),
            ("forbidden", [statement.id for statement in self.forbidden]),
        ):
            position = _repeated(ids)
            if position is not None:
                raise PlacedError(f"two {what} have the id {ids[position]!r}", what, position, "id")
        earlier: dict[str, Criterion] = {}
        for s, section in enumerate(self.sections):
            for c, criterion in enumerate(section.criteria):
                place = ("sections", s, "criteria", c)
                if criterion.id in RESERVED_IDS:
                    raise PlacedError(
                        f"{criterion.id!r} is a column of every table of scorecards; choose "
                        "another id",
                        *place,
                        "id",
                    )
                if criterion.id in earlier:
                    raise PlacedError(f"two criteria have the id {criterion.id!r}", *place, "id")
                if criterion.applies_if is not None:
                    _check_applies_if(criterion.applies_if, earlier, (*place, "applies_if"))
                earlier[criterion.id] = criterion
        self._check_critical_statements()
        return self

    def _check_critical_statements(self) -> None:
        """Refuse a critical statement whose being said could not fail a card."""
        decisive = {
            use.signal
            for criterion in self.criteria
            if criterion.critical
            for use in criterion.signals
        }
        for position, statement in enumerate(self.forbidden):
            known = {f"forbidden.{statement.id}", "forbidden.worst"}
            if statement.severity == "critical" and not known & decisive:
                raise PlacedError(
                    f"no critical criterion has the signal 'forbidden.{statement.id}'; add it to "
                    "one, or lower the severity",
                    "forbidden",
                    position,
                    "severity",
                )

    # By content: where a rubric was read from is no part of it.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rubric) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @classmethod
    def load(cls, rubric: str | Path | Rubric) -> Rubric:
        """Load a rubric by shipped name or path.

        Parameters
        ----------
        rubric : str, pathlib.Path or Rubric
            Name of a shipped rubric, path of a YAML file, or a rubric (returned as it is).

        Returns
        -------
        Rubric
            The rubric.

        Raises
        ------
        RubricError
            When there is no such rubric or the file does not make sense.
        """
        if isinstance(rubric, Rubric):
            return rubric
        return cls._from_document(YamlFile.read(locate(rubric, shipped_rubrics(), "rubric")))

    @classmethod
    def from_yaml(cls, text: str, name: str = "<text>") -> Rubric:
        """Read a rubric from YAML text.

        Parameters
        ----------
        text : str
            The document.
        name : str, default "<text>"
            What error messages call it.

        Returns
        -------
        Rubric
            The rubric.

        Raises
        ------
        RubricError
            When it does not make sense.
        """
        return cls._from_document(YamlFile(text, name))

    @classmethod
    def _from_document(cls, document: YamlFile) -> Rubric:
        document.data = _with_banks(document)
        rubric = load_model(cls, document)
        rubric._document = document
        return rubric

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria, in order."""
        return tuple(criterion for section in self.sections for criterion in section.criteria)

    def criterion(self, identifier: str) -> Criterion:
        """Find a criterion by its id.

        Parameters
        ----------
        identifier : str
            Its id.

        Returns
        -------
        Criterion
            The criterion.

        Raises
        ------
        RubricError
            When there is none; near matches are listed.
        """
        for criterion in self.criteria:
            if criterion.id == identifier:
                return criterion
        tail = did_you_mean(identifier, [criterion.id for criterion in self.criteria])
        raise RubricError(f"rubric {self.id!r} has no criterion {identifier!r}{tail}")

    def signal_places(self) -> Iterator[tuple[str, str, str]]:
        """Walk over every place where a signal is named.

        Yields
        ------
        tuple of str
            Signal, scope, and the place (``file:line: path``) for messages.
        """
        for s, section in enumerate(self.sections):
            for c, criterion in enumerate(section.criteria):
                place: tuple[int | str, ...] = ("sections", s, "criteria", c)
                for i, use in enumerate(criterion.signals):
                    where = self._where((*place, "signals", i, "signal"), criterion.id)
                    yield use.signal, use.within, where
                for i, condition in enumerate(criterion.not_applicable_if):
                    location = (*place, "not_applicable_if", i)
                    part: Condition | None = condition
                    while part is not None:
                        where = self._where((*location, "signal"), criterion.id)
                        yield part.signal, part.within, where
                        part, location = part.unless, (*location, "unless")

    def requirement_places(self) -> Iterator[tuple[str, str]]:
        """Walk over every place where a requirement names a phrase, a rule or a silence.

        Yields
        ------
        tuple of str
            Name, and the place (``file:line: path``) for messages.
        """
        for c, condition in enumerate(self.conditions):
            for name, place in named_places(condition, ("conditions", c)):
                yield name, self._where(place, condition.id)
        for p, procedure in enumerate(self.procedures):
            for i, step in enumerate(procedure.steps):
                for name, place in named_places(step, ("procedures", p, "steps", i)):
                    yield name, self._where(place, procedure.id)
        for f, statement in enumerate(self.forbidden):
            yield statement.said, self._where(("forbidden", f, "said"), statement.id)

    def _where(self, location: tuple[int | str, ...], owner: str) -> str:
        if self._document is not None:
            return self._document.where(location)
        return f"rubric {self.id!r}, {owner!r}"

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of everything the rubric says, 16 hexadecimal digits."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _with_banks(document: YamlFile) -> Any:
    """Give a rubric's data with the phrase banks that it names by path read in."""
    data = document.data
    banks = data.get("phrase_banks") if isinstance(data, dict) else None
    if not isinstance(banks, list):
        return data
    folder = Path(document.name).parent
    read = []
    for position, bank in enumerate(banks):
        if not isinstance(bank, str):
            read.append(bank)
            continue
        try:
            loaded = load_bank_file(folder / bank)
        except RubricError as error:
            raise RubricError(f"{document.where(['phrase_banks', position])}: {error}") from None
        read.append(loaded.model_dump(mode="json"))
    return {**data, "phrase_banks": read}


def _repeated(values: Sequence[object]) -> int | None:
    """Give the position of the first value that stood there before."""
    for position, value in enumerate(values):
        if value in values[:position]:
            return position
    return None


def _check_applies_if(
    condition: AppliesIf, earlier: Mapping[str, Criterion], place: tuple[int | str, ...]
) -> None:
    parent = earlier.get(condition.criterion)
    if parent is None:
        raise PlacedError(
            f"must name a criterion above this one, not {condition.criterion!r}"
            f"{did_you_mean(condition.criterion, earlier)}",
            *place,
            "criterion",
        )
    known = [level.id for level in parent.levels]
    for position, name in enumerate(condition.levels):
        if name not in known:
            raise PlacedError(
                f"criterion {parent.id!r} has no level {name!r}{did_you_mean(name, known)}",
                *place,
                "levels",
                position,
            )


def column_name(signal: str, within: str = "anywhere") -> str:
    """Name the column that holds a signal measured within a scope.

    Parameters
    ----------
    signal : str
        Signal name.
    within : str, default "anywhere"
        Scope.

    Returns
    -------
    str
        ``signal`` or ``signal [scope]``.
    """
    return signal if within == "anywhere" else f"{signal} [{within}]"


def shipped_rubrics() -> dict[str, Path]:
    """List the rubrics that come with the library.

    Returns
    -------
    dict of str to pathlib.Path
        Name to file, sorted by name.

    Examples
    --------
    >>> sorted(shipped_rubrics())
    ['compliance', 'service_excellence', 'support_call', 'support_chat']
    """
    folder = resource_folder("rubric_prompts") / "rubrics"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def rubric_schema() -> dict[str, Any]:
    """Give the JSON Schema of a rubric file, for editors.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12.
    """
    return editor_schema(Rubric, "qa_nlp rubric")

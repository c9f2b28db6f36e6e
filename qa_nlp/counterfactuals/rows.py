"""What a table of counterfactuals is made of; ids, levels and numbers, never words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Final, TypeVar

from qa_nlp.errors import ArtifactError

__all__ = ["Counterfactual", "KindCount", "parsed"]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One criterion, graded on a transcript and on the same with other words.

    Parameters
    ----------
    transcript_id, group_id : str
        Of the transcript as it is; ``ID@AGENT`` where it has several agents.
    kind : str
        Of words, such as ``"name"``.
    variant : str
        Which words were put in place of which.
    criterion : str
        Criterion id.
    level, changed_level : str
        Level id, ``"N/A"`` or ``"abstained"``: as it is, and with the other words.
    expected, changed_expected : float, optional
        Expected value of the level, on the criterion's value scale; None where not applicable.
    flipped : bool
        Whether the level differs, or whether there is one.
    """

    transcript_id: str
    group_id: str
    kind: str
    variant: str
    criterion: str
    level: str
    changed_level: str
    expected: float | None
    changed_expected: float | None
    flipped: bool

    @property
    def shift(self) -> float | None:
        """By how much the other words change the expected value; None where one is missing."""
        if self.expected is None or self.changed_expected is None:
            return None
        return self.changed_expected - self.expected

    def to_dict(self) -> dict[str, Any]:
        """Give the row as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return asdict(self)


@dataclass(frozen=True, slots=True)
class KindCount:
    """On how many transcripts the rows of one kind rest.

    Parameters
    ----------
    kind : str
        Of words.
    roles : tuple of str
        Whose turns were changed.
    changed : int
        Transcripts in which a word was swapped.
    unchanged : int
        Those in which there was none to swap; they were not scored for it.
    no_lists : int
        Those in a language without words of this kind, or in one that is not known.
    unscored : int
        Of those changed, how many could not be scored.
    """

    kind: str
    roles: tuple[str, ...]
    changed: int
    unchanged: int
    no_lists: int
    unscored: int

    def to_dict(self) -> dict[str, Any]:
        """Give the counts as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return {**asdict(self), "roles": list(self.roles)}


Part = TypeVar("Part", Counterfactual, KindCount)


def parsed(kind: type[Part], rows: object, name: str) -> tuple[Part, ...]:
    """Read rows back.

    Parameters
    ----------
    kind : {Counterfactual, KindCount}
        What they are.
    rows : object
        A list of mappings, such as one parsed from JSON.
    name : str
        What messages call it.

    Returns
    -------
    tuple of Counterfactual or KindCount
        In order.

    Raises
    ------
    ArtifactError
        When something is missing or of another type; the message names the row.
    """
    if not isinstance(rows, list):
        raise ArtifactError(f"not counterfactuals: {name} must be a list")
    found = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise ArtifactError(f"not counterfactuals: {name}, item {number}: not an object")
        values: dict[str, Any] = {}
        for field in fields(kind):
            value = row.get(field.name, MISSING)
            if not _CHECKS[str(field.type)](value):
                raise ArtifactError(
                    f"not counterfactuals: {name}, item {number}: {field.name!r} is missing or "
                    "malformed"
                )
            values[field.name] = tuple(value) if isinstance(value, list) else value
        found.append(kind(**values))
    return tuple(found)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    # Not isfinite, which raises for a whole number too large for a float.
    return abs(value) <= sys.float_info.max


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_CHECKS: Final[Mapping[str, Callable[[object], bool]]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": _is_count,
    "float | None": lambda value: value is None or _is_number(value),
    "tuple[str, ...]": lambda value: (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    ),
}

"""Say what is wrong in a YAML document, where, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.errors import did_you_mean

if TYPE_CHECKING:
    import pydantic
    from pydantic_core import ErrorDetails

    from qa_nlp.yaml_files import YamlFile

__all__ = ["Location", "PlacedError", "findings"]

Location = tuple[int | str, ...]

_MOST: Final = 20
_SHOWN: Final = 60
_LISTS: Final = ("tuple_type", "list_type")
_MAPPINGS: Final = ("dict_type", "mapping_type", "model_type", "model_attributes_type")
_NUMBERS: Final = ("int_type", "int_parsing", "float_type", "float_parsing")


class PlacedError(ValueError):
    """A validator's finding about something below the value that it was given.

    Parameters
    ----------
    message : str
        What is wrong.
    location : int or str
        Keys and list positions from the validated value to the culprit.

    Examples
    --------
    >>> PlacedError("two levels have the id 'no'", "levels", 2, "id").location
    ('levels', 2, 'id')
    """

    def __init__(self, message: str, *location: int | str) -> None:
        super().__init__(message)
        self.location: Location = location


@dataclass(frozen=True, slots=True)
class _Finding:
    location: Location
    problem: str
    kind: str
    choice: Location | None
    """Where a choice of forms begins of which this is one; None outside choices."""


def findings(
    model: type[pydantic.BaseModel], error: pydantic.ValidationError, document: YamlFile
) -> list[str]:
    """Turn a validation error into lines for a person.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        What the document should be.
    error : pydantic.ValidationError
        What pydantic found.
    document : YamlFile
        The parsed document.

    Returns
    -------
    list of str
        ``file:line: path: problem`` each; 20 at most, then how many more there are.
    """
    found = [_finding(model, document, item) for item in error.errors(include_url=False)]
    lines = [
        f"{document.where(finding.location)}: {finding.problem}"
        for finding in _merged_choices(list(_without_consequences(found)))
    ]
    if len(lines) > _MOST:
        lines[_MOST:] = [f"{document.name}: and {len(lines) - _MOST} more findings"]
    return lines


def _finding(model: type[pydantic.BaseModel], document: YamlFile, item: ErrorDetails) -> _Finding:
    kind = item["type"]
    location, choice = _real_location(item["loc"], document.data, missing=kind == "missing")
    if kind == "extra_forbidden":
        name = str(location[-1])
        known = _known_fields(model, location[:-1])
        problem = f"unknown field {name!r}{did_you_mean(name, known)}"
    elif kind == "value_error":
        cause = item.get("ctx", {}).get("error")
        problem = str(cause)
        if isinstance(cause, PlacedError):
            location = location + cause.location
    else:
        problem = _problem(kind, str(item["msg"]), item["input"], item.get("ctx", {}))
    return _Finding(location, problem, kind, choice)


def _problem(kind: str, message: str, value: object, context: Mapping[str, Any]) -> str:
    if kind == "missing":
        return "is missing"
    if kind == "too_short":
        return f"needs at least {context['min_length']} of them"
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return f"must be text, not {value!r}; put it in quotes"
    wanted = (
        "must be text"
        if kind == "string_type"
        else "must be a list"
        if kind in _LISTS
        else "must be 'name: value' pairs"
        if kind in _MAPPINGS
        else "must be a number"
        if kind in _NUMBERS
        else message.replace("Input should", "must", 1).replace("String should", "must", 1)
    )
    return f"{wanted}, not {_shown(value)}"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "'name: value' pairs"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _real_location(
    steps: Sequence[int | str], data: object, *, missing: bool
) -> tuple[Location, Location | None]:
    """Keep the steps that exist in the document.

    Pydantic adds the names of a union's branches, such as ``tuple[dict[str,any],...]``, and
    ``[key]`` for what is wrong with a key.
    """
    kept: list[int | str] = []
    choice: Location | None = None
    for number, step in enumerate(steps):
        if isinstance(data, Mapping):
            keys = {str(key): key for key in data}
            if str(step) in keys:
                kept.append(str(step))
                data = data[keys[str(step)]]
                continue
            if missing and number == len(steps) - 1:
                kept.append(step)
                continue
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            kept.append(step)
            data = data[step]
            continue
        if choice is None and step != "[key]":
            choice = tuple(kept)
    return tuple(kept), choice


def _without_consequences(found: Sequence[_Finding]) -> Iterator[_Finding]:
    """Leave out that a list is too short when that is so only because its items are wrong."""
    for finding in found:
        depth = len(finding.location)
        if finding.kind != "too_short" or not any(
            len(other.location) > depth and other.location[:depth] == finding.location
            for other in found
        ):
            yield finding


def _merged_choices(found: Sequence[_Finding]) -> list[_Finding]:
    """Of the forms a value may take, keep what is said of the form that it comes nearest to."""
    deepest: dict[Location | None, int] = {}
    for finding in found:
        depth = max(deepest.get(finding.choice, 0), len(finding.location))
        deepest[finding.choice] = depth
    merged: dict[object, _Finding] = {}
    for number, finding in enumerate(found):
        if finding.choice is None:
            merged[number] = finding
        elif len(finding.location) == deepest[finding.choice]:
            earlier = merged.get(finding.location)
            if earlier is not None:
                first = earlier.problem.partition(", not ")[0]
                second = finding.problem.removeprefix("must be ")
                finding = replace(finding, problem=f"{first} or {second}")
            merged[finding.location] = finding
    return list(merged.values())


def _known_fields(model: type[pydantic.BaseModel], location: Location) -> list[str]:
    """Follow a location through nested models to the fields that may stand there."""
    schema = model.model_json_schema()
    node: Mapping[str, Any] = schema
    for step in location:
        node = _resolved(schema, node)
        if isinstance(step, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(step, {})
    return sorted(_resolved(schema, node).get("properties", {}))


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    for option in node.get("anyOf", ()):
        if "$ref" in option or "items" in option:
            node = option
            break
    if "$ref" in node:
        resolved: Mapping[str, Any] = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return resolved
    return node

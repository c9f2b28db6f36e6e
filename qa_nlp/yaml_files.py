"""Read a YAML file into a validated model, with errors that name file, line and path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import pydantic
import yaml
from yaml.composer import Composer
from yaml.reader import ReaderError

from qa_nlp.errors import RubricError
from qa_nlp.resources import resource_folder
from qa_nlp.user_files import read_text
from qa_nlp.yaml_findings import findings

__all__ = ["YamlFile", "load_model"]

_LIMIT: Final = 2_000_000
_DEPTH: Final = 40
Model = TypeVar("Model", bound=pydantic.BaseModel)


class _RefusedError(yaml.MarkedYAMLError):
    """YAML that is valid, but that no file of ours needs."""


class _PlainValues:
    """What makes a safe loader one of plain values: no anchors, aliases, tags, merge keys or dates.

    Only true and false are booleans, so that a level may be called `no`.
    """

    yaml_implicit_resolvers = {
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag.rpartition(":")[2] in ("null", "int", "float")
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    } | {first: [("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"))] for first in "tf"}
    _depth = 0

    def get_event(self) -> Any:
        """Give the next event, if it is one that we allow."""
        event: Any = super().get_event()  # type: ignore[misc]
        problem = None
        tag = getattr(event, "tag", None)
        if getattr(event, "anchor", None) is not None:
            problem = "anchors and aliases are not allowed; write the value out"
        elif tag is not None:
            problem = f"tags such as {tag!r} are not allowed; write the plain value"
        elif isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
            if self._depth > _DEPTH:
                problem = f"nested deeper than {_DEPTH}"
        elif isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
        if problem:
            raise _RefusedError(problem=problem, problem_mark=event.start_mark)
        return event

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Read a whole number that Python can hold."""
        try:
            number: int = super().construct_yaml_int(node)  # type: ignore[misc]
        except ValueError:
            problem = "not a number that can be read; put text in quotes"
            raise _RefusedError(problem=problem, problem_mark=node.start_mark) from None
        return number

    yaml_constructors = {  # noqa: RUF012 - the base class declares it so
        **yaml.SafeLoader.yaml_constructors,
        "tag:yaml.org,2002:int": construct_yaml_int,
    }


class _Loader(_PlainValues, yaml.SafeLoader):
    """The loader."""


if yaml.__with_libyaml__:

    class _QuickLoader(_PlainValues, Composer, yaml.CSafeLoader):
        """Gives the same for the library's own files, in a fifth of the time.

        libyaml takes some texts that the other loader refuses, so it reads no files of users.
        """

        def __init__(self, stream: str) -> None:
            yaml.CSafeLoader.__init__(self, stream)
            Composer.__init__(self)

else:
    _QuickLoader = _Loader  # type: ignore[misc, assignment]


class YamlFile:
    """A parsed YAML document that remembers on which line each value stands.

    Parameters
    ----------
    text : str
        The document.
    name : str
        What messages call it: a path or ``"<text>"``.
    is_own : bool, default False
        Whether it comes with the library, and may be parsed by libyaml.

    Raises
    ------
    RubricError
        When it is no YAML, uses anchors or tags, repeats a key, or nests too deep.
    """

    def __init__(self, text: str, name: str, *, is_own: bool = False) -> None:
        self.name = name
        if len(text) > _LIMIT:
            raise RubricError(f"{name}: larger than {_LIMIT:,} characters; split it")
        try:
            loader = (_QuickLoader if is_own else _Loader)(text)
            root = loader.get_single_node()
            self.data: Any = None if root is None else loader.construct_document(root)
        except yaml.YAMLError as error:
            raise RubricError(f"{name}{_mark(error, text)}: {_reason(error)}") from None
        if root is None:
            raise RubricError(f"{name}:1: the file is empty")
        self._root: yaml.Node = root
        self._check_keys(root)

    @classmethod
    def read(cls, path: Path) -> YamlFile:
        """Read and parse a file.

        Parameters
        ----------
        path : pathlib.Path
            The file.

        Returns
        -------
        YamlFile
            The parsed document.

        Raises
        ------
        RubricError
            When it cannot be read or parsed.
        """
        text = read_text(path)
        is_own = path.resolve().is_relative_to(resource_folder("rubric_prompts"))
        return cls(text, str(path), is_own=is_own)

    def line(self, location: Sequence[int | str]) -> int:
        """Give the line (from 1) of the value at a path, or of the nearest parent that exists.

        Parameters
        ----------
        location : sequence of int or str
            Keys and list positions from the root.

        Returns
        -------
        int
            Line number.
        """
        node = self._root
        line = node.start_mark.line
        for step in location:
            following = _child(node, step)
            if following is None:
                break
            line, node = following
        return line + 1

    def where(self, location: Sequence[int | str]) -> str:
        """Give ``file:line: path`` for a message.

        Parameters
        ----------
        location : sequence of int or str
            Keys and list positions from the root.

        Returns
        -------
        str
            The place.
        """
        path = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in location).lstrip(".")
        return f"{self.name}:{self.line(location)}: {path or 'document'}"

    def _check_keys(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    raise RubricError(
                        f"{self.name}:{key.start_mark.line + 1}: {key.value!r} is given twice"
                    )
                seen.add(key.value)
                self._check_keys(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._check_keys(value)


def _mark(error: yaml.YAMLError, text: str) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f":{mark.line + 1}"
    if isinstance(error, ReaderError):
        return f":{text.count(chr(10), 0, error.position) + 1}"
    return ""


def _reason(error: yaml.YAMLError) -> str:
    if isinstance(error, ReaderError):
        return f"not valid YAML: the character U+{error.character:04X} is not allowed"
    problem = getattr(error, "problem", None) or "cannot be parsed"
    return problem if isinstance(error, _RefusedError) else f"not valid YAML: {problem}"


def _child(node: yaml.Node, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child.start_mark.line, child
    return None


def load_model(model: type[Model], document: YamlFile) -> Model:
    """Validate a document against a model.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        What it should be.
    document : YamlFile
        The parsed document.

    Returns
    -------
    pydantic.BaseModel
        The validated model.

    Raises
    ------
    RubricError
        One line for each finding: file, line, path, problem, near matches.
    """
    try:
        return model.model_validate(document.data)
    except pydantic.ValidationError as error:
        raise RubricError("\n".join(findings(model, error, document))) from None

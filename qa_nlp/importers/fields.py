"""Typed access to parsed JSON: a wrong kind of value becomes an error that names its path."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.clock import parse_moment
from qa_nlp.importers.json_text import Json
from qa_nlp.importers.markup import clean

__all__ = ["Fields"]

_Kind = TypeVar("_Kind", bound="str | int")

_KINDS: Final[Mapping[type, str]] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
    type(None): "null",
}
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class Fields:
    """The fields of one JSON object.

    What is null counts as absent. `take` and its like demand a field; `find` and its like give
    None, or something empty, where it is absent. Strings come out as valid Unicode: half of a
    surrogate pair becomes U+FFFD.

    Parameters
    ----------
    value : object
        What `json.loads` gave; must be a dict.
    path : str, default ""
        Where it stands in the document, such as ``"Transcript[3]"``.

    Raises
    ------
    TranscriptError
        When it is no object.

    Examples
    --------
    >>> root = Fields({"Transcript": [{"Content": "Hello", "BeginOffsetMillis": 120}]})
    >>> [turn.take("Content", str) for turn in root.objects("Transcript")]
    ['Hello']
    >>> next(root.objects("Transcript")).take("BeginOffsetMillis", str)
    Traceback (most recent call last):
    qa_nlp.errors.TranscriptError: Transcript[0].BeginOffsetMillis must be a string, not a whole ...
    """

    __slots__ = ("_values", "path")

    def __init__(self, value: Json, path: str = "") -> None:
        if not isinstance(value, dict):
            raise TranscriptError(f"{path or 'the document'} must be an object, not {_kind(value)}")
        self._values = value
        self.path = path

    def at(self, name: str) -> str:
        """Give the path of a field.

        Parameters
        ----------
        name : str
            The field.

        Returns
        -------
        str
            Such as ``"Transcript[3].Content"``.
        """
        return f"{self.path}.{name}" if self.path else name

    def __contains__(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self._values.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Go through the names of all fields, null ones too."""
        return iter(self._values)

    def find(self, name: str, kind: type[_Kind]) -> _Kind | None:
        """Give a field of a kind, or None where it is absent.

        Parameters
        ----------
        name : str
            The field.
        kind : type
            `str`, `bool` or `int`.

        Returns
        -------
        str, bool, int or None
            The value.

        Raises
        ------
        TranscriptError
            When it is of another kind.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            value = clean(value)
        # JSON's true is no number, though Python's True is an int.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self._wrong(name, _KINDS[kind])
        return value

    def take(self, name: str, kind: type[_Kind]) -> _Kind:
        """Give a field of a kind that must be there.

        Parameters
        ----------
        name : str
            The field.
        kind : type
            `str`, `bool` or `int`.

        Returns
        -------
        str, bool or int
            The value.

        Raises
        ------
        TranscriptError
            When it is absent or of another kind.
        """
        value = self.find(name, kind)
        if value is None:
            raise self.missing(name)
        return value

    def find_number(self, name: str, *, in_text: bool = False) -> float | None:
        """Give a finite number, or None where it is absent.

        Parameters
        ----------
        name : str
            The field.
        in_text : bool, default False
            Whether the format writes numbers as text too (``"1.25"``).

        Returns
        -------
        float or None
            The number.

        Raises
        ------
        TranscriptError
            When it is no number.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if in_text and isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(name, "a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise TranscriptError(f"{self.at(name)} is too large a number")
        return number

    def take_number(self, name: str, *, in_text: bool = False) -> float:
        """Give a finite number that must be there; see `find_number`.

        Parameters
        ----------
        name : str
            The field.
        in_text : bool, default False
            Whether the format writes numbers as text too.

        Returns
        -------
        float
            The number.

        Raises
        ------
        TranscriptError
            When it is absent or no number.
        """
        number = self.find_number(name, in_text=in_text)
        if number is None:
            raise self.missing(name)
        return number

    def find_id(self, name: str) -> str | None:
        """Give an identifier, which vendors write as text or as a whole number.

        Parameters
        ----------
        name : str
            The field.

        Returns
        -------
        str or None
            None where it is absent or blank.

        Raises
        ------
        TranscriptError
            When it is neither.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise self._wrong(name, "an id (a string or a whole number)")
        return clean(str(value)).strip() or None

    def find_time(self, name: str) -> float | None:
        """Give an ISO 8601 time as seconds since 1970, or None where it is absent.

        Parameters
        ----------
        name : str
            The field; a time without zone is taken as UTC.

        Returns
        -------
        float or None
            Seconds.

        Raises
        ------
        TranscriptError
            When it is no such time.
        """
        text = self.find(name, str)
        if not text:
            return None
        moment = parse_moment(text)
        if moment is None:
            raise TranscriptError(
                f"{self.at(name)} must be an ISO 8601 time such as '2026-03-04T09:15:00Z'"
            )
        return moment.timestamp()

    def object(self, name: str) -> Fields:
        """Give an object that must be there.

        Parameters
        ----------
        name : str
            The field.

        Returns
        -------
        Fields
            Its fields.

        Raises
        ------
        TranscriptError
            When it is absent or no object.
        """
        if name not in self:
            raise self.missing(name)
        return Fields(self._values[name], self.at(name))

    def find_object(self, name: str) -> Fields:
        """Give an object, or one without fields where it is absent.

        Parameters
        ----------
        name : str
            The field.

        Returns
        -------
        Fields
            Its fields.

        Raises
        ------
        TranscriptError
            When it is no object.
        """
        return self.object(name) if name in self else Fields({}, self.at(name))

    def objects(self, name: str) -> Iterator[Fields]:
        """Go through a list of objects that must be there.

        Parameters
        ----------
        name : str
            The field.

        Yields
        ------
        Fields
            The fields of one.

        Raises
        ------
        TranscriptError
            When it is absent, no list, or holds something else.
        """
        if name not in self:
            raise self.missing(name)
        yield from self.find_objects(name)

    def find_objects(self, name: str) -> Iterator[Fields]:
        """Go through a list of objects; nothing where it is absent.

        Parameters
        ----------
        name : str
            The field.

        Yields
        ------
        Fields
            The fields of one.

        Raises
        ------
        TranscriptError
            When it is no list, or holds something else.
        """
        for index, item in enumerate(self._items(name)):
            yield Fields(item, f"{self.at(name)}[{index}]")

    def find_texts(self, name: str) -> list[str]:
        """Give a list of strings; an empty one where it is absent.

        Parameters
        ----------
        name : str
            The field.

        Returns
        -------
        list of str
            The strings.

        Raises
        ------
        TranscriptError
            When it is no list, or holds something else.
        """
        texts = []
        for index, item in enumerate(self._items(name)):
            if not isinstance(item, str):
                raise TranscriptError(
                    f"{self.at(name)}[{index}] must be a string, not {_kind(item)}"
                )
            texts.append(clean(item))
        return texts

    def scalars(self) -> dict[str, str | int | float | bool]:
        """Give the fields that are text, numbers or booleans, for a transcript's metadata.

        Returns
        -------
        dict
            Field -> value.
        """
        return {
            clean(name): clean(value) if isinstance(value, str) else value
            for name, value in self._values.items()
            if isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))
        }

    def missing(self, name: str) -> TranscriptError:
        """Make the error that says that a field is absent.

        Parameters
        ----------
        name : str
            The field.

        Returns
        -------
        TranscriptError
            To be raised.
        """
        return TranscriptError(f"{self.at(name)} is missing")

    def _items(self, name: str) -> list[Json]:
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def _wrong(self, name: str, wanted: str) -> TranscriptError:
        return TranscriptError(f"{self.at(name)} must be {wanted}, not {_kind(self._values[name])}")


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)

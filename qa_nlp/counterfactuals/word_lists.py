"""The file of words that may be swapped: names, spellings and gendered words, by language."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from qa_nlp.errors import did_you_mean
from qa_nlp.resources import resource_folder
from qa_nlp.yaml_files import YamlFile, load_model
from qa_nlp.yaml_types import Identifier, LanguageCode, Part, Phrase, Text

__all__ = ["Axis", "WordList", "WordListsFile", "load_word_lists"]

_FILE: Final = "counterfactuals.yaml"
_PLAIN: Final = ("{}", "{}")
_NO_ENDING: Final = ("", "")

Frame = Annotated[str, Field(pattern=r"^[^{}]*\{\}[^{}]*$")]


class WordList(Part):
    """Pairs of words, the forms they take, and where they are left alone.

    The fields are those of the YAML file.

    Examples
    --------
    >>> names = WordList(pairs=[("Ioana", "Ilona")], endings=[("a", "a"), ("ei", "ei")])
    >>> list(names.forms(names.pairs[0]))
    [('Ioana', 'Ilona'), ('Ioanei', 'Ilonei')]
    """

    pairs: Annotated[
        tuple[tuple[Phrase, Phrase], ...],
        Field(description="A word of the first group and the one of the second in its place."),
    ] = ()
    letters: Annotated[
        tuple[Phrase, Phrase] | None,
        Field(description="Letters and what stands for each, in every word; there is no way back."),
    ] = None
    frames: Annotated[
        tuple[tuple[Frame, Frame], ...],
        Field(min_length=1, description="What both words stand in, where {} is the word."),
    ] = (_PLAIN,)
    endings: Annotated[
        tuple[tuple[str, str], ...],
        Field(min_length=1, description="Endings that correspond; the pairs bear the first."),
    ] = (_NO_ENDING,)
    unsafe_endings: Annotated[
        tuple[tuple[str, ...], tuple[str, ...]],
        Field(description="Endings that do not: where a conversation has one, the pair stays."),
    ] = ((), ())
    unless: Annotated[
        tuple[Phrase, ...], Field(description="Words beside which the pairs are left alone.")
    ] = ()
    not_after: Annotated[
        tuple[Identifier, ...], Field(description="Guards on what stands before a word.")
    ] = ()
    not_before: Annotated[
        tuple[Identifier, ...], Field(description="Guards on what stands after a word.")
    ] = ()
    direction: Annotated[
        Literal["both", "there", "back"], Field(description="Which way the words are swapped.")
    ] = "both"
    together: Annotated[
        bool, Field(description="Whether all pairs are swapped, or none of them.")
    ] = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.pairs) == (self.letters is not None):
            raise ValueError("give either pairs or letters")
        if self.letters and len(self.letters[0]) != len(self.letters[1]):
            raise ValueError("each letter needs the one that stands for it")
        for pair in self.pairs:
            if not all(map(str.endswith, pair, self.endings[0])):
                raise ValueError(f"{pair[0]!r} and {pair[1]!r} lack the first of the endings")
        return self

    def forms(self, pair: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Give the forms of a pair that correspond.

        Parameters
        ----------
        pair : tuple of (str, str)
            One of `pairs`.

        Yields
        ------
        tuple of (str, str)
            In every frame, with every ending.
        """
        first, second = self._stems(pair)
        for one, other in self.frames:
            for ending, its in self.endings:
                yield one.replace("{}", first + ending), other.replace("{}", second + its)

    def unsafe(self, pair: tuple[str, str]) -> Iterator[str]:
        """Give the words beside which a pair is left alone.

        Parameters
        ----------
        pair : tuple of (str, str)
            One of `pairs`.

        Yields
        ------
        str
            Forms without a counterpart, and what `unless` names.
        """
        yield from self.unless
        for stem, endings in zip(self._stems(pair), self.unsafe_endings, strict=True):
            yield from (stem + ending for ending in endings)

    def _stems(self, pair: tuple[str, str]) -> tuple[str, str]:
        first, second = self.endings[0]
        return pair[0].removesuffix(first), pair[1].removesuffix(second)


class Axis(Part):
    """Two groups of words between which a conversation is moved.

    The fields are those of the YAML file.
    """

    first: Annotated[Text, Field(alias="from", description="The group of the first words.")]
    second: Annotated[Text, Field(alias="to", description="The group of the second words.")]
    lists: Annotated[tuple[WordList, ...], Field(min_length=1)]


class WordListsFile(Part):
    """All words that may be swapped, by kind and language.

    The fields are those of the YAML file.
    """

    format_version: Literal[1]
    purpose: Text
    guards: Annotated[
        dict[Identifier, str], Field(description="Regular expressions that lists name.")
    ]
    kinds: Annotated[dict[Identifier, dict[LanguageCode, tuple[Axis, ...]]], Field(min_length=1)]

    @model_validator(mode="after")
    def _guards_exist(self) -> Self:
        for name, guard in self.guards.items():
            try:
                re.compile(guard)
            except re.error as error:
                raise ValueError(f"guard {name!r} is no regular expression: {error}") from None
        for axis in (a for kind in self.kinds.values() for axes in kind.values() for a in axes):
            for words in axis.lists:
                for name in (*words.not_after, *words.not_before):
                    if name not in self.guards:
                        raise ValueError(f"unknown guard {name!r}{did_you_mean(name, self.guards)}")
        return self


@functools.cache
def load_word_lists() -> WordListsFile:
    """Load the words that come with the library.

    Returns
    -------
    WordListsFile
        Names, spellings and gendered words in four languages.

    Raises
    ------
    RubricError
        When the file is damaged.

    Examples
    --------
    >>> sorted(load_word_lists().kinds)
    ['dialect', 'gender', 'name']
    """
    document = YamlFile.read(resource_folder("rubric_prompts") / _FILE)
    return load_model(WordListsFile, document)

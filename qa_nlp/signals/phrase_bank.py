"""The file of a phrase bank: sample sentences of one standard phrase, and look-alikes.

The shipped banks lie in ``rubric_prompts/phrases``, one file each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from qa_nlp.editor_schema import editor_schema
from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.resources import resource_folder
from qa_nlp.rubric import Identifier, LanguageCode, Text
from qa_nlp.transcript import Role
from qa_nlp.user_files import locate
from qa_nlp.yaml_files import YamlFile, load_model
from qa_nlp.yaml_findings import PlacedError

__all__ = [
    "PhraseBankFile",
    "comparable",
    "load_bank_file",
    "phrase_bank_schema",
    "shipped_banks",
]

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
SentencesByLanguage = dict[LanguageCode, Annotated[tuple[Sentence, ...], Field(min_length=1)]]

_NOT_WORDS: Final = re.compile(r"[\W_]+")


class PhraseBankFile(BaseModel):
    """What an agent says to perform one act, and what sounds like it but does not count.

    Load one with `load_bank_file`; the fields are those of the YAML file.

    Examples
    --------
    >>> bank = load_bank_file("greeting")
    >>> bank.kind, sorted(bank.samples)
    ('standard', ['en', 'pt', 'ro', 'ru'])
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1]
    id: Annotated[Identifier, Field(description="Name in signals; the file is called ID.yaml.")]
    name: Annotated[Text, Field(description="As reports write it.")]
    purpose: Annotated[Text, Field(description="What is done by saying one of these sentences.")]
    role: Annotated[Role, Field(description="Whose sentences are compared.")] = Role.AGENT
    kind: Annotated[
        Literal["standard", "forbidden"],
        Field(description="Should it be said, or must it never be said?"),
    ]
    samples: Annotated[
        SentencesByLanguage,
        Field(min_length=1, description="By language: sentences that each perform the act alone."),
    ]
    look_alikes: Annotated[
        SentencesByLanguage,
        Field(description="By language: sentences near in wording that do not perform the act."),
    ] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for language in self.look_alikes:
            if language not in self.samples:
                raise PlacedError(
                    f"look-alikes in a language without samples"
                    f"{did_you_mean(language, self.samples)}",
                    "look_alikes",
                    language,
                )
        for language in self.samples:
            seen: dict[str, str] = {}
            for field, position, sentence in self._sentences(language):
                earlier = seen.setdefault(comparable(sentence), field)
                place = (field, language, position)
                if earlier != field:
                    raise PlacedError(f"{sentence!r} is both a sample and a look-alike", *place)
        return self

    def _sentences(self, language: str) -> Iterator[tuple[str, int, str]]:
        for field in ("samples", "look_alikes"):
            for position, sentence in enumerate(getattr(self, field).get(language, ())):
                yield field, position, sentence


def comparable(sentence: str) -> str:
    """Reduce a sentence to its words, to compare it with others.

    Parameters
    ----------
    sentence : str
        Any words.

    Returns
    -------
    str
        Lower-case words between single spaces; the sentence itself where it has no words.

    Examples
    --------
    >>> comparable("Hello -  there!") == comparable("hello there")
    True
    """
    return _NOT_WORDS.sub(" ", sentence.casefold()).strip() or sentence


def load_bank_file(bank: str | Path) -> PhraseBankFile:
    """Load a phrase bank by shipped name or path.

    Parameters
    ----------
    bank : str or pathlib.Path
        Name of a shipped bank, or path of a YAML file.

    Returns
    -------
    PhraseBankFile
        The bank.

    Raises
    ------
    RubricError
        When there is no such bank, the file does not make sense, or it is not called ``ID.yaml``.
    """
    path = locate(bank, shipped_banks(), "phrase bank")
    document = YamlFile.read(path)
    loaded = load_model(PhraseBankFile, document)
    if loaded.id != path.stem:
        raise RubricError(
            f"{document.where(['id'])}: the bank {loaded.id!r} must be in a file called "
            f"'{loaded.id}.yaml'"
        )
    return loaded


def shipped_banks() -> dict[str, Path]:
    """List the phrase banks that come with the library.

    Returns
    -------
    dict of str to pathlib.Path
        Name to file, sorted by name.

    Examples
    --------
    >>> {"greeting", "farewell", "guarantee"} <= set(shipped_banks())
    True
    """
    folder = resource_folder("rubric_prompts") / "phrases"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def phrase_bank_schema() -> dict[str, Any]:
    """Give the JSON Schema of a phrase bank file, for editors.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12.
    """
    return editor_schema(PhraseBankFile, "qa_nlp phrase bank")

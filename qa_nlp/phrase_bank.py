"""The file of a phrase bank: sample sentences of one standard phrase, and look-alikes.

The shipped banks lie in ``rubric_prompts/phrases``, one file each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import Field, StringConstraints, model_validator

from qa_nlp.editor_schema import editor_schema
from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.resources import resource_folder
from qa_nlp.transcript import Role
from qa_nlp.user_files import locate, replacing
from qa_nlp.yaml_files import YamlFile, load_model
from qa_nlp.yaml_findings import PlacedError
from qa_nlp.yaml_types import Identifier, LanguageCode, Part, Text

__all__ = [
    "PhraseBankFile",
    "comparable",
    "filled",
    "load_bank_file",
    "phrase_bank_schema",
    "save_bank_file",
    "shipped_banks",
    "with_labels",
]

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
SentencesByLanguage = dict[LanguageCode, Annotated[tuple[Sentence, ...], Field(min_length=1)]]

SlotName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}$")]

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_SLOT: Final = re.compile(r"\{([^{}]*)\}")
_FILLERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "name": ("Maria", "Alex Kovač", "Mr. Ionescu"),
        "company": ("Northlight Energy", "Alpina Bank", "Telco Plus"),
        "account_number": ("4471 0982", "RO-22817", "100 345 67"),
        "date": ("12 May", "03.11.", "2 June"),
        "time": ("14:30", "9:15", "18:00"),
        "amount": ("24.90", "120", "1,310.50"),
    }
)
"""What stands for a slot that a bank does not fill itself."""


class PhraseBankFile(Part):
    """What an agent says to perform one act, and what sounds like it but does not count.

    Load one with `load_bank_file`; the fields are those of the YAML file.

    Examples
    --------
    >>> bank = load_bank_file("greeting")
    >>> bank.kind, sorted(bank.samples)
    ('standard', ['en', 'pt', 'ro', 'ru'])
    """

    format_version: Literal[1]
    id: Annotated[Identifier, Field(description="Name in signals; the file is called ID.yaml.")]
    name: Annotated[Text, Field(description="As reports write it.")]
    purpose: Annotated[Text, Field(description="What is done by saying one of these sentences.")]
    role: Annotated[Role, Field(description="Whose sentences are compared.")] = Role.AGENT
    kind: Annotated[
        Literal["standard", "forbidden"],
        Field(description="Should it be said, or must it never be said?"),
    ]
    slots: Annotated[
        dict[SlotName, Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]],
        Field(
            description="What may stand for {slot} in a sample. name, company, account_number, "
            "date, time and amount are known without."
        ),
    ] = Field(default_factory=dict)
    samples: Annotated[
        SentencesByLanguage,
        Field(min_length=1, description="By language: sentences that each perform the act alone."),
    ]
    look_alikes: Annotated[
        SentencesByLanguage,
        Field(description="By language: sentences near in wording that do not perform the act."),
    ] = Field(default_factory=dict)

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
        known = {**_FILLERS, **self.slots}
        for language in self.samples:
            seen: dict[str, str] = {}
            for field, position, sentence in self._sentences(language):
                earlier = seen.setdefault(comparable(sentence), field)
                place = (field, language, position)
                for slot in _SLOT.findall(sentence):
                    if slot not in known:
                        raise PlacedError(
                            f"unknown slot {slot!r}{did_you_mean(slot, known)}", *place
                        )
                if earlier != field:
                    raise PlacedError(f"{sentence!r} is both a sample and a look-alike", *place)
        return self

    def _sentences(self, language: str) -> Iterator[tuple[str, int, str]]:
        for field in ("samples", "look_alikes"):
            for position, sentence in enumerate(getattr(self, field).get(language, ())):
                yield field, position, sentence


def filled(sentence: str, slots: Mapping[str, Sequence[str]] | None = None) -> tuple[str, ...]:
    """Fill the slots of a sample.

    Parameters
    ----------
    sentence : str
        Perhaps with slots such as ``{name}``.
    slots : mapping of str to sequence of str, optional
        What may stand for them, beside the slots that are always known.

    Returns
    -------
    tuple of str
        The sentence itself where it has no slots, else one variant for each filling.

    Examples
    --------
    >>> filled("Hi, this is {name}.", {"name": ["Ana", "Ben"]})
    ('Hi, this is Ana.', 'Hi, this is Ben.')
    """
    known = {**_FILLERS, **(slots or {})}
    names = _SLOT.findall(sentence)
    count = max((len(known[name]) for name in names), default=1)
    variants = []
    for number in range(count):
        text = sentence
        for name in names:
            text = text.replace(f"{{{name}}}", known[name][number % len(known[name])])
        variants.append(text)
    return tuple(variants)


def with_labels(
    bank: PhraseBankFile, texts: Sequence[str], labels: Sequence[Any], language: str
) -> PhraseBankFile:
    """Add labelled texts to a bank: hits to its samples, misses to its look-alikes.

    Parameters
    ----------
    bank : PhraseBankFile
        The bank; not changed.
    texts : sequence of str
        What was said, shape (n,).
    labels : sequence of bool
        Whether each says the phrase, shape (n,).
    language : str
        ISO 639-1 code of the texts.

    Returns
    -------
    PhraseBankFile
        The bank with these texts; what stood on the other side moves over.

    Raises
    ------
    ValueError
        When there are not as many labels as texts, a label is neither true nor false, or a text
        has both.
    """
    if isinstance(texts, str) or len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts and {len(labels)} labels; give one label for each")
    given: dict[str, bool] = {}
    for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
        if label not in (0, 1):
            raise ValueError(f"label {number} is {label!r}; give True for a hit and False for none")
        if given.setdefault(comparable(text), bool(label)) != bool(label):
            raise ValueError(f"text {number} is labelled a hit and a miss")
    content = bank.model_dump(mode="json")
    for field, wanted in (("samples", True), ("look_alikes", False)):
        kept = [
            sentence
            for sentence in content[field].get(language, ())
            if given.get(comparable(sentence)) in (None, wanted)
        ]
        known = {comparable(sentence) for sentence in kept}
        for text, label in zip(texts, labels, strict=True):
            if bool(label) is wanted and comparable(text) not in known:
                known.add(comparable(text))
                kept.append(" ".join(text.split()))
        rest = {code: texts for code, texts in content[field].items() if code != language}
        content[field] = rest | ({language: kept} if kept else {})
    return PhraseBankFile.model_validate(content)


def save_bank_file(bank: PhraseBankFile, path: str | Path) -> None:
    """Write a phrase bank, complete or not at all.

    Parameters
    ----------
    bank : PhraseBankFile
        The bank.
    path : str or pathlib.Path
        Called ``ID.yaml``.

    Raises
    ------
    RubricError
        When the file is not called ``ID.yaml``.
    ArtifactError
        When the file cannot be written.
    """
    target = Path(path)
    if target.stem != bank.id or target.suffix not in (".yaml", ".yml"):
        raise RubricError(f"{target}: the bank {bank.id!r} must be in a file '{bank.id}.yaml'")
    content = {key: value for key, value in bank.model_dump(mode="json").items() if value != {}}
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


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

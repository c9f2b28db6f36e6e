"""Rules compiled into spaCy matchers on blank pipelines: no model, nothing shared between rubrics.

Each language of the rules has its own pipeline: spaCy's blank one of that language, the
language-neutral one where spaCy does not know it, and one that cuts texts into characters for
languages written without spaces.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from qa_nlp.errors import RubricError
from qa_nlp.rubric import Rule
from qa_nlp.signals.rule_patterns import check_pattern, straightened
from qa_nlp.signals.rule_words import RuleWords
from qa_nlp.text.words import UNSPACED_LANGUAGES

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["CompiledRules"]

_WORD: Final = re.compile(r"\S+")
_PIECE: Final = re.compile(r"\S{1,100}")
"""spaCy takes quadratic time over a word that is all punctuation, so longer words are cut."""
_CHARACTERS: Final = "zh"
"""The pipeline that cuts a text into characters."""
_WINDOW: Final = 5000
"""Longer texts are searched in windows: a pattern with a wildcard takes quadratic time."""
_OVERLAP: Final = 500
_SLACK: Final = 200

Found = Mapping[str, tuple[tuple[int, int], ...]]
"""Rule id to the character spans where it matches."""


class CompiledRules:
    """Rules made ready for matching: compile once, search many batches.

    Parameters
    ----------
    rules : iterable of Rule
        The rules, with distinct ids.

    Attributes
    ----------
    rules : mapping of str to Rule
        The rules by id.

    Raises
    ------
    RubricError
        When a pattern is malformed or can never match; the message names the rule and the pattern,
        counted from 1.

    Examples
    --------
    >>> rules = CompiledRules([Rule(id="sorry", name="Sorry", patterns=("i'm sorry",))])
    >>> rules.search("en", ["Oh, I\u2019m  sorry!", "Never mind."])
    {'Oh, I\u2019m  sorry!': {'sorry': ((4, 14),)}}
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in rules}
        every = list(self.rules.values())
        languages = dict.fromkeys(code for rule in every for code in rule.languages)
        pipelines = {code: _blank(code) for code in languages}
        for rule in every:
            _check(rule, [pipelines[code] for code in rule.languages])
        self._finders = {
            code: _Finder(pipelines[code], [rule for rule in every if code in rule.languages])
            for code in languages
        }

    def __reduce__(self) -> tuple[object, ...]:
        return (CompiledRules, (tuple(self.rules.values()),))

    def search(self, language: str, texts: Iterable[str]) -> dict[str, Found]:
        """Find the rules of a language in turns.

        White space counts as one space and a curly apostrophe as a straight one; spans point into
        the text as it is. In texts of more than 5,000 characters a match reaches no further than
        about 300.

        Parameters
        ----------
        language : str
            ISO 639-1 code.
        texts : iterable of str
            The words of turns.

        Returns
        -------
        dict of str to mapping
            Each text in which a rule matches: rule id to character spans ``(start, end)``, in
            order, that do not overlap.
        """
        finder = self._finders.get(language)
        return {} if finder is None else finder.search(texts)


def _blank(language: str) -> Language:
    import spacy

    if language in UNSPACED_LANGUAGES:
        return spacy.blank(_CHARACTERS)
    try:
        return spacy.blank(language)
    except ImportError:
        return spacy.blank("xx")


def _check(rule: Rule, pipelines: Sequence[Language]) -> None:
    for number, pattern in enumerate(rule.patterns, start=1):
        try:
            check_pattern(
                pattern, pipelines[0].vocab, [pipeline.tokenizer for pipeline in pipelines]
            )
        except ValueError as error:
            raise RubricError(f"rule {rule.id!r}, pattern {number}: {error}") from None


class _Finder:
    """The rules of one language."""

    def __init__(self, pipeline: Language, rules: Sequence[Rule]) -> None:
        from spacy.matcher import Matcher, PhraseMatcher

        self._pipeline = pipeline
        self._word = _WORD if pipeline.lang == _CHARACTERS else _PIECE
        self._phrases = PhraseMatcher(pipeline.vocab, attr="LOWER")
        self._tokens = Matcher(pipeline.vocab)
        self._ids = {pipeline.vocab.strings.add(rule.id): rule.id for rule in rules}
        # Threads in one vocabulary would end each other's memory zones.
        self._lock = threading.Lock()
        self._words = RuleWords(
            (pattern for rule in rules for pattern in rule.patterns), self._tokenized
        )
        for rule in rules:
            phrases = [pattern for pattern in rule.patterns if isinstance(pattern, str)]
            tokens = [pattern for pattern in rule.patterns if not isinstance(pattern, str)]
            if phrases:
                self._phrases.add(rule.id, list(map(self._tokenized, phrases)))
            if tokens:
                self._tokens.add(rule.id, straightened(tokens), greedy="LONGEST")

    def search(self, texts: Iterable[str]) -> dict[str, Found]:
        results: dict[str, Found] = {}
        texts = list(filter(self._words.may_match, texts))
        if not texts:
            return results
        # The zone drops the new words of these texts from the vocabulary, which would only grow.
        with self._lock, self._pipeline.memory_zone():
            for text in texts:
                if text not in results and (found := self._find(text)):
                    results[text] = found
        return results

    def _tokenized(self, phrase: str) -> Doc:
        return self._pipeline.tokenizer(_Spaced.of(phrase, self._word).text)

    def _find(self, text: str) -> Found:
        spaced = _Spaced.of(text, self._word)
        spans: dict[str, set[tuple[int, int]]] = {}
        for low, high in _windows(spaced.text):
            document = self._pipeline.tokenizer(spaced.text[low:high])
            for key, first, last in self._matches(document):
                end = document[last - 1]
                spans.setdefault(self._ids[key], set()).add(
                    spaced.origin(low + document[first].idx, low + end.idx + len(end))
                )
        return {rule: _without_overlaps(found) for rule, found in spans.items()}

    def _matches(self, document: Doc) -> Iterator[tuple[int, int, int]]:
        # spaCy warns when a matcher without patterns is called.
        if len(self._phrases):
            yield from self._phrases(document)
        if len(self._tokens):
            yield from self._tokens(document)


@dataclass(frozen=True, slots=True)
class _Spaced:
    """A text with single spaces, and where its words stand in the original."""

    text: str
    starts: Sequence[int]
    origins: Sequence[int]

    @classmethod
    def of(cls, text: str, pattern: re.Pattern[str]) -> _Spaced:
        words = [(word.start(), word[0]) for word in pattern.finditer(straightened(text))]
        starts = []
        length = 0
        for _, word in words:
            starts.append(length)
            length += len(word) + 1
        return cls(" ".join(word for _, word in words), starts, [start for start, _ in words])

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Give the original span of a span that is not empty and has no space at its ends."""
        return self._origin(start), self._origin(end - 1) + 1

    def _origin(self, position: int) -> int:
        word = bisect_right(self.starts, position) - 1
        return self.origins[word] + position - self.starts[word]


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Cut a long text into overlapping stretches that begin and end between words."""
    start = 0
    while len(text) - start > _WINDOW:
        end = _behind_space(text, start + _WINDOW)
        yield start, end
        start = _behind_space(text, end - _OVERLAP)
    yield start, len(text)


def _behind_space(text: str, position: int) -> int:
    space = text.rfind(" ", position - _SLACK, position)
    return position if space < 0 else space + 1


def _without_overlaps(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Keep the leftmost spans, of several with one start the longest."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return tuple(kept)

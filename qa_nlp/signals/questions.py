"""Find the questions in a turn, with or without punctuation.

Own definition. A question is a sentence that contains a question mark. Raw speech recognition has
no marks at all; there, in English only, the wordings that open a question are looked for. That
misses questions worded as statements ("your postcode") and so counts too few rather than too many.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from qa_nlp.text.sentences import sentence_spans

__all__ = ["count_questions", "is_unpunctuated", "question_openings", "question_spans"]

# A link such as "site.example/find?order=7" is no question.
_MARKS: Final = r"\?(?!\w+=)|[\uFF1F\u061F\u055E\u1367\u2047-\u2049\u203D]"
_MARK: Final = re.compile(rf"(?:{_MARKS})[?!]*")
_GREEK_MARK: Final = re.compile(rf"(?:{_MARKS}|[;\u037E])[?!;]*")
# A plain word with a mark behind it always ends a sentence.
_PLAIN_QUESTION: Final = re.compile(r"(?:^|(?<=\s))[\w'-]+\?+(?=\s+\w|\s*$)")
_FULL_STOP: Final = re.compile(
    r"\.(?=[\s\"')\]\u2019\u201D\u00BB]|$)|[\u2026\u3002\uFF61\u0964\u06D4\u0589\u1362]"
)

_AUXILIARY: Final = (
    r"(?:can|could|would|will|do|does|did|are|is|was|were|have|has|had|may|shall|should)(?:n't)?"
)
_AT_THE_START: Final = re.compile(
    rf"""\s*
    (?:(?:ok|okay|so|and|but|or|well|right|alright|now|yes|no|sure|great|thanks|thank\ you
      |hi|hello|sorry|um|uh|oh)\s+)*
    (?P<question>
        (?:what|when|where|who|why|how|which|whose)(?:'s|'re)?\b
        (?!\s+(?:i|we|you|they|he|she|it|a|an)\b)
      | {_AUXILIARY}\s+(?:that|there|this|these|those|the|your|my|everything|any\w*)\b(?!')
        (?<!do\ that)(?<!do\ this)(?<!do\ the)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_ANYWHERE: Final = re.compile(
    rf"""\b(?P<question>
        {_AUXILIARY}\s+(?:you|i|we|they|he|she)\b(?!')
      | (?:does|did)\s+(?:that|it|this|the|your)\b(?!')
      | (?:is|are|was|were)\s+there\s+(?:any|some)\w*
      | (?:is|was)\s+(?:it|that|this|everything)\s+
        (?:ok|okay|fine|all\s+right|alright|right|correct|clear|everything|all)\b
      | (?:what|where|when|how)(?:'s|\s+(?:is|are|was|were))\s+(?:the|your)\b
      | how\s+(?:much|many|long|often)\s+{_AUXILIARY}\b
      | (?<!there's\ )(?<!there\ )(?<!if\ )anything\s+else\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_BEFORE: Final = re.compile(r"(\S+)\s+$")
_NO_OPENING_AFTER: Final = re.compile(
    r"to|can|will|could|would|should|might|may|must|me|let|i|we|they|don't|\S+'(?:ll|d)",
    re.IGNORECASE,
)
_LONGEST_WORD: Final = 40
_FEW_WORDS: Final = re.compile(r"\S+(?:\s+\S+){0,11}")
_ONE_QUESTION: Final = 20
"""Characters behind an opening at the start of a turn that still belong to it ("how can I")."""


def question_spans(text: str, language: str | None = None) -> list[tuple[int, int]]:
    """Find the sentences that contain a question mark.

    The marks of Latin, Arabic, Armenian, Ethiopic and East Asian scripts count, the Greek one
    (``;``) where the language is ``"el"``.

    Parameters
    ----------
    text : str
        The words of a turn.
    language : str, optional
        ISO 639-1 code.

    Returns
    -------
    list of (int, int)
        Character spans, in order.

    Examples
    --------
    >>> question_spans("Hello! How can I help? Oh, really?")
    [(7, 22), (23, 34)]
    """
    marks = [mark.start() for mark in _mark(language).finditer(text)]
    if not marks:
        return []
    return [
        (start, end)
        for start, end in sentence_spans(text)
        if bisect_left(marks, start) < bisect_left(marks, end)
    ]


def count_questions(text: str, language: str | None = None) -> int:
    """Count what `question_spans` finds, faster.

    Parameters
    ----------
    text : str
        The words of a turn.
    language : str, optional
        ISO 639-1 code.

    Returns
    -------
    int
        Number of questions.

    Examples
    --------
    >>> count_questions("Really?! Are you sure???")
    2
    """
    marks = len(_mark(language).findall(text))
    if marks < 2 or marks == len(_PLAIN_QUESTION.findall(text)):
        return marks
    return len(question_spans(text, language))


def is_unpunctuated(texts: Iterable[str], language: str | None = None) -> bool:
    """Tell whether there is no question mark and no full stop at all, as in raw recognition.

    Parameters
    ----------
    texts : iterable of str
        The turns of a whole conversation.
    language : str, optional
        ISO 639-1 code.

    Returns
    -------
    bool
        True when no turn has either. A point inside a number or an address is no full stop.

    Examples
    --------
    >>> is_unpunctuated(["hello how can i help", "it was 3.50"])
    True
    """
    mark = _mark(language)
    return not any(_FULL_STOP.search(text) or mark.search(text) for text in texts)


def question_openings(text: str) -> list[tuple[int, int]]:
    """Find English questions in words without punctuation, by how they open.

    Parameters
    ----------
    text : str
        The words of a turn.

    Returns
    -------
    list of (int, int)
        Character spans, in order: from each opening to the next, at most twelve words.

    Examples
    --------
    >>> text = "thanks for calling how can i help you today"
    >>> [text[start:end] for start, end in question_openings(text)]
    ['can i help you today']
    """
    text = text.replace("\u2019", "'")
    starts = []
    first = _AT_THE_START.match(text)
    if first is not None:
        starts.append(first.start("question"))
    taken = first.end() + _ONE_QUESTION if first is not None else 0
    for opening in _ANYWHERE.finditer(text):
        before = _BEFORE.search(text, max(0, opening.start() - _LONGEST_WORD), opening.start())
        if opening.start() >= taken and not (before and _NO_OPENING_AFTER.fullmatch(before[1])):
            starts.append(opening.start())
    return [
        found.span()
        for start, limit in pairwise([*starts, len(text)])
        if (found := _FEW_WORDS.match(text, start, limit))
    ]


def _mark(language: str | None) -> re.Pattern[str]:
    return _GREEK_MARK if language == "el" else _MARK

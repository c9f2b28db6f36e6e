"""Check the patterns of a rule before they are used: a rule that can never match is an error.

spaCy accepts patterns that silently match nothing on a blank pipeline: attributes that only a
model sets, a word in the wrong case, a "word" that is two tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.errors import did_you_mean

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

__all__ = ["WORD_ATTRIBUTES", "check_pattern", "stated_words", "straightened"]

Tokenizer = Callable[[str], "Doc"]

_ATTRIBUTES: Final = frozenset(
    {
        *("ORTH", "TEXT", "LOWER", "NORM", "SHAPE", "LENGTH", "SPACY", "OP"),
        *("IS_ALPHA", "IS_ASCII", "IS_DIGIT", "IS_LOWER", "IS_UPPER", "IS_TITLE", "IS_PUNCT"),
        *("IS_SPACE", "IS_BRACKET", "IS_QUOTE", "IS_LEFT_PUNCT", "IS_RIGHT_PUNCT"),
        *("IS_CURRENCY", "IS_STOP", "LIKE_NUM", "LIKE_URL", "LIKE_EMAIL"),
    }
)
WORD_ATTRIBUTES: Final = frozenset({"ORTH", "TEXT", "LOWER"})
"""Attributes that state a word."""
_MOST_REPEATS: Final = 100
_APOSTROPHES: Final = {ord(mark): "'" for mark in "\u2018\u2019\u02bc"}


def straightened(value: Any) -> Any:
    """Make curly apostrophes straight, in a text or everywhere in a pattern.

    Parameters
    ----------
    value : str, mapping, sequence or anything else
        A text, which keeps its length, or a spaCy pattern.

    Returns
    -------
    same kind
        With sequences as lists.

    Examples
    --------
    >>> straightened("I don\u2019t")
    "I don't"
    """
    if isinstance(value, str):
        return value.translate(_APOSTROPHES)
    if isinstance(value, Mapping):
        return {straightened(key): straightened(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [straightened(item) for item in value]
    return value


def check_pattern(
    pattern: str | Sequence[Mapping[str, Any]], vocab: Vocab, tokenizers: Sequence[Tokenizer]
) -> None:
    """Check one pattern of a rule.

    Parameters
    ----------
    pattern : str or sequence of mapping
        A phrase, or spaCy token attributes.
    vocab : spacy.vocab.Vocab
        Vocabulary of a blank pipeline.
    tokenizers : sequence of callable
        How each language of the rule cuts a text into tokens.

    Raises
    ------
    ValueError
        When it is malformed or can never match.
    """
    if isinstance(pattern, str):
        return
    tokens = straightened(pattern)
    for number, token in enumerate(tokens, start=1):
        try:
            _check_attributes(token)
            _check_words(token, tokenizers)
        except ValueError as error:
            raise ValueError(f"token {number}: {error}") from None
    _check_with_spacy(tokens, vocab)


def _check_attributes(token: Mapping[str, Any]) -> None:
    for name in token:
        if name.upper() not in _ATTRIBUTES:
            raise ValueError(
                f"{name!r} is no token attribute that works without a model"
                f"{did_you_mean(name.upper(), _ATTRIBUTES)}"
            )
    repeats = next((item for name, item in token.items() if name.upper() == "OP"), None)
    if isinstance(repeats, str):
        counts = [int(count) for count in re.findall(r"\d{1,9}", repeats)]
        # spaCy would write the token out that many times.
        if any(count > _MOST_REPEATS for count in counts):
            raise ValueError(f"OP repeats a token at most {_MOST_REPEATS} times")


def _check_words(token: Mapping[str, Any], tokenizers: Sequence[Tokenizer]) -> None:
    for name, value in token.items():
        attribute = name.upper()
        if attribute not in WORD_ATTRIBUTES:
            continue
        for word in stated_words(value):
            if attribute == "LOWER" and word != word.lower():
                raise ValueError(f"{name} {word!r} never matches; write it in lower case")
            cuts = [[piece.text for piece in tokenize(word)] for tokenize in tokenizers]
            if cuts and all(cut != [word] for cut in cuts):
                raise ValueError(
                    f"{name} {word!r} never matches, since it is not one token but "
                    f"{len(cuts[0])}: {cuts[0]}; write one item for each, or a phrase"
                )


def stated_words(value: object) -> Iterator[str]:
    """Give the words that an attribute states.

    Parameters
    ----------
    value : object
        What it must be.

    Yields
    ------
    str
        The word, or each of which it must be one; none where something else is stated.

    Examples
    --------
    >>> list(stated_words({"IN": ["is", "are"]})), list(stated_words({"NOT_IN": ["not"]}))
    (['is', 'are'], [])
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and isinstance(value.get("IN"), list):
        yield from (word for word in value["IN"] if isinstance(word, str))


def _check_with_spacy(tokens: list[dict[str, Any]], vocab: Vocab) -> None:
    from spacy.errors import MatchPatternError
    from spacy.matcher import Matcher

    try:
        Matcher(vocab, validate=True).add("rule", [tokens])
    except MatchPatternError as error:
        raise ValueError(_readable(str(error))) from None
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    except ValueError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _readable(report: str) -> str:
    """Turn ``- [pattern -> 0 -> LOWER -> …] reason`` into ``token 1, LOWER: reason``."""
    found = re.search(r"\[pattern -> (\d+)([^\]]*)\] (.+)", report)
    if found is None:
        return " ".join(report.split())
    names = [name for name in found[2].split(" -> ") if name and not name.startswith("Token")]
    return f"{', '.join([f'token {int(found[1]) + 1}', *names])}: {found[3]}"

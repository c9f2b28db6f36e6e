"""Tell at a glance which texts no rule can match, so that only the others are cut into words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.signals.rule_patterns import WORD_ATTRIBUTES, stated_words, straightened

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["RuleWords"]

Pattern = str | Sequence[Mapping[str, Any]]
_AT_LEAST_ONCE: Final = ("1", "+")


class RuleWords:
    """Words that a text holds if a pattern matches it.

    Parameters
    ----------
    patterns : iterable of str or sequence of mapping
        Phrases and spaCy token attributes.
    tokenizer : callable
        Cuts a phrase into the tokens that texts are cut into.
    """

    def __init__(self, patterns: Iterable[Pattern], tokenizer: Callable[[str], Doc]) -> None:
        # the longer a word, the fewer texts hold it, and the sooner a pattern is ruled out
        self._patterns = [
            sorted(set(_needed(pattern, tokenizer)), key=lambda words: -min(map(len, words)))
            for pattern in patterns
        ]

    def may_match(self, text: str) -> bool:
        """Tell whether a pattern may match a text.

        Parameters
        ----------
        text : str
            The words of a turn.

        Returns
        -------
        bool
            False only where none can.
        """
        plain = straightened(text).casefold()
        return any(
            all(any(word in plain for word in choices) for choices in needed)
            for needed in self._patterns
        )


def _needed(pattern: Pattern, tokenizer: Callable[[str], Doc]) -> Iterator[frozenset[str]]:
    """Give the choices of each token that a match must have and whose words are stated.

    Words are casefolded, as lower case depends on the neighbours of a Greek sigma.
    """
    if isinstance(pattern, str):
        yield from (frozenset({token.lower_.casefold()}) for token in tokenizer(pattern))
        return
    for token in straightened(pattern):
        given = {name.upper(): value for name, value in token.items()}
        if given.pop("OP", "1") not in _AT_LEAST_ONCE:
            continue
        for attribute in WORD_ATTRIBUTES.intersection(given):
            choices = frozenset(word.casefold() for word in stated_words(given[attribute]))
            if choices:
                yield choices

"""Put the words of one group in the place of those of another, and leave all else as it is."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from qa_nlp.counterfactuals.spellings import spellings
from qa_nlp.counterfactuals.word_lists import Axis, WordList, load_word_lists
from qa_nlp.transcript import Role, Transcript

__all__ = ["Swap", "swapped", "swaps_of"]

# A combining mark belongs to the letter before it; a hyphen, a full stop, a slash or an at sign
# between letters makes one word of both sides (Anna-Lena, emma.bell@, and/or).
_BEFORE: Final = r"(?<![\w@\u0300-\u036f])(?<!\w[-./'’])"
_AFTER: Final = r"(?![\w@\u0300-\u036f])(?![-./@]\w)"
_CONTEXT: Final = 80


@dataclass(frozen=True, slots=True)
class _Family:
    """Words that are swapped together or not at all."""

    words: Mapping[str, str]
    watched: frozenset[str]
    not_after: tuple[re.Pattern[str], ...]
    not_before: tuple[re.Pattern[str], ...]

    def breaks(self, text: str, start: int, end: int) -> bool:
        """Tell whether another word would break the grammar around this one."""
        before = text[max(0, start - _CONTEXT) : start]
        after = text[end : end + _CONTEXT]
        return any(guard.search(before) for guard in self.not_after) or any(
            guard.match(after) for guard in self.not_before
        )


class Swap:
    """One direction between two groups of words of one language.

    A word is found in lower case, in capitals, or with capital first letters, and its counterpart
    is written alike. A pair is left alone in texts that already hold its counterpart, since two
    people would become one, and in those where a guard of its list applies.

    Parameters
    ----------
    kind : str
        Of words, such as ``"name"``.
    axis : Axis
        The groups and their words.
    guards : mapping of str to str
        Regular expressions by name.
    back : bool, default False
        From the second group to the first.

    Examples
    --------
    >>> origin = swaps_of("name", "en")[2]
    >>> origin.variant
    'name: English names -> African, Asian and East European names'
    >>> origin.change(["Hi EMMA, Emma's order went to emma.bell@x.org."])
    ("Hi FATIMA, Fatima's order went to emma.bell@x.org.",)
    """

    def __init__(
        self, kind: str, axis: Axis, guards: Mapping[str, str], back: bool = False
    ) -> None:
        groups = (axis.second, axis.first) if back else (axis.first, axis.second)
        self.kind = kind
        self.variant = f"{kind}: {groups[0]} -> {groups[1]}"
        usable = [words for words in axis.lists if words.direction != ("there" if back else "back")]
        self._families = [family for words in usable for family in _families(words, guards, back)]
        self._letters: dict[int, int] = {}
        for words in usable:
            if words.letters is not None and not back:
                first, second = words.letters
                self._letters |= str.maketrans(first, second)
                self._letters |= str.maketrans(first.upper(), second.upper())
        self._owner = {
            word: place for place, family in enumerate(self._families) for word in family.words
        }
        self._pattern = _any_of(self._owner)
        # A look-ahead, since watched words may overlap.
        watched = {word for family in self._families for word in family.watched}
        self._watched = _any_of(watched, "(?=({}))")

    @property
    def empty(self) -> bool:
        """Whether there is nothing to swap in this direction."""
        return not self._families and not self._letters

    def change(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Swap the words of one conversation.

        Parameters
        ----------
        texts : sequence of str
            Its turns, in order.

        Returns
        -------
        tuple of str
            As many texts; equal to those given where there was nothing to swap.
        """
        hits = [list(self._pattern.finditer(text)) for text in texts]
        left = self._left_alone(texts, hits)

        def counterpart(found: re.Match[str]) -> str:
            place = self._owner[found[0]]
            return found[0] if place in left else self._families[place].words[found[0]]

        return tuple(
            self._pattern.sub(counterpart, text).translate(self._letters) for text in texts
        )

    def _left_alone(
        self, texts: Sequence[str], hits: Sequence[Sequence[re.Match[str]]]
    ) -> set[int]:
        standing: set[str] = set()
        left: set[int] = set()
        touched: set[int] = set()
        for text, found in zip(texts, hits, strict=True):
            rest = list(text)
            for hit in found:
                start, end = hit.span()
                place = self._owner[hit[0]]
                touched.add(place)
                rest[start:end] = "\0" * (end - start)
                if self._families[place].breaks(text, start, end):
                    left.add(place)
            standing.update(hit[1] for hit in self._watched.finditer("".join(rest)))
        return left | {
            place for place in touched if not standing.isdisjoint(self._families[place].watched)
        }


def _families(words: WordList, guards: Mapping[str, str], back: bool) -> Iterator[_Family]:
    groups = [words.pairs] if words.together else [(pair,) for pair in words.pairs]
    for pairs in filter(None, groups):
        found: dict[str, str] = {}
        watched: set[str] = set()
        for pair in pairs:
            for first, second in words.forms(pair):
                for one, other in spellings(first, second, one_way=words.direction != "both"):
                    found.setdefault(other if back else one, one if back else other)
                    watched.add(one if back else other)
            for word in words.unsafe(pair):
                watched.update(one for one, _ in spellings(word, word))
        yield _Family(
            found,
            frozenset(watched),
            tuple(
                re.compile(rf"(?<!\w)(?:{guards[name]})\s+$", re.IGNORECASE)
                for name in words.not_after
            ),
            tuple(re.compile(guards[name], re.IGNORECASE) for name in words.not_before),
        )


def _any_of(words: Collection[str], form: str = "{}") -> re.Pattern[str]:
    """Give a pattern of whole words, the longest first; it never matches where there are none."""
    longest = sorted(words, key=lambda word: (-len(word), word))
    either = "|".join(map(re.escape, longest)) or r"(?!)"
    return re.compile(form.replace("{}", f"{_BEFORE}(?:{either}){_AFTER}"))


@functools.cache
def swaps_of(kind: str, language: str | None) -> tuple[Swap, ...]:
    """Give all swaps of a kind in a language.

    Parameters
    ----------
    kind : str
        Such as ``"name"``.
    language : str or None
        ISO 639-1 code.

    Returns
    -------
    tuple of Swap
        Both directions where there are two; nothing for a language without words.
    """
    file = load_word_lists()
    axes = file.kinds[kind].get(language or "", ())
    made = [Swap(kind, axis, file.guards, back) for axis in axes for back in (False, True)]
    return tuple(swap for swap in made if not swap.empty)


def swapped(swap: Swap, transcript: Transcript, roles: Collection[Role]) -> Transcript | None:
    """Swap words on the turns of some roles.

    Parameters
    ----------
    swap : Swap
        Which words.
    transcript : Transcript
        The conversation.
    roles : collection of Role
        Whose turns are changed.

    Returns
    -------
    Transcript or None
        Like the given one but for those words; None where there is nothing to swap.
    """
    texts = [turn.text for turn in transcript.turns if turn.role in roles]
    changed = swap.change(texts)
    if changed == tuple(texts):
        return None
    following = iter(changed)
    turns = [
        replace(turn, text=next(following)) if turn.role in roles else turn
        for turn in transcript.turns
    ]
    return replace(transcript, turns=tuple(turns))

"""More conversations like those that there are: as long, with as many repeats, of the same words.

The first are the conversations themselves. Then come copies in which a sentence that is new in the
original is new again: two of its words or numbers are swapped for others from the data, of as many
tokens and of the same shape. A sentence that repeats an earlier one repeats it in every copy.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from benchmarks.parts.throughput_words import Words
from qa_nlp.text.sentences import sentence_spans
from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["Repetition", "enlarged", "repetition", "write_rows"]

Part: TypeAlias = str | tuple[str, ...]
"""Fixed words, or what may stand there."""

Row: TypeAlias = dict[str, Any]

_SWAPPED: Final = 2
"""Words swapped in a sentence; with fewer, there are too few sentences to be had."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """How much of some conversations is new.

    Parameters
    ----------
    conversations, sentences, distinct : int
        How many.
    tokens, distinct_tokens : int
        Of all sentences, and of the distinct ones, special tokens included.
    """

    conversations: int
    sentences: int
    distinct: int
    tokens: int
    distinct_tokens: int

    @property
    def share(self) -> float:
        """Distinct sentences over all."""
        return self.distinct / self.sentences

    @property
    def tokens_a_sentence(self) -> float:
        """Of the distinct sentences."""
        return self.distinct_tokens / self.distinct


def repetition(rows: Iterable[Row], tokenizer: Tokenizer) -> Repetition:
    """Count what is new in conversations.

    Parameters
    ----------
    rows : iterable of dict
        As `Transcript.to_dict` gives them.
    tokenizer : tokenizers.Tokenizer
        Adds special tokens.

    Returns
    -------
    Repetition
        What was counted.
    """
    found: Counter[str] = Counter()
    conversations = 0
    for row in rows:
        conversations += 1
        found.update(sentence for turn in row["turns"] for sentence in _sentences(turn["text"]))
    sizes = [len(one.ids) for one in tokenizer.encode_batch(list(found))]
    return Repetition(
        conversations,
        found.total(),
        len(found),
        sum(size * times for size, times in zip(sizes, found.values(), strict=True)),
        sum(sizes),
    )


def enlarged(
    chats: Sequence[Transcript], tokenizer: Tokenizer, size: int, seed: int = 0
) -> Iterator[Row]:
    """Give as many conversations as are asked for.

    Parameters
    ----------
    chats : sequence of Transcript
        The original; given first, in an order drawn at random like that of every copy.
    tokenizer : tokenizers.Tokenizer
        Whose tokens are counted.
    size : int
        How many; fewer than the original has are some of it.
    seed : int, default 0
        Of the words that are swapped in and of the order.

    Yields
    ------
    dict
        As `Transcript.to_dict` gives it; ids tell the copy.
    """
    draw = random.Random(seed)
    original = [chat.to_dict() for chat in chats]
    templates = _templates(original, tokenizer, draw)
    given = 0
    for copy in count():
        order = list(range(len(chats)))
        draw.shuffle(order)
        for place in order:
            if given == size:
                return
            given += 1
            row = original[place]
            parts = templates[place] if copy else [[turn["text"]] for turn in row["turns"]]
            yield {
                **row,
                "id": f"{row['id']}-{copy}",
                "turns": [
                    {**turn, "text": _filled(part, draw)}
                    for turn, part in zip(row["turns"], parts, strict=True)
                ],
            }


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    """Write conversations, one a line.

    Parameters
    ----------
    path : pathlib.Path
        A new file.
    rows : iterable of dict
        As `enlarged` gives them.

    Returns
    -------
    pathlib.Path
        The file.
    """
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def _filled(parts: Sequence[Part], draw: random.Random) -> str:
    return "".join(part if isinstance(part, str) else draw.choice(part) for part in parts)


def _templates(
    rows: Sequence[Row], tokenizer: Tokenizer, draw: random.Random
) -> list[list[list[Part]]]:
    """Cut each turn into what stays and what is swapped."""
    texts = [turn["text"] for row in rows for turn in row["turns"]]
    words = Words.of(texts, tokenizer)
    cut = [
        (number, start, end)
        for number, text in enumerate(texts)
        for start, end in sentence_spans(text)
    ]
    new = _new([texts[number][start:end] for number, start, end in cut], words)
    swapped: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for place in sorted(new):
        number, start, end = cut[place]
        slots = words.slots(texts[number][start:end])
        swapped[number] += [
            (start + first, start + last)
            for first, last in sorted(draw.sample(slots, min(_SWAPPED, len(slots))))
        ]
    parts = [_parts(text, swapped[number], words) for number, text in enumerate(texts)]
    remaining = iter(parts)
    return [[next(remaining) for _ in row["turns"]] for row in rows]


def _new(sentences: Sequence[str], words: Words) -> set[int]:
    """Choose the places where a copy says something new: as many as in the original."""
    seen: set[str] = set()
    chosen: set[int] = set()
    later: list[int] = []
    for place, sentence in enumerate(sentences):
        can_be = len(words.slots(sentence)) >= _SWAPPED
        if can_be and sentence in seen:
            later.append(place)
        elif can_be:
            chosen.add(place)
        seen.add(sentence)
    # "Yes." cannot be said in a thousand new ways: short sentences that can take its place.
    later.sort(key=lambda place: len(sentences[place]))
    return chosen | set(later[: len(seen) - len(chosen)])


def _parts(text: str, swapped: Sequence[tuple[int, int]], words: Words) -> list[Part]:
    parts: list[Part] = []
    end = 0
    for first, last in swapped:
        parts += [text[end:first], words.others(text[first:last])]
        end = last
    return [*parts, text[end:]]

"""The sentences that a static encoder learns from, and what its teacher makes of them."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sentences import DATA, normalised

from qa_nlp.encoding import Encoder
from qa_nlp.text.sentences import sentence_spans
from training.examples import Example, language_of
from training.loop import MOST_SENTENCES
from training.static_denials import denied_sentences

CHUNK = 10_000
LONGEST_PIECE = 8
PLAIN_TIMES = 4
"""How often a sentence without a text counts among the others."""
PEOPLE = frozenset({"star"})
"""Sources whose groups are people; the group of a text is the text itself everywhere else."""


@dataclass(frozen=True)
class Cut:
    """An example cut into sentences: their places in `Corpus.sentences`, their share of it."""

    example: Example
    sentences: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Corpus:
    """Distinct sentences, the texts that they make up, and more sentences without a text."""

    sentences: tuple[str, ...]
    train: tuple[Cut, ...]
    development: tuple[Cut, ...]
    pieces: tuple[int, ...]
    tests: frozenset[str] = frozenset()

    def with_pieces(self, texts: Sequence[str]) -> Corpus:
        """Add sentences without a text, but for texts of the test part."""
        known = {text: place for place, text in enumerate(self.sentences)}
        fit = (text for text in texts if normalised(text) not in self.tests)
        places = tuple(known.setdefault(text, len(known)) for text in fit)
        return replace(self, sentences=tuple(known), pieces=(*self.pieces, *places))


def gather(
    examples: Sequence[Example],
    *,
    pieces: int,
    denied: int,
    seed: int,
    plain: Mapping[str, Sequence[str]] | None = None,
) -> Corpus:
    """Cut the texts of the training part as the library does.

    A sentence that is by itself a text of the test part is left out wherever it stands.

    Parameters
    ----------
    examples : sequence of Example
        Of all sources and parts.
    pieces : int
        How many stretches of two to eight words to cut out of the sentences that train, as many in
        each language.
    denied : int
        How many short sentences to deny, or to affirm where they deny, as many in each language.
    seed : int
        Of their choice.
    plain : mapping of str to sequence of str, optional
        Sentences of no text by their language, which train too.
    """
    tests = frozenset(
        example.group
        for example in examples
        if example.part == "test" and example.source not in PEOPLE
    )
    known: dict[str, int] = {}
    parts: dict[str, list[Cut]] = {"train": [], "development": []}
    read: dict[str, dict[int, None]] = {}
    for example in examples:
        if example.part == "test":
            continue
        spans = sentence_spans(example.text)[:MOST_SENTENCES] or ((0, len(example.text)),)
        texts = [" ".join(example.text[start:end].split()) for start, end in spans]
        kept = [(text, len(text)) for text in texts if normalised(text) not in tests]
        if kept:
            total = sum(size for _, size in kept) or 1
            places = tuple(known.setdefault(text, len(known)) for text, _ in kept)
            shares = tuple(size / total for _, size in kept)
            parts[example.part].append(Cut(example, places, shares))
            if example.part == "train":
                read.setdefault(language_of(example.source), {}).update(dict.fromkeys(places))
    names = list(known)
    sentences = {code: [names[place] for place in sorted(found)] for code, found in read.items()}
    more: list[str] = []
    for code, lines in (plain or {}).items():
        sentences.setdefault(code, []).extend(lines)
        more += [*lines] * PLAIN_TIMES
    for code, lines in sentences.items():
        more += _pieces(lines, pieces // len(sentences), seed)
        more += denied_sentences(lines, denied // len(sentences), seed, code)
    train, development = (tuple(parts[part]) for part in ("train", "development"))
    return Corpus(tuple(known), train, development, (), tests).with_pieces(more)


def _pieces(sentences: Sequence[str], count: int, seed: int) -> list[str]:
    """Cut stretches of words out of sentences, so that short texts are learnt too."""
    rng = random.Random(seed)
    long = [words for text in sentences if len(words := text.split()) > 3]
    found = []
    for _ in range(count):
        words = rng.choice(long)
        size = rng.randint(2, min(LONGEST_PIECE, len(words) - 1))
        start = rng.randint(0, len(words) - size)
        found.append(" ".join(words[start : start + size]))
    return list(dict.fromkeys(found))


def swapped(
    sentences: Mapping[str, Sequence[str]], words: Sequence[str], count: int, seed: int
) -> list[str]:
    """Put words of a vocabulary in the place of words of sentences in the same alphabet."""
    rng = random.Random(seed)
    by_alphabet: dict[bool, list[list[str]]] = {True: [], False: []}
    for texts in sentences.values():
        for parts in (text.split() for text in texts):
            if 3 <= len(parts) <= LONGEST_PIECE:
                by_alphabet[_is_cyrillic(" ".join(parts))].append(parts)
    whole = [word for word in words if word.isalpha() and len(word) > 1]
    found = []
    for _ in range(count):
        word = rng.choice(whole)
        parts = [*rng.choice(by_alphabet[_is_cyrillic(word)])]
        parts[rng.randrange(len(parts))] = word
        found.append(" ".join(parts))
    return list(dict.fromkeys(found))


def _is_cyrillic(text: str) -> bool:
    return any("\u0400" <= letter <= "\u04ff" for letter in text)


def plain_sentences(language: str) -> list[str]:
    """Read the sentences of a language that were written for the project and have no labels."""
    return (DATA / f"plain-{language}.txt").read_text(encoding="utf-8").splitlines()


def teacher_rows(
    texts: Sequence[str], teacher: Encoder, path: Path, columns: int
) -> NDArray[np.float32]:
    """Encode texts, keeping every row in a file that the next run takes up.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts.
    teacher : Encoder
        Whose rows are wanted.
    path : pathlib.Path
        Holds hashes and rows of one teacher; written every 10,000 texts.
    columns : int
        Of a row.
    """
    keys = [hashlib.sha256(f"{teacher.fingerprint}\n{text}".encode()).hexdigest() for text in texts]
    known: dict[str, int] = {}
    stored = np.zeros((0, columns), dtype=np.float32)
    if path.is_file():
        with np.load(path) as file:
            known = {str(key): row for row, key in enumerate(file["keys"])}
            stored = file["rows"]
    missing = [place for place, key in enumerate(keys) if key not in known]
    missing.sort(key=lambda place: len(texts[place]))
    started = time.monotonic()
    for first in range(0, len(missing), CHUNK):
        chosen = missing[first : first + CHUNK]
        fresh = teacher.encode([texts[place] for place in chosen])
        known |= {keys[place]: len(stored) + row for row, place in enumerate(chosen)}
        stored = np.concatenate([stored, fresh])
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part.npz")
        np.savez(temporary, keys=np.array(list(known)), rows=stored)
        temporary.replace(path)
        done = first + len(chosen)
        rate = done / (time.monotonic() - started)
        print(f"teacher: {done:,} of {len(missing):,} texts, {rate:.0f}/s", flush=True)
    return np.asarray(stored[[known[key] for key in keys]])

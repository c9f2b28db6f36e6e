"""The sentences that a static encoder learns from, and what its teacher makes of them."""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sentences import normalised

from qa_nlp.encoding import Encoder
from qa_nlp.text.sentences import sentence_spans
from training.examples import Example
from training.loop import MOST_SENTENCES

CHUNK = 10_000
LONGEST_PIECE = 8
LONGEST_DENIED = 16
DENIAL = re.compile(r"(?<=\w)(n't\b| (?:not|never|hardly|no longer)\b)", re.IGNORECASE)
VERB = re.compile(
    r"(?P<subject>\b(?:I|we|you|they)) (?P<verb>like|love|trust|enjoy|feel|think|want|need|believe|"
    r"understand|recommend|appreciate|care|see|know|hate)\b"
    r"|(?P<auxiliary>(?:\b(?:is|are|was|were|am|has|have|had|will|would|could|can|should|did|does|been)"
    r"|(?<=\w)'(?:m|re|s|ve|ll)))\b",
    re.IGNORECASE,
)
SHORT_DENIALS = {
    **{verb: f"{verb}n't" for verb in ("is", "are", "was", "were", "has", "have", "had")},
    **{verb: f"{verb}n't" for verb in ("would", "could", "should", "did", "does")},
    "can": "can't",
    "will": "won't",
}
AFTER_SUBJECT = ("do not", "don't", "never")
AFTER_VERB = ("not", "not", "not", "never", "hardly", "no longer")
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


def gather(examples: Sequence[Example], *, pieces: int, denied: int, seed: int) -> Corpus:
    """Cut the texts of the training part as the library does.

    A sentence that is by itself a text of the test part is left out wherever it stands.

    Parameters
    ----------
    examples : sequence of Example
        Of all sources and parts.
    pieces : int
        How many stretches of two to eight words to cut out of the sentences that train.
    denied : int
        How many short sentences to deny, or to affirm where they deny.
    seed : int
        Of their choice.
    """
    tests = {
        example.group
        for example in examples
        if example.part == "test" and example.source not in PEOPLE
    }
    known: dict[str, int] = {}
    parts: dict[str, list[Cut]] = {"train": [], "development": []}
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
    names = list(known)
    trained = sorted({place for cut in parts["train"] for place in cut.sentences})
    read = [names[place] for place in trained]
    more = [*_pieces(read, pieces, seed), *_denied(read, denied, seed)]
    more = [text for text in more if normalised(text) not in tests]
    places = tuple(known.setdefault(text, len(known)) for text in more)
    return Corpus(tuple(known), tuple(parts["train"]), tuple(parts["development"]), places)


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


def _denied(sentences: Sequence[str], count: int, seed: int) -> list[str]:
    """Turn sentences into what they deny, so that a word is learnt beside its denial too."""
    rng = random.Random(seed)
    short = [text for text in sentences if len(text.split()) <= LONGEST_DENIED]
    found = [told for text in rng.sample(short, len(short)) for told in _turned(text, rng)]
    return list(dict.fromkeys(found))[:count]


def _turned(text: str, rng: random.Random) -> list[str]:
    """Take a sentence's denials out; where it has none, deny at one of its verbs."""
    affirmed, denials = DENIAL.subn("", text)
    if denials:
        return [affirmed]
    places = list(VERB.finditer(text))
    if not places:
        return []
    at = rng.choice(places)
    verb = at["verb"] or at["auxiliary"]
    if at["subject"]:
        told = f"{at['subject']} {rng.choice(AFTER_SUBJECT)} {verb}"
    elif verb.lower() in SHORT_DENIALS and rng.random() < 0.5:
        told = SHORT_DENIALS[verb.lower()]
        told = told.capitalize() if verb[0].isupper() else told
    else:
        told = f"{verb} {rng.choice(AFTER_VERB)}"
    return [text[: at.start()] + told + text[at.end() :]]


def vocabulary_texts(vocabulary: Mapping[str, int]) -> list[str]:
    """Write every token of a WordPiece vocabulary as a text, in the order of their numbers."""
    return [re.sub("^##", "", token) for token in sorted(vocabulary, key=vocabulary.__getitem__)]


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

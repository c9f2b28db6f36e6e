"""The tokens of a static encoder: a published vocabulary, or the part of one that is met."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from qa_nlp.encoding.unigram import SPECIAL, PieceReader, folded, piece_tensors
from qa_nlp.encoding.wordpieces import TokenReader, tokenizer_of

SPACE = "▁"
MEANT = re.compile(
    f"{SPACE}?[a-z']+|{SPACE}?[\u0430-\u044f-]+|{SPACE}?[0-9]+|{SPACE}?[\u2600-\u27bf\U0001f300-\U0001faff]"
)
"""Pieces of folded Romanian, Russian, Portuguese and English, numbers and emoji."""
RAREST = -20.0
"""Score of a letter that the published vocabulary has in no such form."""


@dataclass(frozen=True)
class Vocabulary:
    """How texts are read, a text for each token, and what of it the artefact holds."""

    reader: TokenReader | PieceReader
    words: tuple[str, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def published_vocabulary() -> Vocabulary:
    """Give the whole WordPiece vocabulary of all-MiniLM-L6-v2."""
    path, sha256 = tokenizer_of()
    reader = TokenReader(path)
    tokens = sorted(reader.vocabulary, key=reader.vocabulary.__getitem__)
    words = tuple(re.sub("^##", "", token) for token in tokens)
    return Vocabulary(reader, words, {"tokenizer_sha256": sha256})


def met_vocabulary(pieces: Mapping[str, float], texts: Sequence[str], size: int) -> Vocabulary:
    """Keep the letters, what texts are made of, and the likeliest others.

    Parameters
    ----------
    pieces : mapping of str to float
        A published unigram vocabulary with its logarithms of probabilities, see `unigram_pieces`.
    texts : sequence of str
        What is learnt from.
    size : int
        Tokens to keep.
    """
    scores, spelling = _folded_pieces(pieces)
    special = [(name, 0.0) for name in SPECIAL]
    whole = PieceReader([*special, *scores.items()])
    names = list(whole.vocabulary)
    counts = Counter(names[number] for row in whole.ids(texts) for number in row)
    letters = {letter for text in texts for letter in folded(text) if letter.isprintable()}
    letters = {SPACE if letter == " " else letter for letter in letters}
    kept = dict.fromkeys(sorted(letters))
    met = sorted(counts.keys() - set(SPECIAL), key=lambda piece: (-counts[piece], piece))
    more = sorted(filter(MEANT.fullmatch, scores), key=lambda piece: (-scores[piece], piece))
    kept |= dict.fromkeys([*met, *more])
    chosen = list(kept)[: size - len(special)]
    own = [*special, *((piece, scores.get(piece, RAREST)) for piece in chosen)]
    print(f"{len(met):,} pieces are met, {len(own):,} are kept", flush=True)
    words = [spelling.get(piece, piece).replace(SPACE, " ").strip() for piece in chosen]
    return Vocabulary(PieceReader(own), (*[""] * len(special), *words), {}, piece_tensors(own))


def unigram_pieces(tokenizer: Any) -> dict[str, float]:
    """Give the pieces of a unigram tokenizer that stand for text, with their scores."""
    stated = json.loads(tokenizer.to_str())
    special = {token["content"] for token in stated["added_tokens"]}
    return {piece: score for piece, score in stated["model"]["vocab"] if piece not in special}


def _folded_pieces(pieces: Mapping[str, float]) -> tuple[dict[str, float], dict[str, str]]:
    """Make pieces one that are alike once folded: the sum of their chances, the likeliest form."""
    likeliest = sorted(pieces.items(), key=lambda pair: (-pair[1], pair[0]))
    scores: dict[str, float] = {}
    spelling: dict[str, str] = {}
    for piece, score in likeliest:
        plain = folded(piece)
        if not plain or "\n" in plain:
            continue
        spelling.setdefault(plain, piece)
        first = scores.get(plain)
        scores[plain] = score if first is None else first + math.log1p(math.exp(score - first))
    return scores, spelling

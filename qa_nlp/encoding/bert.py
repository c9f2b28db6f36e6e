"""A small BERT as a sentence encoder: what the English and the multilingual one share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.encoder import Vectors, unit_rows
from qa_nlp.text.emoji import emoji_in_words

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor
    from transformers import BertModel

__all__ = ["LONGEST", "BertParts", "TorchBert", "bert_fingerprint", "token_ids"]

_LENGTHS: Final = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
_TOKENS: Final = 512
_FORMAT: Final = 2

LONGEST: Final = _LENGTHS[-1]
"""Tokens of a text that are read."""


@dataclass(frozen=True, slots=True)
class BertParts:
    """A model and what must be known to encode texts with it.

    The tokenizer is set to cut texts at 256 tokens and to add no padding.

    Attributes
    ----------
    model : transformers.BertModel
        Without its pooling layer.
    tokenizer : tokenizers.Tokenizer
        Adds the special tokens itself.
    pad_id : int
        Token that fills up short texts; nothing attends to it.
    fill_id : int
        First token of a filling row, since attention needs a token.
    prefix : str
        Written before every text.
    weights_sha256 : str
        Hash of the weights, in hexadecimal digits.
    name : str
        Short name for people.
    languages : frozenset of str or None
        Language codes it reads; None = any.
    terms : str
        Licence of the weights.
    knows_emoji : bool
        Whether emoji are in the vocabulary; else their names are read.
    """

    model: BertModel
    tokenizer: Tokenizer
    pad_id: int
    fill_id: int
    prefix: str
    weights_sha256: str
    name: str
    languages: frozenset[str] | None
    terms: str
    knows_emoji: bool = False

    def __post_init__(self) -> None:
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)


class TorchBert:
    """A BERT in torch, mean pooled.

    A text's vector depends on nothing but the text: texts are put into buckets of fixed length,
    every forward pass of a bucket has the same number of rows (filled up where texts run out), and
    vectors are rounded. Texts longer than 256 tokens are cut there; `sentence_spans` keeps
    ordinary sentences far shorter than that. Safe to use from several threads.

    Parameters
    ----------
    parts : BertParts
        The model, whose dropout is switched off, and what goes with it.
    family : str, optional
        First part of the fingerprint; default: the name.

    Attributes
    ----------
    model : transformers.BertModel
        The model itself.
    tokenizer : tokenizers.Tokenizer
        Its tokenizer.
    pad_id, fill_id : int
        The tokens that fill up a short text and an empty row.
    prefix : str
        Written before every text.
    knows_emoji : bool
        Whether emoji are in the vocabulary; else their names are read.
    """

    tier = "torch"

    def __init__(self, parts: BertParts, family: str | None = None) -> None:
        self.model = parts.model
        self.tokenizer = parts.tokenizer
        self.pad_id = parts.pad_id
        self.fill_id = parts.fill_id
        self.prefix = parts.prefix
        self.knows_emoji = parts.knows_emoji
        self.name = parts.name
        self.languages = parts.languages
        self.terms = parts.terms
        self.width = int(parts.model.config.hidden_size)
        self.fingerprint = bert_fingerprint(family or parts.name, parts.weights_sha256)
        self.model.train(False)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts.

        Parameters
        ----------
        texts : sequence of str
            Any texts; an empty text has a vector too.

        Returns
        -------
        ndarray of float32, shape (texts, width)
            Unit vectors, rounded to 5 decimals.
        """
        return unit_rows(self._states(texts, self.width))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenise texts as `encode` does.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        list of list of int
            Special tokens included, at most 256 a text.
        """
        return token_ids(self.tokenizer, self.prefix, texts, knows_emoji=self.knows_emoji)

    def _states(self, texts: Sequence[str], columns: int) -> NDArray[np.float32]:
        """Give what `_pool` makes of each text, shape (texts, columns)."""
        pooled = np.zeros((len(texts), columns), dtype=np.float32)
        tokens = self.token_ids(texts)
        for rows, batch in self._micro_batches(tokens):
            pooled[rows] = self._forward(batch)[: len(rows)]
        return pooled

    def _forward(self, batch: NDArray[np.int64]) -> NDArray[np.float32]:
        import torch

        ids = torch.from_numpy(batch)
        mask = (ids != self.pad_id).long()
        with torch.inference_mode():
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            pooled: NDArray[np.float32] = self._pool(states, mask).numpy()
        return pooled

    def _pool(self, states: Tensor, mask: Tensor) -> Tensor:
        """Give the mean over the tokens of each row."""
        weights = mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)

    def _micro_batches(
        self, tokens: list[list[int]]
    ) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """Group token lists by length and fill each group up to its fixed number of rows."""
        buckets: dict[int, list[int]] = {}
        for position, ids in enumerate(tokens):
            length = next(limit for limit in _LENGTHS if len(ids) <= limit)
            buckets.setdefault(length, []).append(position)
        for length, positions in buckets.items():
            rows = _TOKENS // length
            for first in range(0, len(positions), rows):
                chosen = positions[first : first + rows]
                batch = np.full((rows, length), self.pad_id, dtype=np.int64)
                batch[len(chosen) :, 0] = self.fill_id
                for row, position in enumerate(chosen):
                    batch[row, : len(tokens[position])] = tokens[position]
                yield chosen, batch


def bert_fingerprint(family: str, weights_sha256: str) -> str:
    """Give the fingerprint of a BERT in torch.

    Parameters
    ----------
    family : str
        Its first part.
    weights_sha256 : str
        Hash of the weights, in hexadecimal digits.

    Returns
    -------
    str
        Of everything that determines a vector.
    """
    return f"{family}:{weights_sha256[:16]}:torch:{_FORMAT}"


def token_ids(
    tokenizer: Tokenizer, prefix: str, texts: Sequence[str], *, knows_emoji: bool
) -> list[list[int]]:
    """Tokenise texts.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        Adds the special tokens, cuts at `LONGEST` and does not pad.
    prefix : str
        Written before every text.
    texts : sequence of str
        Any texts.
    knows_emoji : bool
        Whether emoji are in the vocabulary; else their names are read.

    Returns
    -------
    list of list of int
        Special tokens included.
    """
    read = texts if knows_emoji else map(emoji_in_words, texts)
    # the fast one leaves out where in the text each token stands
    encodings = tokenizer.encode_batch_fast([prefix + text for text in read])
    return [encoding.ids for encoding in encodings]

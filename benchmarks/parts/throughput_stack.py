"""The stack that people build: a model for each question, and every line of a chat to each of them.

Speed does not depend on what weights hold, so the two classifiers have random ones; their layers
are those of DistilBERT (Sanh et al. 2019) and RoBERTa-base (Liu et al. 2019). The sentence encoder
is all-MiniLM-L6-v2 itself. All three read the word pieces of MiniLM: RoBERTa's own tokens are about
as many. Nothing is read from files, split, graded or written here, unlike in what it is compared
with.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.throughput_words import WEIGHTS

__all__ = ["BATCH", "TOKENS", "UsualStack", "spread_chunks"]

TOKENS: Final = 128
"""Where texts are cut."""

BATCH: Final = 32

_PHRASES: Final = (
    "Good morning, how can I help you?",
    "Is there anything else I can do for you?",
    "I am sorry for the trouble.",
    "Thank you for your patience.",
)


class UsualStack:
    """Sentiment by a DistilBERT, empathy by a RoBERTa-base, similarity by MiniLM.

    Parameters
    ----------
    threads : int, default 2
        Of torch, while the stack runs.
    """

    def __init__(self, threads: int = 2) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self._threads = threads
        with torch.random.fork_rng(devices=[]):
            self._classifiers = [_pipeline(_distilbert()), _pipeline(_roberta())]
        self._encoder = SentenceTransformer(str(WEIGHTS), device="cpu", local_files_only=True)
        self._encoder.max_seq_length = TOKENS
        self._phrases = np.asarray(self._encoder.encode(list(_PHRASES), show_progress_bar=False))

    def seconds(self, texts: Sequence[str], batch: int) -> float:
        """Time the whole stack.

        Parameters
        ----------
        texts : sequence of str
            What is read.
        batch : int
            Texts a call; 1: a call for each.

        Returns
        -------
        float
            Seconds for all texts, after a call of the same size that does not count.
        """
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                self._answer(texts[:batch], batch)
                started = time.perf_counter()
                for first in range(0, len(texts), batch):
                    self._answer(texts[first : first + batch], batch)
                return time.perf_counter() - started
        finally:
            torch.set_num_threads(before)

    def _answer(self, texts: Sequence[str], batch: int) -> list[Any]:
        told: list[Any] = [
            classify(list(texts), truncation=True, max_length=TOKENS, batch_size=batch)
            for classify in self._classifiers
        ]
        vectors: NDArray[np.float32] = np.asarray(
            self._encoder.encode(list(texts), batch_size=batch, show_progress_bar=False)
        )
        return [*told, vectors @ self._phrases.T]


def spread_chunks(texts: Sequence[str], chunks: int, size: int, seed: int = 0) -> list[list[str]]:
    """Draw samples that are alike: each spread evenly over all texts in the order of their length.

    Parameters
    ----------
    texts : sequence of str
        Where to draw from; one that comes often is drawn often.
    chunks, size : int
        How many samples, and of how many texts.
    seed : int, default 0
        Of the draw.

    Returns
    -------
    list of list of str
        Each in random order.

    Raises
    ------
    ValueError
        When there are too few texts.
    """
    if chunks * size > len(texts):
        raise ValueError(f"{chunks} samples of {size} need more than {len(texts)} texts")
    draw = random.Random(seed)
    by_length = sorted(texts, key=len)
    bounds = np.linspace(0, len(by_length), size + 1).astype(int)
    found: list[list[str]] = [[] for _ in range(chunks)]
    for first, last in itertools.pairwise(bounds.tolist()):
        for chunk, place in zip(found, draw.sample(range(first, last), chunks), strict=True):
            chunk.append(by_length[place])
    for chunk in found:
        draw.shuffle(chunk)
    return found


def _distilbert() -> Any:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    return DistilBertForSequenceClassification(DistilBertConfig())


def _roberta() -> Any:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    config = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1)
    return RobertaForSequenceClassification(config)


def _pipeline(model: Any) -> Any:
    from transformers import PreTrainedTokenizerFast, pipeline

    load: Any = PreTrainedTokenizerFast
    tokenizer = load(
        tokenizer_file=str(WEIGHTS / "tokenizer.json"),
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
    )
    model.train(False)
    return pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")

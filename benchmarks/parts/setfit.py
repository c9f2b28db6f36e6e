"""SetFit: an encoder tuned on pairs of labelled texts, then a logistic regression on its vectors.

A small own version of Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts". Each
labelled text is paired, several times over, with one of its class and with one of the other; the
cosine of a pair is drawn towards 1 or 0 by squared error, for one pass over the pairs, with the
settings of the paper but for the number of pairs, which is smaller so that it takes minutes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.parts.texts import Array
from qa_nlp.encoding.minilm import MiniLM

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["THRESHOLD", "draw_pairs", "probabilities"]

THRESHOLD: Final = 0.5
MOST_PAIRS: Final = 320
REPEATS: Final = 20
"""Pairs of each kind that a text is the first of, as long as `MOST_PAIRS` allows."""
BATCH: Final = 16
LEARNING_RATE: Final = 2e-5
WARM_UP: Final = 0.1
"""Share of the steps over which the rate rises; it falls to 0 over the others."""

Pair = tuple[int, int, float]


def probabilities(
    texts: Sequence[str], labels: Sequence[bool], unknown: Sequence[str], *, seed: int
) -> Array:
    """Learn from labelled texts, starting from all-MiniLM-L6-v2, and judge others.

    Parameters
    ----------
    texts : sequence of str
        Labelled texts, shape (n,).
    labels : sequence of bool
        Which are hits; there are hits and misses.
    unknown : sequence of str
        What to judge, shape (m,).
    seed : int
        Of the pairs, their order and dropout.

    Returns
    -------
    ndarray of float64, shape (m,)
        Probability of a hit.
    """
    from sklearn.linear_model import LogisticRegression

    encoder = _tuned(texts, draw_pairs(labels, seed), seed)
    head = LogisticRegression().fit(encoder.encode(texts), np.array(labels, dtype=np.int64))
    found: Array = head.predict_proba(encoder.encode(unknown))[:, 1]
    return found


def draw_pairs(labels: Sequence[bool], seed: int) -> list[Pair]:
    """Pair each text with texts of its class and of the other, in random order.

    Parameters
    ----------
    labels : sequence of bool
        Of each text; there are hits and misses.
    seed : int
        Of the random numbers.

    Returns
    -------
    list of (int, int, float)
        Two positions and the cosine wanted, 1.0 or 0.0; as many of either.
    """
    random = np.random.default_rng(seed)
    known = np.array(labels, dtype=bool)
    pairs: list[Pair] = []
    for _ in range(min(REPEATS, MOST_PAIRS // (2 * len(known)))):
        for row, label in enumerate(known):
            same = np.flatnonzero((known == label) & (np.arange(len(known)) != row))
            other = np.flatnonzero(known != label)
            pairs.append((row, int(random.choice(same if len(same) else [row])), 1.0))
            pairs.append((row, int(random.choice(other)), 0.0))
    return [pairs[place] for place in random.permutation(len(pairs))]


@functools.cache
def _fresh() -> tuple[MiniLM, dict[str, Tensor]]:
    encoder = MiniLM()
    return encoder, {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}


def _tuned(texts: Sequence[str], pairs: Sequence[Pair], seed: int) -> MiniLM:
    import torch

    encoder, start = _fresh()
    encoder.model.load_state_dict(start)
    torch.manual_seed(seed)
    tokens = encoder.token_ids(texts)
    optimizer = torch.optim.AdamW(encoder.model.parameters(), lr=LEARNING_RATE)
    steps = -(-len(pairs) // BATCH)
    rises = max(1, round(WARM_UP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / rises, (steps - step) / max(1, steps - rises))
    )
    encoder.model.train()
    for first in range(0, len(pairs), BATCH):
        left, right, wanted = zip(*pairs[first : first + BATCH], strict=True)
        vectors = _vectors(encoder, [tokens[row] for row in (*left, *right)])
        cosine = torch.cosine_similarity(vectors[: len(left)], vectors[len(left) :])
        loss = torch.nn.functional.mse_loss(cosine, torch.tensor(wanted))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    encoder.model.train(False)
    return encoder


def _vectors(encoder: MiniLM, tokens: Sequence[Sequence[int]]) -> Tensor:
    """Give the mean over the tokens of each text."""
    import torch

    width = max(map(len, tokens))
    ids = torch.tensor([[*row, *[encoder.pad_id] * (width - len(row))] for row in tokens])
    mask = (ids != encoder.pad_id).long()
    states = encoder.model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    pooled: Tensor = (states * weights).sum(1) / weights.sum(1)
    return pooled

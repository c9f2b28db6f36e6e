"""Fit the heads of two tasks to the end, on the vectors of the trained network.

The shared training stops long before the head of a task with many classes and few passes has
converged. Once the encoder stands still a linear head is a convex problem, and the strength of its
penalty was chosen on the development fold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from training.development import answers, passes
from training.loop import Item
from training.network import Network

ACT_INVERSE_PENALTY = 0.01
POLITENESS_PENALTY = 1000.0
OWN_POLITENESS_WEIGHT = 0.2

Array = NDArray[np.float64]


def refit_heads(network: Network, items: Sequence[Item], pad: int) -> None:
    """Fit the heads of acts and of politeness anew; changes the network in place.

    Politeness learns from public scores and, at a fifth of their weight, from our own, put on the
    public scale by the line between the two that the trained head shows.
    """
    with threadpool_limits(1):
        _refit_acts(network, [item for item in items if "act" in item.example.targets], pad)
        _refit_politeness(network, items, pad)


def _refit_acts(network: Network, items: Sequence[Item], pad: int) -> None:
    inputs = _inputs(network, items, pad)
    labels = [item.example.targets["act"] for item in items]
    model = LogisticRegression(C=ACT_INVERSE_PENALTY, max_iter=500).fit(inputs, labels)
    _set(network, "act", model.coef_, model.intercept_, [int(label) for label in model.classes_])


def _refit_politeness(network: Network, items: Sequence[Item], pad: int) -> None:
    own = [item for item in items if "own_politeness" in item.example.targets]
    found = answers(network, own, pad).logits["politeness"][:, 0]
    slope, shift = np.polyfit(found, [i.example.targets["own_politeness"] for i in own], 1)
    rows = [
        (item, item.example.targets["politeness"], 1.0)
        for item in items
        if "politeness" in item.example.targets
    ]
    rows += [
        (item, (item.example.targets["own_politeness"] - shift) / slope, OWN_POLITENESS_WEIGHT)
        for item in own
    ]
    inputs = _inputs(network, [item for item, _, _ in rows], pad)
    model = Ridge(POLITENESS_PENALTY)
    model.fit(inputs, [score for _, score, _ in rows], [weight for _, _, weight in rows])
    _set(network, "politeness", model.coef_[None], np.array([model.intercept_]), [0])


def _inputs(network: Network, items: Sequence[Item], pad: int) -> Array:
    """Give what a head reads of each text: the mean over its sentences, by their length."""
    found = np.zeros((len(items), next(iter(network.heads.values())).in_features))
    with torch.inference_mode():
        for rows, result in passes(network, items, pad):
            pooled = torch.zeros(len(rows), found.shape[1])
            pooled.index_add_(0, result.owner, result.inputs * result.share.unsqueeze(1))
            found[rows] = pooled.numpy()
    return found


def _set(network: Network, task: str, weight: Array, bias: Array, rows: list[int]) -> None:
    head = network.heads[task]
    with torch.no_grad():
        head.weight[rows] = torch.tensor(weight, dtype=head.weight.dtype)
        head.bias[rows] = torch.tensor(bias, dtype=head.bias.dtype)

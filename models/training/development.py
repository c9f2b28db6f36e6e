"""Figures on the development fold, by which choices are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score

from qa_nlp.signals.tasks import TASKS
from training.loop import Forward, Item, forward, padded
from training.network import Network, pooled_logits

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Logits of every head on a list of texts."""

    items: Sequence[Item]
    logits: Mapping[str, Array]

    def labelled(self, task: str, source: str | None = None) -> tuple[Array, list[object]]:
        """Give logits and labels of the texts that have one."""
        rows = [
            row
            for row, item in enumerate(self.items)
            if task in item.example.targets and source in (None, item.example.source)
        ]
        name = "politeness" if task == "own_politeness" else task
        return self.logits[name][rows], [self.items[row].example.targets[task] for row in rows]


def answers(network: Network, items: Sequence[Item], pad: int) -> Answers:
    """Run the network on texts without training it."""
    logits = {
        task: np.zeros((len(items), head.out_features)) for task, head in network.heads.items()
    }
    with torch.inference_mode():
        for rows, result in passes(network, items, pad):
            for task, head in network.heads.items():
                pooled = pooled_logits(
                    task, head(result.inputs), result.owner, result.share, len(rows)
                )
                logits[task][rows] = pooled.numpy()
    return Answers(items, logits)


def passes(
    network: Network, items: Sequence[Item], pad: int
) -> Iterator[tuple[list[int], Forward]]:
    """Run the network over texts, 64 of similar length at a time, with their positions."""
    order = sorted(range(len(items)), key=lambda row: max(map(len, items[row].tokens)))
    for first in range(0, len(order), 64):
        rows = order[first : first + 64]
        yield rows, forward(network, [items[row] for row in rows], pad)


def best_f1(probabilities: Array, wanted: Array) -> float:
    """Give the highest F1 that a threshold reaches."""
    order = np.argsort(-probabilities)
    hits = np.cumsum(wanted[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + wanted.sum())
    return float(f1.max())


def report(network: Network, items: Sequence[Item], pad: int) -> dict[str, float]:
    """Measure every task on the development fold of each source."""
    found = answers(network, items, pad)
    figures: dict[str, float] = {}
    for source in sorted({item.example.source for item in items}):
        for task in network.heads:
            name = "own_politeness" if task == "politeness" and source != "tydip" else task
            logits, labels = found.labelled(name, source)
            if len(labels):
                for measure, value in head_figures(task, logits, labels).items():
                    figures[f"{source}/{task}/{measure}"] = round(value, 4)
    figures["similarity"] = round(similarity_kept(network, items, pad), 4)
    return figures


def head_figures(task: str, logits: Array, labels: list[object]) -> dict[str, float]:
    """Give the figures of one head that do not depend on thresholds or calibration."""
    if task == "act":
        return {"accuracy": float(np.mean(logits.argmax(1) == np.array(labels)))}
    if task == "sentiment":
        return {"macro_f1": float(f1_score(labels, logits.argmax(1), average="macro"))}
    if TASKS[task].kind == "labels":
        wanted = np.array([[k in label for k in range(logits.shape[1])] for label in labels])
        each = [best_f1(logits[:, k], wanted[:, k]) for k in range(logits.shape[1])]
        return {"best_macro_f1": float(np.mean(each))}
    if TASKS[task].kind == "ordinal":
        levels = (logits > 0).sum(1)
        return {
            "macro_f1": float(f1_score(labels, levels, average="macro")),
            "kappa": float(cohen_kappa_score(labels, levels, weights="quadratic")),
        }
    if np.ptp(np.array(labels, dtype=np.float64)) == 0:
        return {}
    return {"r": float(np.corrcoef(logits[:, 0], labels)[0, 1])}


def similarity_kept(network: Network, items: Sequence[Item], pad: int) -> float:
    """Rank correlation of the cosines of sentence pairs with those of the unadapted encoder."""
    rows = [ids for item in items for ids in item.tokens][:: max(1, len(items) // 600)][:600]
    with torch.inference_mode():
        mean, _ = network.states(*padded(rows, pad))
        with network.bert.disable_adapter():
            before, _ = network.states(*padded(rows, pad))
    cosines = []
    for states in (mean, before):
        units = torch.nn.functional.normalize(states, dim=1).numpy()
        cosines.append((units @ units.T)[np.triu_indices(len(units), 1)])
    return float(spearmanr(*cosines).statistic)

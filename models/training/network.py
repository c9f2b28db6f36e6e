"""The network: a BERT with a low-rank adapter, a sentence vector, features, and a head per task.

Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models"; the pooling of sentences into
a text follows multiple-instance learning, so that a head's answer points at the sentence that gave
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn

from qa_nlp.signals.tasks import TASKS

LINEARS = ["query", "key", "value", "dense"]
VECTOR_SCALE = 20.0
"""Brings the entries of a unit vector (about .05) to the size of the features."""


@dataclass(frozen=True)
class Shape:
    """What makes up the network.

    ``features`` is the width of the nonlinear features beside the sentence vector (0 = none);
    layers below ``first_layer`` keep their weights.
    """

    rank: int = 16
    features: int = 128
    acts: tuple[str, ...] = ()
    first_layer: int = 0

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """Tasks and their classes."""
        known = {task: entry.classes or self.acts for task, entry in TASKS.items()}
        return {task: classes for task, classes in known.items() if classes}

    @property
    def outputs(self) -> dict[str, int]:
        """How many logits each head gives: two for ordered levels, one for a score."""
        special = {"ordinal": 2, "score": 1}
        return {
            task: special.get(TASKS[task].kind, len(classes))
            for task, classes in self.classes.items()
        }


class Network(nn.Module):
    """Sentences in, sentence vectors and the logits of every head out."""

    def __init__(self, bert: nn.Module, shape: Shape) -> None:
        super().__init__()
        width = bert.config.hidden_size
        self.shape = shape
        configuration = LoraConfig(
            r=shape.rank,
            lora_alpha=shape.rank,
            target_modules=LINEARS,
            lora_dropout=0.0,
            layers_to_transform=list(range(shape.first_layer, bert.config.num_hidden_layers)),
            layers_pattern="layer",
        )
        self.bert = get_peft_model(bert, configuration)
        self.features = nn.Linear(2 * width, shape.features) if shape.features else None
        self.heads = nn.ModuleDict(
            {
                task: nn.Linear(width + shape.features, outputs)
                for task, outputs in shape.outputs.items()
            }
        )
        self.own_politeness = nn.Parameter(torch.tensor([1.0, 0.0]))
        self.dropout = nn.Dropout(0.1)

    def states(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Give the mean over the tokens and the first token's state of each sentence."""
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        return mean, hidden[:, 0]

    def head_input(self, mean: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """Give the unit vectors, and what the heads read: these and the features."""
        vectors = nn.functional.normalize(mean, dim=1)
        if self.features is None:
            return vectors, VECTOR_SCALE * vectors
        features = torch.tanh(self.features(torch.cat([mean, first], 1)))
        return vectors, torch.cat([VECTOR_SCALE * vectors, features], 1)

    def trainable(self) -> dict[str, nn.Parameter]:
        """Give the parameters that are trained, by name."""
        return {name: value for name, value in self.named_parameters() if value.requires_grad}


def pooled_logits(task: str, logits: Tensor, owner: Tensor, share: Tensor, texts: int) -> Tensor:
    """Pool the logits of sentences into those of their texts.

    Parameters
    ----------
    task : str
        Tells the pooling: the strongest sentence, or the mean.
    logits : Tensor, shape (sentences, classes)
        Of sentences.
    owner : Tensor of int64, shape (sentences,)
        The text of each.
    share : Tensor, shape (sentences,)
        Weight within the text; sums to 1.
    texts : int
        How many texts.
    """
    if TASKS[task].kind == "ordinal":
        logits = cumulative(logits)
    if TASKS[task].pooling == "strongest":
        lowest = torch.full((texts, logits.shape[1]), -1e4)
        index = owner.unsqueeze(1).expand_as(logits)
        return lowest.scatter_reduce(0, index, logits, "amax", include_self=True)
    pooled = torch.zeros(texts, logits.shape[1])
    return pooled.index_add(0, owner, logits * share.unsqueeze(1))


def cumulative(logits: Tensor) -> Tensor:
    """Turn (at least 1; at least 2 given that) into logits of at least 1 and of at least 2."""
    first, second = logits[:, 0], logits[:, 1]
    log_both = nn.functional.logsigmoid(first) + nn.functional.logsigmoid(second)
    both = log_both.clamp(max=-1e-6)
    return torch.stack([first, both - torch.log(-torch.expm1(both))], 1)


def task_loss(task: str, logits: Tensor, targets: list[Any]) -> Tensor:
    """Give the mean loss of one task over the texts that have its label."""
    kind = TASKS[task].kind
    if kind == "classes":
        return nn.functional.cross_entropy(logits, torch.tensor(targets))
    if kind == "labels":
        wanted = torch.zeros_like(logits)
        for row, classes in enumerate(targets):
            wanted[row, list(classes)] = 1.0
        losses = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        return losses.sum(1).mean()
    if kind == "ordinal":
        level = torch.tensor(targets).unsqueeze(1)
        wanted = (level >= torch.tensor([1, 2])).to(logits.dtype)
        losses = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        return losses.sum(1).mean()
    return nn.functional.mse_loss(logits[:, 0], torch.tensor(targets, dtype=logits.dtype))

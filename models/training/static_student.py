"""A static encoder while it learns: the sums of `qa_nlp.encoding.static` and two small layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from qa_nlp.encoding.static import pair_buckets
from qa_nlp.signals.heads import Head
from qa_nlp.signals.tasks import TASKS
from training.network import VECTOR_SCALE, pooled_logits, task_loss
from training.static_texts import Cut


@dataclass(frozen=True)
class StaticPlan:
    """Sizes, how long to train, and how much each loss counts.

    ``rounds`` is how often the teacher's own mixture of sources is read; ``swapped`` how many
    sentences get a word of the vocabulary in the place of one of theirs; ``dropped`` the share of
    tokens and pairs that a step does not see.
    """

    columns: int = 192
    pairs: int = 15_000
    hidden: int = 512
    rounds: int = 10
    batch: int = 512
    pieces: int = 40_000
    denied: int = 30_000
    swapped: int = 0
    rate: float = 2e-3
    dropped: float = 0.1
    vector: float = 8.0
    features: float = 4.0
    soft: float = 0.5
    labels: float = 0.3
    seed: int = 1


@dataclass(frozen=True)
class Tokens:
    """Tokens and pairs of many texts, each list flat with its bounds."""

    tokens: NDArray[np.int64]
    token_bounds: NDArray[np.int64]
    pairs: NDArray[np.int64]
    pair_bounds: NDArray[np.int64]

    @classmethod
    def of(cls, ids: Sequence[Sequence[int]], buckets: int) -> Tokens:
        """Make it from token lists of two tokens or more."""
        lengths = np.array([len(row) for row in ids])
        tokens = np.concatenate([np.array(row, dtype=np.int64) for row in ids])
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        pairs = np.delete(pair_buckets(tokens, buckets), bounds[1:] - 1)
        return cls(tokens, bounds, pairs, np.concatenate([[0], np.cumsum(lengths - 1)]))


class Student(nn.Module):
    """Sentences in, rows of the teacher's form and the logits of every head out."""

    def __init__(
        self, plan: StaticPlan, start: NDArray[np.float32], heads: Mapping[str, Head], width: int
    ) -> None:
        super().__init__()
        self.plan = plan
        self.width = width
        outputs = next(iter(heads.values())).weight.shape[1]
        self.token = nn.EmbeddingBag(len(start), plan.columns, mode="sum")
        self.pair = nn.EmbeddingBag(plan.pairs, plan.columns, mode="sum")
        self.inner = nn.Linear(plan.columns, plan.hidden)
        self.outer = nn.Linear(plan.columns + plan.hidden, outputs)
        self.heads = nn.ModuleDict()
        self.own_politeness = nn.Parameter(torch.tensor([1.0, 0.0]))
        with torch.no_grad():
            self.token.weight.copy_(torch.from_numpy(start))
            self.pair.weight.zero_()
        for task, head in heads.items():
            weight = torch.tensor(head.weight, dtype=torch.float32)
            weight[:, :width] /= VECTOR_SCALE
            self.heads[task] = nn.Linear(outputs, len(weight))
            with torch.no_grad():
                self.heads[task].weight.copy_(weight)
                self.heads[task].bias.copy_(torch.tensor(head.bias, dtype=torch.float32))

    def forward(self, texts: Tokens, chosen: NDArray[np.int64]) -> Tensor:
        """Give the rows of some texts: unit vectors, then features."""
        tokens, token_starts = _taken(texts.tokens, texts.token_bounds, chosen)
        pairs, pair_starts = _taken(texts.pairs, texts.pair_bounds, chosen)
        summed = self._bag(self.token, tokens, token_starts)
        summed = summed + self._bag(self.pair, pairs, pair_starts)
        lengths = np.diff(texts.token_bounds)[chosen]
        summed = summed / torch.from_numpy(np.sqrt(lengths, dtype=np.float32)).unsqueeze(1)
        hidden = torch.relu(self.inner(summed))
        raw = self.outer(torch.cat([summed, hidden], 1))
        vectors = nn.functional.normalize(raw[:, : self.width], dim=1)
        return torch.cat([vectors, torch.tanh(raw[:, self.width :])], 1)

    def _bag(self, bag: nn.EmbeddingBag, ids: Tensor, starts: Tensor) -> Tensor:
        if not self.training:
            return bag(ids, starts)
        kept = (torch.rand(len(ids)) >= self.plan.dropped).float()
        return bag(ids, starts, per_sample_weights=kept)

    def head_input(self, rows: Tensor) -> Tensor:
        """Bring the entries of the vectors to the size of the features."""
        return torch.cat([VECTOR_SCALE * rows[:, : self.width], rows[:, self.width :]], 1)


def _taken(
    flat: NDArray[np.int64], bounds: NDArray[np.int64], chosen: NDArray[np.int64]
) -> tuple[Tensor, Tensor]:
    """Give the entries of some texts, one after the other, and where each begins."""
    lengths = np.diff(bounds)[chosen]
    starts = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) + np.repeat(bounds[chosen] - starts, lengths)
    return torch.from_numpy(flat[places]), torch.from_numpy(starts)


def start_values(rows: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """Give the first principal components of the teacher's vectors of the vocabulary.

    Tulkens & van Dongen 2024, "Model2Vec".
    """
    centred = (rows - rows.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    found = centred @ axes[:, ::-1][:, :columns]
    return np.asarray(0.3 * found / np.sqrt((found**2).mean()), dtype=np.float32)


def row_loss(student: Student, rows: Tensor, taught: Tensor) -> Tensor:
    """Keep rows near the teacher's: cosine of the vectors, squared distance of the features."""
    width, plan = student.width, student.plan
    near = 1.0 - (rows[:, :width] * taught[:, :width]).sum(1)
    away = ((rows[:, width:] - taught[:, width:]) ** 2).mean(1)
    return (plan.vector * near + plan.features * away).mean()


def soft_loss(student: Student, rows: Tensor, taught: Tensor, heads: Mapping[str, Head]) -> Tensor:
    """Keep what each head says of a sentence near what the teacher's says (Hinton et al. 2015)."""
    total = torch.zeros(())
    inputs = student.head_input(rows)
    for task, head in heads.items():
        weight = torch.tensor(head.weight, dtype=torch.float32)
        wanted = taught @ weight.T + torch.tensor(head.bias, dtype=torch.float32)
        found = student.heads[task](inputs)
        if head.kind == "classes":
            shares = torch.log_softmax(wanted, 1)
            loss = nn.functional.kl_div(
                torch.log_softmax(found, 1), shares, log_target=True, reduction="batchmean"
            )
        elif head.kind == "score":
            loss = nn.functional.mse_loss(found, wanted)
        else:
            loss = nn.functional.binary_cross_entropy_with_logits(
                found, torch.sigmoid(wanted), reduction="none"
            )
            loss = loss.sum(1).mean()
        total = total + loss
    return total


def label_loss(student: Student, rows: Tensor, batch: Sequence[Cut]) -> Tensor:
    """Add up the losses of every task that a batch of texts has labels for."""
    owner = torch.tensor([number for number, cut in enumerate(batch) for _ in cut.sentences])
    share = torch.tensor([part for cut in batch for part in cut.shares])
    inputs = student.head_input(rows)
    total = torch.zeros(())
    for name in sorted({name for cut in batch for name in cut.example.targets}):
        task = "politeness" if name == "own_politeness" else name
        if task not in TASKS:
            continue
        pooled = pooled_logits(task, student.heads[task](inputs), owner, share, len(batch))
        labelled = [row for row, cut in enumerate(batch) if name in cut.example.targets]
        chosen = pooled[labelled]
        if name == "own_politeness":
            chosen = student.own_politeness[0] * chosen + student.own_politeness[1]
        loss = task_loss(task, chosen, [batch[row].example.targets[name] for row in labelled])
        # a handful of labels says less than a batch full of them
        total = total + min(1.0, len(labelled) / 32) * loss
    return total

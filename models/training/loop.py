"""The training loop: batches of one source, several losses, checkpoints, progress."""

from __future__ import annotations

import hashlib
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from qa_nlp.encoding.bert import TorchBert
from qa_nlp.signals.tasks import MECHANISMS
from qa_nlp.text.sentences import sentence_spans
from training.examples import Example
from training.network import Network, pooled_logits, task_loss

TOKENS = 1500
LONGEST = 128
MOST_SENTENCES = 12
EVERY = 100
SIMILARITY_SHARE = 3


@dataclass(frozen=True)
class Plan:
    """How to train: how often each source is read, and how much each loss counts.

    ``threads`` is fixed, since sums in another order give other weights.
    """

    repeats: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=dict)
    similarity: float = 10.0
    rationales: float = 0.3
    rate: float = 1e-3
    head_rate: float = 2e-3
    seed: int = 1
    threads: int = 2


@dataclass(frozen=True)
class Item:
    """An example cut into tokenised sentences."""

    example: Example
    tokens: tuple[tuple[int, ...], ...]
    lengths: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """Tokens of all its sentences."""
        return sum(map(len, self.tokens))


def tokenised(examples: Sequence[Example], base: TorchBert) -> list[Item]:
    """Cut texts into sentences as the library does, and tokenise these."""
    items = []
    for example in examples:
        spans = sentence_spans(example.text)[:MOST_SENTENCES] or ((0, len(example.text)),)
        texts = [example.text[start:end] for start, end in spans]
        tokens = [tuple(ids[:LONGEST]) for ids in base.token_ids(texts)]
        lengths = tuple(end - start for start, end in spans)
        items.append(Item(example, tuple(tokens), lengths, tuple(spans)))
    return items


def schedule(items: Mapping[str, list[Item]], plan: Plan) -> list[list[Item]]:
    """Arrange the batches of the whole training; the same for the same plan."""
    rng = random.Random(plan.seed)
    batches: list[list[Item]] = []
    for source in sorted(items):
        whole, part = divmod(plan.repeats.get(source, 0.0), 1.0)
        for number in range(int(whole) + (part > 0)):
            chosen = list(items[source])
            rng.shuffle(chosen)
            if number == int(whole):
                chosen = chosen[: round(part * len(chosen))]
            batches += _batches(chosen)
    rng.shuffle(batches)
    return batches


def _batches(items: list[Item]) -> list[list[Item]]:
    """Fill batches with texts of similar length."""
    batches = []
    for first in range(0, len(items), 1000):
        window = sorted(items[first : first + 1000], key=lambda item: max(map(len, item.tokens)))
        batch: list[Item] = []
        for item in window:
            if batch and sum(other.size for other in batch) + item.size > TOKENS:
                batches.append(batch)
                batch = []
            batch.append(item)
        if batch:
            batches.append(batch)
    return batches


@dataclass(frozen=True)
class Forward:
    """What the network says of a batch of texts, sentence by sentence."""

    vectors: Tensor
    inputs: Tensor
    owner: Tensor
    share: Tensor


def forward(network: Network, batch: Sequence[Item], pad: int) -> Forward:
    """Run the network on the sentences of a batch, in chunks of similar length."""
    rows = [(ids, number) for number, item in enumerate(batch) for ids in item.tokens]
    order = sorted(range(len(rows)), key=lambda row: len(rows[row][0]))
    half = len(order) // 2 if len(order) >= 16 else 0
    means, firsts = [], []
    for chosen in (order[:half], order[half:]):
        if chosen:
            mean, first = network.states(*padded([rows[row][0] for row in chosen], pad))
            means.append(mean)
            firsts.append(first)
    back = torch.argsort(torch.tensor(order))
    vectors, inputs = network.head_input(torch.cat(means)[back], torch.cat(firsts)[back])
    shares = [length / sum(item.lengths) for item in batch for length in item.lengths]
    return Forward(
        vectors, inputs, torch.tensor([number for _, number in rows]), torch.tensor(shares)
    )


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Fill token lists up to the same length."""
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), pad)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
    return ids, (ids != pad).long()


def batch_loss(network: Network, batch: Sequence[Item], plan: Plan, pad: int) -> Tensor:
    """Sum the losses of every task that a batch has labels for."""
    result = forward(network, batch, pad)
    inputs = network.dropout(result.inputs)
    total = torch.zeros(())
    names = {name for item in batch for name in item.example.targets}
    for name in sorted(names):
        task = "politeness" if name == "own_politeness" else name
        if task not in network.heads:
            continue
        logits = network.heads[task](inputs)
        pooled = pooled_logits(task, logits, result.owner, result.share, len(batch))
        rows = [row for row, item in enumerate(batch) if name in item.example.targets]
        chosen = pooled[rows]
        if name == "own_politeness":
            chosen = network.own_politeness[0] * chosen + network.own_politeness[1]
        loss = task_loss(task, chosen, [batch[row].example.targets[name] for row in rows])
        total = total + plan.weights.get(name, 1.0) * loss
        if task in MECHANISMS and plan.rationales:
            total = total + plan.rationales * rationale_loss(task, logits[:, 0], batch)
    if plan.similarity:
        total = total + plan.similarity * similarity_loss(network, result, batch, pad)
    return total


def rationale_loss(mechanism: str, logits: Tensor, batch: Sequence[Item]) -> Tensor:
    """Teach a head which sentences of a text carry a mechanism."""
    wanted, known = [], []
    for item in batch:
        stretches = item.example.rationales.get(mechanism, ())
        places = [
            (found, found + len(stretch))
            for stretch in stretches
            if (found := item.example.text.find(stretch)) >= 0
        ]
        for start, end in item.spans:
            covered = max((min(end, b) - max(start, a) for a, b in places), default=0)
            wanted.append(float(covered > 0.5 * (end - start)))
            known.append(bool(places) and len(item.spans) > 1)
    mask = torch.tensor(known)
    if not mask.any():
        return torch.zeros(())
    return nn.functional.binary_cross_entropy_with_logits(logits[mask], torch.tensor(wanted)[mask])


def similarity_loss(network: Network, result: Forward, batch: Sequence[Item], pad: int) -> Tensor:
    """Keep the sentence vectors where the unadapted encoder puts them, on a third of a batch."""
    rows = [ids for item in batch for ids in item.tokens]
    chosen = list(range(0, len(rows), SIMILARITY_SHARE))
    with torch.no_grad(), network.bert.disable_adapter():
        mean, _ = network.states(*padded([rows[row] for row in chosen], pad))
    before = nn.functional.normalize(mean, dim=1)
    return (1.0 - (before * result.vectors[chosen]).sum(1)).mean()


def train(
    network: Network, batches: Sequence[Sequence[Item]], plan: Plan, pad: int, folder: Path
) -> None:
    """Train, going on from the last checkpoint of the same training where there is one.

    Parameters
    ----------
    network : Network
        Changed in place.
    batches : sequence of sequence of Item
        From `schedule`.
    plan : Plan
        Rates and weights.
    pad : int
        Padding token.
    folder : pathlib.Path
        Where checkpoints lie; removed by hand after the export.
    """
    torch.set_num_threads(plan.threads)
    parameters = network.trainable()
    heads = [value for name, value in parameters.items() if not name.startswith("bert.")]
    adapter = [value for name, value in parameters.items() if name.startswith("bert.")]
    optimiser = torch.optim.AdamW(
        [{"params": adapter, "lr": plan.rate}, {"params": heads, "lr": plan.head_rate}],
        weight_decay=0.01,
    )
    key = _key(network, batches, plan)
    begin = _resume(network, optimiser, folder, key)
    started, seen, running = time.monotonic(), 0, 0.0
    network.train()
    network.bert.eval()  # its own dropout slows a small adapter more than it helps
    for step in range(begin, len(batches)):
        torch.manual_seed(plan.seed * 1_000_003 + step)
        for group, rate in zip(optimiser.param_groups, (plan.rate, plan.head_rate), strict=True):
            group["lr"] = rate * _rate_share(step, len(batches))
        loss = batch_loss(network, batches[step], plan, pad)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        optimiser.step()
        seen += sum(item.size for item in batches[step])
        running += float(loss.detach())
        if (step + 1) % EVERY == 0 or step + 1 == len(batches):
            passed = time.monotonic() - started
            left = passed / (step + 1 - begin) * (len(batches) - step - 1)
            print(
                f"step {step + 1:,} of {len(batches):,}: loss {running / EVERY:.3f}, "
                f"{seen / passed:,.0f} tokens/s, {left / 60:.0f} min left",
                flush=True,
            )
            running = 0.0
            _keep(network, optimiser, step + 1, folder, key)
    network.eval()


def _rate_share(step: int, steps: int) -> float:
    warm = max(1, round(0.05 * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _key(network: Network, batches: Sequence[Sequence[Item]], plan: Plan) -> str:
    """Hash plan, starting weights and texts, so that no checkpoint of another is taken up."""
    key = hashlib.sha256(repr((network.shape, plan)).encode())
    for value in network.trainable().values():
        key.update(value.detach().numpy().tobytes())
    for batch in batches:
        for item in batch:
            key.update(repr((item.tokens, item.example)).encode())
    return key.hexdigest()


def _keep(
    network: Network, optimiser: torch.optim.Optimizer, step: int, folder: Path, key: str
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"weight.{name}": value.detach() for name, value in network.trainable().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{key}": value for key, value in state.items()}
    temporary = folder / ".checkpoint.part"
    save_file(
        {name: value.contiguous() for name, value in tensors.items()},
        temporary,
        metadata={"step": str(step), "key": key},
    )
    temporary.replace(folder / "checkpoint.safetensors")


def _resume(network: Network, optimiser: torch.optim.Optimizer, folder: Path, key: str) -> int:
    path = folder / "checkpoint.safetensors"
    if not path.is_file():
        return 0
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    if metadata.get("key") != key:
        print(f"{path} is of another training: beginning anew", flush=True)
        return 0
    tensors = load_file(path)
    load_weights(network, tensors)
    state = optimiser.state_dict()
    for name, value in tensors.items():
        if name.startswith("optimiser."):
            _, number, key = name.split(".")
            state["state"].setdefault(int(number), {})[key] = value
    optimiser.load_state_dict(state)
    step = int(metadata["step"])
    print(f"going on from step {step:,}", flush=True)
    return step


def load_weights(network: Network, tensors: Mapping[str, Tensor]) -> None:
    """Put the weights of a checkpoint into a network."""
    parameters = network.trainable()
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"weight.{name}"])

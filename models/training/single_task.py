"""Fine-tune the whole English encoder for one task: the comparison that the shared pass must stand.

Run: QA_NLP_DATA=... python models/training/single_task.py epitome tydip goemotions. Whole texts
(not sentences), all weights, linear heads, the training part. Only predictions on the test part are
kept, in build/single_task; the weights are discarded.
"""

from __future__ import annotations

import math
import os
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from qa_nlp.signals.tasks import MECHANISMS  # noqa: E402
from training.base import load_base  # noqa: E402
from training.examples import SOURCES, Example  # noqa: E402
from training.loop import LONGEST, padded  # noqa: E402
from training.network import Shape, cumulative, task_loss  # noqa: E402

EPOCHS = {"epitome": 5, "tydip": 4, "goemotions": 2}
RATE = {"epitome": 1e-4, "tydip": 1e-4, "goemotions": 1e-4}
TEXTS = 32


class Plain(nn.Module):
    """Mean pooling and one linear head a task."""

    def __init__(self, bert: nn.Module, tasks: dict[str, int]) -> None:
        super().__init__()
        self.bert = bert
        width = bert.config.hidden_size
        self.heads = nn.ModuleDict({task: nn.Linear(width, size) for task, size in tasks.items()})
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Give the logits of each task."""
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        pooled = self.dropout((states * weights).sum(1) / weights.sum(1))
        found = {task: head(pooled) for task, head in self.heads.items()}
        return {
            task: cumulative(logits) if task in MECHANISMS else logits
            for task, logits in found.items()
        }


def fine_tune(source: str, examples: list[Example], target: Path) -> None:
    """Train on the training part, predict the test part, write the predictions."""
    base = load_base("minilm")
    torch.manual_seed(1)
    names = sorted({name for example in examples for name in example.targets})
    outputs = Shape().outputs
    network = Plain(base.model, {name: outputs[name] for name in names})
    network.requires_grad_(True)
    tokens = [ids[:LONGEST] for ids in base.token_ids([example.text for example in examples])]
    training = [row for row, example in enumerate(examples) if example.part != "test"]
    test = [row for row, example in enumerate(examples) if example.part == "test"]
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE[source], weight_decay=0.01)
    batches = [
        batch for epoch in range(EPOCHS[source]) for batch in _batches(training, tokens, epoch)
    ]
    started = time.monotonic()
    network.train()
    for step, batch in enumerate(batches):
        share = min(1.0, 10 * (step + 1) / len(batches))
        share *= 0.5 * (1 + math.cos(math.pi * step / len(batches)))
        for group in optimiser.param_groups:
            group["lr"] = RATE[source] * share
        logits = network(*padded([tokens[row] for row in batch], base.pad_id))
        loss = torch.zeros(())
        for name in names:
            known = [place for place, row in enumerate(batch) if name in examples[row].targets]
            if known:
                labels = [examples[batch[place]].targets[name] for place in known]
                loss = loss + task_loss(name, logits[name][known], labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if (step + 1) % 100 == 0:
            left = (time.monotonic() - started) / (step + 1) * (len(batches) - step - 1)
            print(
                f"{source}: step {step + 1} of {len(batches)}, {left / 60:.0f} min left", flush=True
            )
    network.eval()
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    with torch.inference_mode():
        for first in range(0, len(test), TEXTS):
            rows = test[first : first + TEXTS]
            logits = network(*padded([tokens[row] for row in rows], base.pad_id))
            for name in names:
                found[name].append(logits[name].numpy())
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}")
    with temporary.open("wb") as stream:
        np.savez(stream, **{name: np.concatenate(parts) for name, parts in found.items()})
    temporary.replace(target)


def _batches(rows: list[int], tokens: list[list[int]], epoch: int) -> list[list[int]]:
    rng = random.Random(epoch)
    order = list(rows)
    rng.shuffle(order)
    batches = []
    for first in range(0, len(order), 50 * TEXTS):
        window = sorted(order[first : first + 50 * TEXTS], key=lambda row: len(tokens[row]))
        batches += [window[start : start + TEXTS] for start in range(0, len(window), TEXTS)]
    rng.shuffle(batches)
    return batches


def main() -> None:
    """Fine-tune for each source named on the command line."""
    if "QA_NLP_DATA" not in os.environ:
        sys.exit("set QA_NLP_DATA to the folder that holds goemotions/")
    data = Path(os.environ["QA_NLP_DATA"])
    for source in sys.argv[1:] or sorted(EPOCHS):
        target = HERE.parent.parent / "build" / "single_task" / f"{source}.npz"
        fine_tune(source, SOURCES[source](data), target)


if __name__ == "__main__":
    main()

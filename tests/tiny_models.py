"""Models that tests build: an adapter of random numbers, and a BERT that classifies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from qa_nlp.signals.tasks import TASKS

WIDTH, INNER, RANK, FEATURES = 384, 1536, 2, 4
ACTS = ("ask", "confirm")
SIZES = {
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "attention_output": (WIDTH, WIDTH),
    "intermediate": (INNER, WIDTH),
    "output": (WIDTH, INNER),
}
"""Rows and columns of each adapted weight."""


def task_entries() -> dict[str, dict[str, Any]]:
    """Describe every task as a manifest does."""
    entries: dict[str, dict[str, Any]] = {}
    for name, task in TASKS.items():
        classes = list(task.classes or ACTS)
        entries[name] = {"kind": task.kind, "pooling": task.pooling, "classes": classes}
        if task.kind == "labels":
            entries[name]["thresholds"] = [0.5] * len(classes)
        if task.kind == "ordinal":
            entries[name]["thresholds"] = [0.5, 0.4]
        if task.kind == "score":
            entries[name]["spread"] = 0.7
    return entries


def write_encoder(folder: Path, **changed: Any) -> Path:
    """Write an artefact of an adapted encoder, with random numbers and every task."""
    entries = changed.get("tasks", task_entries())
    random = np.random.default_rng(3)
    tensors: dict[str, NDArray[np.float32]] = {}

    def draw(name: str, *shape: int, size: float = 1.0) -> None:
        tensors[name] = (size * random.standard_normal(shape)).astype(np.float32)

    for layer in range(6):
        for linear, (rows, columns) in SIZES.items():
            draw(f"adapter.{layer}.{linear}.A", RANK, columns, size=0.02)
            draw(f"adapter.{layer}.{linear}.B", rows, RANK, size=0.02)
    draw("features.weight", FEATURES, 2 * WIDTH, size=0.1)
    draw("features.bias", FEATURES)
    for name, entry in entries.items():
        outputs = {"ordinal": 2, "score": 1}.get(entry["kind"], len(entry["classes"]))
        draw(f"{name}.weight", outputs, WIDTH + FEATURES, size=2.0)
        draw(f"{name}.bias", outputs)
        tensors[f"{name}.scale"] = np.full(outputs, 1.25, dtype=np.float32)
        draw(f"{name}.shift", outputs, size=0.1)
    content = save(tensors)
    manifest = {
        "format_version": 2,
        "name": "encoder-tiny",
        "base": "minilm",
        "base_fingerprint": "minilm:53aa51172d142c89:torch:2",
        "rank": RANK,
        "features": FEATURES,
        "languages": ["en"],
        "terms": "tests only",
        "tasks": entries,
        "sha256": hashlib.sha256(content).hexdigest(),
        **changed,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "thanks", "broken", "the", "it", ".")


def write_checkpoint(folder: Path, labels: Sequence[str], **configured: Any) -> Path:
    """Write a tiny BERT that classifies sequences, and its tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        **configured,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = BertForSequenceClassification(config)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path, special: Mapping[str, str] | None = None) -> None:
    """Write a tokenizer of whole words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    known = {word: index for index, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad_token": "[PAD]"} if special is None else dict(special)
    build: Any = PreTrainedTokenizerFast
    build(
        tokenizer_object=tokenizer, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", **names
    ).save_pretrained(folder)

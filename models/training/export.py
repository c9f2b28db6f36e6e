"""Turn a trained network into an artefact: adapter, features, heads, calibration, groups."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from artifact import write_artifact
from numpy.typing import NDArray
from safetensors.numpy import save
from safetensors.torch import load_file

from qa_nlp.signals.tasks import TASKS
from training.calibrate import Calibration
from training.examples import Example
from training.network import VECTOR_SCALE, Network

PARTS = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "attention_output",
    "intermediate.dense": "intermediate",
    "output.dense": "output",
}


def tensors(network: Network, calibrations: Mapping[str, Calibration]) -> dict[str, NDArray[Any]]:
    """Give the tensors of the artefact, by name."""
    found: dict[str, NDArray[Any]] = {}
    for name, value in network.trainable().items():
        if ".lora_" in name:
            found[_adapter_name(name)] = _numbers(value)
    if network.features is not None:
        found["features.weight"] = _numbers(network.features.weight)
        found["features.bias"] = _numbers(network.features.bias)
    for task, head in network.heads.items():
        weight = _numbers(head.weight)
        weight[:, : network.bert.config.hidden_size] *= VECTOR_SCALE
        found[f"{task}.weight"] = weight
        found[f"{task}.bias"] = _numbers(head.bias)
        found[f"{task}.scale"] = calibrations[task].scale
        found[f"{task}.shift"] = calibrations[task].shift
    return found


def _adapter_name(name: str) -> str:
    """Give the artefact's name for a parameter of the adapter."""
    layer, part = name.split(".layer.")[1].split(".", 1)
    linear, letter = part.split(".lora_")
    return f"adapter.{layer}.{PARTS[linear]}.{letter[0]}"


def _numbers(value: Any) -> NDArray[Any]:
    return value.detach().numpy().copy()


def task_table(
    network: Network, calibrations: Mapping[str, Calibration]
) -> dict[str, dict[str, Any]]:
    """Describe the heads for the manifest."""
    table: dict[str, dict[str, Any]] = {}
    for task, classes in network.shape.classes.items():
        known = TASKS[task]
        table[task] = {"kind": known.kind, "pooling": known.pooling, "classes": list(classes)}
        if calibrations[task].thresholds:
            table[task]["thresholds"] = list(calibrations[task].thresholds)
        if calibrations[task].spread is not None:
            table[task]["spread"] = calibrations[task].spread
    return table


def load_artefact(network: Network, folder: Path) -> None:
    """Put the weights of an artefact into a network of the same shape, to train it further."""
    content = load_file(folder / "model.safetensors")
    width = network.bert.config.hidden_size
    parameters = network.trainable()
    with torch.no_grad():
        for name, parameter in parameters.items():
            if ".lora_" in name:
                parameter.copy_(content[_adapter_name(name)])
            elif name.startswith("heads."):
                value = content[name.removeprefix("heads.")].clone()
                if name.endswith(".weight"):
                    value[:, :width] /= VECTOR_SCALE
                parameter.copy_(value)
            elif name.startswith("features."):
                parameter.copy_(content[name])


def group_number(group: str) -> int:
    """Give the first 64 bits of a group's SHA-1, the first 32 of which decide its part."""
    return int(hashlib.sha1(group.encode()).hexdigest()[:16], 16)


def write_groups(folder: Path, examples: Sequence[Example]) -> None:
    """Write the hashes of the groups that trained and of those that test, by source."""
    numbers: dict[str, set[int]] = {}
    for example in examples:
        side = "test" if example.part == "test" else "training"
        numbers.setdefault(f"{side}.{example.source}", set()).add(group_number(example.group))
    content = save(
        {name: np.array(sorted(found), dtype=np.uint64) for name, found in sorted(numbers.items())}
    )
    temporary = folder / ".groups.part"
    temporary.write_bytes(content)
    temporary.replace(folder / "groups.safetensors")


def export(
    folder: Path,
    network: Network,
    calibrations: Mapping[str, Calibration],
    examples: Sequence[Example],
    manifest: dict[str, Any],
) -> None:
    """Write an adapted encoder."""
    write_groups(folder, examples)
    write_artifact(
        folder,
        tensors(network, calibrations),
        {
            **manifest,
            "rank": network.shape.rank,
            "features": network.shape.features,
            "tasks": task_table(network, calibrations),
        },
        format_version=2,
    )

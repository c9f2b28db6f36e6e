"""Turn a trained student into a static encoder's artefact: whole numbers, scales, heads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from artifact import DECIMALS
from numpy.typing import NDArray
from safetensors.numpy import save

from qa_nlp.artifacts import Artifact
from qa_nlp.encoding.static import LARGEST
from training.network import VECTOR_SCALE
from training.static_student import Student, Tokens

Tensors = dict[str, NDArray[Any]]

HIGHEST = 0.9999
"""Share of the activations on sentences that train that are held without being cut off."""


def encoder_tensors(student: Student, texts: Tokens, chosen: NDArray[np.int64]) -> Tensors:
    """Give tables and layers in whole numbers, fitted to the activations on some texts."""
    sums, hidden = _activations(student, texts, chosen)
    steps = [float(np.quantile(np.abs(part), HIGHEST)) / LARGEST for part in (sums, hidden)]
    inner = _numbers(student.inner.weight) * steps[0]
    outer = _numbers(student.outer.weight)
    outer[:, : sums.shape[1]] *= steps[0]
    outer[:, sums.shape[1] :] *= steps[1]
    found: Tensors = {"steps": np.array(steps, dtype=np.float32)}
    for name, weight in (
        ("token", _numbers(student.token.weight)),
        ("pair", _numbers(student.pair.weight)),
        ("inner", inner),
        ("outer", outer),
    ):
        found[f"{name}.codes"], found[f"{name}.scale"] = whole_rows(weight)
    found["inner.bias"] = _numbers(student.inner.bias)
    found["outer.bias"] = _numbers(student.outer.bias)
    return found


def head_tensors(student: Student) -> Tensors:
    """Give the heads as the library reads them."""
    found: Tensors = {}
    for task, head in student.heads.items():
        weight = _numbers(head.weight)
        weight[:, : student.width] *= VECTOR_SCALE
        found[f"{task}.weight"] = np.round(weight, DECIMALS)
        found[f"{task}.bias"] = np.round(_numbers(head.bias), DECIMALS)
    return found


def whole_rows(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Write each row as whole numbers of up to 127 and a scale."""
    scale = (np.abs(weight).max(axis=1) / LARGEST).astype(np.float32)
    codes = np.rint(weight / np.where(scale > 0, scale, 1)[:, None])
    return np.clip(codes, -LARGEST, LARGEST).astype(np.int8), scale


def _activations(
    student: Student, texts: Tokens, chosen: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    found: list[NDArray[np.float32]] = []
    hook = student.inner.register_forward_hook(
        lambda _, inputs, output: found.extend([inputs[0].numpy(), output.relu().numpy()])
    )
    with torch.inference_mode():
        student(texts, chosen)
    hook.remove()
    return found[0], found[1]


def _numbers(value: Any) -> NDArray[Any]:
    return np.asarray(value.detach().numpy().copy())


def packed(name: str, tensors: Tensors, manifest: Mapping[str, Any]) -> tuple[Artifact, bytes]:
    """Give an artefact in memory and the bytes of its weights, the same at every run."""
    content = save(
        {
            key: np.ascontiguousarray(tensor, tensor.dtype if tensor.itemsize == 1 else "<f4")
            for key, tensor in sorted(tensors.items())
        }
    )
    digest = hashlib.sha256(content).hexdigest()
    manifest = {"format_version": 2, **manifest, "sha256": digest}
    return Artifact(name, manifest, tensors, digest), content


def write_static(folder: Path, tensors: Tensors, manifest: Mapping[str, Any]) -> None:
    """Write ``model.safetensors`` and ``manifest.json``."""
    artifact, content = packed(folder.name, tensors, manifest)
    text = json.dumps(dict(artifact.manifest), indent=2, ensure_ascii=False) + "\n"
    for name, data in (("model.safetensors", content), ("manifest.json", text.encode())):
        temporary = folder / f".{name}.part"
        temporary.write_bytes(data)
        temporary.replace(folder / name)
    print(f"{folder.name}: {len(content):,} bytes, sha256 {artifact.sha256[:16]}", flush=True)

"""Write an artefact: weights, manifest and model card, the same bytes at every run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

DECIMALS = 6


def write_artifact(
    folder: Path,
    tensors: dict[str, NDArray[Any]],
    manifest: dict[str, Any],
    *,
    format_version: int = 1,
) -> None:
    """Write ``model.safetensors`` and ``manifest.json``.

    Parameters
    ----------
    folder : pathlib.Path
        Where.
    tensors : dict of str to ndarray
        The weights; stored as float32, rounded, so that the last bit of an optimiser does not show.
    manifest : dict
        Everything else; ``format_version`` and ``sha256`` are added.
    format_version : int, default 1
        1 = plain tensors, 2 = an adapted encoder with its heads.
    """
    rounded = {
        name: np.ascontiguousarray(np.round(tensor, DECIMALS).astype(np.float32))
        for name, tensor in sorted(tensors.items())
    }
    content = save(rounded)
    manifest = {
        "format_version": format_version,
        **manifest,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    for name, data in (
        ("model.safetensors", content),
        ("manifest.json", (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()),
    ):
        temporary = folder / f".{name}.part"
        temporary.write_bytes(data)
        temporary.replace(folder / name)
    print(f"{folder.name}: {len(content):,} bytes, sha256 {manifest['sha256'][:16]}", flush=True)

"""Linear classifiers on sentence vectors: each is one matrix product on a batch's encoding."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.errors import ArtifactError
from qa_nlp.resources import resource_folder

__all__ = ["Artifact", "LinearHead", "load_artifact", "load_heads"]

Array = NDArray[np.float64]

ARTIFACT_FORMAT: Final = 1
DECIMALS: Final = 6
"""Probabilities are rounded, so that the order of a sum of products cannot show."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """Shipped weights: a folder with ``manifest.json`` and ``model.safetensors``.

    Parameters
    ----------
    name : str
        Folder name.
    manifest : mapping
        What was trained, on what, under which terms, and for which encoder.
    tensors : mapping of str to ndarray
        The weights.
    sha256 : str
        Hash of the weights' file.
    """

    name: str
    manifest: Mapping[str, Any]
    tensors: Mapping[str, NDArray[Any]]
    sha256: str


@functools.cache
def load_artifact(name: str) -> Artifact:
    """Read shipped weights and check that they are whole.

    Parameters
    ----------
    name : str
        Folder below ``models``.

    Returns
    -------
    Artifact
        Manifest and tensors.

    Raises
    ------
    ArtifactError
        When a file is missing, damaged, or of another format.
    """
    return read_artifact(resource_folder("models") / name)


def read_artifact(folder: Path) -> Artifact:
    """Read weights from a folder and check that they are whole.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``manifest.json`` and ``model.safetensors``.

    Returns
    -------
    Artifact
        Manifest and tensors.

    Raises
    ------
    ArtifactError
        When a file is missing, damaged, or of another format.
    """
    from safetensors.numpy import load

    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        content = (folder / "model.safetensors").read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{error.filename}: is missing; reinstall qa_nlp") from None
    except OSError as error:
        raise ArtifactError(f"{error.filename}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ArtifactError(f"{folder / 'manifest.json'}: not valid JSON") from None
    if not isinstance(manifest, dict) or "sha256" not in manifest:
        raise ArtifactError(f"{folder / 'manifest.json'}: not the manifest of an artefact")
    if manifest.get("format_version") != ARTIFACT_FORMAT:
        raise ArtifactError(
            f"{folder}: format {manifest.get('format_version')!r}, this version of qa_nlp reads "
            f"{ARTIFACT_FORMAT}"
        )
    found = hashlib.sha256(content).hexdigest()
    if found != manifest["sha256"]:
        raise ArtifactError(f"{folder / 'model.safetensors'}: damaged (its hash is not the stated)")
    return Artifact(folder.name, MappingProxyType(manifest), load(content), found)


@dataclass(frozen=True, slots=True)
class LinearHead:
    """A softmax classifier on unit vectors.

    Parameters
    ----------
    task : str
        What it tells.
    classes : tuple of str
        Its answers, in the order of the columns.
    weight : ndarray of float64, shape (classes, width)
        Weights.
    bias : ndarray of float64, shape (classes,)
        Intercepts.
    """

    task: str
    classes: tuple[str, ...]
    weight: Array
    bias: Array

    def probabilities(self, vectors: NDArray[np.float32]) -> Array:
        """Give the probability of each class.

        Parameters
        ----------
        vectors : ndarray, shape (n, width)
            Unit vectors.

        Returns
        -------
        ndarray of float64, shape (n, classes)
            Rows sum to 1.
        """
        logits = vectors.astype(np.float64) @ self.weight.T + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        shares: Array = np.round(odds / odds.sum(axis=1, keepdims=True), DECIMALS)
        return shares


@functools.cache
def load_heads(name: str) -> tuple[LinearHead, ...]:
    """Read the classifiers of one shipped artefact.

    Parameters
    ----------
    name : str
        Folder below ``models``.

    Returns
    -------
    tuple of LinearHead
        One for each task of the manifest.

    Raises
    ------
    ArtifactError
        When the artefact is missing or damaged.
    """
    artifact = load_artifact(name)
    return tuple(
        LinearHead(
            task,
            tuple(classes),
            artifact.tensors[f"{task}.weight"].astype(np.float64),
            artifact.tensors[f"{task}.bias"].astype(np.float64),
        )
        for task, classes in artifact.manifest["tasks"].items()
    )

"""Weights that travel with the library: a manifest in JSON, tensors in safetensors, a hash."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.errors import ArtifactError
from qa_nlp.resources import resource_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Artifact", "load_artifact", "read_artifact", "shipped_artifacts"]

FORMATS: Final = (1, 2)
"""1 = plain tensors (phrase banks), 2 = an adapted encoder with its heads."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """Weights: a folder with ``manifest.json`` and ``model.safetensors``.

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


def shipped_artifacts() -> tuple[str, ...]:
    """List the weights that travel with this installation.

    Returns
    -------
    tuple of str
        Folders below ``models``, sorted.

    Examples
    --------
    >>> "phrases-en" in shipped_artifacts()
    True
    """
    manifests = resource_folder("models").glob("*/manifest.json")
    return tuple(sorted(path.parent.name for path in manifests))


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
    if manifest.get("format_version") not in FORMATS:
        raise ArtifactError(
            f"{folder}: format {manifest.get('format_version')!r}, this version of qa_nlp reads "
            f"{' and '.join(map(str, FORMATS))}"
        )
    found = hashlib.sha256(content).hexdigest()
    if found != manifest["sha256"]:
        raise ArtifactError(f"{folder / 'model.safetensors'}: damaged (its hash is not the stated)")
    return Artifact(folder.name, MappingProxyType(manifest), load(content), found)

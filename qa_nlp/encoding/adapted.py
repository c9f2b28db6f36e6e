"""Encoders adapted to conversations: a published BERT, a low-rank adapter merged into it, features.

Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models". Once merged, the adapter costs
nothing. A row holds the sentence vector, for comparing sentences, and nonlinear features of it,
which only the heads of the same artefact read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from qa_nlp.artifacts import Artifact, load_artifact, read_artifact
from qa_nlp.encoding.bert import BertParts, TorchBert
from qa_nlp.encoding.e5 import load_e5
from qa_nlp.encoding.encoder import Vectors
from qa_nlp.encoding.features import Features
from qa_nlp.encoding.minilm import load_minilm
from qa_nlp.errors import ArtifactError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertModel

__all__ = ["AdaptedBert", "adapted", "read_adapted"]

_FORMAT: Final = 2
_BASES: Final[Mapping[str, tuple[Callable[[], BertParts], str]]] = {
    "minilm": (load_minilm, "minilm"),
    "multilingual-base": (load_e5, "e5"),
}
"""How each base is loaded, and the family its fingerprint starts with."""

_MODULES: Final = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention_output": "attention.output.dense",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
}


class AdaptedBert(TorchBert):
    """A BERT with the adapter of an artefact merged into its weights.

    Parameters
    ----------
    artifact : Artifact
        Adapter, features and heads.

    Attributes
    ----------
    artifact : Artifact
        Its heads read the rows of this encoder and of no other.

    Raises
    ------
    ArtifactError
        When the artefact is no adapted encoder, or the weights of its base are missing.
    MissingExtraError
        When the base comes with an extra that is not installed.
    """

    def __init__(self, artifact: Artifact) -> None:
        manifest = artifact.manifest
        base = str(manifest.get("base"))
        if manifest["format_version"] != _FORMAT or base not in _BASES:
            raise ArtifactError(
                f"{artifact.name}: not an adapted encoder of format {_FORMAT} whose base is "
                f"{' or '.join(_BASES)}"
            )
        load, family = _BASES[base]
        super().__init__(load(), family)
        trained_on = manifest.get("base_fingerprint")
        if self.fingerprint != trained_on:
            raise ArtifactError(
                f"{artifact.name}: was trained on {trained_on}, but this "
                f"installation has {self.fingerprint}; reinstall qa_nlp"
            )
        _merge(self.model, artifact.tensors)
        self.artifact = artifact
        self.name = str(manifest["name"])
        self.languages = frozenset(manifest["languages"])
        self.terms = str(manifest["terms"])
        self.fingerprint = f"{self.name}:{artifact.sha256[:16]}:{self.fingerprint}"
        self._features = Features(artifact)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts.

        Parameters
        ----------
        texts : sequence of str
            Any texts; an empty text has a row too.

        Returns
        -------
        ndarray of float32, shape (texts, width + features)
            Unit vectors of `width` columns, then the features, -1 to 1; rounded to 5 decimals.
        """
        return self._features.rows(self._states(texts, 2 * self.width), self.width)

    def _pool(self, states: Tensor, mask: Tensor) -> Tensor:
        """Give the mean over the tokens, and beside it the state of the first token."""
        import torch

        return torch.cat([super()._pool(states, mask), states[:, 0]], dim=1)


@functools.cache
def adapted(name: str) -> AdaptedBert:
    """Give the one instance of a shipped adapted encoder in this process.

    Parameters
    ----------
    name : str
        Folder below ``models``.

    Returns
    -------
    AdaptedBert
        Loaded at the first call.

    Raises
    ------
    ArtifactError
        When the artefact or its base is missing or damaged.
    MissingExtraError
        When the base comes with an extra that is not installed.
    """
    return AdaptedBert(load_artifact(name))


def read_adapted(folder: Path) -> AdaptedBert:
    """Read an adapted encoder from a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``manifest.json`` and ``model.safetensors``.

    Returns
    -------
    AdaptedBert
        With a copy of its base's weights of its own.

    Raises
    ------
    ArtifactError
        When the artefact or its base is missing or damaged.
    MissingExtraError
        When the base comes with an extra that is not installed.
    """
    return AdaptedBert(read_artifact(folder))


def _merge(model: BertModel, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Add ``B @ A`` to each weight that has an adapter."""
    import torch

    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, first in tensors.items():
            if name.startswith("adapter.") and name.endswith(".A"):
                _, layer, linear, _ = name.split(".")
                second = tensors[name.removesuffix("A") + "B"]
                weight = parameters[f"encoder.layer.{layer}.{_MODULES[linear]}.weight"]
                weight.add_(torch.from_numpy(second) @ torch.from_numpy(first))

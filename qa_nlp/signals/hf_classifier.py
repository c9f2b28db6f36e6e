"""Any Hugging Face checkpoint that classifies sequences, in the place of a shipped head."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from qa_nlp.errors import ArtifactError
from qa_nlp.signals.heads import Array, Head, Index, log_odds
from qa_nlp.signals.tasks import Task, check_task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["HFClassifier"]

_LENGTHS: Final = (16, 32, 64, 128, 256)
_TOKENS: Final = 512
_DECIMALS: Final = 5
_SPARE_POSITIONS: Final = 2
"""Some models count positions from 2."""


class HFClassifier:
    """A sequence-classification checkpoint as a head: it reads sentences, not vectors.

    The logits of a sentence depend on nothing but the sentence: sentences are put into buckets of
    fixed length, every forward pass of a bucket has the same number of rows, and logits are
    rounded. Nothing is ever downloaded and no code of the checkpoint runs.

    Parameters
    ----------
    folder : str or pathlib.Path
        What ``save_pretrained`` of the model and of its tokenizer wrote, weights in safetensors.
    task : str
        What it tells: ``"sentiment"``, ``"emotion"``, ``"politeness"`` and so on.
    classes : mapping of str to str, optional
        The task's class for each of the checkpoint's labels; several labels may share a class.
        Needed where the labels are not called as the classes are; capitals make no difference.

    Attributes
    ----------
    task : str
        What it tells.
    classes : tuple of str
        The task's classes.
    fingerprint : str
        Hash of the checkpoint's files and of `classes`.

    Raises
    ------
    ArtifactError
        When the folder is none, holds no such checkpoint, or its labels are not the task's classes.
    ValueError
        When there is no such task.

    Examples
    --------
    >>> stars = {"1 star": "negative", "2 stars": "neutral", "3 stars": "positive"}
    >>> HFClassifier("no/such/folder", "sentiment", stars)
    Traceback (most recent call last):
    ...
    qa_nlp.errors.ArtifactError: no/such/folder: not a folder; nothing is downloaded, so give the
    folder of a checkpoint
    """

    reads_vectors = False

    def __init__(
        self, folder: str | Path, task: str, classes: Mapping[str, str] | None = None
    ) -> None:
        wanted = check_task(task)
        self.folder = _checkpoint_folder(Path(folder))
        self._model, self._tokenizer = _load(self.folder)
        self._lock = threading.Lock()
        config = self._model.config
        labels = [str(label) for _, label in sorted((config.id2label or {}).items())]
        named = _classes_of(labels, wanted, classes, f"{self.folder}, task {task!r}")
        self._columns = len(labels)
        self.task = task
        self.classes = wanted.classes or tuple(dict.fromkeys(named))
        self._members = [
            [index for index, found in enumerate(named) if found == name] for name in self.classes
        ]
        self._independent = config.problem_type == "multi_label_classification"
        self._reading = _reading(task, wanted, self.classes)
        self._longest = min(
            _LENGTHS[-1],
            self._tokenizer.model_max_length,
            getattr(config, "max_position_embeddings", _TOKENS) - _SPARE_POSITIONS,
        )
        self.fingerprint = _fingerprint(self.folder, named)

    def __repr__(self) -> str:
        return f"HFClassifier({str(self.folder)!r}, {self.task!r})"

    def logits(self, sentences: Sequence[str], rows: NDArray[np.float32] | None) -> Array:
        """Give the logits of sentences.

        Parameters
        ----------
        sentences : sequence of str
            Any sentences; cut at 256 tokens.
        rows : ndarray, optional
            Not looked at.

        Returns
        -------
        ndarray of float64, shape (sentences, columns)
            Of each class; of at least 1 and at least 2 where classes are levels.
        """
        raw = self._forward(list(sentences))
        if self._reading.kind == "labels" and self._independent:
            return np.column_stack([raw[:, chosen].max(axis=1) for chosen in self._members])
        merged = np.column_stack([logsumexp(raw[:, chosen], axis=1) for chosen in self._members])
        if self._reading.kind == "classes":
            return merged
        chances = log_softmax(merged, axis=1)
        if self._reading.kind == "ordinal":
            chances = np.column_stack([np.logaddexp(chances[:, 1], chances[:, 2]), chances[:, 2]])
        return log_odds(chances)

    def pool(self, logits: Array, owner: Index, share: Array, texts: int) -> Array:
        """Put the logits of sentences together; see `Head.pool`."""
        return self._reading.pool(logits, owner, share, texts)

    def probabilities(self, pooled: Array) -> Array:
        """Give the probability of each class; see `Head.probabilities`."""
        return self._reading.probabilities(pooled)

    def values(self, pooled: Array) -> Array:
        """Give the one number that each text comes down to; see `task_values`."""
        return self._reading.values(pooled)

    def labels(self, pooled: Array) -> NDArray[np.object_]:
        """Give the answers; see `Head.labels`."""
        return self._reading.labels(pooled)

    def _forward(self, sentences: list[str]) -> Array:
        import torch

        found = np.zeros((len(sentences), self._columns))
        with self._lock, torch.inference_mode():
            for chosen, batch in self._micro_batches(sentences):
                logits = self._model(**batch).logits
                found[chosen] = logits[: len(chosen)].double().numpy()
        return np.round(found, _DECIMALS)

    def _micro_batches(self, sentences: list[str]) -> Iterator[tuple[list[int], Any]]:
        """Group sentences by length and fill each group up to its fixed number of rows."""
        if not sentences:
            return
        tokens = self._tokenizer(sentences, truncation=True, max_length=self._longest)
        buckets: dict[int, list[int]] = {}
        for position, ids in enumerate(tokens["input_ids"]):
            length = next(limit for limit in _LENGTHS if len(ids) <= limit)
            buckets.setdefault(min(length, self._longest), []).append(position)
        for length, positions in buckets.items():
            rows = _TOKENS // length
            for first in range(0, len(positions), rows):
                chosen = positions[first : first + rows]
                filled = chosen + chosen[:1] * (rows - len(chosen))
                yield (
                    chosen,
                    self._tokenizer.pad(
                        {name: [column[row] for row in filled] for name, column in tokens.items()},
                        padding="max_length",
                        max_length=length,
                        return_tensors="pt",
                    ),
                )


def _reading(task: str, wanted: Task, classes: tuple[str, ...]) -> Head:
    """Give a head that pools and reads logits; the checkpoint takes the place of its weights."""
    kind = "classes" if wanted.kind == "score" else wanted.kind
    columns = 2 if kind == "ordinal" else len(classes)
    none, even = np.zeros((columns, 0)), np.ones(columns)
    return Head(task, kind, wanted.pooling, classes, none, 0 * even, even, 0 * even)


def _checkpoint_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise ArtifactError(
            f"{folder}: not a folder; nothing is downloaded, so give the folder of a checkpoint"
        )
    if not (folder / "config.json").is_file():
        raise ArtifactError(f"{folder}: holds no checkpoint (no config.json)")
    return folder


def _load(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        with torch.random.fork_rng(devices=[]):  # start values must not disturb the user's seed
            model, report = AutoModelForSequenceClassification.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ArtifactError(
            f"{folder}: not a checkpoint that classifies sequences, in safetensors and with its "
            f"tokenizer ({type(error).__name__})"
        ) from None
    if report["missing_keys"]:
        raise ArtifactError(
            f"{folder}: the checkpoint lacks weights of a classifier "
            f"({', '.join(sorted(report['missing_keys'])[:3])}); it was trained for something else"
        )
    if tokenizer.pad_token_id is None:
        raise ArtifactError(f"{folder}: its tokenizer has no padding token; set one and save it")
    model.train(False)
    return model, tokenizer


def _classes_of(
    labels: list[str], wanted: Task, classes: Mapping[str, str] | None, where: str
) -> list[str]:
    """Give the class of each label."""
    if classes is None:
        names = {name.casefold(): name for name in wanted.classes or labels}
        named = [names.get(label.casefold(), label) for label in labels]
    else:
        named = [classes.get(label, label) for label in labels]
    known = set(wanted.classes or named)
    if set(named) != known:
        raise ArtifactError(
            f"{where}: the checkpoint's labels {_listed(labels)} do not match the task's classes "
            f"{_listed(sorted(known))}; give classes={{label: class}}, each label's class and no "
            "class without a label"
        )
    return named


def _listed(names: Sequence[str]) -> str:
    return "(" + ", ".join(names) + ")"


def _fingerprint(folder: Path, named: list[str]) -> str:
    digest = hashlib.sha256(repr(named).encode())
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"hf:{digest.hexdigest()[:16]}"

"""The onnx tier: a BERT exported once, run without torch on nothing but the tokens that are there.

Texts go through the graph in batches, without padding. Each batch is run on one thread; several run
side by side. A row does not depend on the others of its batch: `qa_nlp.encoding.onnx_export` checks
that, bit by bit, when it exports. Where a machine's row does depend on how long the others are,
batches hold texts of one length.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.artifacts import Artifact
from qa_nlp.encoding.bert import LONGEST, token_ids
from qa_nlp.encoding.encoder import Vectors, unit_rows
from qa_nlp.encoding.features import Features
from qa_nlp.encoding.onnx_batches import batches, graph_inputs
from qa_nlp.errors import ArtifactError, require

__all__ = [
    "EXPORT_FILES",
    "OnnxBert",
    "default_threads",
    "onnx_fingerprint",
    "read_export",
    "size_and_hash",
]

EXPORT_FORMAT: Final = 2
"""Version of the exported form; part of the fingerprint."""

GRAPH: Final = "model.onnx"
WORDS: Final = "words.npy"
TOKENIZER: Final = "tokenizer.json"
MANIFEST: Final = "manifest.json"
EXPORT_FILES: Final = (MANIFEST, GRAPH, WORDS, TOKENIZER)
"""What lies in the folder of an exported encoder."""


class OnnxBert:
    """An exported BERT, mean pooled. Safe to use from several threads.

    Parameters
    ----------
    folder : pathlib.Path
        What `export` wrote.
    artifact : Artifact, optional
        Of an adapted encoder: its features and heads.
    threads : int, optional
        Batches of texts that are read at once; default: see `default_threads`.

    Attributes
    ----------
    artifact : Artifact or None
        Its heads read the rows of this encoder and of the one that was exported.
    width : int
        Columns of the sentence vector, which stands before the features.

    Raises
    ------
    ArtifactError
        When a file is missing or damaged.
    MissingExtraError
        When onnxruntime is not installed.
    """

    tier = "onnx"

    def __init__(
        self, folder: Path, artifact: Artifact | None = None, threads: int | None = None
    ) -> None:
        from tokenizers import Tokenizer

        manifest = read_export(folder)
        self.artifact = artifact
        self.name = str(manifest["name"])
        self.languages = None if manifest["languages"] is None else frozenset(manifest["languages"])
        self.terms = str(manifest["terms"])
        self.width = int(manifest["width"])
        self.fingerprint = onnx_fingerprint(manifest["of"])
        self.prefix = str(manifest["prefix"])
        self.knows_emoji = bool(manifest["knows_emoji"])
        self.threads = default_threads() if threads is None else threads
        self._mixed = bool(manifest["mixed_lengths"])
        self.tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)
        # Mapped, so that only the rows of words that occur are in memory, once for all processes.
        self._words: NDArray[np.float32] = np.load(folder / WORDS, mmap_mode="r")
        self._features = None if artifact is None else Features(artifact)
        self._session = _session(folder / GRAPH)
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

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
        states = self._states(self.token_ids(texts))
        if self._features is None:
            return unit_rows(states[:, : self.width])
        return self._features.rows(states, self.width)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenise texts as `encode` does.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        list of list of int
            Special tokens included, at most 256 a text.
        """
        return token_ids(self.tokenizer, self.prefix, texts, knows_emoji=self.knows_emoji)

    def _states(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Give the mean over the tokens of each text, and beside it the first token's state."""
        states = np.zeros((len(tokens), 2 * self.width), dtype=np.float32)

        def fill(rows: list[int]) -> None:
            lengths = np.array([len(tokens[row]) for row in rows])
            words = self._words[np.concatenate([tokens[row] for row in rows])]
            (found,) = self._session.run(None, {"words": words, **graph_inputs(lengths)})
            first = np.cumsum(lengths) - lengths
            # summed token by token, in an order that the other texts have no part in
            states[rows, : self.width] = np.add.reduceat(found, first) / lengths[:, None]
            states[rows, self.width :] = found[first]

        shared_out = batches([len(ids) for ids in tokens], self.threads, mixed=self._mixed)
        if self.threads == 1 or len(shared_out) == 1:
            for rows in shared_out:
                fill(rows)
        else:
            list(self._threads().map(fill, shared_out))
        return states

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.threads, "qa_nlp-encoder")
            return self._pool


def default_threads() -> int:
    """Tell how many threads an encoder takes where nothing is said.

    Returns
    -------
    int
        ``OMP_NUM_THREADS`` where it is set, as it is in worker processes; else the processors that
        this process may use, in a container as many as its quota.
    """
    stated = os.environ.get("OMP_NUM_THREADS", "")
    if stated.isdecimal() and int(stated):
        return int(stated)
    from joblib import cpu_count

    return max(1, int(cpu_count()))


def onnx_fingerprint(in_torch: str) -> str:
    """Give the fingerprint of an exported encoder; see `qa_nlp.encoding.tiers.space_of`.

    Parameters
    ----------
    in_torch : str
        Fingerprint of what was exported.

    Returns
    -------
    str
        Of everything that determines a vector.
    """
    return f"{in_torch}:onnx:{EXPORT_FORMAT}"


def read_export(folder: Path) -> Mapping[str, Any]:
    """Read what is told of an exported encoder, and check that it is whole.

    Parameters
    ----------
    folder : pathlib.Path
        What `export` wrote.

    Returns
    -------
    mapping
        The manifest.

    Raises
    ------
    ArtifactError
        When a file is missing, damaged or of another format.
    """
    remedy = "remove the folder and run: qa-nlp models prepare"
    try:
        manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format_version"] != EXPORT_FORMAT:
            raise ArtifactError(f"{folder}: exported in another format; {remedy}")
        for name, expected in manifest["files"].items():
            if size_and_hash(folder / name) != expected:
                raise ArtifactError(f"{folder / name}: damaged; {remedy}")
    except OSError as error:
        raise ArtifactError(f"{error.filename}: {error.strerror}; {remedy}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise ArtifactError(f"{folder / MANIFEST}: not an exported encoder; {remedy}") from None
    return manifest


def size_and_hash(file: Path) -> dict[str, Any]:
    """Tell a file from another: by size and hash, the large table of words by its size alone.

    Parameters
    ----------
    file : pathlib.Path
        One of `EXPORT_FILES`.

    Returns
    -------
    dict of str
        As it stands in the manifest.
    """
    size = file.stat().st_size
    if file.name == WORDS:
        return {"bytes": size}
    with file.open("rb") as stream:
        return {"bytes": size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _session(graph: Path) -> Any:
    ort = require("onnxruntime", extra="onnx")
    options = ort.SessionOptions()
    # One thread for each call: texts are shared out among threads, not the products of one text.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # every shape would keep a plan of its own
    # An arena grows by leaps as larger batches come, and gives nothing back; it is no faster.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

"""The encoder contract, and the one function that opens an encoder by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.tiers import SHIPPED, check_tier, open_tier
from qa_nlp.errors import ArtifactError

__all__ = ["CustomEncoder", "Encoder", "load_encoder"]

Vectors = NDArray[np.float32]

DECIMALS: Final = 5
"""Vectors are rounded to this many decimals before anything reads them."""

ENCODER_OF_LANGUAGE: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "en", **dict.fromkeys(("ro", "ru", "pt"), "multilingual")}
)
"""Which encoder reads a language where none is chosen."""

_PROBES: Final = ("Good morning.", "My order has not arrived yet.", "I can refund you today.")


@runtime_checkable
class Encoder(Protocol):
    """What turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Short name for people."""
        ...

    @property
    def tier(self) -> str:
        """``torch``, ``onnx`` or ``fast``, or ``custom`` for an encoder of the user's own."""
        ...

    @property
    def languages(self) -> frozenset[str] | None:
        """Language codes it reads; None = any."""
        ...

    @property
    def width(self) -> int:
        """Columns of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of everything that determines a vector."""
        ...

    @property
    def terms(self) -> str:
        """Licence of the weights."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts, shape (texts, width), each row of length 1."""
        ...


class CustomEncoder:
    """Any object with ``encode(list of str) -> (n, width)`` as an `Encoder`.

    Parameters
    ----------
    model : object
        Has an ``encode`` method, for example a sentence-transformers model.
    name : str, default "custom"
        What scorecards call it.
    languages : frozenset of str, optional
        Languages it reads; None = any.

    Attributes
    ----------
    width : int
        Columns of a vector.

    Raises
    ------
    ArtifactError
        When it has no such method, or gives something else than one vector a text.
    """

    tier = "custom"
    terms = "the user's own"

    def __init__(
        self, model: Any, *, name: str = "custom", languages: frozenset[str] | None = None
    ) -> None:
        if not callable(getattr(model, "encode", None)):
            raise ArtifactError(
                f"an encoder needs a method encode(list of str); {type(model).__name__} has none"
            )
        self._model = model
        self.name = name
        self.languages = languages
        self.width = 0
        probes = np.round(self.encode(list(_PROBES)), 3) + 0.0
        self.width = probes.shape[1]
        self.fingerprint = f"{name}:{hashlib.sha256(probes.tobytes()).hexdigest()[:16]}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts and scale each vector to length 1.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        ndarray of float32, shape (texts, width)
            Unit vectors, rounded.

        Raises
        ------
        ArtifactError
            When the model does not give one finite vector a text.
        """
        if not texts:
            return np.zeros((0, self.width), dtype=np.float32)
        try:
            raw = np.asarray(self._model.encode(list(texts)), dtype=np.float32)
        except ValueError:
            raise ArtifactError(
                f"encoder {self.name!r} gave no array of numbers; it must give one vector a text"
            ) from None
        if raw.ndim != 2 or raw.shape[0] != len(texts) or not np.isfinite(raw).all():
            raise ArtifactError(
                f"encoder {self.name!r} gave an array of shape {raw.shape} for {len(texts)} texts; "
                "it must give one finite vector a text"
            )
        return unit_rows(raw)


def unit_rows(raw: Vectors) -> Vectors:
    """Scale rows to length 1 and round them.

    Parameters
    ----------
    raw : ndarray of float32, shape (n, width)
        Any vectors.

    Returns
    -------
    ndarray of float32, shape (n, width)
        Unit vectors; a zero row stays zero.
    """
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    rounded: Vectors = np.round(raw / np.maximum(lengths, 1e-12), DECIMALS).astype(np.float32)
    return rounded


def load_encoder(
    encoder: str | Path | Encoder | Any = "en", *, tier: str = "torch", threads: int | None = None
) -> Encoder:
    """Open an encoder; nothing is ever downloaded.

    Parameters
    ----------
    encoder : str, pathlib.Path or object, default "en"
        ``"en"``, ``"en-research"`` (its weights are for research only), ``"multilingual"`` (needs
        the extra ``multilingual``), their bases ``"minilm"`` and ``"multilingual-base"``, the
        folder of a sentence-transformers model, its name where it lies in the local cache already,
        an `Encoder`, or any object with ``encode(list of str)``.
    tier : {"torch", "onnx", "fast"}, default "torch"
        How a shipped encoder runs: in torch; exported to ONNX, which gives the same vectors faster
        (extra ``onnx``); or by a small stand-in without a transformer, which gives similar ones
        many times faster.
    threads : int, optional
        Threads of the tier ``onnx``; default: ``OMP_NUM_THREADS``, else all processors. Torch has a
        setting of its own, ``torch.set_num_threads``, and ``fast`` needs one.

    Returns
    -------
    Encoder
        Ready to encode.

    Raises
    ------
    ArtifactError
        When there is no such encoder on this machine, or not in this tier.
    MissingExtraError
        When the multilingual encoder, or what the tier needs, is not installed.
    """
    check_tier(tier)
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    if isinstance(encoder, str) and encoder in SHIPPED:
        return open_tier(encoder, tier, threads)
    if tier != "torch":
        raise ArtifactError(
            f"only shipped encoders have a tier {tier!r} ({', '.join(SHIPPED)}); an encoder of "
            "your own runs as it is"
        )
    if isinstance(encoder, (str, Path)):
        return _sentence_transformer(str(encoder))
    if isinstance(encoder, Encoder):
        return encoder
    return CustomEncoder(encoder, name=type(encoder).__name__)


def _sentence_transformer(name: str) -> CustomEncoder:
    folder = _model_folder(name)
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"{folder}: not a sentence-transformers model ({type(error).__name__})"
        ) from None
    return CustomEncoder(model, name=Path(name).name)


def _model_folder(name: str) -> Path:
    """Find the folder of a model, given itself or by the name it has in the local cache."""
    folder = Path(name)
    if name and folder.is_dir():
        if not any((folder / file).is_file() for file in ("modules.json", "config.json")):
            raise ArtifactError(
                f"{folder}: holds no sentence-transformers model (no modules.json or config.json)"
            )
        return folder
    from huggingface_hub import snapshot_download

    try:
        # looked up here, since sentence-transformers asks the network even for local files only
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError):
        raise ArtifactError(
            f"encoder {name!r} is not on this machine, and qa_nlp downloads nothing; give 'en', "
            "'multilingual', the folder of a sentence-transformers model, or an object with "
            "encode(list of str)"
        ) from None

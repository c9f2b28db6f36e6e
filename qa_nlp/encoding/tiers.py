"""The same encoder in several tiers: as torch runs it, exported to ONNX, or as a fast stand-in.

A tier is chosen by name, is part of the fingerprint, and is never changed behind the user's back.
"""

from __future__ import annotations

import functools
import hashlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from qa_nlp.artifacts import Artifact, load_artifact, shipped_artifacts
from qa_nlp.errors import ArtifactError, did_you_mean

if TYPE_CHECKING:
    from qa_nlp.encoding.encoder import Encoder
    from qa_nlp.encoding.onnx_export import Progress

__all__ = [
    "CACHE_VARIABLE",
    "SHIPPED",
    "TIERS",
    "cache_folder",
    "check_tier",
    "export_folder",
    "fast_names",
    "fingerprint_of",
    "open_tier",
    "prepare",
    "space_of",
    "weights_of",
]

TIERS: Final = ("torch", "onnx", "fast")
"""``torch`` needs nothing, ``onnx`` gives the same vectors faster, ``fast`` is another, small
encoder that is made to give similar ones."""

CACHE_VARIABLE: Final = "QA_NLP_CACHE"
"""Environment variable with the folder where exported encoders are kept."""

SHIPPED: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "en": "encoder-en",
        "en-research": "encoder-en-research",
        "multilingual": "encoder-multilingual",
        "minilm": None,
        "multilingual-base": None,
    }
)
"""The encoders that have a name here, and the artefact that adapts each."""

_FAST: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "fast-en", "multilingual": "fast-multilingual"}
)
"""The artefact of an encoder's fast stand-in, where it is shipped."""

_OPENING: Final = threading.RLock()
"""Held while an encoder is opened, so that threads that begin together open it once."""


def check_tier(tier: str) -> None:
    """Check the name of a tier.

    Parameters
    ----------
    tier : str
        As given.

    Raises
    ------
    ArtifactError
        When it is none of `TIERS`.

    Examples
    --------
    >>> check_tier("onyx")
    Traceback (most recent call last):
        ...
    qa_nlp.errors.ArtifactError: there is no tier 'onyx'; did you mean 'onnx'?
    """
    if tier not in TIERS:
        raise ArtifactError(f"there is no tier {tier!r}{did_you_mean(tier, TIERS)}")


def fast_names() -> tuple[str, ...]:
    """List the encoders that have a fast tier.

    Returns
    -------
    tuple of str
        Names that `load_encoder` knows.

    Examples
    --------
    >>> "en" in fast_names()
    True
    """
    shipped = shipped_artifacts()
    return tuple(name for name, artifact in _FAST.items() if artifact in shipped)


def weights_of(name: str, tier: str) -> Artifact:
    """Read the artefact of an adapted encoder in a tier.

    Parameters
    ----------
    name : str
        One of `SHIPPED`, and no base.
    tier : str
        One of `TIERS`.

    Returns
    -------
    Artifact
        The same for ``torch`` and ``onnx``.

    Raises
    ------
    ArtifactError
        When the encoder has no such tier.
    """
    check_tier(tier)
    if tier != "fast":
        return load_artifact(str(SHIPPED[name]))
    if name not in fast_names():
        raise ArtifactError(
            f"the encoder {name!r} has no tier 'fast'; these have one: "
            f"{', '.join(map(repr, fast_names()))}"
        )
    return load_artifact(_FAST[name])


def fingerprint_of(name: str, tier: str) -> str:
    """Tell the fingerprint of a shipped encoder without opening it.

    Parameters
    ----------
    name : str
        One of `SHIPPED`.
    tier : str
        One of `TIERS`.

    Returns
    -------
    str
        As of the open encoder.

    Raises
    ------
    ArtifactError
        When the encoder has no such tier.

    Examples
    --------
    >>> fingerprint_of("en", "onnx").startswith(fingerprint_of("en", "torch"))
    True
    """
    if tier == "fast":
        from qa_nlp.encoding.static import static_fingerprint

        return static_fingerprint(weights_of(name, tier))
    if SHIPPED[name] is None:
        from qa_nlp.encoding.e5 import E5_FINGERPRINT
        from qa_nlp.encoding.minilm import MINILM_FINGERPRINT

        in_torch = MINILM_FINGERPRINT if name == "minilm" else E5_FINGERPRINT
    else:
        artifact = weights_of(name, tier)
        in_torch = f"{artifact.name}:{artifact.sha256[:16]}:{artifact.manifest['base_fingerprint']}"
    if tier == "torch":
        return in_torch
    from qa_nlp.encoding.onnx_bert import onnx_fingerprint

    return onnx_fingerprint(in_torch)


def space_of(fingerprint: str) -> str:
    """Tell in which space an encoder's vectors lie: an exported one's in that of torch.

    Parameters
    ----------
    fingerprint : str
        Of any encoder.

    Returns
    -------
    str
        Fingerprint of the encoder that was exported, or the same.

    Examples
    --------
    >>> space_of("encoder-en:7f35:minilm:53aa:torch:2:onnx:1")
    'encoder-en:7f35:minilm:53aa:torch:2'
    """
    exported_from, found, _ = fingerprint.rpartition(":onnx:")
    return exported_from if found else fingerprint


def open_tier(name: str, tier: str, threads: int | None = None) -> Encoder:
    """Open a shipped encoder in a tier; the one instance of this process.

    Parameters
    ----------
    name : str
        One of `SHIPPED`.
    tier : str
        One of `TIERS`.
    threads : int, optional
        Threads of an exported encoder; the others have no use for it.

    Returns
    -------
    Encoder
        Ready to encode. The first time ever, ``onnx`` exports it, which takes a quarter of a
        minute.

    Raises
    ------
    ArtifactError
        When there is no such tier, or the exported vectors would not be those of torch.
    MissingExtraError
        When an extra is not installed.
    """
    check_tier(tier)
    with _OPENING:
        if tier == "onnx":
            return _exported(name, threads)
        if tier == "fast":
            from qa_nlp.encoding.static import static

            return static(weights_of(name, tier).name)
        return _in_torch(name)


def prepare(name: str = "en", progress: Progress | None = None, *, renew: bool = False) -> Path:
    """Export a shipped encoder for the tier ``onnx``, unless that is done.

    Several processes may do so at once: one exports and the others wait for it.

    Parameters
    ----------
    name : str, default "en"
        One of `SHIPPED`.
    progress : callable, optional
        Told what is being done, as text.
    renew : bool, default False
        Whether to export anew what is there.

    Returns
    -------
    pathlib.Path
        The folder, below `cache_folder`.

    Raises
    ------
    ArtifactError
        When there is no such encoder, its exported vectors would not be those of torch, or the
        folder cannot be written.
    MissingExtraError
        When an extra is not installed.
    """
    if name not in SHIPPED:
        raise ArtifactError(f"there is no encoder {name!r}{did_you_mean(name, SHIPPED)}")
    folder = export_folder(name)
    if not renew and (folder / "manifest.json").is_file():
        return folder
    from filelock import FileLock

    from qa_nlp.encoding.onnx_export import export

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if renew or not (folder / "manifest.json").is_file():
                from qa_nlp.encoding.bert import TorchBert

                encoder = _in_torch(name)
                assert isinstance(encoder, TorchBert)
                export(encoder, folder, progress)
    except OSError as error:
        raise ArtifactError(
            f"{folder}: cannot be written ({error.strerror or error}); set {CACHE_VARIABLE} to a "
            "folder that can"
        ) from None
    return folder


def export_folder(name: str) -> Path:
    """Tell where the export of a shipped encoder lies, or would lie.

    Parameters
    ----------
    name : str
        One of `SHIPPED`.

    Returns
    -------
    pathlib.Path
        Another one whenever the weights change.
    """
    key = hashlib.sha256(fingerprint_of(name, "onnx").encode()).hexdigest()[:16]
    return cache_folder() / "onnx" / f"{name}-{key}"


def cache_folder() -> Path:
    """Tell where what can be made again is kept.

    Returns
    -------
    pathlib.Path
        What ``QA_NLP_CACHE`` names, else the user's folder for caches on this system.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("qa_nlp", appauthor=False)


@functools.cache
def _exported(name: str, threads: int | None) -> Encoder:
    from qa_nlp.encoding.onnx_bert import OnnxBert

    folder = prepare(name)
    artifact = SHIPPED[name]
    return OnnxBert(folder, None if artifact is None else load_artifact(artifact), threads)


def _in_torch(name: str) -> Encoder:
    from qa_nlp.encoding.adapted import adapted
    from qa_nlp.encoding.e5 import MultilingualE5
    from qa_nlp.encoding.minilm import MiniLM

    artifact = SHIPPED[name]
    if artifact is not None:
        return adapted(artifact)
    return MiniLM.shared() if name == "minilm" else MultilingualE5.shared()

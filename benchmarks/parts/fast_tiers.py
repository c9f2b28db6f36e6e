"""An encoder and its fast tier, asked in the same way."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from benchmarks.parts.evaluation import Measures, measures_of
from benchmarks.parts.measures import Draws
from benchmarks.parts.shipped import Shipped, pieces_of, remembered
from benchmarks.parts.texts import Array, Remembering
from qa_nlp.encoding.static import static
from qa_nlp.signals.answers import Answers as Told
from qa_nlp.signals.answers import pooled_answers
from qa_nlp.signals.heads import Head, heads_of

__all__ = ["ENGLISH", "MULTILINGUAL", "Compared", "Fast", "Pair", "compared", "fast_encoder"]


@dataclass(frozen=True, slots=True)
class Pair:
    """An encoder and the static one in its place.

    Parameters
    ----------
    slow : str
        Name of the encoder.
    artifact, phrases : str
        Folders below ``models``: of the static encoder, and of the phrase banks that it reads.
    languages : tuple of str
        In which both are measured.
    """

    slow: str
    artifact: str
    phrases: str
    languages: tuple[str, ...]

    def encoders(self) -> dict[str, Remembering]:
        """Open both.

        Returns
        -------
        dict of str to Remembering
            ``encoder``, the transformer in torch, and ``fast``.
        """
        return {"encoder": remembered(self.slow), "fast": fast_encoder(self.artifact)}

    def classifiers(self) -> dict[str, Shipped]:
        """Give the heads of both.

        Returns
        -------
        dict of str to Shipped
            Of ``encoder`` and ``fast``.
        """
        return {"encoder": Shipped(self.slow), "fast": Fast(self.artifact)}


ENGLISH: Final = Pair("en", "fast-en", "phrases-fast-en", ("en",))
MULTILINGUAL: Final = Pair(
    "multilingual", "fast-multilingual", "phrases-fast-multilingual", ("ro", "ru", "pt")
)


@functools.cache
def fast_encoder(artifact: str) -> Remembering:
    """Open a static encoder, which then encodes each text once in this process.

    Parameters
    ----------
    artifact : str
        Folder below ``models``.

    Returns
    -------
    Remembering
        The same one at every call.
    """
    return Remembering(static(artifact))


class Fast(Shipped):
    """The heads of a static encoder on its own rows; its name is that of the artefact."""

    __slots__ = ()

    @property
    def heads(self) -> dict[str, Head]:
        """The heads, by task."""
        return dict(heads_of(fast_encoder(self.name)))

    def _asked(self, texts: tuple[str, ...], task: str) -> Told:
        head, pieces = self.heads[task], pieces_of(texts)
        logits = head.sentence_logits(fast_encoder(self.name).encode(pieces.distinct))
        return pooled_answers(
            head, logits[pieces.sentence], pieces.owner, pieces.length, pieces.size
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of both encoders on the same texts.

    Parameters
    ----------
    data, figure : str
        On what, and which figure.
    texts : int
        How many texts.
    values : Measures
        ``encoder``, ``fast``, and ``difference``, what the fast tier has more (below 0: less), all
        on the same resamples.
    """

    data: str
    figure: str
    texts: int
    values: Measures

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval of the difference is below 0."""
        high = self.values["difference"]["high"]
        return high is not None and high < 0


def compared(data: str, figure: str, texts: int, encoder: Array, fast: Array) -> Compared:
    """Set a figure of both beside each other.

    Parameters
    ----------
    data, figure : str
        On what, and which figure.
    texts : int
        How many texts.
    encoder, fast : ndarray of float64, shape (rounds + 1,)
        The figure on all texts, then on each resample.

    Returns
    -------
    Compared
        With intervals.

    Examples
    --------
    >>> import numpy as np
    >>> one = compared("x", "share", 4, np.array([0.5, 0.4, 0.6]), np.array([0.4, 0.3, 0.5]))
    >>> one.values["difference"]["value"], one.is_worse
    (-0.1, True)
    """
    draws: Draws = {"encoder": encoder, "fast": fast, "difference": fast - encoder}
    return Compared(data, figure, texts, measures_of(draws))

"""Several phrase banks matched against the sentences of a batch, as one matrix product."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.phrase_bank import PhraseBankFile
from qa_nlp.resources import resource_folder
from qa_nlp.signals.answers import DECIMALS
from qa_nlp.signals.base import Array
from qa_nlp.signals.events import SAID
from qa_nlp.text.wording import MARKS, wording_marks
from qa_nlp.yaml_files import YamlFile

__all__ = [
    "PhraseMatcher",
    "background_sentences",
    "banks_fingerprint",
    "join",
    "neighbours",
]

_SMALLEST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class PhraseMatcher:
    """Several banks ready to be matched against sentence vectors.

    Parameters
    ----------
    banks : tuple of PhraseBankFile
        The banks, in the order of the columns.
    weight : ndarray of float64, shape (banks, 3 * width + 2)
        Weights of each bank's logistic regression: of the sentence vector, of the vector where the
        sentence has each of the marks of wording (see `wording_marks`), and of these marks.
    bias : ndarray of float64, shape (banks,)
        Its intercept.
    """

    banks: tuple[PhraseBankFile, ...]
    weight: Array
    bias: Array

    @property
    def ids(self) -> tuple[str, ...]:
        """Bank ids, in the order of the columns."""
        return tuple(bank.id for bank in self.banks)

    @property
    def fingerprint(self) -> str:
        """Hash of the banks' sentences."""
        return banks_fingerprint(self.banks)

    def pick(self, banks: Sequence[str]) -> PhraseMatcher:
        """Give a matcher of some of the banks.

        Parameters
        ----------
        banks : sequence of str
            Ids of banks.

        Returns
        -------
        PhraseMatcher
            With just these, in this order.
        """
        rows = [self.ids.index(bank) for bank in banks]
        return PhraseMatcher(
            tuple(self.banks[row] for row in rows), self.weight[rows], self.bias[rows]
        )

    def probabilities(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Array:
        """Give the probability that each sentence says each phrase.

        Parameters
        ----------
        texts : sequence of str
            Sentences.
        vectors : ndarray, shape (n, width)
            Their unit vectors.

        Returns
        -------
        ndarray of float64, shape (n, banks)
            0 to 1.
        """
        return self._chances(self._scores(vectors), wording_marks(texts))

    def with_neighbours(
        self, texts: Sequence[str], vectors: NDArray[np.float32], pairs: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Give what each sentence says, and what neighbours say together and neither says alone.

        The vector of two sentences is the mean of theirs, scaled to length 1; marks of either
        count.

        Parameters
        ----------
        texts : sequence of str
            Sentences.
        vectors : ndarray, shape (n, width)
            Their unit vectors.
        pairs : ndarray of int64, shape (pairs, 2)
            Positions in `texts`.

        Returns
        -------
        tuple of ndarray of float64, shapes (n, banks) and (pairs, banks)
            Probabilities; of pairs that do not count 0.
        """
        scores, marks = self._scores(vectors), wording_marks(texts)
        alone = self._chances(scores, marks)
        first, second = pairs[:, 0], pairs[:, 1]
        # scores are linear, so the scores of the sentences give that of their mean
        both = vectors[first].astype(np.float64) + vectors[second]
        length = np.maximum(np.linalg.norm(both, axis=1), _SMALLEST)
        together = self._chances(
            (scores[first] + scores[second]) / length[:, None, None],
            np.maximum(marks[first], marks[second]),
        )
        apart = np.maximum(alone[first], alone[second])
        return alone, np.where((together >= SAID) & (apart < SAID), together, 0.0)

    def _scores(self, vectors: NDArray[np.float32]) -> Array:
        """Give what the vectors add to each bank: always, and for each mark.

        Returns
        -------
        ndarray of float64, shape (n, banks, 1 + marks)
            In one matrix product.
        """
        parts = self.weight[:, : -len(MARKS)].reshape(-1, vectors.shape[1])
        scores: Array = vectors.astype(np.float64) @ parts.T
        return scores.reshape(len(vectors), len(self.banks), 1 + len(MARKS))

    def _chances(self, scores: Array, marks: Array) -> Array:
        of_marks = marks @ self.weight[:, -len(MARKS) :].T
        marked = (scores[:, :, 1:] * marks[:, None, :]).sum(axis=2)
        logits = scores[:, :, 0] + marked + of_marks + self.bias
        chances: Array = np.round(1 / (1 + np.exp(-logits)), DECIMALS)
        return chances


def neighbours(turn: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the pairs of neighbouring rows that belong to the same turn.

    Parameters
    ----------
    turn : ndarray of int64, shape (sentences,)
        A number for each turn; sentences of a turn stand together.

    Returns
    -------
    ndarray of int64, shape (pairs, 2)
        Rows.
    """
    first = np.flatnonzero(turn[:-1] == turn[1:])
    return np.stack([first, first + 1], axis=1)


def join(first: PhraseMatcher, second: PhraseMatcher) -> PhraseMatcher:
    """Put two matchers for the same encoder together; a bank of the second replaces its namesake.

    Parameters
    ----------
    first, second : PhraseMatcher
        The matchers.

    Returns
    -------
    PhraseMatcher
        The banks of both.
    """
    kept = first.pick([bank for bank in first.ids if bank not in second.ids])
    return PhraseMatcher(
        kept.banks + second.banks,
        np.concatenate([kept.weight, second.weight]),
        np.concatenate([kept.bias, second.bias]),
    )


def background_sentences(language: str = "en") -> tuple[str, ...]:
    """Give ordinary agent sentences that say none of the standard phrases.

    Parameters
    ----------
    language : str, default "en"
        ISO 639-1 code.

    Returns
    -------
    tuple of str
        Written for this project; empty where the language has none.
    """
    return tuple(_background().get(language, ()))


@functools.lru_cache(maxsize=1)
def _background() -> Mapping[str, list[str]]:
    document = YamlFile.read(resource_folder("rubric_prompts") / "background.yaml")
    sentences: dict[str, list[str]] = document.data["sentences"]
    return sentences


def banks_fingerprint(banks: Sequence[PhraseBankFile]) -> str:
    """Hash the sentences of banks and of the background they are fitted against.

    Parameters
    ----------
    banks : sequence of PhraseBankFile
        In order.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    content = [bank.model_dump(mode="json") for bank in banks]
    text = json.dumps([content, _background()], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

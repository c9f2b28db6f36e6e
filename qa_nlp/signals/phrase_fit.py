"""Fit phrase banks: each a logistic regression with its own learnt threshold.

Positive are a bank's samples; negative its look-alikes, the sentences of the other banks, and a
background of ordinary agent sentences. The regression (L2 penalty, both sides weighing the same)
reads the sentence vector, two marks of wording (negation, question), and the vector once more for
each mark that the sentence has: so "I won't put you on hold" can differ from what it denies. Its
scores on held-out fifths of the same sentences then give the probability (Platt 1999,
"Probabilistic Outputs for Support Vector Machines"), at the share of sentences that say a standard
phrase: so the threshold is learnt, and is high where a bank's look-alikes come near its samples.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qa_nlp.encoding import Encoder, VectorCache
from qa_nlp.errors import RubricError
from qa_nlp.phrase_bank import PhraseBankFile, filled
from qa_nlp.signals.base import Array
from qa_nlp.signals.phrase_matcher import PhraseMatcher, background_sentences
from qa_nlp.text.wording import MARKS, wording_marks

__all__ = ["SHARE", "fit_banks", "languages_of"]

SHARE: Final = {"standard": 0.05, "forbidden": 0.0125}
"""Share of an agent's sentences that say a phrase of this kind, assumed before any is labelled."""

_INVERSE_PENALTY: Final = 5.0
_MARKS_MEAN: Final = np.array([0.15, 0.30])
"""About how often agents' sentences hold a negation and a question."""
_FOLDS: Final = 5
_REMEMBERED: Final = 20_000
_PLATT_WEIGHT: Final = 10.0
_PLATT_PULL: Final = 3.0
_USUAL_SHIFT: Final = -1.0
"""From even odds, at which both sides weigh the same, to those of a phrase among all sentences."""


def languages_of(encoder: Encoder) -> list[str]:
    """Give the languages whose samples an encoder is fitted with.

    Parameters
    ----------
    encoder : Encoder
        States its languages, or none.

    Returns
    -------
    list of str
        Sorted; English where it states none.
    """
    return sorted(encoder.languages or {"en"})


@dataclass(frozen=True, slots=True)
class _Sentences:
    """Sentences of a bank in some languages; those made from one sample stay together."""

    texts: tuple[str, ...]
    origins: tuple[int, ...]


def fit_banks(
    banks: Sequence[PhraseBankFile], encoder: Encoder, *, only: Collection[str] | None = None
) -> PhraseMatcher:
    """Fit the logistic regression and the threshold of each bank.

    Of each bank the languages that the encoder states are used, English where it states none. A
    bank without samples in a language sees no negatives in it either, so that it is not taught
    that everything in that language is something else.

    Parameters
    ----------
    banks : sequence of PhraseBankFile
        All banks, since they serve each other as negatives.
    encoder : Encoder
        Gives the vectors.
    only : collection of str, optional
        Fit just these banks.

    Returns
    -------
    PhraseMatcher
        Of the banks asked for, in order.

    Raises
    ------
    RubricError
        When a bank has no samples in the encoder's languages.
    """
    languages = languages_of(encoder)
    for bank in banks:
        if not bank.samples.keys() & set(languages):
            raise RubricError(
                f"phrase bank {bank.id!r} has no samples that {encoder.name} reads; add some "
                f"under {' or '.join(languages)}"
            )
    inputs = _Inputs(banks, encoder, languages)
    chosen = tuple(bank for bank in banks if only is None or bank.id in only)
    # one thread: faster on so little data, and the same sums on every machine
    with threadpool_limits(1):
        fitted = [_fit(bank, banks, inputs, languages) for bank in chosen]
    return PhraseMatcher(
        chosen, np.array([weight for weight, _ in fitted]), np.array([bias for _, bias in fitted])
    )


class _Inputs:
    """What the regressions read of every sentence, centred and scaled.

    So the penalty means the same where an encoder keeps all vectors near each other.
    """

    def __init__(
        self, banks: Sequence[PhraseBankFile], encoder: Encoder, languages: Sequence[str]
    ) -> None:
        texts = [text for code in languages for text in background_sentences(code)]
        for bank in banks:
            for code in languages:
                texts += [*_samples(bank, code).texts, *_look_alikes(bank, code).texts]
        self._rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        # in one call, since an encoder fills up its batches
        vectors = _remembering(cast(Hashable, encoder)).encode(list(self._rows))
        vectors = vectors[:, : encoder.width].astype(np.float64)
        self.centre = vectors.mean(axis=0)
        self.spread = float(np.sqrt(((vectors - self.centre) ** 2).sum(axis=1).mean()))
        scaled = (vectors - self.centre) / self.spread
        marks = wording_marks(list(self._rows))
        marked = [scaled * marks[:, [column]] for column in range(len(MARKS))]
        self._inputs = np.hstack([scaled, *marked, marks - _MARKS_MEAN])

    def of(self, texts: Sequence[str]) -> Array:
        chosen: Array = self._inputs[np.array([self._rows[t] for t in texts], dtype=np.int64)]
        return chosen

    def unscaled(self, weight: Array, bias: float) -> tuple[Array, float]:
        """Give the weights that read vectors and marks as they are."""
        width = len(self.centre)
        of_vectors = weight[: -len(MARKS)] / self.spread
        always, *marked = of_vectors.reshape(-1, width)
        marks = weight[-len(MARKS) :]
        bias -= float(always @ self.centre) + float(marks @ _MARKS_MEAN)
        marks = marks - np.array([part @ self.centre for part in marked])
        return np.concatenate([of_vectors, marks]), bias


@functools.lru_cache(maxsize=2)
def _remembering(encoder: Hashable) -> VectorCache:
    """Keep the vectors of the banks' sentences, since a bank is often fitted again and again."""
    return VectorCache(cast(Encoder, encoder), _REMEMBERED)


def _samples(bank: PhraseBankFile, language: str) -> _Sentences:
    return _expanded(bank.samples.get(language, ()), bank)


def _look_alikes(bank: PhraseBankFile, language: str) -> _Sentences:
    return _expanded(bank.look_alikes.get(language, ()), bank)


def _expanded(sentences: Sequence[str], bank: PhraseBankFile) -> _Sentences:
    pairs = [
        (text, origin)
        for origin, sentence in enumerate(sentences)
        for text in filled(sentence, bank.slots)
    ]
    return _Sentences(tuple(text for text, _ in pairs), tuple(origin for _, origin in pairs))


def _fit(
    bank: PhraseBankFile, banks: Sequence[PhraseBankFile], inputs: _Inputs, languages: Sequence[str]
) -> tuple[Array, float]:
    """Give the weights and the intercept of one bank."""
    own = [code for code in languages if code in bank.samples]
    others = [other for other in banks if other.id != bank.id]
    positive = [_samples(bank, code) for code in own]
    near = [_look_alikes(bank, code) for code in own]
    far = [
        group
        for code in own
        for other in others
        for group in (_look_alikes(other, code), _samples(other, code))
    ]
    far += [_Sentences(texts, tuple(range(len(texts)))) for texts in map(background_sentences, own)]
    texts: list[str] = []
    folds: list[int] = []
    for kind in (positive, near, far):
        for group in kind:
            texts += group.texts
            folds += [origin % _FOLDS for origin in group.origins]
    hits = sum(len(group.texts) for group in positive)
    labels = np.repeat([1, 0], [hits, len(texts) - hits])
    found = inputs.of(texts)
    held_out = _held_out_scores(found, labels, np.array(folds))
    slope, shift = _platt(held_out, labels, SHARE[bank.kind])
    model = _regression().fit(found, labels)
    weight, bias = slope * model.coef_[0], slope * float(model.intercept_[0]) + shift
    return inputs.unscaled(weight, bias)


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=1000)


def _held_out_scores(inputs: Array, labels: NDArray[np.int64], folds: NDArray[np.int64]) -> Array:
    """Score each fifth of the sentences by a regression that has not seen it."""
    scores = np.zeros(len(labels))
    for fold in np.unique(folds):
        inside = folds == fold
        # where all samples are in one fold, there is nothing to learn from without it
        seen = ~inside if labels[~inside].any() else np.ones_like(inside)
        model = _regression().fit(inputs[seen], labels[seen])
        scores[inside] = model.decision_function(inputs[inside])
    return scores


def _platt(scores: Array, labels: NDArray[np.int64], share: float) -> tuple[float, float]:
    """Give slope and shift of the log-odds at a share of hits, pulled to (1, -1).

    The more samples, the less they are pulled: the held-out scores of a handful tell little.
    """
    from scipy.optimize import minimize
    from scipy.special import log_expit

    hits = labels == 1
    weights = np.where(hits, share / hits.sum(), (1 - share) / (~hits).sum())
    weights *= _PLATT_WEIGHT * hits.sum()

    def loss(values: Array) -> float:
        slope, shift = values
        chances = log_expit(np.where(hits, 1, -1) * (slope * scores + shift))
        pull = (slope - 1) ** 2 + (shift - _USUAL_SHIFT) ** 2 / 4
        return float(-(weights * chances).sum() + _PLATT_PULL * pull)

    found = minimize(
        loss, np.array([1.0, _USUAL_SHIFT]), method="L-BFGS-B", bounds=[(0.1, None), (None, None)]
    )
    return float(found.x[0]), float(found.x[1])

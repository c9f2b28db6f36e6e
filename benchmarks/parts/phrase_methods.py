"""Ways to find a phrase in texts that are given some of its sentences: qa_nlp and baselines.

Every method sees the same sentences: the bank's samples and look-alikes, and where it needs
negatives those that qa_nlp takes too. Of a text the best sentence counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process, utils

from benchmarks.parts.phrase_figures import Answer, best_said
from benchmarks.parts.star_phrases import Phrase
from benchmarks.parts.texts import Array, Pieces
from qa_nlp.encoding import Encoder
from qa_nlp.phrase_bank import PhraseBankFile, filled
from qa_nlp.signals.events import SAID
from qa_nlp.signals.phrase_fit import fit_banks
from qa_nlp.signals.phrase_matcher import PhraseMatcher, background_sentences, neighbours

__all__ = ["COSINE", "METHODS", "Finder", "answers_of", "zero_shot_scores"]

Flags = NDArray[np.bool_]

COSINE: Final = 0.6
TFIDF: Final = 0.5
METHODS: Final = ("qa_nlp", "cosine", "rapidfuzz", "TF-IDF + LR")
_LANGUAGE: Final = "en"


class Finder:
    """English texts in which phrases are looked for, each sentence encoded once.

    Parameters
    ----------
    texts : sequence of str
        What was said.
    encoder : Encoder
        Gives the vectors.
    """

    def __init__(self, texts: Sequence[str], encoder: Encoder) -> None:
        self.encoder = encoder
        self._pieces = Pieces.of(texts)
        self._vectors = self._encoded(self._pieces.distinct)
        self._pairs = neighbours(self._pieces.owner)
        self._fuzzy: dict[str, Array] = {}

    def scores(self, phrase: Phrase, banks: Sequence[PhraseBankFile]) -> dict[str, Array]:
        """Score every text for one phrase.

        Parameters
        ----------
        phrase : Phrase
            What is looked for.
        banks : sequence of PhraseBankFile
            Its own bank and all others.

        Returns
        -------
        dict of str to ndarray of float64, shape (texts,)
            By name of the method, one of `METHODS`.
        """
        seen = [bank for bank in banks if bank.id not in phrase.more_general]
        matcher = fit_banks(seen, self.encoder, only={phrase.bank})
        samples, others = _sentences(seen, phrase.bank)
        found = (
            self.chances(matcher)[:, 0],
            self.nearest(samples),
            self._most_alike(samples),
            self._by_words(samples, others),
        )
        return dict(zip(METHODS, found, strict=True))

    def chances(self, matcher: PhraseMatcher) -> Array:
        """Give the probability of each phrase as the library does: two neighbours may say it.

        Parameters
        ----------
        matcher : PhraseMatcher
            Fitted for the encoder.

        Returns
        -------
        ndarray of float64, shape (texts, banks)
            0 to 1.
        """
        pieces = self._pieces
        alone, together = matcher.with_neighbours(
            pieces.distinct, self._vectors, pieces.sentence[self._pairs]
        )
        best = pieces.greatest(alone)
        np.maximum.at(best, pieces.owner[self._pairs[:, 0]], together)
        return best

    def _encoded(self, texts: Sequence[str]) -> Any:
        return self.encoder.encode(texts)[:, : self.encoder.width]

    def _greatest(self, values: Array) -> Array:
        return self._pieces.greatest(values[:, None])[:, 0]

    def nearest(self, samples: Sequence[str]) -> Array:
        """Give the greatest cosine to a sample.

        Parameters
        ----------
        samples : sequence of str
            Sentences that say a phrase.

        Returns
        -------
        ndarray of float64, shape (texts,)
            Of the best sentence of each text.
        """
        cosine = (self._vectors @ self._encoded(samples).T).max(axis=1)
        return self._greatest(cosine.astype(np.float64))

    def _most_alike(self, samples: Sequence[str]) -> Array:
        new = [sample for sample in dict.fromkeys(samples) if sample not in self._fuzzy]
        if new:
            found = process.cdist(
                self._pieces.distinct,
                new,
                scorer=fuzz.token_set_ratio,
                processor=utils.default_process,
            )
            self._fuzzy |= dict(zip(new, found.T.astype(np.float64), strict=True))
        return self._greatest(np.max([self._fuzzy[sample] for sample in samples], axis=0))

    def _by_words(self, samples: Sequence[str], others: Sequence[str]) -> Array:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        rows = words.fit_transform([*samples, *others])
        model = LogisticRegression(C=10.0, class_weight="balanced", solver="liblinear")
        model.fit(rows, np.repeat([1, 0], [len(samples), len(others)]))
        return self._greatest(model.predict_proba(words.transform(self._pieces.distinct))[:, 1])


def _sentences(banks: Sequence[PhraseBankFile], own: str) -> tuple[list[str], list[str]]:
    """Give a bank's samples, and everything that is something else."""
    samples: list[str] = []
    others = list(background_sentences(_LANGUAGE))
    for bank in banks:
        for field, target in (
            (bank.samples, samples if bank.id == own else others),
            (bank.look_alikes, others),
        ):
            for sentence in field.get(_LANGUAGE, ()):
                target += filled(sentence, bank.slots)
    return samples, others


def answers_of(scores: Mapping[str, Array], hits: Flags) -> dict[str, Answer]:
    """Turn scores into answers, at fixed thresholds and at those best on the test itself.

    Parameters
    ----------
    scores : mapping of str to ndarray of float64, shape (draws, texts, phrases)
        By name of the method, one of `METHODS`.
    hits : ndarray of bool, shape (texts, phrases)
        What is true.

    Returns
    -------
    dict of str to Answer
        qa_nlp at its own threshold alone.
    """
    own, cosine, fuzzy, words = (scores[method] for method in METHODS)
    best = {
        method: np.array([best_said(hits, draw) for draw in scores[method]])
        for method in METHODS[1:]
    }
    return {
        "qa_nlp": Answer(own, own >= SAID),
        "always yes": Answer(np.zeros_like(own), np.ones(own.shape, dtype=bool)),
        "cosine": Answer(cosine, None),
        f"cosine {COSINE}": Answer(None, cosine >= COSINE),
        "cosine at its best": Answer(None, best["cosine"]),
        "rapidfuzz": Answer(fuzzy, None),
        "rapidfuzz at its best": Answer(None, best["rapidfuzz"]),
        "TF-IDF + LR": Answer(words, words >= TFIDF),
        "TF-IDF + LR at its best": Answer(None, best["TF-IDF + LR"]),
    }


def zero_shot_scores(
    finder: Finder, phrases: Sequence[Phrase], banks: Sequence[PhraseBankFile]
) -> dict[str, Array]:
    """Score texts with the banks as they were written.

    Parameters
    ----------
    finder : Finder
        The texts.
    phrases : sequence of Phrase
        What is looked for.
    banks : sequence of PhraseBankFile
        All of them.

    Returns
    -------
    dict of str to ndarray of float64, shape (1, texts, phrases)
        By name of the method.
    """
    each = [finder.scores(phrase, banks) for phrase in phrases]
    return {
        method: np.stack([scores[method] for scores in each], axis=1)[None] for method in METHODS
    }

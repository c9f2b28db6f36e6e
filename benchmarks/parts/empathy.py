"""How well the agent's empathy is read, beside majority, keywords and TF-IDF.

The level of a text is the likeliest level of the sentence whose expected level is highest: the
sentence that the signals quote. EPITOME holds replies of peers on Reddit, far from customer
service, and none of them was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import (
    cluster_bootstrap,
    confusion,
    macro_f1,
    quadratic_kappa,
)
from benchmarks.parts.keywords import EMPATHY
from benchmarks.parts.texts import Array, Pieces, occurrences
from models.sentences import Sentence, is_training, load_sentences, normalised
from qa_nlp.encoding import Encoder
from qa_nlp.signals.empathy import MECHANISMS
from qa_nlp.signals.heads import load_heads

__all__ = ["Levelled", "empathy_sets", "measure_empathy", "tfidf_models"]

LEVELS: Final = 3

Levels = NDArray[np.int64]
Model = Callable[[Sequence[str]], Array]


@dataclass(frozen=True, slots=True)
class Levelled:
    """Texts of one data set with the level of each mechanism.

    Parameters
    ----------
    name : str
        Of the data set.
    texts, groups : tuple of str
        The texts, and what they share.
    levels : dict of str to ndarray of int64
        By mechanism, 0 to 2.
    """

    name: str
    texts: tuple[str, ...]
    groups: tuple[str, ...]
    levels: dict[str, Levels]


def empathy_sets(folder: Path) -> list[Levelled]:
    """Read the texts that the empathy heads have not seen.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of Levelled
        Own agents' sentences kept for tests, and EPITOME, grouped by the post replied to.
    """
    own = _agents(training=False)
    table = pd.read_csv(folder / "epitome" / "epitome.tsv.gz", sep="\t", keep_default_na=False)
    return [
        Levelled(
            "own sentences, test part",
            tuple(row.text for row in own),
            tuple(normalised(row.text) for row in own),
            {name: _level_array([getattr(row, name) for row in own]) for name in MECHANISMS},
        ),
        Levelled(
            "EPITOME",
            tuple(table["response_post"]),
            tuple(table["seeker_id"].astype(str)),
            {name: _level_array(table[name].tolist()) for name in MECHANISMS},
        ),
    ]


def tfidf_models() -> dict[str, Model]:
    """Train TF-IDF and logistic regression on what the heads were trained on.

    Returns
    -------
    dict of str to callable
        By mechanism: texts -> probabilities, shape (texts, 3).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows = _agents(training=True)
    models: dict[str, Model] = {}
    for name in MECHANISMS:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        model = make_pipeline(words, LogisticRegression(C=10.0, max_iter=1000))
        model.fit([row.text for row in rows], [getattr(row, name) for row in rows])
        models[name] = model.predict_proba
    return models


def measure_empathy(
    data: Levelled, mechanism: str, encoder: Encoder, tfidf: Model
) -> dict[str, Any]:
    """Measure macro-F1 and quadratic kappa of each method for one mechanism.

    Parameters
    ----------
    data : Levelled
        The texts.
    mechanism : str
        One of the three.
    encoder : Encoder
        Gives the sentence vectors.
    tfidf : callable
        See `tfidf_models`.

    Returns
    -------
    dict
        Counts, and a `Figure` for each method and each lead of qa_nlp. ``qa_nlp rounded`` takes the
        rounded expected level instead of the likeliest.
    """
    pieces = Pieces.of(data.texts)
    head = next(head for head in load_heads("empathy-en") if head.task == mechanism)
    own = head.probabilities(encoder.encode(pieces.distinct))
    truth = data.levels[mechanism]
    answers = {
        "qa_nlp": _likeliest(pieces, own),
        "qa_nlp rounded": np.rint(pieces.greatest(_expected(own)[:, None])[:, 0]).astype(np.int64),
        "TF-IDF": _likeliest(pieces, np.asarray(tfidf(pieces.distinct), dtype=np.float64)),
        "keywords": _by_keywords(data.texts, mechanism),
        "majority": np.full(len(truth), np.bincount(truth).argmax()),
    }

    def measure(weights: Array) -> dict[str, float]:
        found = {}
        for method, answer in answers.items():
            matrix = confusion(truth, answer, LEVELS, weights)
            found[f"{method} macro-F1"] = macro_f1(matrix)
            found[f"{method} QWK"] = quadratic_kappa(matrix)
        for method in ("TF-IDF", "keywords", "majority"):
            for figure in ("macro-F1", "QWK"):
                lead = found[f"qa_nlp {figure}"] - found[f"{method} {figure}"]
                found[f"ahead of {method} {figure}"] = lead
        return found

    return {
        "texts": len(data.texts),
        "groups": len(set(data.groups)),
        "levels": np.bincount(truth, minlength=LEVELS).tolist(),
        "figures": cluster_bootstrap(data.groups, measure),
    }


def _agents(*, training: bool) -> list[Sentence]:
    return [
        row
        for row in load_sentences()
        if row.role == "agent" and is_training(normalised(row.text)) is training
    ]


def _level_array(levels: Sequence[int]) -> Levels:
    return np.array(levels, dtype=np.int64)


def _expected(probabilities: Array) -> Array:
    return np.asarray(probabilities @ np.arange(LEVELS))


def _likeliest(pieces: Pieces, probabilities: Array) -> Levels:
    strongest = pieces.strongest(_expected(probabilities))
    answer = probabilities.argmax(axis=1)[strongest]
    return np.where(strongest < 0, 0, answer).astype(np.int64)


def _by_keywords(texts: Sequence[str], mechanism: str) -> Levels:
    weak, strong = EMPATHY[mechanism]
    return np.where(
        occurrences(texts, strong) > 0, 2, (occurrences(texts, weak) > 0).astype(np.int64)
    ).astype(np.int64)

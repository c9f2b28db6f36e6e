"""How well customers' sentiment is read, beside majority, keywords and TF-IDF.

The class of a text is the likeliest after the probabilities of its sentences were averaged by
length, which is how the signals read a turn.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import accuracy, cluster_bootstrap, confusion, macro_f1
from benchmarks.parts.keywords import NEGATIVE, POSITIVE
from benchmarks.parts.texts import Array, Pieces, occurrences
from benchmarks.record import ROOT
from models.sentences import is_training, load_sentences, normalised
from qa_nlp.encoding import Encoder
from qa_nlp.signals.heads import load_heads

__all__ = ["TRAINING", "Labelled", "measure_sentiment", "sentiment_sets", "tfidf_model"]

TRAINING: Final = "models/sentiment-en/train.py"
CLASSES: Final = ("negative", "neutral", "positive")

Classes = NDArray[np.int64]
Model = Callable[[Sequence[str]], Array]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts of one data set with their sentiment.

    Parameters
    ----------
    name : str
        Of the data set.
    texts : tuple of str
        The texts.
    labels : tuple of str
        One of `CLASSES` each.
    """

    name: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that occur: film reviews have no neutral ones."""
        return tuple(name for name in CLASSES if name in self.labels)

    @property
    def truth(self) -> Classes:
        """Positions in `classes`."""
        return np.array([self.classes.index(label) for label in self.labels], dtype=np.int64)


def sentiment_sets(folder: Path) -> list[Labelled]:
    """Read the texts that the sentiment head has not seen.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of Labelled
        Own sentences kept for tests, airline tweets, GoEmotions (dev), film reviews (dev).
    """
    own = [row for row in load_sentences() if not is_training(normalised(row.text))]
    tweets = _read(folder / "airline_tweets" / "tweets.tsv.gz")
    reviews = _read(folder / "sst2" / "dev.tsv.gz")
    return [
        _labelled("own sentences, test part", [(row.text, row.sentiment) for row in own]),
        _labelled("airline tweets", zip(tweets["text"], tweets["label"], strict=True)),
        _labelled("GoEmotions dev", _go_emotions(folder)),
        _labelled("SST-2 dev", zip(reviews["text"], reviews["label"], strict=True)),
    ]


def tfidf_model(folder: Path) -> Model:
    """Train TF-IDF and logistic regression on what the head was trained on, equally weighted.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    callable
        Texts -> probabilities, shape (texts, 3).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    recipe = runpy.run_path(str(ROOT / TRAINING))
    public: list[tuple[str, str]] = recipe["go_emotions"](folder)
    own = [
        (row.text, row.sentiment) for row in load_sentences() if is_training(normalised(row.text))
    ]
    rows = public + own
    weights = np.repeat([1.0, recipe["OWN_WEIGHT"]], [len(public), len(own)])
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LogisticRegression(C=recipe["INVERSE_PENALTY"], max_iter=1000)
    labels = [CLASSES.index(label) for _, label in rows]
    model.fit(words.fit_transform(text for text, _ in rows), labels, sample_weight=weights)

    def probabilities(texts: Sequence[str]) -> Array:
        return np.asarray(model.predict_proba(words.transform(texts)), dtype=np.float64)

    return probabilities


def measure_sentiment(data: Labelled, encoder: Encoder, tfidf: Model) -> dict[str, Any]:
    """Measure macro-F1 and accuracy of each method on one data set.

    Parameters
    ----------
    data : Labelled
        The texts.
    encoder : Encoder
        Gives the sentence vectors.
    tfidf : callable
        See `tfidf_model`.

    Returns
    -------
    dict
        Counts, and a `Figure` for each method and each lead of qa_nlp.
    """
    pieces = Pieces.of(data.texts)
    (head,) = load_heads("sentiment-en")
    vectors = encoder.encode(pieces.distinct)
    columns = [CLASSES.index(name) for name in data.classes]
    truth = data.truth
    answers = {
        "qa_nlp": pieces.mean(head.probabilities(vectors))[:, columns].argmax(axis=1),
        "TF-IDF": pieces.mean(tfidf(pieces.distinct))[:, columns].argmax(axis=1),
        "keywords": _by_keywords(data),
        "majority": np.full(len(truth), np.bincount(truth).argmax()),
    }

    def measure(weights: Array) -> dict[str, float]:
        found = {}
        for method, answer in answers.items():
            matrix = confusion(truth, answer, len(columns), weights)
            found[f"{method} macro-F1"] = macro_f1(matrix)
            found[f"{method} accuracy"] = accuracy(matrix)
        for method in answers:
            if method != "qa_nlp":
                for figure in ("macro-F1", "accuracy"):
                    lead = found[f"qa_nlp {figure}"] - found[f"{method} {figure}"]
                    found[f"ahead of {method} {figure}"] = lead
        return found

    counts = np.bincount(truth, minlength=len(columns)).tolist()
    return {
        "texts": len(data.texts),
        "classes": dict(zip(data.classes, counts, strict=True)),
        "figures": cluster_bootstrap([normalised(text) for text in data.texts], measure),
    }


def _by_keywords(data: Labelled) -> Classes:
    """More pleasant than unpleasant words, or fewer; a draw is neutral, or else the majority."""
    balance = occurrences(data.texts, POSITIVE) - occurrences(data.texts, NEGATIVE)
    if "neutral" in data.classes:
        return np.asarray(np.sign(balance) + 1, dtype=np.int64)
    draw = int(np.bincount(data.truth).argmax())
    return np.where(balance == 0, draw, (balance > 0).astype(np.int64))


def _go_emotions(folder: Path) -> list[tuple[str, str]]:
    """Give the comments whose emotions all lie in one of the groups that the training uses."""
    groups: dict[str, list[str]] = runpy.run_path(str(ROOT / TRAINING))["GROUPS"]
    group_of = {label: group for group, labels in groups.items() for label in labels}
    table = _read(folder / "goemotions" / "dev.tsv.gz")
    rows = []
    for text, labels in zip(table["text"], table["labels"], strict=True):
        found = {group_of.get(label) for label in labels.split(",")}
        group = found.pop() if len(found) == 1 else None
        if group is not None:
            rows.append((text, group))
    return rows


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def _labelled(name: str, rows: Any) -> Labelled:
    texts, labels = zip(*rows, strict=True)
    return Labelled(name, tuple(texts), tuple(labels))

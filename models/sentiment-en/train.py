"""Train the English sentiment head: logistic regression on frozen sentence vectors.

Run: QA_NLP_DATA=... python models/sentiment-en/train.py (about a minute on two cores). Data:
GoEmotions (Apache-2.0), whose labels are grouped below, and the sentences in models/data. Only the
training part of the split is used; figures come from benchmarks/signals.py.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from artifact import write_artifact  # noqa: E402
from sentences import is_training, load_sentences, normalised  # noqa: E402

from qa_nlp.encoding import load_encoder  # noqa: E402

CLASSES = ("negative", "neutral", "positive")
GROUPS = {
    "positive": [
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ],
    "negative": [
        "anger",
        "annoyance",
        "disappointment",
        "disapproval",
        "disgust",
        "embarrassment",
        "fear",
        "grief",
        "nervousness",
        "remorse",
        "sadness",
    ],
    "neutral": ["neutral"],
}
EACH = 4000
OWN_WEIGHT = 4.0
INVERSE_PENALTY = 3.0


def go_emotions(data: Path) -> list[tuple[str, str]]:
    """Give (text, sentiment) of comments whose labels all lie in one group, as many of each."""
    frames = {
        part: pd.read_csv(data / "goemotions" / f"{part}.tsv.gz", sep="\t", keep_default_na=False)
        for part in ("train", "dev")
    }
    held_out = {normalised(text) for text in frames["dev"]["text"]}
    group_of = {label: group for group, labels in GROUPS.items() for label in labels}
    found: dict[str, dict[str, str]] = {name: {} for name in CLASSES}
    for text, labels in zip(frames["train"]["text"], frames["train"]["labels"], strict=True):
        groups = {group_of.get(label) for label in labels.split(",")}
        group = groups.pop()
        if group is not None and not groups and normalised(text) not in held_out:
            found[group][hashlib.sha1(text.encode()).hexdigest()] = text
    return [(found[group][key], group) for group in CLASSES for key in sorted(found[group])[:EACH]]


def main() -> None:
    """Encode, fit and write the artefact."""
    encoder = load_encoder("en")
    if "QA_NLP_DATA" not in os.environ:
        sys.exit("set QA_NLP_DATA to the folder that holds goemotions/")
    public = go_emotions(Path(os.environ["QA_NLP_DATA"]))
    own = [
        (row.text, row.sentiment) for row in load_sentences() if is_training(normalised(row.text))
    ]
    rows = public + own
    vectors = []
    for first in range(0, len(rows), 2000):
        vectors.append(encoder.encode([text for text, _ in rows[first : first + 2000]]))
        print(f"encoded {min(first + 2000, len(rows)):,} of {len(rows):,}", flush=True)
    labels = np.array([CLASSES.index(label) for _, label in rows])
    weights = np.repeat([1.0, OWN_WEIGHT], [len(public), len(own)])
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000, tol=1e-6)
    model.fit(np.concatenate(vectors).astype(np.float64), labels, sample_weight=weights)
    write_artifact(
        HERE,
        {"sentiment.weight": model.coef_, "sentiment.bias": model.intercept_},
        {
            "name": "sentiment-en",
            "tasks": {"sentiment": list(CLASSES)},
            "encoder": encoder.fingerprint,
            "terms": "any use (GoEmotions: Apache-2.0; sentences written for this project)",
            "data": {"goemotions/train": len(public), "models/data/sentences-en": len(own)},
            "command": "python models/sentiment-en/train.py",
        },
    )


if __name__ == "__main__":
    main()

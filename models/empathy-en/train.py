"""Train the three English empathy heads: logistic regression on frozen sentence vectors.

Run: python models/empathy-en/train.py (under a minute). Data: the agents' sentences in models/data,
training part only. The mechanisms are those of Sharma et al. 2020; figures come from
benchmarks/signals.py, which measures on data these heads never saw.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from artifact import write_artifact  # noqa: E402
from sentences import is_training, load_sentences, normalised  # noqa: E402

from qa_nlp.encoding import load_encoder  # noqa: E402

MECHANISMS = ("emotional_reactions", "interpretations", "explorations")
INVERSE_PENALTY = 3.0


def main() -> None:
    """Encode, fit and write the artefact."""
    encoder = load_encoder("en")
    rows = [
        row for row in load_sentences() if row.role == "agent" and is_training(normalised(row.text))
    ]
    vectors = encoder.encode([row.text for row in rows]).astype(np.float64)
    tensors = {}
    for mechanism in MECHANISMS:
        levels = np.array([getattr(row, mechanism) for row in rows])
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000, tol=1e-6)
        model.fit(vectors, levels)
        tensors[f"{mechanism}.weight"] = model.coef_
        tensors[f"{mechanism}.bias"] = model.intercept_
        print(f"{mechanism}: levels {np.bincount(levels).tolist()}", flush=True)
    write_artifact(
        HERE,
        tensors,
        {
            "name": "empathy-en",
            "tasks": {mechanism: ["0", "1", "2"] for mechanism in MECHANISMS},
            "encoder": encoder.fingerprint,
            "terms": "any use (sentences written for this project)",
            "data": {"models/data/sentences-en (agents)": len(rows)},
            "command": "python models/empathy-en/train.py",
        },
    )


if __name__ == "__main__":
    main()

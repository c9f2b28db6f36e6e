"""Train the English encoder: an adapter on all-MiniLM-L6-v2 and the heads of every task.

Run: QA_NLP_DATA=... python models/encoder-en/train.py (two cores; interrupted, it goes on from its
last checkpoint in build/encoder-en). Figures: benchmarks/classifiers.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from training.adapt import Recipe, adapt  # noqa: E402
from training.loop import Plan  # noqa: E402

OWN = ("sentences-en", "posts-en", "reviews-en", "travel-en", "service-en")

RECIPE = Recipe(
    name="encoder-en",
    base="minilm",
    languages=("en",),
    terms="any use",
    terms_note=(
        "GoEmotions Apache-2.0; TyDiP CC BY 4.0; STAR MIT; the rest written for this project"
    ),
    plans=[
        Plan(
            repeats={
                "goemotions": 2.0,
                "tydip": 3.0,
                "star": 2.0,
                "sentences-en": 6.0,
                "posts-en": 5.0,
                "replies-en": 5.0,
            },
        ),
        # less of the large public sets, more of what was written for the project
        Plan(
            repeats={
                "goemotions": 0.25,
                "tydip": 3.0,
                "star": 0.3,
                "sentences-en": 4.0,
                "posts-en": 5.0,
                "reviews-en": 6.0,
                "travel-en": 6.0,
                "service-en": 6.0,
                "replies-en": 4.0,
                "advice-en": 5.0,
                "requests-en": 6.0,
            },
            rate=7e-4,
            seed=2,
            threads=1,
        ),
    ],
    mixture=dict.fromkeys(OWN, 4.0),
)

if __name__ == "__main__":
    adapt(RECIPE)

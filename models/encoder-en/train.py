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
                "goemotions": 1.6,
                "tydip": 4.0,
                "star": 0.6,
                "sentences-en": 4.0,
                "posts-en": 3.0,
                "travel-en": 4.0,
                "service-en": 4.0,
                "chats-en": 4.0,
                "reviews-en": 3.0,
                "critics-en": 3.0,
                "verdicts-en": 3.0,
                "replies-en": 3.0,
                "advice-en": 3.0,
                "forum-en": 4.0,
                "requests-en": 3.0,
                "talk-en": 2.5,
            },
            similarity=2.0,
            rate=1.5e-3,
            threads=1,
        ),
    ],
    # public posts and forums count for more than their few development texts would
    mixture={
        **dict.fromkeys(("posts-en", "travel-en", "service-en"), 12.0),
        **dict.fromkeys(("sentences-en", "chats-en"), 4.0),
        "forum-en": 8.0,
        "verdicts-en": 2.0,
    },
)

if __name__ == "__main__":
    adapt(RECIPE)

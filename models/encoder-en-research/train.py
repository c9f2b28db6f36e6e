"""Train the English encoder further on EPITOME, under research terms.

Run: QA_NLP_DATA=... python models/encoder-en-research/train.py, after models/encoder-en/train.py,
whose artefact it starts from. Figures: benchmarks/classifiers.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from training.adapt import Recipe, adapt  # noqa: E402
from training.loop import Plan  # noqa: E402

RECIPE = Recipe(
    name="encoder-en-research",
    base="minilm",
    languages=("en",),
    terms="research",
    terms_note="adds EPITOME, whose data state no licence: research use only",
    plans=[
        Plan(
            repeats={
                "epitome": 4.0,
                "goemotions": 0.08,
                "tydip": 0.3,
                "star": 0.1,
                "sentences-en": 0.5,
                "posts-en": 0.3,
                "travel-en": 0.3,
                "service-en": 0.3,
                "chats-en": 0.5,
                "reviews-en": 0.3,
                "critics-en": 0.2,
                "verdicts-en": 0.2,
                "replies-en": 0.4,
                "advice-en": 0.4,
                "forum-en": 0.5,
                "requests-en": 0.3,
                "talk-en": 0.2,
            },
            similarity=2.0,
            head_rate=1e-3,
            threads=1,
        ),
    ],
    mixture={
        **dict.fromkeys(("sentences-en", "posts-en", "travel-en", "service-en", "chats-en"), 4.0),
        "epitome": 4.0,
    },
    start="encoder-en",
)

if __name__ == "__main__":
    adapt(RECIPE)

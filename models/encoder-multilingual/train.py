"""Train the multilingual encoder: an adapter on multilingual-e5-small and the heads of every task.

Run: QA_NLP_DATA=... python models/encoder-multilingual/train.py (interrupted, it goes on from its
last checkpoint in build/encoder-multilingual). Figures: benchmarks/classifiers.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from training.adapt import Recipe, adapt  # noqa: E402
from training.loop import Plan  # noqa: E402

OWN = tuple(
    f"{kind}-{code}" for kind in ("sentences", "posts", "agents") for code in ("ro", "ru", "pt")
)
MICROBLOGS = ("microblog-ru", "microblog-pt")

RECIPE = Recipe(
    name="encoder-multilingual",
    base="multilingual-base",
    languages=("en", "ro", "ru", "pt"),
    terms="any use",
    terms_note=(
        "GoEmotions Apache-2.0; TyDiP CC BY 4.0; STAR MIT; SART CC0-1.0; "
        "the rest written for this project"
    ),
    plans=[
        Plan(
            repeats={
                "goemotions": 0.25,
                "tydip": 0.7,
                "star": 0.2,
                "sart": 2.5,
                "sentences-en": 1.5,
                "posts-en": 1.0,
                "reviews-en": 1.0,
                "critics-en": 0.5,
                "travel-en": 1.5,
                "service-en": 1.5,
                "chats-en": 1.5,
                "replies-en": 1.0,
                "forum-en": 1.0,
                "advice-en": 1.0,
                **dict.fromkeys(OWN, 4.0),
                **dict.fromkeys(MICROBLOGS, 5.0),
            },
            similarity=4.0,
            threads=1,
        ),
    ],
    mixture=dict.fromkeys((*OWN, *MICROBLOGS), 4.0),
    first_layer=6,
)

if __name__ == "__main__":
    adapt(RECIPE)

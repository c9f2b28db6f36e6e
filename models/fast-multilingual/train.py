"""Distil the multilingual encoder into a static one of the tier ``fast``.

Run: QA_NLP_DATA=... python models/fast-multilingual/train.py (the teacher encodes in the tier
``onnx``, and what it has encoded is kept in build/fast-multilingual). Its sources are those of the
teacher, whose recipe is read from models/encoder-multilingual/train.py, and sentences without
labels. Figures: benchmarks/fast_tier.py.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from training.static_distil import StaticRecipe, distil  # noqa: E402
from training.static_student import StaticPlan  # noqa: E402

RECIPE = StaticRecipe(
    name="fast-multilingual",
    teacher=runpy.run_path(str(HERE.parent / "encoder-multilingual" / "train.py"))["RECIPE"],
    # the teacher's vectors lie close together, so what tells them apart counts five times as much
    plan=StaticPlan(columns=160, pairs=13_000, rounds=14, swapped=30_000, vector=40.0),
    tokens=40_000,
    plain=("ro", "ru", "pt"),
)

if __name__ == "__main__":
    distil(RECIPE)

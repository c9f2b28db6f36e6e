"""Distil the English encoder into a static one of the tier ``fast``.

Run: QA_NLP_DATA=... python models/fast-en/train.py (the teacher encodes in the tier ``onnx``, and
what it has encoded is kept in build/fast-en). Its sources are those of the teacher, whose
recipe is read from models/encoder-en/train.py. Figures: benchmarks/fast_tier.py.
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
    name="fast-en",
    teacher=runpy.run_path(str(HERE.parent / "encoder-en" / "train.py"))["RECIPE"],
    plan=StaticPlan(),
)

if __name__ == "__main__":
    distil(RECIPE)

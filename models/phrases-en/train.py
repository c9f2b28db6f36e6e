"""Fit the shipped phrase banks for the English encoder.

Run: python models/phrases-en/train.py (a few seconds). Reads rubric_prompts/ and the encoder's own
weights, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from phrase_weights import write_phrase_weights  # noqa: E402

if __name__ == "__main__":
    write_phrase_weights(HERE, "en")

"""Fit the shipped phrase banks for the multilingual encoder's fast tier.

Run: python models/phrases-fast-multilingual/train.py (half a minute). Reads rubric_prompts/ and the
fast tier's own weights, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from phrase_weights import write_phrase_weights  # noqa: E402

from qa_nlp.encoding.static import static  # noqa: E402

if __name__ == "__main__":
    write_phrase_weights(HERE, static("fast-multilingual"))

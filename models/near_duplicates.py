"""Find texts of models/data that say nearly the same: run before a text is added.

Run: python models/near_duplicates.py (about a minute). Compares every two texts of a language by
the cosine of their sentence vectors (English: all-MiniLM-L6-v2; the others: multilingual-e5-small,
whose cosines are all high, so that its limit is another) and ends with status 1 where a pair is too
near.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from sentences import DATA, normalised  # noqa: E402

from qa_nlp.encoding import load_encoder  # noqa: E402

LIMITS = {"en": ("minilm", 0.9), **dict.fromkeys(("ro", "ru", "pt"), ("multilingual-base", 0.97))}


def near_duplicates(language: str) -> Iterator[tuple[str, str, float]]:
    """Give pairs of ids whose texts are too near, with their cosine."""
    rows = [
        json.loads(line)
        for path in sorted(DATA.glob(f"*-{language}.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    name, limit = LIMITS[language]
    vectors = load_encoder(name).encode([row["text"] for row in rows])
    cosines = np.triu(vectors @ vectors.T, 1)
    for first, second in zip(*np.nonzero(cosines > limit), strict=True):
        yield rows[first]["id"], rows[second]["id"], float(cosines[first, second])
    seen: dict[str, str] = {}
    for row in rows:
        key = normalised(row["text"])
        if key in seen:
            yield seen[key], row["id"], 1.0
        seen[key] = row["id"]


def main() -> None:
    """Print what is too near; status 1 when there is any."""
    found = [pair for language in LIMITS for pair in near_duplicates(language)]
    for first, second, cosine in found:
        print(f"{first} and {second}: {cosine:.3f}")
    print(f"{len(found)} pairs too near")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

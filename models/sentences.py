"""Where the texts written for this project lie, and the split that everything trained keeps to."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


def normalised(text: str) -> str:
    """Fold case, punctuation and spaces: texts that agree in this belong to one group."""
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


def is_training(group: str) -> bool:
    """Tell whether a group trains (three quarters of all) or tests."""
    return int(hashlib.sha1(group.encode()).hexdigest()[:8], 16) / 2**32 < 0.75

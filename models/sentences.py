"""The sentences written for this project, and the split that everything trained here keeps to."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True)
class Sentence:
    """One labelled text of ``models/data``; the fields are those of the file."""

    id: str
    language: str
    role: str
    style: str
    domain: str
    text: str
    context: str | None
    sentiment: str
    emotions: tuple[str, ...]
    politeness: int
    emotional_reactions: int | None
    interpretations: int | None
    explorations: int | None


def load_sentences(language: str = "en") -> list[Sentence]:
    """Read the sentences of a language, in the order of the file."""
    lines = (DATA / f"sentences-{language}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Sentence(**{**row, "emotions": tuple(row["emotions"])}) for row in rows]


def normalised(text: str) -> str:
    """Fold case, punctuation and spaces: texts that agree in this belong to one group."""
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


def is_training(group: str) -> bool:
    """Tell whether a group trains (three quarters of all) or tests."""
    return int(hashlib.sha1(group.encode()).hexdigest()[:8], 16) / 2**32 < 0.75

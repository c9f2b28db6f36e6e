"""A small world for jobs: files of conversations, scorers that load at once, and a job to kill."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

from qa_nlp.batch import score_files
from qa_nlp.encoding.cache import CacheCounts
from qa_nlp.importers import BadTranscript
from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard
from qa_nlp.transcript import Role, Transcript, Turn

SHARD = 10
_EFFORT = 20_000


def calls(size: int, prefix: str = "c") -> list[Transcript]:
    """Build conversations that differ in their length."""
    return [
        Transcript(
            f"{prefix}{number:04}",
            tuple(
                Turn(
                    Role.AGENT if place % 2 else Role.CUSTOMER, f"Parcel {number * place} is late."
                )
                for place in range(1, 4 + number % 5)
            ),
            language="en",
            metadata={"team": "north" if number % 2 else "south"},
        )
        for number in range(size)
    ]


def write_calls(path: Path, transcripts: Iterable[Transcript | dict[str, Any]]) -> Path:
    """Write one conversation a line."""
    rows = [item if isinstance(item, dict) else item.to_dict() for item in transcripts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder, hidden ones too."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


class LightScorer:
    """Stands in for a scorer where only the runner is looked at: it needs no library to load."""

    quotes = True
    fingerprint = "light"
    fingerprint_parts = MappingProxyType({"rubric": "light"})
    calibrator = None
    tier = "custom"
    encoders = (SimpleNamespace(name="none", tier="custom", terms="any"),)
    cache_counts = CacheCounts()
    cache_trouble = ()
    rubric = SimpleNamespace(id="light", version="1", criteria=[SimpleNamespace(id="length")])

    def __init__(self, effort: int = 1) -> None:
        self.effort = effort
        self.scored: list[str] = []

    def iter_scores(self, items: Iterable[Transcript | BadTranscript]) -> Iterator[Scorecard]:
        for item in items:
            if isinstance(item, BadTranscript):
                yield Scorecard(item.id or item.source, "", "light", "1", error=str(item.error))
                continue
            self.scored.append(item.id)
            effort = hashlib.pbkdf2_hmac("sha256", item.id.encode(), b"", self.effort)
            quote = Evidence("conduct.turns", 1.0, 0, 0, 6, item.turns[0].text[:6], effort.hex())
            grade = Grade(
                "length", GradeStatus.GRADED, "yes", {"yes": 1.0}, 1.0, 1.0, 1.0, evidence=(quote,)
            )
            yield Scorecard(
                item.id,
                item.group_id,
                "light",
                "1",
                total=100.0,
                grades=(grade,),
                metadata=item.metadata,
            )


def light() -> Any:
    """Make a scorer in no time."""
    return LightScorer()


def busy() -> Any:
    """Make one that takes some time for each conversation."""
    return LightScorer(_EFFORT)


def main(inputs: str, out: str, workers: str) -> None:
    """Run a job, so that a test can kill it."""
    score_files(inputs, out, busy, workers=workers, shard_size=SHARD)


if __name__ == "__main__":
    main(*sys.argv[1:])

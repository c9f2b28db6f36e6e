"""`qa-nlp score` on a file of every format, against golden scorecards.

The files were written for this project in each vendor's shape. After an intended change renew
``tests/golden/formats.json`` with ``python -m tests.renew_golden`` and read its difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.renew_golden import FIXTURES, FORMATS, fixtures, summary


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: str(path.relative_to(FIXTURES)))
def test_score_gives_the_golden_scorecards(path: Path, tmp_path: Path) -> None:
    golden = json.loads(FORMATS.read_text(encoding="utf-8"))

    assert summary(path, tmp_path / "cards.jsonl") == golden[str(path.relative_to(FIXTURES))]


def test_golden_scorecards_are_those_of_the_fixtures() -> None:
    golden = json.loads(FORMATS.read_text(encoding="utf-8"))

    assert sorted(golden) == [str(path.relative_to(FIXTURES)) for path in fixtures()]

"""Judging grades needs neither an encoder nor a network: only tables."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "transformers", "sentence_transformers", "spacy", "tokenizers", "lingua")
STUDY = """
from qa_nlp.agreement import AgreementStudy
from qa_nlp.grades import Grades
rows = [(f"c{n}", "tone", rater, n % 3) for n in range(40) for rater in ("Ana", "Ben")]
machine = [(f"c{n}", "tone", None, n % 3) for n in range(40)]
study = AgreementStudy.from_tables(Grades.from_rows(machine), Grades.from_rows(rows))
study.write_html("page.html")
study.write_json("figures.json")
"""


def loaded_by(code: str, folder: Path) -> set[str]:
    """Run code in a fresh interpreter, and give the heavy packages that it loaded."""
    ending = f"\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code + ending],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "code", ["import qa_nlp.agreement", "import qa_nlp.agreement.statistics", STUDY]
)
def test_agreement_needs_no_encoder(code: str, tmp_path: Path) -> None:
    assert loaded_by(code, tmp_path) == set()

"""The way to the first card loads nothing that only learning needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCORING = "import json, sys, qa_nlp; qa_nlp.Scorer; print(json.dumps(sorted(sys.modules)))"


def test_scorer_loads_neither_scikit_learn_nor_pandas_when_it_is_imported() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCORING],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    loaded = {name.partition(".")[0] for name in json.loads(run.stdout)}

    assert loaded & {"pandas", "sentence_transformers", "sklearn", "torch", "transformers"} == set()

"""Fit the weights of the shipped English phrase banks.

Run: python models/phrases-en/train.py (a few seconds). Reads rubric_prompts/ and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from artifact import write_artifact  # noqa: E402

from qa_nlp.encoding import load_encoder  # noqa: E402
from qa_nlp.signals.phrase_bank import load_bank_file, shipped_banks  # noqa: E402
from qa_nlp.signals.phrases import fit_banks  # noqa: E402


def main() -> None:
    """Fit all shipped banks and write the artefact."""
    encoder = load_encoder("en")
    banks = [load_bank_file(path) for path in shipped_banks().values()]
    print(f"fitting {len(banks)} banks", flush=True)
    matcher = fit_banks(banks, encoder)
    write_artifact(
        HERE,
        {"weight": matcher.weight, "bias": matcher.bias},
        {
            "name": "phrases-en",
            "encoder": encoder.fingerprint,
            "banks": matcher.fingerprint,
            "ids": list(matcher.ids),
            "terms": "any use: fitted on sentences written for this project only",
            "data": ["rubric_prompts/phrases", "rubric_prompts/background.yaml"],
            "command": "python models/phrases-en/train.py",
        },
    )


if __name__ == "__main__":
    main()

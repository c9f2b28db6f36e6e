"""Fit the shipped phrase banks for one encoder: what the train.py files of phrases-* call."""

from __future__ import annotations

from pathlib import Path

from artifact import write_artifact

from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.phrase_bank import load_bank_file, shipped_banks
from qa_nlp.signals.phrase_fit import fit_banks


def write_phrase_weights(folder: Path, encoder: str | Encoder) -> None:
    """Fit all shipped banks on an encoder's vectors and write the artefact."""
    opened = load_encoder(encoder)
    banks = [load_bank_file(path) for path in shipped_banks().values()]
    print(f"fitting {len(banks)} banks", flush=True)
    matcher = fit_banks(banks, opened)
    write_artifact(
        folder,
        {"weight": matcher.weight, "bias": matcher.bias},
        {
            "name": folder.name,
            "encoder": opened.fingerprint,
            "banks": matcher.fingerprint,
            "ids": list(matcher.ids),
            "terms": "any use: fitted on sentences written for this project only",
            "data": ["rubric_prompts/phrases", "rubric_prompts/background.yaml"],
            "command": f"python models/{folder.name}/train.py",
        },
    )

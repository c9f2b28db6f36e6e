"""Write the golden scorecards anew: ``python -m tests.renew_golden``.

Run it when weights, banks, rubrics or definitions of signals have changed on purpose, and read the
difference before it is committed: it is what users will see change.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

from qa_nlp.cli import app
from qa_nlp.importers import read_transcripts
from qa_nlp.samples import Samples, load_samples
from qa_nlp.scorer import Scorer
from tests.broken_rules import BROKEN, EVERY_RULE
from tests.golden_predictions import golden_predictions

TESTS: Final = Path(__file__).resolve().parent
GOLDEN: Final = TESTS / "golden" / "scorecards.json"
FORMATS: Final = TESTS / "golden" / "formats.json"
BROKEN_RULES: Final = TESTS / "golden" / "broken_rules.json"
PREDICTIONS: Final = TESTS / "golden" / "classifiers.json"
FIXTURES: Final = TESTS / "fixtures" / "importers"
SAMPLES: Final = ("call-en-01", "chat-ro-01")
"""One conversation that is graded, and one whose text cannot be measured."""


def golden_cards(scorer: Scorer, samples: Samples) -> list[dict[str, Any]]:
    """Give what the golden file holds: the scorecards without what names a version."""
    chosen = [transcript for transcript in samples if transcript.id in SAMPLES]
    rows = [card.to_dict() for card in scorer.score(chosen)]
    for row in rows:
        del row["fingerprint"], row["provenance"]
    rounded: list[dict[str, Any]] = json.loads(
        json.dumps(rows), parse_float=lambda number: round(float(number), 4)
    )
    return rounded


def broken_card() -> dict[str, Any]:
    """Give the card of a call that breaks every rule, without what names a version."""
    card = Scorer(EVERY_RULE, encoder="en").score_one(BROKEN).to_dict()
    del card["fingerprint"], card["provenance"]
    return card


def fixtures() -> list[Path]:
    """Give the files that `read_transcripts` takes by itself, sorted."""
    return sorted(path for path in FIXTURES.rglob("*") if path.is_file() and _is_read(path))


def _is_read(path: Path) -> bool:
    # companions of a corpus are read through its utterances, not by themselves
    return any(not hasattr(item, "error") for item in read_transcripts(path).iter_all())


def summary(path: Path, out: Path) -> list[dict[str, Any]]:
    """Score a file on the command line and keep what must not change unnoticed."""
    result = CliRunner().invoke(app, ["score", str(path), "--out", str(out), "--json"])
    assert result.exit_code in (0, 1), result.output
    cards = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return [
        {
            "transcript_id": card["transcript_id"],
            "channel": card["channel"],
            "turn_count": card["turn_count"],
            "total_status": card["total_status"],
            "grades": {grade["criterion"]: grade["status"] for grade in card["grades"]},
            "error": card["error"] is not None,
        }
        for card in cards
    ]


def main() -> None:
    """Score the chosen samples and a file of every format, and write what comes out."""
    rows = golden_cards(Scorer("service_excellence"), load_samples())
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    GOLDEN.write_text(text + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        formats = {
            str(path.relative_to(FIXTURES)): summary(path, Path(folder) / "cards.jsonl")
            for path in fixtures()
        }
    FORMATS.write_text(json.dumps(formats, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    predictions = json.dumps(golden_predictions(), indent=1, ensure_ascii=False)
    PREDICTIONS.write_text(predictions + "\n", encoding="utf-8")
    broken = json.dumps(broken_card(), indent=1, ensure_ascii=False)
    BROKEN_RULES.write_text(broken + "\n", encoding="utf-8")
    print(f"{GOLDEN.relative_to(Path.cwd())}: {len(rows)} scorecards, {len(text):,} characters")


if __name__ == "__main__":
    main()

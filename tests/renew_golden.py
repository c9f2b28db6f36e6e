"""Write the golden scorecards anew: ``python -m tests.renew_golden``.

Run it when weights, banks, rubrics or definitions of signals have changed on purpose, and read the
difference before it is committed: it is what users will see change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from qa_nlp.samples import Samples, load_samples
from qa_nlp.scorer import Scorer

GOLDEN: Final = Path(__file__).resolve().parent / "golden" / "scorecards.json"
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


def main() -> None:
    """Score the chosen samples and write the file."""
    rows = golden_cards(Scorer("service_excellence"), load_samples())
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    GOLDEN.write_text(text + "\n", encoding="utf-8")
    print(f"{GOLDEN.relative_to(Path.cwd())}: {len(rows)} scorecards, {len(text):,} characters")


if __name__ == "__main__":
    main()

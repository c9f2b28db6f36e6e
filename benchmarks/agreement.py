"""How far people agree, how far the calibrated machine agrees with them, and what a study costs.

Run: QA_NLP_DATA=... python -m benchmarks.agreement (minutes, where benchmarks.calibration has left
its sets and grades out of fold in build/calibration; else some hours). ``--only PART`` measures one
part and records nothing.

People agree over all ordered pairs of raters of an item. The machine is compared with each single
person who graded an item, each item counting 1. Resamples draw whole dialogues, or equal texts,
again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.agreement_coverage import STUDIES, measure_coverage
from benchmarks.parts.agreement_machine import measure_machine
from benchmarks.parts.agreement_people import measure_people
from benchmarks.parts.agreement_ratings import RATED_FILES
from benchmarks.parts.agreement_results import agreement_targets, readme_table
from benchmarks.parts.agreement_speed import measure_speed
from benchmarks.parts.calibration_sets import RUBRICS, TURN_DIALOGUES
from benchmarks.parts.graded_sets import GRADED_FILES
from benchmarks.record import Measured, data_folder, record
from qa_nlp.agreement.estimates import ROUNDS

MODULES: Final = (
    *(f"agreement_{name}" for name in ("coverage", "figures", "machine", "people", "ratings")),
    *(f"agreement_{name}" for name in ("results", "speed", "worlds")),
    *(f"calibration_{name}" for name in ("figures", "kept", "methods", "sets")),
    *("bootstrap", "conversations", "graded_sets", "kept", "resampling", "texts"),
)
MEASURED: Final = Measured(
    weights=["models/encoder-en", "models/phrases-en"],
    rubrics=["rubric_prompts/background.yaml", "rubric_prompts/phrases", *RUBRICS.values()],
    modules=[
        *(f"benchmarks/parts/{name}.py" for name in MODULES),
        "qa_nlp/agreement",
        "qa_nlp/calibration",
        "qa_nlp/encoding",
        "qa_nlp/grade_columns.py",
        "qa_nlp/grades.py",
        "qa_nlp/grades_reading.py",
        "qa_nlp/phrase_bank.py",
        "qa_nlp/rubric.py",
        "qa_nlp/scorer.py",
        "qa_nlp/signals",
        "qa_nlp/text",
    ],
    data=list(dict.fromkeys([*RATED_FILES, *GRADED_FILES])),
)
NOTES: Final = (
    "people: each pair of raters counts 1; ordinal alpha with Krippendorff's weights; AC2 with "
    "quadratic weights and each item counting 1",
    "people on politeness: a slider from 1 to 25, so that exact and adjacent agreement are rare",
    f"machine on turns of USS: the first {TURN_DIALOGUES} dialogues of each part, so that people "
    "differ a little from those of all turns",
    "machine: shares and kappa of levels; correlations, errors and PRMSE of expected values",
    "degradation: machine and person minus two people, on items with two grades or more, each item "
    "counting 1 on both sides; below 0 where people agree better",
    f"coverage: {STUDIES:,} invented studies of each size; the true figure is that of a huge one",
    "speed: seconds of the processor on one thread",
)

PARTS: Final[Mapping[str, Callable[[Path], dict[str, Any]]]] = {
    "people": measure_people,
    "machine": measure_machine,
    "speed": lambda _: measure_speed(),
    "coverage": lambda _: measure_coverage(),
}


def main() -> int:
    """Measure, print and record.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(PARTS), help="measure this part, record nothing")
    only: str | None = parser.parse_args().only
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    found: dict[str, dict[str, Any]] = {}
    for part in [only] if only else PARTS:
        started = time.monotonic()
        found[part] = PARTS[part](data)
        print(f"{part}: {time.monotonic() - started:.0f} s", flush=True)
    for target in agreement_targets(found):
        verdict = {True: "reached", False: "MISSED ", None: "       "}[target.met]
        print(f"{verdict} {target.name}: {target.value} {target.goal or ''}")
    if only is None:
        print(f"written: {_record(found)}")
    return 0


def _record(found: Mapping[str, dict[str, Any]]) -> Path:
    return record(
        "agreement",
        script=__file__,
        command="python -m benchmarks.agreement",
        targets=agreement_targets(found),
        measured=MEASURED,
        figures={
            "resamples": ROUNDS,
            "interval": "95 %, over resamples of whole groups",
            "notes": list(NOTES),
            **found,
        },
        readme_table=readme_table(found),
    )


if __name__ == "__main__":
    sys.exit(main())

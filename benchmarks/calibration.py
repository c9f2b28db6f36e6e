"""What calibration on human grades reaches, beside people, rubrics alone and simple baselines.

Run: QA_NLP_DATA=... python -m benchmarks.calibration. It measures all parts but SetFit, the
slowest, whose cells may stay empty; ``--only PART`` measures one, SetFit too, and takes the others
from build/calibration. There lies also what slow parts gave of single sets, and the library's
grades out of fold: these are measured again only where code, signals or grades have changed.
Nothing is recorded while another part than SetFit is missing there or was measured on other things.
``--print`` records nothing, and alone measures nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.bootstrap import ROUNDS
from benchmarks.parts.calibration_few import measure_few
from benchmarks.parts.calibration_kept import part_state
from benchmarks.parts.calibration_level_sets import MOST_ROWS, measure_level_sets
from benchmarks.parts.calibration_maia import measure_maia
from benchmarks.parts.calibration_means import measure_means
from benchmarks.parts.calibration_results import calibration_targets, readme_table
from benchmarks.parts.calibration_setfit import measure_setfit
from benchmarks.parts.calibration_sets import KEPT, RUBRICS, TURN_DIALOGUES
from benchmarks.parts.calibration_speed import measure_speed
from benchmarks.parts.calibration_uss import measure_uss
from benchmarks.parts.graded_sets import GRADED_FILES
from benchmarks.parts.kept import keep, kept
from benchmarks.record import ROOT, Measured, data_folder, data_sha256, record
from qa_nlp.scorer import Scorer

SETFIT: Final = "setfit"
MODULES: Final = (
    *("bootstrap", "calibration", "conversations", "graded_sets", "kept", "measures"),
    *("resampling", "setfit", "texts"),
    *(f"calibration_{name}" for name in ("few", "figures", "kept", "level_sets", "maia", "means")),
    *(f"calibration_{name}" for name in ("methods", "results", "sets", "setfit", "speed", "uss")),
)
MEASURED: Final = Measured(
    weights=["models/encoder-en", "models/phrases-en"],
    rubrics=["rubric_prompts/background.yaml", "rubric_prompts/phrases", *RUBRICS.values()],
    modules=[
        *(f"benchmarks/parts/{name}.py" for name in MODULES),
        *(f"qa_nlp/agreement/{name}.py" for name in ("chance", "level_agreement", "level_gaps")),
        "qa_nlp/calibration",
        "qa_nlp/encoding",
        "qa_nlp/phrase_bank.py",
        "qa_nlp/rubric.py",
        "qa_nlp/scorer.py",
        "qa_nlp/signals",
        "qa_nlp/text",
    ],
    data=list(GRADED_FILES),
)
NOTES: Final = (
    f"turns of USS: the first {TURN_DIALOGUES} dialogues of each part; dialogues: all 1,000",
    f"splits for sets: {MOST_ROWS:,} turns, or dialogues, at most, drawn once from all",
    "before: the turn's grade, told from the dialogue up to the turn before; first turns left out",
    "ridge: the first 384 columns of a stretch, which are the mean of frozen sentence vectors",
    "bad: the mean grade, or on USS the mean of the other raters, is 2 or less",
)

PARTS: Final[Mapping[str, Callable[[Path], dict[str, Any]]]] = {
    "maia": measure_maia,
    "uss": measure_uss,
    "few": measure_few,
    "level_sets": measure_level_sets,
    "means": measure_means,
    "speed": lambda _: measure_speed(),
    SETFIT: measure_setfit,
}


def main() -> int:
    """Measure, print and record.

    Returns
    -------
    int
        1 when a part is missing, or was measured on other data, signals or code.
    """
    options = _options()
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    common = _common_state(data)
    states = {part: common | part_state(part) for part in PARTS}
    paths = {part: KEPT / f"{part}.json" for part in PARTS}
    wanted = [part for part in PARTS if part != SETFIT]
    for part in [options.only] if options.only else [] if options.print else wanted:
        started = time.monotonic()
        keep(paths[part], states[part], PARTS[part](data))
        print(f"{part}: {time.monotonic() - started:.0f} s", flush=True)
    every = {part: kept(path, states[part]) for part, path in paths.items()}
    found = {part: result for part, result in every.items() if result is not None}
    for target in calibration_targets(found):
        verdict = {True: "reached", False: "MISSED ", None: "       "}[target.met]
        print(f"{verdict} {target.name}: {target.value} {target.goal or ''}")
    stale = [part for part in wanted if part not in found]
    if stale:
        print(f"not recorded: measure {', '.join(stale)} as things are now too (--only PART)")
        return 1
    if not options.print:
        print(f"written: {_record(found)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(PARTS), help="measure this part, keep the others")
    parser.add_argument("--print", action="store_true", help="show what is kept, record nothing")
    return parser.parse_args()


def _common_state(data: Path) -> dict[str, str]:
    """Hash the data and the signals."""
    signals = {
        name: Scorer(ROOT / path, encoder="en").fingerprint for name, path in RUBRICS.items()
    }
    return signals | {file: data_sha256(data, file) for file in GRADED_FILES}


def _record(found: Mapping[str, dict[str, Any]]) -> Path:
    return record(
        "calibration",
        script=__file__,
        command="python -m benchmarks.calibration",
        targets=calibration_targets(found),
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

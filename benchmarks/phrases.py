"""How well phrase banks find standard phrases, beside simple baselines and SetFit.

Run: QA_NLP_DATA=... python -m benchmarks.phrases. Each part is kept in build/phrases, so that
``--only PART`` measures one part anew and takes the others from there; SetFit, the slowest, is
measured anew only when its data or code have changed. ``--print`` records nothing, nor does
``--quick N``, which draws labelled examples N times at most. ``--errors FILE`` only writes 100
random errors, to be read, to a file outside the repository.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.parts import (
    frozen_phrases,
    phrase_errors,
    phrases,
    star_measures,
    star_phrases,
    translated_phrases,
)
from benchmarks.parts.bootstrap import ROUNDS
from benchmarks.parts.kept import keep, kept
from benchmarks.parts.phrase_results import phrase_tables, phrase_targets, readme_table
from benchmarks.parts.phrase_speed import measure_speed
from benchmarks.parts.texts import Remembering
from benchmarks.record import ROOT, Measured, data_folder, data_sha256, file_sha256, record
from qa_nlp.encoding import load_encoder

KEPT: Final = ROOT / "build" / "phrases"
SETFIT: Final = "setfit"
PARTS_OF_SETFIT: Final = ("phrase_draws", "setfit", "star_phrases")
MODULES: Final = (
    *(
        "bootstrap",
        "calibration",
        "frozen_phrases",
        "keywords",
        "kept",
        "maia_sets",
        "phrase_draws",
    ),
    *("phrase_errors", "phrase_figures", "phrase_methods", "phrase_results", "phrase_speed"),
    *("phrases", "setfit", "star_measures", "star_phrases", "texts", "translated_phrases"),
)
MEASURED: Final = Measured(
    weights=[
        "models/encoder-en",
        "models/encoder-multilingual",
        "models/phrases-en",
        "models/phrases-multilingual",
        # not weights, but what was measured on
        *(f"{frozen_phrases.FOLDER}/{code}.jsonl" for code in frozen_phrases.LANGUAGES),
        "qa_nlp/samples/phrases.csv",
        "qa_nlp/samples/transcripts.jsonl",
    ],
    rubrics=["rubric_prompts/background.yaml", "rubric_prompts/phrases", star_phrases.BANKS],
    modules=[
        *(f"benchmarks/parts/{name}.py" for name in MODULES),
        "models/sentences.py",
        "qa_nlp/encoding",
        "qa_nlp/phrase_bank.py",
        "qa_nlp/signals/phrase_fit.py",
        "qa_nlp/signals/phrase_matcher.py",
        "qa_nlp/signals/phrases.py",
        "qa_nlp/text/sentences.py",
        "qa_nlp/text/wording.py",
    ],
    data=[star_phrases.FILE, *translated_phrases.FILES],
)


def main() -> int:
    """Measure, print and record.

    Returns
    -------
    int
        1 when a part that was not measured is missing or of other weights.
    """
    options = _options()
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    if options.errors:
        count = phrase_errors.write_errors(data, options.errors, seed=options.seed)
        print(f"{count} errors, 100 at most written: {options.errors}")
        return 0
    folder = KEPT.with_name("phrases-quick") if options.quick else KEPT
    states = {part: _state(part, data) for part in PARTS}
    paths = {part: folder / f"{part}.json" for part in PARTS}
    for part in [options.only] if options.only else PARTS:
        if part == SETFIT and not options.only and kept(paths[part], states[part]) is not None:
            continue
        started = time.monotonic()
        result = PARTS[part](data, options.quick or star_measures.DRAWS)
        keep(paths[part], states[part], result)
        print(f"{part}: {time.monotonic() - started:.0f} s", flush=True)
    every = {part: kept(path, states[part]) for part, path in paths.items()}
    found = {part: result for part, result in every.items() if result is not None}
    # SetFit takes as long as all the rest, and its cells may stay empty
    stale = [part for part in PARTS if part not in found and part != SETFIT]
    if stale:
        print(f"not recorded: measure {', '.join(stale)} as things are now too (--only PART)")
        return 1
    for target in phrase_targets(found):
        verdict = {True: "reached", False: "MISSED ", None: "       "}[target.met]
        print(f"{verdict} {target.name}: {target.value}")
    if not (options.print or options.quick):
        print(f"written: {_record(found)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(PARTS), help="measure this part, keep the others")
    parser.add_argument("--print", action="store_true", help="record nothing")
    parser.add_argument("--quick", type=int, default=0, metavar="N", help="N draws, not recorded")
    parser.add_argument("--errors", type=Path, metavar="FILE", help="write errors to be read")
    parser.add_argument("--seed", type=int, default=0, help="of the errors that are written")
    return parser.parse_args()


def _zero_shot(folder: Path, _: int) -> dict[str, Any]:
    return star_measures.measure_zero_shot(folder)


def _own_samples(_: Path, __: int) -> dict[str, Any]:
    result = phrases.measure_phrases(phrases.own_samples(), Remembering(load_encoder("en")))
    figures = {name: figure.to_dict() for name, figure in result["figures"].items()}
    return {**result, "figures": figures}


def _frozen(_: Path, __: int) -> dict[str, Any]:
    """Measure each language's frozen sentences with the encoder that its conversations get."""
    found = {}
    for language in frozen_phrases.LANGUAGES:
        encoder = load_encoder("en" if language == "en" else "multilingual")
        figures = frozen_phrases.measure_frozen(language, encoder)
        print(f"frozen sentences, {language}: F1 {figures['F1']}", flush=True)
        found[language] = {name: figure.to_dict() for name, figure in figures.items()}
    return found


def _translated(folder: Path, _: int) -> dict[str, Any]:
    encoder = Remembering(load_encoder("multilingual"))
    found = {}
    for language in translated_phrases.LANGUAGES:
        turns = translated_phrases.read_turns(folder, language)
        found[language] = translated_phrases.measure_translated(turns, encoder)
        print(f"translated, {language}: {found[language].get('kappa')}", flush=True)
    return found


def _speed(_: Path, __: int) -> dict[str, Any]:
    return measure_speed()


PARTS: Final[Mapping[str, Callable[[Path, int], dict[str, Any]]]] = {
    "zero_shot": _zero_shot,
    "few_shot": star_measures.measure_few_shot,
    SETFIT: star_measures.measure_setfit,
    "own_samples": _own_samples,
    "frozen": _frozen,
    "translated": _translated,
    "speed": _speed,
}


def _state(part: str, data: Path) -> dict[str, str]:
    """Hash what a part depends on."""
    if part == SETFIT:
        code = [ROOT / "benchmarks" / "parts" / f"{name}.py" for name in PARTS_OF_SETFIT]
        return {"data": data_sha256(data, star_phrases.FILE)} | _hashes(code)
    weights = [path for name in MEASURED.weights for path in _files(ROOT / name)]
    return _hashes([*weights, *(path for name in MEASURED.rubrics for path in _files(ROOT / name))])


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for ending in ("safetensors", "json", "yaml") for file in path.glob(f"*.{ending}")]


def _hashes(paths: list[Path]) -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): file_sha256(path) for path in sorted(paths)}


def _record(found: Mapping[str, dict[str, Any]]) -> Path:
    read = phrase_errors.wrong_labels()
    return record(
        "phrases",
        script=__file__,
        command="python -m benchmarks.phrases",
        targets=phrase_targets(found),
        measured=MEASURED,
        figures={
            "resamples": ROUNDS,
            "interval": "95 %, over resamples of whole groups",
            "errors that were read": read,
            **found,
        },
        readme_table=readme_table(found),
        tables=phrase_tables(found, read),
    )


if __name__ == "__main__":
    sys.exit(main())

"""Score real conversations end to end: how many, how fast, with which grades, without an error.

Run: QA_NLP_DATA=... python -m benchmarks.real_conversations (about four minutes).
Ten scorecards drawn at random go to out/real_conversations/, to be read by a person: no figure
tells whether they make sense.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from rich.console import Console

from benchmarks.parts.conversations import FILES, READERS
from benchmarks.parts.texts import Remembering
from benchmarks.record import ROOT, Measured, Table, Target, data_folder, record
from qa_nlp.encoding import load_encoder
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard, TotalStatus
from qa_nlp.scorecards import write_scorecards
from qa_nlp.scorer import Scorer
from qa_nlp.terminal import card_view
from qa_nlp.text.sentences import sentence_table
from qa_nlp.transcript import Transcript

MAIN: Final = "service_excellence"
OTHERS: Final = ("support_chat", "compliance")
QUANTILES: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
SHOWN: Final = 10
SEED: Final = 20
OUT: Final = ROOT / "out" / "real_conversations"

MEASURED: Final = Measured(
    weights=["models/encoder-en", "models/phrases-en"],
    rubrics=[
        "rubric_prompts/background.yaml",
        "rubric_prompts/phrases",
        *(f"rubric_prompts/rubrics/{name}.yaml" for name in (MAIN, *OTHERS)),
    ],
    modules=[
        "benchmarks/parts/conversations.py",
        "benchmarks/parts/texts.py",
        "qa_nlp/calibration",
        "qa_nlp/encoding",
        "qa_nlp/rubric.py",
        "qa_nlp/scope.py",
        "qa_nlp/scorer.py",
        "qa_nlp/signals",
        "qa_nlp/text",
    ],
    data=FILES,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """The scorecards of one data set on one rubric.

    Parameters
    ----------
    cards : list of Scorecard
        One for each conversation.
    seconds : float
        From transcripts to scorecards, encoding included.
    """

    cards: list[Scorecard]
    seconds: float

    @property
    def errors(self) -> int:
        """Conversations without grades."""
        return sum(card.error is not None for card in self.cards)

    def summary(self) -> dict[str, Any]:
        """Count statuses and describe totals.

        Returns
        -------
        dict
            JSON-ready.
        """
        scored = [card for card in self.cards if card.error is None]
        totals = [card.total for card in scored if card.total is not None]
        criteria = [grade.criterion for grade in scored[0].grades]
        return {
            "cards": len(self.cards),
            "errors": self.errors,
            "grades": _shares(grade.status for card in scored for grade in card.grades),
            "answers": {name: _answers(card.grade(name) for card in scored) for name in criteria},
            "totals": _counts(TotalStatus, (card.total_status for card in scored)),
            "total_quantiles": _quantiles(totals),
            "critical_failures": dict(
                Counter(name for card in scored for name in card.critical_failures)
            ),
            "needs_review": sum(card.needs_review for card in self.cards),
        }


def main() -> int:
    """Score, print, record, and write ten scorecards."""
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was scored")
        return 0
    sets = {name: read(data) for name, read in READERS.items()}
    sizes = {name: _sizes(transcripts) for name, transcripts in sets.items()}
    everything = [transcript for transcripts in sets.values() for transcript in transcripts]
    sizes["all"] = _sizes(everything)
    encoder = Remembering(load_encoder("en"))
    scored = {}
    for rubric in (MAIN, *OTHERS):
        scorer = Scorer(rubric, encoder=encoder)
        scored[rubric] = {name: _score(scorer, sets[name]) for name in sets}
        scored[rubric]["all"] = _together(scored[rubric].values())
        for name, result in scored[rubric].items():
            _show(rubric, name, sizes[name], result)
    _write_some(scored[MAIN]["all"].cards)
    path = record(
        "real_conversations",
        script=__file__,
        command="python -m benchmarks.real_conversations",
        targets=_targets(scored, sizes),
        measured=MEASURED,
        figures={
            "sizes": sizes,
            "threads": torch.get_num_threads(),
            "seconds": {name: round(result.seconds, 1) for name, result in scored[MAIN].items()},
            "scores": {
                rubric: {name: result.summary() for name, result in results.items()}
                for rubric, results in scored.items()
            },
        },
        readme_table=_table(scored[MAIN], sizes),
    )
    print(f"written: {path}")
    return 0


def _sizes(transcripts: Sequence[Transcript]) -> dict[str, int]:
    table = sentence_table(transcripts)
    return {
        "conversations": len(transcripts),
        "turns": sum(len(transcript.turns) for transcript in transcripts),
        "sentences": len(table),
        "unique_sentences": len(table.texts),
    }


def _score(scorer: Scorer, transcripts: Sequence[Transcript]) -> Scored:
    start = time.perf_counter()
    cards = list(scorer.score(transcripts))
    return Scored(cards, time.perf_counter() - start)


def _together(parts: Iterable[Scored]) -> Scored:
    parts = list(parts)
    cards = [card for part in parts for card in part.cards]
    return Scored(cards, sum(part.seconds for part in parts))


def _answers(grades: Iterable[Grade]) -> dict[str, int]:
    """Count the levels given, and the statuses of what was not graded."""
    return dict(sorted(Counter(grade.level or grade.status.value for grade in grades).items()))


def _shares(statuses: Iterable[GradeStatus]) -> dict[str, float]:
    counts = _counts(GradeStatus, statuses)
    total = max(1, sum(counts.values()))
    return {name: round(count / total, 4) for name, count in counts.items()}


def _counts(
    kinds: type[GradeStatus] | type[TotalStatus], found: Iterable[GradeStatus | TotalStatus]
) -> dict[str, int]:
    counted = Counter(found)
    return {kind.value: counted[kind] for kind in kinds}


def _quantiles(totals: Sequence[float]) -> dict[str, float]:
    values = np.quantile(totals, QUANTILES).tolist()
    return {f"{share:.0%}": round(value, 1) for share, value in zip(QUANTILES, values, strict=True)}


def _show(rubric: str, name: str, sizes: Mapping[str, int], result: Scored) -> None:
    summary = result.summary()
    speed = sizes["sentences"] / result.seconds
    print(
        f"{rubric} on {name}: {sizes['conversations']:,} conversations, "
        f"{sizes['sentences']:,} sentences ({sizes['unique_sentences']:,} unique) in "
        f"{result.seconds:.0f} s ({speed:,.0f} a second), {result.errors} errors\n"
        f"    grades {summary['grades']}\n    totals {summary['totals']}\n"
        f"    quantiles {summary['total_quantiles']}\n"
        f"    critical failures {summary['critical_failures']}, "
        f"for a person to look at {summary['needs_review']}",
        flush=True,
    )


def _write_some(cards: Sequence[Scorecard]) -> None:
    chosen = random.Random(SEED).sample(list(cards), SHOWN)
    OUT.mkdir(parents=True, exist_ok=True)
    write_scorecards(chosen, OUT / "scorecards.html")
    with (OUT / "scorecards.txt").open("w", encoding="utf-8") as file:
        screen = Console(file=file, width=140, markup=False, highlight=False, emoji=False)
        for card in chosen:
            screen.print(card_view(card))
            screen.print("\n" + "=" * 100 + "\n")
    print(f"written: {SHOWN} scorecards to {OUT}")


def _targets(
    scored: Mapping[str, Mapping[str, Scored]], sizes: Mapping[str, Mapping[str, int]]
) -> list[Target]:
    main = scored[MAIN]["all"]
    errors = sum(results["all"].errors for results in scored.values())
    speed = sizes["all"]["sentences"] / main.seconds
    graded = main.summary()["grades"]
    return [
        Target("errors, three rubrics", errors, goal="== 0"),
        Target("conversations", sizes["all"]["conversations"]),
        Target("sentences a second, service_excellence", round(speed, 1)),
        *(Target(f"share of grades {name}, {MAIN}", value) for name, value in graded.items()),
    ]


def _table(scored: Mapping[str, Scored], sizes: Mapping[str, Mapping[str, int]]) -> Table:
    columns = ["conversations of", "number", "sentences", "unique", "sentences a second"]
    columns += ["errors", "graded", "not applicable", "abstained", "total: median (5 % to 95 %)"]
    rows: list[list[str | int]] = []
    for name, result in scored.items():
        summary, size = result.summary(), sizes[name]
        quantiles = summary["total_quantiles"]
        rows.append(
            [
                name,
                f"{size['conversations']:,}",
                f"{size['sentences']:,}",
                f"{size['unique_sentences']:,}",
                f"{size['sentences'] / result.seconds:.0f}",
                result.errors,
                *(f"{share:.1%}" for share in summary["grades"].values()),
                f"{quantiles['50%']:.0f} ({quantiles['5%']:.0f} to {quantiles['95%']:.0f})",
            ]
        )
    return Table(columns, rows)


if __name__ == "__main__":
    sys.exit(main())

"""Whether a rubric's condition tells if the customer was verified before details were given.

Run: QA_NLP_DATA=... python -m benchmarks.procedures (some minutes, nearly all of it encoding).
The dialogues, the truth and the planted violations stand in benchmarks/parts/procedures.py. Agents
there send standard replies, so that each question has one wording: the figure says more about order
than about wording, which benchmarks/phrases.py measures, and keywords do well too.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import ROUNDS, Figure, cluster_bootstrap
from benchmarks.parts.conversations import STAR
from benchmarks.parts.procedures import (
    ASKS,
    ENDS,
    Case,
    all_forms,
    plant,
    read_cases,
    reasons,
)
from benchmarks.parts.texts import Array, Remembering
from benchmarks.record import ROOT, Measured, Table, Target, data_folder, record
from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.phrase_bank import filled
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorer import Scorer
from qa_nlp.signals.events import SAID, Event
from qa_nlp.signals.requirements import Heard, evaluate
from qa_nlp.text.sentences import sentence_spans
from qa_nlp.transcript import Role, Transcript, Turn

RUBRIC: Final = "benchmarks/rubrics/verified_before_details.yaml"
SIGNAL: Final = "condition.verified_before_details"
PHRASES: Final = (*ASKS.values(), *ENDS.values())
SEED: Final = 7
GOAL: Final = ">= 0.9"
COSINE: Final = 0.6
OWN: Final = "qa_nlp"
WORDS: Final = {
    "phrase.account_number_request": r"\baccount number",
    "phrase.balance_statement": r"\bbalance\b.*\d",
    "phrase.birth_date_request": r"\b(date of birth|birth ?(date|day)|born)\b",
    "phrase.fraud_report_filed": r"\breport\b.*\b(submitted|filed|sent|registered|received)\b",
    "phrase.maiden_name_request": r"\bmaiden name\b",
    "phrase.pet_name_request": r"\bpet\b",
    "phrase.pin_request": r"\bpin\b",
}
"""The keyword baseline, by phrase; letter case does not matter."""

MEASURED: Final = Measured(
    weights=["models/encoder-en", "models/phrases-en"],
    rubrics=[
        "rubric_prompts/background.yaml",
        "rubric_prompts/phrases",
        "benchmarks/banks",
        RUBRIC,
    ],
    modules=[
        "benchmarks/parts/bootstrap.py",
        "benchmarks/parts/conversations.py",
        "benchmarks/parts/procedures.py",
        "benchmarks/parts/texts.py",
        "qa_nlp/calibration",
        "qa_nlp/encoding",
        "qa_nlp/phrase_bank.py",
        "qa_nlp/requirements.py",
        "qa_nlp/rubric.py",
        "qa_nlp/scope.py",
        "qa_nlp/scorer.py",
        "qa_nlp/signals/events.py",
        "qa_nlp/signals/measure.py",
        "qa_nlp/signals/phrase_fit.py",
        "qa_nlp/signals/phrase_matcher.py",
        "qa_nlp/signals/phrases.py",
        "qa_nlp/signals/required.py",
        "qa_nlp/signals/requirements.py",
        "qa_nlp/text",
    ],
    data=[STAR],
)

Finder = Callable[[str], bool]
Decisions = Mapping[str, bool | None]


def main() -> int:
    """Measure, print and record."""
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    played = read_cases(data)
    forms = all_forms(played)
    encoder = Remembering(load_encoder("en"))
    scorer = Scorer(ROOT / RUBRIC, encoder=encoder)
    decisions: dict[str, Decisions] = {
        OWN: decided_by_signal(scorer, forms),
        "always met": {case.transcript.id: True for case in forms},
        "keywords": decided_by(keyword_finders(), scorer.rubric, forms),
        f"cosine {COSINE}": decided_by(
            cosine_finders(encoder, scorer.rubric), scorer.rubric, forms
        ),
    }
    planted = plant(played, SEED)
    chosen = balanced_accuracies(planted, decisions)
    every = balanced_accuracies(forms, decisions)
    for name, found in chosen.items():
        print(f"{name}: {found}; each compliant dialogue in all three forms {every[name]}")
    errors = list_errors(scorer, planted, decisions[OWN])
    for error in errors:
        print(f"    wrong: {error}")
    path = record(
        "procedures",
        script=__file__,
        command="python -m benchmarks.procedures",
        targets=_targets(chosen),
        measured=MEASURED,
        figures={
            "resamples": ROUNDS,
            "interval": "95 %, wizards drawn again",
            "dialogues": _sizes(played, planted),
            "balanced accuracy": _to_dicts(chosen),
            "decisions": {name: _confusion(planted, made) for name, made in decisions.items()},
            "errors": errors,
            "card statuses": card_statuses(
                planted, scorer.score(case.transcript for case in planted)
            ),
            "each compliant dialogue in all three forms": {
                "balanced accuracy": _to_dicts(every),
                "errors": list_errors(scorer, forms, decisions[OWN]),
            },
        },
        readme_table=_table(planted, chosen, decisions),
    )
    print(f"written: {path}")
    return 0


def decided_by_signal(scorer: Scorer, cases: Sequence[Case]) -> dict[str, bool | None]:
    """Decide each case by the value of the rubric's condition.

    Parameters
    ----------
    scorer : Scorer
        With the rubric.
    cases : sequence of Case
        The dialogues, of which the texts alone are read.

    Returns
    -------
    dict of str to (bool or None)
        By id of the transcript, whether the condition is met; None where it was not measured.
    """
    table = scorer.signals(case.transcript for case in cases)
    values = table.columns[SIGNAL].values.tolist()
    return {name: _met(value) for name, value in zip(table.transcript_ids, values, strict=True)}


def _met(value: float) -> bool | None:
    return None if math.isnan(value) else value >= SAID


def decided_by(
    finders: Mapping[str, Finder], rubric: Rubric, cases: Iterable[Case]
) -> dict[str, bool | None]:
    """Decide each case by the same condition on other evidence of what was said.

    Parameters
    ----------
    finders : mapping of str to callable
        By phrase, whether a sentence of the agent says it.
    rubric : Rubric
        With the condition.
    cases : iterable of Case
        The dialogues.

    Returns
    -------
    dict of str to (bool or None)
        As `decided_by_signal`.
    """
    (condition,) = rubric.conditions
    decisions = {}
    for case in cases:
        transcript = case.transcript
        events = {name: _events(finder, transcript) for name, finder in finders.items()}
        decisions[transcript.id] = _met(evaluate(condition, Heard(transcript, events)).value)
    return decisions


def _events(finder: Finder, transcript: Transcript) -> list[Event]:
    return [
        Event(index, start, end)
        for index, turn in enumerate(transcript.turns)
        if turn.role is Role.AGENT
        for start, end in sentence_spans(turn.text)
        if finder(turn.text[start:end])
    ]


def keyword_finders() -> dict[str, Finder]:
    """Give the baseline of regular expressions.

    Returns
    -------
    dict of str to callable
        By phrase.
    """
    return {name: _searching(pattern) for name, pattern in WORDS.items()}


def _searching(pattern: str) -> Finder:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda sentence: compiled.search(sentence) is not None


def cosine_finders(encoder: Encoder, rubric: Rubric) -> dict[str, Finder]:
    """Give the baseline of the greatest cosine to a bank's samples.

    Parameters
    ----------
    encoder : Encoder
        Gives the vectors.
    rubric : Rubric
        With the banks.

    Returns
    -------
    dict of str to callable
        By phrase.
    """
    found = {}
    for bank in rubric.phrase_banks:
        samples = [text for one in bank.samples["en"] for text in filled(one, bank.slots)]
        found[f"phrase.{bank.id}"] = _near(encoder, samples)
    return found


def _near(encoder: Encoder, samples: Sequence[str]) -> Finder:
    known = encoder.encode(samples)[:, : encoder.width]

    def finder(sentence: str) -> bool:
        vector = encoder.encode([" ".join(sentence.split())])[0, : encoder.width]
        return bool((known @ vector).max() >= COSINE)

    return finder


def balanced_accuracies(
    cases: Sequence[Case], decisions: Mapping[str, Decisions]
) -> dict[str, Figure]:
    """Give the mean share of right decisions over cases that are met and cases that are not.

    Parameters
    ----------
    cases : sequence of Case
        The dialogues.
    decisions : mapping of str to mapping
        By method and id of the transcript; no decision counts as a wrong one.

    Returns
    -------
    dict of str to Figure
        By method, and the lead of the first over each other.
    """
    truth = np.array([case.met for case in cases])
    right = {
        name: np.array([made[case.transcript.id] is case.met for case in cases], dtype=np.float64)
        for name, made in decisions.items()
    }

    def measure(weights: Array) -> dict[str, float]:
        found = {name: _balanced(truth, hits, weights) for name, hits in right.items()}
        leads = {f"ahead of {name}": found[OWN] - found[name] for name in found if name != OWN}
        return found | leads

    return cluster_bootstrap([case.wizard for case in cases], measure)


def _balanced(truth: NDArray[np.bool_], hits: Array, weights: Array) -> float:
    totals = [float(weights[side].sum()) for side in (truth, ~truth)]
    if min(totals) <= 0:
        return math.nan
    shares = [
        float(weights[side] @ hits[side]) / total
        for side, total in zip((truth, ~truth), totals, strict=True)
    ]
    return sum(shares) / 2


def list_errors(
    scorer: Scorer, cases: Sequence[Case], decisions: Decisions
) -> list[dict[str, Any]]:
    """List every wrong decision with its reasons.

    Parameters
    ----------
    scorer : Scorer
        With the rubric.
    cases : sequence of Case
        The dialogues.
    decisions : mapping of str to (bool or None)
        By id of the transcript.

    Returns
    -------
    list of dict
        ``dialogue`` (its number among those measured), ``form``, ``truth``, ``decision`` and
        ``reasons``.
    """
    wrong = [case for case in cases if decisions[case.transcript.id] is not case.met]
    recognised = _recognised(scorer, {turn.text for case in wrong for turn in case.turns})
    # a number of ours, since the data set's own names stay outside the repository
    numbers = {name: n for n, name in enumerate(dict.fromkeys(case.id for case in cases), start=1)}
    return [
        {
            "dialogue": numbers[case.id],
            "form": case.form,
            "truth": _called(case.met),
            "decision": _called(decision),
            "reasons": list(reasons(case, _by_turn(case, recognised), decision)),
        }
        for case in wrong
        for decision in [decisions[case.transcript.id]]
    ]


def _called(met: bool | None) -> str:
    return {True: "met", False: "violation", None: "none"}[met]


def _recognised(scorer: Scorer, texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Give the phrases that are found in each text where it stands alone."""
    known = sorted(texts)
    if not known:
        return {}
    turns = [Turn(Role.AGENT, text) for text in known]
    table = scorer.signals(
        Transcript(str(number), [turn], channel="chat", language="en")
        for number, turn in enumerate(turns)
    )
    return {
        text: frozenset(n for n in PHRASES if table.columns[n].values[row] >= SAID)
        for row, text in enumerate(known)
    }


def _by_turn(case: Case, recognised: Mapping[str, frozenset[str]]) -> list[frozenset[str]]:
    return [
        recognised[turn.text] if turn.role is Role.AGENT else frozenset() for turn in case.turns
    ]


def card_statuses(cases: Sequence[Case], cards: Iterable[Scorecard]) -> dict[str, dict[str, int]]:
    """Count what became of the scorecards.

    Parameters
    ----------
    cases : sequence of Case
        The dialogues.
    cards : iterable of Scorecard
        One for each.

    Returns
    -------
    dict of str to dict
        By truth and status of the total.
    """
    counts: dict[str, Counter[str]] = {"met": Counter(), "violation": Counter()}
    for case, card in zip(cases, cards, strict=True):
        counts[_called(case.met)][card.total_status.value] += 1
    return {name: dict(sorted(found.items())) for name, found in counts.items()}


def _sizes(played: Sequence[Case], planted: Sequence[Case]) -> dict[str, Any]:
    return {
        "as played": len(played),
        "violations as played": sum(not case.met for case in played),
        "wizards": len({case.wizard for case in played}),
        "forms": dict(sorted(Counter(case.form for case in planted).items())),
        "met": sum(case.met for case in planted),
    }


def _confusion(cases: Iterable[Case], decisions: Decisions) -> dict[str, int]:
    pairs = Counter(
        f"{_called(case.met)}, decided {_called(decisions[case.transcript.id])}" for case in cases
    )
    return dict(sorted(pairs.items()))


def _to_dicts(figures: Mapping[str, Figure]) -> dict[str, dict[str, float]]:
    return {name: figure.to_dict() for name, figure in figures.items()}


def _targets(figures: Mapping[str, Figure]) -> list[Target]:
    return [
        Target(
            f"procedure decisions on STAR, balanced accuracy, {name}",
            **figure.to_dict(),
            goal=GOAL if name == OWN else None,
        )
        for name, figure in figures.items()
    ]


def _table(
    cases: Sequence[Case], figures: Mapping[str, Figure], decisions: Mapping[str, Decisions]
) -> Table:
    rows: list[list[str | int]] = [
        [
            name,
            str(figures[name]),
            sum(made[case.transcript.id] is not True for case in cases if case.met),
            sum(made[case.transcript.id] is not False for case in cases if not case.met),
        ]
        for name, made in decisions.items()
    ]
    met = sum(case.met for case in cases)
    return Table(
        [
            "decided by",
            "balanced accuracy (95 % interval)",
            f"wrong of {met} that are met",
            f"wrong of {len(cases) - met} that are not",
        ],
        rows,
    )


if __name__ == "__main__":
    sys.exit(main())

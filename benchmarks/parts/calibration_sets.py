"""Graded conversations of USS and MAIA, measured once and kept, ready to be learnt from.

Measuring is slow, learning is fast. What was measured is kept in ``build/calibration`` under the
fingerprint of the scorer and hashes of the data and of the code that reads and measures, so that
all parts of the benchmark share it.
"""

from __future__ import annotations

import functools
import hashlib
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.conversations import MAIA
from benchmarks.parts.graded_sets import USS, RatedDialogue, read_rated_maia, read_uss
from benchmarks.parts.resampling import Resampler
from benchmarks.parts.texts import Remembering
from benchmarks.record import ROOT, data_sha256, file_sha256
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.learn import Graded
from qa_nlp.calibration.text_score import TextViews, TurnGrades
from qa_nlp.encoding import load_encoder
from qa_nlp.grades import Grades
from qa_nlp.scorer import Scorer
from qa_nlp.signals.summary import Summary
from qa_nlp.transcript import Role
from qa_nlp.user_files import replacing

__all__ = [
    "CORPORA",
    "KEPT",
    "MAIA_SETS",
    "READING",
    "RUBRICS",
    "TURN_DIALOGUES",
    "USS_SETS",
    "GradedSet",
    "code_sha256",
    "graded_set",
    "take",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

KEPT: Final = ROOT / "build" / "calibration"
CORPORA: Final = ("SGD", "MWOZ")
MAIA_SETS: Final = ("task_success", "interaction_quality")
USS_SETS: Final = ("turns", "before", "dialogues", "dialogues with turns")
TURN_DIALOGUES: Final = 300
"""Dialogues of each part of USS whose turns are measured, from the first."""
RUBRICS: Final = {name: f"benchmarks/rubrics/{name}.yaml" for name in ("satisfaction", *MAIA_SETS)}
READING: Final = (
    *(f"benchmarks/parts/{name}.py" for name in ("calibration_sets", "conversations")),
    "benchmarks/parts/graded_sets.py",
    *(f"qa_nlp/calibration/{name}.py" for name in ("criterion_data", "graded_views", "learn")),
    "qa_nlp/signals/summary.py",
)
"""The code that reads and measures, beside what the fingerprint of a scorer stands for."""

_SATISFACTION: Final = "satisfaction"
_ARRAYS: Final = (
    *("rows", "positions", "rule", "groups", "folds"),
    *("item", "rater", "level", "drawn"),
)


@dataclass(frozen=True, slots=True, eq=False)
class GradedSet:
    """Conversations with grades, or conversations up to a turn.

    Parameters
    ----------
    name : str
        Such as ``"MAIA task_success"`` or ``"SGD turns"``.
    data : CriterionData
        Signals and grades; its folds are those of the library.
    truth : ndarray of float64, shape (transcripts,)
        Mean grade of each, not rounded.
    language : ndarray of str, shape (transcripts,)
        The customer's.
    sha256 : str
        Of the file that it was read from, name and content.
    """

    name: str
    data: CriterionData
    truth: Array
    language: NDArray[np.str_]
    sha256: str

    @property
    def values(self) -> Array:
        """Value of each level, worst first."""
        return np.array([level.value for level in self.data.criterion.levels])

    def resampler(self, rows: Index) -> Resampler:
        """Prepare resamples of the groups of some transcripts.

        Parameters
        ----------
        rows : ndarray of int64, shape (n,)
            Which; one that comes several times stays together.

        Returns
        -------
        Resampler
            Of these rows.
        """
        return Resampler([str(group) for group in self.data.groups[rows]])


@functools.cache
def code_sha256(file: str) -> str:
    """Hash code as it is when first asked for, which is that of the running process.

    Parameters
    ----------
    file : str
        Path below the repository's root.

    Returns
    -------
    str
        Hexadecimal sha256.
    """
    return file_sha256(ROOT / file)


def graded_set(folder: Path, name: str) -> GradedSet:
    """Read a set from where it is kept, or measure it.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    name : str
        ``"MAIA "`` or a part of USS, then what was graded.

    Returns
    -------
    GradedSet
        By name.
    """
    corpus, _, kind = name.partition(" ")
    scorer = Scorer(ROOT / RUBRICS[kind if corpus == "MAIA" else _SATISFACTION], encoder="en")
    path = _path(folder, corpus, kind, scorer)
    if not path.is_file():
        _measure_maia(folder) if corpus == "MAIA" else _measure_uss(folder, corpus)
    # the name stands for the rubric's own models, which the content does not hold
    sha256 = hashlib.sha256(f"{path.name} {file_sha256(path)}".encode()).hexdigest()
    with path.open("rb") as file:
        return _restored(name, scorer, pickle.load(file), sha256)


def take(data: CriterionData, rows: Index, folds: Index | None = None) -> CriterionData:
    """Take some transcripts with their grades, as if the others had never been graded.

    Parameters
    ----------
    data : CriterionData
        All of them.
    rows : ndarray of int64, shape (n,)
        Which, each once.
    folds : ndarray of int64, shape (n,), optional
        Their folds; default: those they have.

    Returns
    -------
    CriterionData
        In the order of `rows`. Grades up to a turn stay where their conversation's group does.
    """
    place = np.full(len(data.rows), -1)
    place[rows] = np.arange(len(rows))
    kept = place[data.item] >= 0
    order = np.argsort(place[data.item[kept]], kind="stable")
    grades = np.flatnonzero(kept)[order]
    number = np.full(len(data.item), -1)
    number[grades] = np.arange(len(grades))
    views = None
    if data.views is not None:
        views = TextViews([data.views.summaries[row] for row in rows])
    return replace(
        data,
        rows=data.rows[rows],
        positions=data.positions[rows],
        rule=data.rule[rows],
        groups=data.groups[rows],
        folds=data.folds[rows] if folds is None else folds,
        item=place[data.item[grades]],
        rater=data.rater[grades],
        level=data.level[grades],
        drawn=number[data.drawn[rows]],
        views=views,
        turns=None if data.turns is None else _take_turns(data.turns, data.groups[rows], place),
    )


def _take_turns(turns: TurnGrades, groups: Index, place: Index) -> TurnGrades:
    kept = np.flatnonzero(np.isin(turns.groups, groups))
    owner = turns.owner[kept]
    return TurnGrades(
        TextViews([turns.views.summaries[row] for row in kept]),
        turns.values[kept],
        turns.groups[kept],
        np.where(owner >= 0, place[owner], -1),
        turns.role,
    )


def _path(folder: Path, corpus: str, kind: str, scorer: Scorer) -> Path:
    files = MAIA if corpus == "MAIA" else (USS[corpus],)
    data = "".join(data_sha256(folder, file)[:8] for file in files)
    code = hashlib.sha256("".join(map(code_sha256, READING)).encode()).hexdigest()[:8]
    return KEPT / f"{corpus}-{kind.replace(' ', '_')}-{scorer.fingerprint}-{data}-{code}.pickle"


def _measure_maia(folder: Path) -> None:
    rated = read_rated_maia(folder)
    encoder = Remembering(load_encoder("en"))
    languages = {one.transcript.id: one.transcript.metadata["customer_language"] for one in rated}
    success = {one.transcript.id: float(one.success) for one in rated}
    quality = {one.transcript.id: one.quality for one in rated}
    for kind, truth in zip(MAIA_SETS, (success, quality), strict=True):
        rows = [(name, round(value * 4) / 4) for name, value in truth.items()]
        scorer = Scorer(ROOT / RUBRICS[kind], encoder=encoder)
        given = _grades(kind, rows)
        graded = scorer._graded([one.transcript for one in rated], given, _shown)
        _keep(_path(folder, "MAIA", kind, scorer), graded, given, truth, languages)


def _measure_uss(folder: Path, corpus: str) -> None:
    rated = read_uss(folder, corpus)
    wholes = [(one.transcript.id, float(grade)) for one in rated for grade in one.whole]
    now, before = (list(_turn_rows(rated[:TURN_DIALOGUES], back)) for back in (0, 1))
    scorer = Scorer(ROOT / RUBRICS[_SATISFACTION], encoder=Remembering(load_encoder("en")))
    everything = _grades(_SATISFACTION, [*wholes, *now, *before])
    graded = scorer._graded([one.transcript for one in rated], everything, _shown)
    by_kind: list[list[tuple[str, float]]] = [now, before, wholes, [*wholes, *now]]
    rows_of = dict(zip(USS_SETS, by_kind, strict=True))
    for kind, rows in rows_of.items():
        truth = _means(wholes if "dialogues" in kind else rows)
        given = _grades(_SATISFACTION, rows)
        _keep(_path(folder, corpus, kind, scorer), graded, given, truth, dict.fromkeys(truth, "en"))


def _turn_rows(rated: Sequence[RatedDialogue], back: int) -> Iterable[tuple[str, float]]:
    """Give the grades of rated turns to the dialogue up to some turns before; none before it."""
    for one in rated:
        for turn, grades in one.turns:
            if turn >= back:
                yield from (
                    (f"{one.transcript.id}#{turn - back}", float(grade)) for grade in grades
                )


def _means(rows: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for name, grade in rows:
        found.setdefault(name, []).append(grade)
    return {name: float(np.mean(grades)) for name, grades in found.items()}


def _grades(criterion: str, rows: Sequence[tuple[str, float]]) -> Grades:
    names, levels = zip(*rows, strict=True)
    return Grades(names, [criterion] * len(rows), [None] * len(rows), levels)


def _shown(stage: str, done: int, total: int) -> None:
    if done % 1000 < 64:
        print(f"  {stage} {done:,} of {total or 'many'}", flush=True)


def _keep(
    path: Path, graded: Graded, given: Grades, truth: dict[str, float], language: dict[str, str]
) -> None:
    """Keep arrays alone, so that what was measured outlives the classes that hold it."""
    (data,) = replace(graded, grades=given).criteria()
    assert data.views is not None
    names = [graded.transcripts[row].id for row in data.rows]
    turns = data.turns
    kept: dict[str, Any] = {
        "arrays": {name: getattr(data, name) for name in _ARRAYS},
        "summaries": _plain(data.views, whole=turns is not None),
        "turns": None,
        "truth": np.array([truth[name] for name in names]),
        "language": np.array([language[name] for name in names]),
    }
    if turns is not None:
        others = (turns.values, turns.groups, turns.owner, turns.role.value)
        kept["turns"] = (_plain(turns.views, whole=False), *others)
    with replacing(path) as temporary:
        temporary.write_bytes(pickle.dumps(kept))


def _plain(views: TextViews, *, whole: bool) -> list[tuple[Any, list[str]]]:
    told = views.summaries if whole else [one.at_end() for one in views.summaries]
    return [(one.rows, [role.value for role in one.roles]) for one in told]


def _views(plain: list[tuple[Any, list[str]]]) -> TextViews:
    return TextViews([Summary(rows, tuple(Role(role) for role in roles)) for rows, roles in plain])


def _restored(name: str, scorer: Scorer, kept: dict[str, Any], sha256: str) -> GradedSet:
    turns = None
    if kept["turns"] is not None:
        summaries, values, groups, owner, role = kept["turns"]
        turns = TurnGrades(_views(summaries), values, groups, owner, Role(role))
    (criterion,) = scorer.rubric.criteria
    data = CriterionData(
        criterion,
        scorer._models[criterion.id],
        **kept["arrays"],
        views=_views(kept["summaries"]),
        turns=turns,
    )
    return GradedSet(name, data, kept["truth"], kept["language"], sha256)

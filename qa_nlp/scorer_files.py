"""A calibrated scorer as a folder: rubric, weights, out-of-fold grades and a card. No text.

``manifest.json`` names every part of the fingerprint; loading compares each with this installation
and refuses what differs by its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from qa_nlp.calibration.calibrator import Calibrator
from qa_nlp.calibration.storage import Stored, from_stored, to_stored
from qa_nlp.calibration.summary import CalibrationSummary
from qa_nlp.errors import ArtifactError
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Scorecard
from qa_nlp.user_files import replacing_folder

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "SCORER_FILES",
    "SCORER_FORMAT",
    "SavedScorer",
    "check_parts",
    "read_scorer",
    "unseen_rows",
    "write_scorer",
]

SCORER_FORMAT: Final = 1
"""Version of the form in which scorers are stored."""

_MANIFEST: Final = "manifest.json"
_RUBRIC: Final = "rubric.yaml"
_WEIGHTS: Final = "calibrator.safetensors"
_UNSEEN: Final = "oof.parquet"
_CARD: Final = "README.md"

SCORER_FILES: Final = (_MANIFEST, _RUBRIC, _WEIGHTS)
"""Files by which the folder of a scorer is known; another folder is never replaced."""

_REMEDIES: Final = {
    "rubric": "the rubric in the folder was changed; calibrate again",
    "encoder": "it was calibrated with another encoder or in another tier; load it with that one, "
    "or calibrate again",
    "scoring": "this version of qa_nlp grades in another way; calibrate again",
    "signals": "this version of qa_nlp measures signals in another way; calibrate again",
    "phrases": "the shipped phrase banks have changed; calibrate again",
    "phrase_weights": "the weights of the phrase banks have changed; calibrate again",
    "calibration": "the weights in the folder were changed; calibrate again",
}


@dataclass(frozen=True, slots=True, eq=False)
class SavedScorer:
    """What lies in a folder.

    Parameters
    ----------
    rubric : Rubric
        The questions.
    encoder : str or None
        Name of its encoder; None where it was an object of the user's.
    tier : str
        Of its encoder.
    parts : mapping of str to str
        Of its fingerprint.
    calibrator : Calibrator
        What was learnt.
    summary : CalibrationSummary
        What that changed.
    unseen : tuple of dict
        Out-of-fold grades, one row for each transcript and criterion.
    """

    rubric: Rubric
    encoder: str | None
    tier: str
    parts: Mapping[str, str]
    calibrator: Calibrator
    summary: CalibrationSummary
    unseen: tuple[dict[str, Any], ...]


def unseen_rows(cards: Sequence[Scorecard]) -> tuple[dict[str, Any], ...]:
    """Give the out-of-fold grades of scorecards as rows.

    Parameters
    ----------
    cards : sequence of Scorecard
        Those without a fold are left out.

    Returns
    -------
    tuple of dict
        One for each transcript and criterion.
    """
    return tuple(
        {
            "transcript_id": card.transcript_id,
            "group_id": card.group_id,
            "fold": card.fold,
            "criterion": grade.criterion,
            "status": grade.status.value,
            "level": grade.level,
            "expected": grade.expected,
            "level_set": list(grade.level_set),
            "probabilities": list(grade.probabilities.values()),
        }
        for card in cards
        if card.fold is not None
        for grade in card.out_of_fold
    )


def write_scorer(path: Path, saved: SavedScorer, facts: Mapping[str, Any]) -> Path:
    """Write a calibrated scorer; the folder appears whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        The folder; a scorer that lies there is replaced.
    saved : SavedScorer
        What to write.
    facts : mapping
        For the manifest: library version, fingerprint, terms of the weights.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ArtifactError
        When something else lies there, or it cannot be written.
    """
    import pyarrow.parquet as pq
    from safetensors.numpy import save

    stored = to_stored(saved.calibrator)
    manifest = {
        "format_version": SCORER_FORMAT,
        **facts,
        "encoder": saved.encoder,
        "tier": saved.tier,
        "parts": dict(saved.parts),
        "metrics": saved.summary.to_dict(),
        "calibration": stored.structure,
    }
    with replacing_folder(path, SCORER_FILES) as folder:
        (folder / _MANIFEST).write_text(_json(manifest), encoding="utf-8")
        document = saved.rubric.model_dump(mode="json", exclude_none=True)
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
        (folder / _RUBRIC).write_text(text, encoding="utf-8")
        (folder / _WEIGHTS).write_bytes(save(stored.tensors))
        pq.write_table(_table(saved.unseen), folder / _UNSEEN)
        (folder / _CARD).write_text(_card(saved, facts), encoding="utf-8")
    return path


def read_scorer(path: Path) -> SavedScorer:
    """Read what `write_scorer` wrote.

    Parameters
    ----------
    path : pathlib.Path
        The folder.

    Returns
    -------
    SavedScorer
        As it was.

    Raises
    ------
    ArtifactError
        When a file is missing, damaged or foreign.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from safetensors import SafetensorError
    from safetensors.numpy import load

    if not path.is_dir():
        raise ArtifactError(f"{path}: no folder of a saved scorer; see Scorer.save")
    try:
        manifest = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
        version = manifest["format_version"]
        if version != SCORER_FORMAT:
            raise ArtifactError(
                f"{path}: scorer format {version!r} is not the format {SCORER_FORMAT} that this "
                "version of qa_nlp reads; calibrate again"
            )
        rubric = Rubric.from_yaml((path / _RUBRIC).read_text(encoding="utf-8"), str(path / _RUBRIC))
        unseen = tuple(pq.read_table(path / _UNSEEN).to_pylist())
        fold_of = {row["group_id"]: int(row["fold"]) for row in unseen}
        tensors = load((path / _WEIGHTS).read_bytes())
        calibrator = from_stored(Stored(manifest["calibration"], tensors), fold_of)
        summary = CalibrationSummary.from_dict(manifest["metrics"])
        return SavedScorer(
            rubric,
            manifest["encoder"],
            manifest["tier"],
            dict(manifest["parts"]),
            calibrator,
            summary,
            unseen,
        )
    except FileNotFoundError as error:
        name = Path(str(error.filename or _UNSEEN)).name  # pyarrow does not say which
        raise ArtifactError(f"{path}: no saved scorer: {name} is missing") from None
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ArtifactError:
        raise
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        SafetensorError,
        pa.ArrowException,
    ) as error:
        raise ArtifactError(
            f"{path}: not a saved scorer, or damaged ({type(error).__name__}); restore the folder "
            "or calibrate again"
        ) from None


def check_parts(path: Path, saved: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Compare the parts of a fingerprint with those of this installation.

    Parameters
    ----------
    path : pathlib.Path
        The folder, for messages.
    saved, here : mapping of str to str
        Parts of the fingerprint.

    Raises
    ------
    ArtifactError
        Which names every part that differs, and the remedy.
    """
    differing = [name for name in {**saved, **here} if saved.get(name) != here.get(name)]
    if differing:
        lines = [
            f"{path}: {name!r} is {here.get(name)!r} here, but the scorer was made with "
            f"{saved.get(name)!r}: {_REMEDIES.get(name, 'calibrate again')}"
            for name in differing
        ]
        raise ArtifactError("\n".join(lines))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    schema = pa.schema(
        [
            ("transcript_id", text),
            ("group_id", text),
            ("fold", pa.int64()),
            ("criterion", text),
            ("status", text),
            ("level", text),
            ("expected", number),
            ("level_set", pa.list_(text)),
            ("probabilities", pa.list_(number)),
        ]
    )
    return pa.Table.from_pylist(list(rows), schema=schema)


def _card(saved: SavedScorer, facts: Mapping[str, Any]) -> str:
    cells = saved.summary.cells()
    lines = [f"| {' | '.join(row)} |" for row in cells]
    lines.insert(1, "|" + "---|" * len(cells[0]))
    notes = "\n\n".join(saved.summary.notes)
    return (
        f"# Scorer for {saved.rubric.name}\n\n"
        f"Learnt by qa_nlp {facts['library']} from human grades on {saved.summary.transcripts:,} "
        f"conversations, on the rubric `{saved.rubric.id}` {saved.rubric.version}. Terms of the "
        f"weights it reads: {facts['terms']}. Fingerprint `{facts['fingerprint']}`.\n\n"
        + "\n".join(lines)
        + f"\n\n{notes}\n\nLoad it with `qa_nlp.Scorer.load`. The folder holds ids and grades, no "
        "words of any conversation.\n"
    )

"""``manifest.json``: what a result folder was made of, and how far it is.

It holds no words, no times and nothing about the machine, so that equal jobs have equal manifests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from qa_nlp.batch.inputs import Input
from qa_nlp.batch.storage import sync_folder, write_synced
from qa_nlp.errors import ArtifactError

__all__ = ["BATCH_FORMAT", "MANIFEST", "Manifest", "ShardSummary"]

BATCH_FORMAT: Final = 1
"""Version of the form in which result folders are stored."""

MANIFEST: Final = "manifest.json"
_ANEW: Final = "score everything anew with --restart (restart=True), or choose another folder"


@dataclass(frozen=True, slots=True)
class ShardSummary:
    """A finished part of a result.

    Parameters
    ----------
    name : str
        Of its folder: number of the bundle, number within the bundle.
    conversations, scorecards, errors, needs_review : int
        As in `BatchReport`.
    last : bool
        Whether it is the last of its bundle.
    """

    name: str
    conversations: int
    scorecards: int
    errors: int
    needs_review: int
    last: bool

    @property
    def bundle(self) -> int:
        """Number of the bundle it belongs to."""
        return int(self.name.partition("-")[0])

    @property
    def number(self) -> int:
        """Its place within the bundle, from 0."""
        return int(self.name.partition("-")[2])


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a result folder was made of.

    Parameters
    ----------
    library : str
        Version of qa_nlp that began it.
    scorer : mapping
        ``fingerprint``, ``parts``, ``rubric``, ``rubric_version``, ``encoders``, ``tier``,
        ``terms`` and ``quotes``.
    options : mapping
        How the inputs are read and which conversations are scored.
    inputs : sequence of Input
        In order of their bundles.
    sample_most : int or None
        Where a stated number of conversations is drawn: the largest number that `Sample` takes.
    shards : sequence of ShardSummary
        In order.
    finished : bool
        Whether everything is scored.
    """

    library: str
    scorer: Mapping[str, Any]
    options: Mapping[str, Any]
    inputs: Sequence[Input] = ()
    sample_most: int | None = None
    shards: Sequence[ShardSummary] = field(default=())
    finished: bool = False

    @classmethod
    def load(cls, out: Path) -> Manifest | None:
        """Read the manifest of a result folder.

        Parameters
        ----------
        out : pathlib.Path
            The folder.

        Returns
        -------
        Manifest or None
            None where there is none.

        Raises
        ------
        ArtifactError
            When it is damaged or of another format.
        """
        path = out / MANIFEST
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            version = row.pop("format_version", None)
            if version != BATCH_FORMAT:
                raise ArtifactError(
                    f"{path}: format {version!r} is not the format {BATCH_FORMAT} that this "
                    f"version of qa_nlp reads; {_ANEW}"
                )
            inputs = tuple(Input(**item) for item in row.pop("inputs"))
            shards = tuple(ShardSummary(**item) for item in row.pop("shards"))
            return cls(**row, inputs=inputs, shards=shards)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ArtifactError(f"{path}: cannot be read: {error.strerror}") from None
        except ArtifactError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ArtifactError(
                f"{path}: damaged, or not the manifest of scorecards; choose another folder, or "
                "remove this one yourself"
            ) from None

    @staticmethod
    def is_one(out: Path) -> bool:
        """Tell whether a folder holds such a manifest, of whatever format.

        Parameters
        ----------
        out : pathlib.Path
            The folder.

        Returns
        -------
        bool
            False also where it is missing or damaged.
        """
        try:
            row = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
            return {"scorer", "options", "inputs", "shards"} <= set(row)
        except (OSError, TypeError, ValueError):
            return False

    def save(self, out: Path, working: Path) -> None:
        """Write the manifest, where it says something new; it appears whole or not at all.

        Parameters
        ----------
        out : pathlib.Path
            The result folder.
        working : pathlib.Path
            A folder for temporary files in the same file system.
        """
        row = {
            "format_version": BATCH_FORMAT,
            **{name: getattr(self, name) for name in ("library", "scorer", "options")},
            "sample_most": self.sample_most,
            "finished": self.finished,
            "inputs": [_identity(item) for item in self.inputs],
            "shards": [asdict(item) for item in self.shards],
        }
        # File names may hold bytes that are no UTF-8; as escapes they can be written.
        content = (json.dumps(row, indent=1) + "\n").encode("ascii")
        target = out / MANIFEST
        if target.exists() and target.read_bytes() == content:
            return
        temporary = working / MANIFEST
        write_synced(temporary, content)
        temporary.replace(target)
        sync_folder(out)

    def check(self, other: Manifest, out: Path) -> None:
        """See that another run would give the same scorecards.

        Parameters
        ----------
        other : Manifest
            Of that run.
        out : pathlib.Path
            The result folder, for messages.

        Raises
        ------
        ArtifactError
            When the scorer or an option is another: names which.
        """
        mine, theirs = _facts(self), _facts(other)
        differing = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
        if differing:
            lines = [
                f"{out}: was made with another {name}: {_shown(mine.get(name))}, now "
                f"{_shown(theirs.get(name))}"
                for name in differing
            ]
            raise ArtifactError("\n".join([*lines, f"{out}: {_ANEW}"]))


def _identity(item: Input) -> dict[str, Any]:
    names = ("path", "bundle", "bytes", "sha256")
    return {name: getattr(item, name) for name in names}


def _facts(manifest: Manifest) -> dict[str, Any]:
    scorer = dict(manifest.scorer)
    parts = scorer.pop("parts", {})
    told = {f"scorer part {name!r}": value for name, value in parts.items()}
    quotes = {"scorer option 'quotes'": scorer.get("quotes")}
    # What the parts do not tell, such as calibration on other folds, the fingerprint does.
    whole = {"scorer fingerprint": scorer.get("fingerprint")}
    options = {f"option {name!r}": value for name, value in manifest.options.items()}
    return {**told, **quotes, **whole, **options}


def _shown(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

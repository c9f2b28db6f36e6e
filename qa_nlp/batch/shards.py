"""Parts of a result: what is scored as one, and how it lies on disk.

A shard is a folder that appears by one rename, with everything in it and its sizes written down. So
a shard that is there and has those sizes is finished, and any other is none.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa_nlp.batch.manifest import ShardSummary
from qa_nlp.batch.storage import sync_folder, write_synced
from qa_nlp.batch.tables import TABLES, shard_tables
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import SHARDS
from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    from qa_nlp.importers import BadTranscript

__all__ = [
    "Conversation",
    "Shard",
    "all_shards",
    "read_ids",
    "read_summary",
    "remove_shard",
    "write_shard",
]

_SUMMARY: Final = "summary.json"
_FILES: Final = tuple(f"{table}.parquet" for table in TABLES)
_NAME: Final = re.compile(r"\d{6,}-\d{6,}")


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was read, and where.

    Parameters
    ----------
    item : Transcript or BadTranscript
        The conversation, or why it is none.
    input : str
        The file.
    scorecard_ids : tuple of str
        Ids that its scorecards will have; none where it cannot be scored.
    """

    item: Transcript | BadTranscript
    input: str
    scorecard_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shard:
    """What is scored as one.

    Parameters
    ----------
    bundle, number : int
        Which bundle, and which place within it, from 0.
    conversations : tuple of Conversation
        In order.
    last : bool
        Whether it is the last of its bundle.
    bytes : float
        Share of its inputs' bytes.
    """

    bundle: int
    number: int
    conversations: tuple[Conversation, ...]
    last: bool
    bytes: float = 0.0

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.bundle:06}-{self.number:06}"


def write_shard(
    out: Path, working: Path, shard: Shard, cards: Sequence[Scorecard], criteria: Sequence[str]
) -> ShardSummary:
    """Write the scorecards of a shard; its folder appears whole or not at all.

    Parameters
    ----------
    out : pathlib.Path
        The result folder.
    working : pathlib.Path
        A folder for temporary files in the same file system.
    shard : Shard
        What was scored.
    cards : sequence of Scorecard
        What came of it.
    criteria : sequence of str
        Of the rubric.

    Returns
    -------
    ShardSummary
        What was written.

    Raises
    ------
    OSError
        When the disk is full or read-only.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [(read.item.id, read.input, read.scorecard_ids) for read in shard.conversations]
    summary = ShardSummary(
        shard.name,
        len(rows),
        len(cards),
        sum(card.error is not None for card in cards),
        sum(card.needs_review for card in cards),
        shard.last,
    )
    temporary = working / shard.name
    shutil.rmtree(temporary, ignore_errors=True)  # of a worker that was killed
    temporary.mkdir()
    sizes = {}
    for name, table in shard_tables(cards, criteria, [_writable(*row) for row in rows]).items():
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        content = sink.getvalue().to_pybytes()
        write_synced(temporary / f"{name}.parquet", content)
        sizes[f"{name}.parquet"] = len(content)
    told = json.dumps({**asdict(summary), "files": sizes}, indent=1) + "\n"
    write_synced(temporary / _SUMMARY, told.encode("ascii"))
    sync_folder(temporary)
    temporary.rename(out / SHARDS / shard.name)
    sync_folder(out / SHARDS)
    return summary


def all_shards(out: Path) -> Iterator[tuple[str, ShardSummary | None]]:
    """Look which shards there are.

    Parameters
    ----------
    out : pathlib.Path
        The result folder.

    Yields
    ------
    tuple of (str, ShardSummary or None)
        Name of each, in order, and what it holds; None where it is damaged.
    """
    folder = out / SHARDS
    if folder.is_dir():
        for name in sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)):
            yield name, read_summary(out, name)


def read_summary(out: Path, name: str) -> ShardSummary | None:
    """Look whether a shard is finished.

    Parameters
    ----------
    out : pathlib.Path
        The result folder.
    name : str
        Of the shard.

    Returns
    -------
    ShardSummary or None
        What it holds; None where it is missing or damaged.
    """
    folder = out / SHARDS / name
    try:
        row = json.loads((folder / _SUMMARY).read_text(encoding="ascii"))
        sizes = row.pop("files")
        whole = all((folder / name).stat().st_size == sizes[name] for name in _FILES)
        return ShardSummary(**row) if whole and row["name"] == name else None
    except (OSError, AttributeError, KeyError, TypeError, ValueError):
        return None


def remove_shard(out: Path, name: str) -> None:
    """Remove a shard, but nothing that somebody else has put into its folder.

    Parameters
    ----------
    out : pathlib.Path
        The result folder.
    name : str
        Of the shard.
    """
    folder = out / SHARDS / name
    # The summary goes first: what is left without it is no shard.
    for file in (_SUMMARY, *_FILES):
        (folder / file).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def read_ids(out: Path, name: str) -> Iterator[tuple[str, ...]]:
    """Give the ids that a shard has used up.

    Parameters
    ----------
    out : pathlib.Path
        The result folder.
    name : str
        Of the shard.

    Yields
    ------
    tuple of str
        Of a conversation and its scorecards.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(out / SHARDS / name / "conversations.parquet")
    for identifier, own in zip(
        table["transcript_id"].to_pylist(), table["scorecard_ids"].to_pylist(), strict=True
    ):
        if own:
            yield (identifier, *own)


def _writable(
    identifier: str | None, source: str, own: tuple[str, ...]
) -> tuple[str | None, str, tuple[str, ...]]:
    # What could not be read may have an id that cannot be written.
    return identifier and identifier.encode(errors="backslashreplace").decode(), source, own

"""Which files a path, a folder, a glob or a list of those means."""

from __future__ import annotations

import glob
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from qa_nlp.errors import TranscriptError

__all__ = ["Found", "Paths", "find_files"]

Paths: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"
"""What `read_transcripts` takes: one path, folder or glob, or several."""

_FILE_SUFFIXES: Final = frozenset(
    (".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".srt", ".tsv", ".txt", ".vtt")
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read, or why it must not be read.

    Parameters
    ----------
    path : Path
        As found.
    refusal : str, default ""
        What is wrong with it and what to do; empty where nothing is.
    """

    path: Path
    refusal: str = ""


def find_files(paths: Paths) -> list[Found]:
    """List the files that paths mean, each file once.

    Folders are read with all their subfolders, in the order of their names. What is hidden (its
    name begins with a dot) is skipped. Links are followed as long as they stay in the folder that
    was given, or in the part of a pattern before its first wildcard.

    Parameters
    ----------
    paths : str, path-like, or iterable of those
        Files, folders and glob patterns.

    Returns
    -------
    list of Found
        In the order of `paths`; within a folder or pattern sorted.

    Raises
    ------
    TranscriptError
        When one of them matches nothing.
    """
    found: dict[str, Found] = {}
    for text in _texts(paths):
        matches = list(_expand(text))
        if not matches:
            raise TranscriptError(f"{text!r} matches no file; check the path")
        for match in matches:
            found.setdefault(os.path.realpath(match.path), match)
    return list(found.values())


def _texts(paths: Paths) -> list[str]:
    given: object = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    if not isinstance(given, Iterable):
        raise TranscriptError(f"a path must be a string or a Path, not {type(given).__name__}")
    texts = []
    for item in given:
        text = os.fspath(item) if isinstance(item, (str, os.PathLike)) else None
        if not isinstance(text, str):
            raise TranscriptError(f"a path must be a string or a Path, not {type(item).__name__}")
        if not text:
            raise TranscriptError("a path is empty; write '.' for the current folder")
        texts.append(text)
    if not texts:
        raise TranscriptError("no path was given")
    return texts


def _expand(text: str) -> Iterator[Found]:
    path = Path(text)
    if path.is_dir():
        yield from _folder(path, os.path.realpath(path))
    elif os.path.lexists(path):
        yield _file(path)
    elif glob.has_magic(text):
        fixed = list(itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
        root = Path(*fixed)
        for match in sorted(root.glob(str(Path(*path.parts[len(fixed) :])))):
            if not any(part.startswith(".") for part in match.relative_to(root).parts):
                yield from _inside(match, os.path.realpath(root))


def _folder(folder: Path, root: str) -> Iterator[Found]:
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        yield Found(folder, f"the folder cannot be listed ({error.strerror}); check your rights")
        return
    for child in children:
        if not child.name.startswith("."):
            yield from _inside(child, root)


def _inside(path: Path, root: str) -> Iterator[Found]:
    if not Path(os.path.realpath(path)).is_relative_to(root):
        yield Found(
            path,
            "the link leads out of the folder that was given and is not followed; give its target "
            "as a path of its own",
        )
    elif not path.is_dir():
        yield _file(path)
    elif path.suffix.lower() in _FILE_SUFFIXES:
        yield Found(
            path,
            "this is a folder with the name of a file; rename it, or give it as a path of its own",
        )
    elif not path.is_symlink():
        # A link to a folder within the folder adds nothing: its target is read where it stands.
        yield from _folder(path, root)


def _file(path: Path) -> Found:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            return Found(path, "the link leads nowhere; remove it or restore its target")
        return Found(path, f"the file cannot be read ({error.strerror}); check your rights")
    if not stat.S_ISREG(mode):
        return Found(path, "this is no regular file; save its content to one")
    return Found(path)

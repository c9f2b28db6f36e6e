"""What a job reads: its files, known by their content, in bundles that are finished as one.

Small files that follow each other make a bundle; a large one is a bundle of its own, and so is one
that cannot be read. Bundles depend on sizes alone, so they are known before anything is read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from qa_nlp.errors import ArtifactError, TranscriptError
from qa_nlp.importers.files import Found, Paths, find_files

__all__ = ["BUNDLE_BYTES", "BUNDLE_FILES", "Input", "find_inputs", "known_inputs", "new_inputs"]

BUNDLE_BYTES: Final = 8 * 1024 * 1024
BUNDLE_FILES: Final = 1000
_CHUNK: Final = 1024 * 1024
_BY_LINE: Final = (".jsonl", ".ndjson")
_NAMED: Final = 5
_REMEDY: Final = "choose another folder, or score everything anew with --restart (restart=True)"


@dataclass(frozen=True, slots=True)
class Input:
    """A file and what identifies it.

    Parameters
    ----------
    path : str
        As it was given.
    bundle : int
        Number of the bundle it belongs to.
    bytes : int or None
        Its size; None where it cannot be read.
    sha256 : str or None
        Of its content; None where it cannot be read.
    lines : int or None
        Lines with anything on them, where each is a conversation; None where nobody has counted.
    refusal : str
        Why it must not be read; empty where nothing speaks against it.
    """

    path: str
    bundle: int
    bytes: int | None
    sha256: str | None
    lines: int | None = None
    refusal: str = ""


def find_inputs(paths: Paths, out: Path) -> list[Input]:
    """Find files and read each through, for its hash.

    Parameters
    ----------
    paths : str, path-like, or iterable of those
        Files, folders and globs.
    out : pathlib.Path
        Where the result lies; what is in there is no input.

    Returns
    -------
    list of Input
        In order, without bundles.

    Raises
    ------
    TranscriptError
        When nothing is found.
    """
    place = os.path.realpath(out)
    inputs = [
        _measured(found)
        for found in find_files(paths)
        if not Path(os.path.realpath(found.path)).is_relative_to(place)
    ]
    if not inputs:
        raise TranscriptError(f"there is nothing to read outside the result folder {out}")
    return inputs


def _measured(found: Found) -> Input:
    path = os.fspath(found.path)
    if found.refusal:
        return Input(path, -1, None, None, refusal=found.refusal)
    digest = hashlib.sha256()
    size = lines = 0
    ended = True
    by_line = found.path.suffix.lower() in _BY_LINE
    try:
        with found.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if by_line:
                    lines += chunk.count(b"\n")
                    ended = chunk.endswith(b"\n")
    except OSError:
        return Input(path, -1, None, None)
    return Input(path, -1, size, digest.hexdigest(), lines + (not ended) if by_line else None)


def new_inputs(inputs: Iterable[Input], first: int = 0) -> list[Input]:
    """Put inputs into bundles.

    Parameters
    ----------
    inputs : iterable of Input
        In order.
    first : int, default 0
        Number of the first bundle.

    Returns
    -------
    list of Input
        In the same order, with their bundles.

    Examples
    --------
    >>> sizes = [10, 10, None, 10, 9_000_000, 10]
    >>> found = [Input(str(n), -1, size, "") for n, size in enumerate(sizes)]
    >>> [item.bundle for item in new_inputs(found)]
    [0, 0, 1, 2, 3, 4]
    """
    bundled: list[Input] = []
    bundle, size, count = first, 0, 0
    for item in inputs:
        alone = item.bytes is None or item.bytes >= BUNDLE_BYTES
        full = size + (item.bytes or 0) > BUNDLE_BYTES or count == BUNDLE_FILES
        if count and (alone or full):
            bundle, size, count = bundle + 1, 0, 0
        bundled.append(replace(item, bundle=bundle))
        size, count = size + (item.bytes or 0), count + 1
        if alone:
            bundle, size, count = bundle + 1, 0, 0
    return bundled


def known_inputs(known: Sequence[Input], found: Sequence[Input], out: Path) -> list[Input]:
    """Find the inputs of an earlier run among those of this one, and bundle what is new.

    Parameters
    ----------
    known : sequence of Input
        Of the earlier run.
    found : sequence of Input
        Of this one.
    out : pathlib.Path
        The result folder, for messages.

    Returns
    -------
    list of Input
        The known ones in their old order, then the new ones. One that could not be read and now can
        keeps its bundle.

    Raises
    ------
    ArtifactError
        When one has changed, or is not there any more: names it and what to do.
    """
    by_path = {item.path: item for item in found}
    problems = []
    kept = []
    for old in known:
        new = by_path.pop(old.path, None)
        if new is None:
            problems.append(f"{old.path} was not given this time")
        elif old.sha256 is not None and new.sha256 is None:
            problems.append(f"{old.path} cannot be read any more")
        elif old.sha256 not in (None, new.sha256):
            problems.append(f"{old.path} has changed since")
        else:
            kept.append(replace(new, bundle=old.bundle))
    if problems:
        more = len(problems) - _NAMED
        listed = "; ".join(problems[:_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
        raise ArtifactError(f"{out}: holds scorecards of other inputs: {listed}; {_REMEDY}")
    last = max((item.bundle for item in known), default=-1)
    return [*kept, *new_inputs(by_path.values(), last + 1)]

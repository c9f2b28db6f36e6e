"""Find and read the small text files that a person writes: rubrics, phrase banks, tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from qa_nlp.errors import RubricError, did_you_mean

__all__ = ["locate", "read_text"]

_LARGEST: Final = 8_000_000
_ENDINGS: Final = (".yaml", ".yml")


def locate(name: str | Path, shipped: Mapping[str, Path], what: str) -> Path:
    """Find the file that a shipped name or a path means.

    Parameters
    ----------
    name : str or pathlib.Path
        A shipped name, or a path. A folder of that name does not hide what is shipped.
    shipped : mapping of str to pathlib.Path
        What comes with the library.
    what : str
        What it is, for messages.

    Returns
    -------
    pathlib.Path
        The file, which need not exist where a path was given.

    Raises
    ------
    RubricError
        When it is neither; near matches are listed.
    """
    path = Path(name)
    if isinstance(name, Path) or path.suffix in _ENDINGS:
        return path
    try:
        if path.is_file() or (path.exists() and name not in shipped):
            return path
    except (OSError, ValueError):
        raise RubricError(
            f"the name of the {what} is {len(name):,} characters long; give a name or a path"
        ) from None
    if name not in shipped:
        raise RubricError(
            f"no {what} {name!r} is shipped and no such file exists{did_you_mean(name, shipped)}"
        )
    return shipped[name]


def read_text(path: Path) -> str:
    """Read a small UTF-8 file that a person wrote.

    Parameters
    ----------
    path : pathlib.Path
        The file; a byte order mark is left out.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    RubricError
        When there is no such file (near matches are listed), or it is no text in UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except IsADirectoryError:
        raise RubricError(f"{path}: is a folder, not a file") from None
    except FileNotFoundError:
        raise RubricError(f"{path}: no such file{_files_nearby(path)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RubricError(f"{str(path)!r}: cannot be read: {reason}") from None
    if len(raw) > _LARGEST:
        raise RubricError(f"{path}: larger than {_LARGEST:,} bytes; split it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RubricError(
            f"{path}:{line}: not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from None


def _files_nearby(path: Path) -> str:
    try:
        names = [file.name for file in path.parent.iterdir() if file.suffix == path.suffix]
    except OSError:
        return ""
    return did_you_mean(path.name, names)

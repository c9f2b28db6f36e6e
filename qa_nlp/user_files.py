"""Find, read and write files of the user; nothing is ever half-written."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from qa_nlp.errors import ArtifactError, RubricError, did_you_mean

__all__ = [
    "files_nearby",
    "holds",
    "locate",
    "read_text",
    "replacing",
    "replacing_folder",
    "table_rows",
]

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
        raise RubricError(f"{path}: no such file{files_nearby(path)}") from None
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


def files_nearby(path: Path) -> str:
    """Give the tail of an error message: files beside one that does not exist.

    Parameters
    ----------
    path : pathlib.Path
        What was given.

    Returns
    -------
    str
        Near matches of its name among the files of its ending; nothing where there is none.
    """
    try:
        names = [file.name for file in path.parent.iterdir() if file.suffix == path.suffix]
    except (OSError, ValueError):
        return ""
    return did_you_mean(path.name, names)


def table_rows(
    text: str, name: str, header: Callable[[Sequence[str], str], list[str]]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Walk over the rows of a table that a person wrote.

    Parameters
    ----------
    text : str
        Cells between commas, semicolons or tabs, whichever the first line has most of.
    name : str
        What messages call the file.
    header : callable
        Takes the cells of the first row and its place, and gives the names of the columns.

    Yields
    ------
    tuple of (int, dict)
        Line on which a row begins, and its cells by column; empty rows are left out.

    Raises
    ------
    RubricError
        When it is empty, no CSV, or a row has more cells than the header.
    """
    if not text.strip():
        raise RubricError(f"{name}:1: the file is empty")
    first = next(line for line in text.splitlines() if line.strip())
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True)
    columns: list[str] | None = None
    begin = 1
    try:
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = header(cells, f"{name}:{line}")
            elif any(cell.strip() for cell in cells[len(columns) :]):
                raise RubricError(
                    f"{name}:{line}: {len(cells)} cells, but the header has {len(columns)}; "
                    "put text that holds the separator in double quotes"
                )
            else:
                yield line, dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        raise RubricError(f"{name}:{max(begin, reader.line_num)}: not CSV: {error}") from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside a file, and move it there only when all went well.

    Parameters
    ----------
    path : pathlib.Path
        Where the file shall stand.

    Yields
    ------
    pathlib.Path
        Where to write.

    Raises
    ------
    ArtifactError
        When the folder cannot be written to.
    """
    try:
        if path.is_dir():
            raise ArtifactError(f"{path}: is a folder, not a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be written: {_why(error)}") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be written: {_why(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def holds(folder: Path, names: Sequence[str]) -> bool:
    """Tell whether a folder holds files of all given names.

    Parameters
    ----------
    folder : pathlib.Path
        Which need not exist.
    names : sequence of str
        Of files.

    Returns
    -------
    bool
        False for what is no folder.
    """
    return all((folder / name).is_file() for name in names)


@contextmanager
def replacing_folder(path: Path, marks: Sequence[str]) -> Iterator[Path]:
    """Give a temporary folder beside a place, and move it there only when all went well.

    Parameters
    ----------
    path : pathlib.Path
        Where the folder shall stand. One that stands there is replaced if it holds all `marks`.
    marks : sequence of str
        Names of the files by which such folders are known.

    Yields
    ------
    pathlib.Path
        Where to write.

    Raises
    ------
    ArtifactError
        When something else stands there, or nothing can be written.
    """
    if os.path.lexists(path) and not holds(path, marks):
        raise ArtifactError(f"{path}: something else lies there; choose another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be written: {_why(error)}") from None
    old = temporary.with_suffix(".old")
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            path.rename(old)
        temporary.rename(path)
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be written: {_why(error)}") from error
    finally:
        if old.exists() and not path.exists():
            old.rename(path)  # also where the user interrupts between the two renames
        shutil.rmtree(temporary, ignore_errors=True)
        if old.is_symlink():
            old.unlink()
        else:
            shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _why(error: OSError) -> str:
    return "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)

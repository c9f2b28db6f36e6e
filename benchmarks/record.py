"""Write what a benchmark measured, and on what, to ``benchmarks/results/NAME.json``.

A figure is only as good as what it was measured on. `record` therefore stores the sha256 of the
weights, rubrics, data and modules that its script names, and ``make check-results`` compares them
with what lies in the repository now.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import operator
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from qa_nlp.user_files import replacing

__all__ = [
    "FORMAT",
    "ROOT",
    "Measured",
    "Table",
    "Target",
    "data_folder",
    "data_sha256",
    "file_sha256",
    "record",
]

FORMAT: Final = 1
ROOT: Final = Path(__file__).resolve().parent.parent
# What a folder stands for. A model card is left out: it shows figures and must not make them stale.
_SUFFIXES: Final = {
    "weights": {".safetensors", ".json"},
    "rubrics": {".yaml"},
    "modules": {".py"},
}
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Target:
    """One figure beside the goal set for it.

    Parameters
    ----------
    name : str
        What was measured, with its unit.
    value : float
        The figure.
    low, high : float, optional
        Its interval.
    goal : str, optional
        A comparison such as ``">= 0.8"``; None for a figure with no goal.

    Examples
    --------
    >>> Target("macro F1", 0.83, low=0.81, high=0.85, goal=">= 0.8").met
    True
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    goal: str | None = None

    def __post_init__(self) -> None:
        if self.goal is not None and not re.fullmatch(r"(>=|<=|>|<|==) -?\d+(\.\d+)?", self.goal):
            raise ValueError(f"target {self.name!r}: goal {self.goal!r} is not like '>= 0.8'")

    @property
    def met(self) -> bool | None:
        """Whether the figure reaches the goal; None without a goal."""
        if self.goal is None:
            return None
        sign, _, number = self.goal.partition(" ")
        return _COMPARE[sign](self.value, float(number))


@dataclass(frozen=True, slots=True)
class Measured:
    """The files that a figure depends on; a folder stands for the files in it.

    Parameters
    ----------
    weights, rubrics, modules : sequence of str
        Paths below the repository's root.
    data : sequence of str
        Paths below the folder ``QA_NLP_DATA``.
    """

    weights: Sequence[str] = ()
    rubrics: Sequence[str] = ()
    modules: Sequence[str] = ()
    data: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What README and model cards show of a result, digits and all.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : sequence of sequence of str or int
        Cells. A float is refused: how many of its digits mean something is the script's to say.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str | int]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells under {len(self.columns)} columns")
            if not all(isinstance(cell, str | int) for cell in row):
                raise ValueError("cells are text or whole numbers; format others in the script")


def record(
    name: str,
    *,
    script: str | Path,
    command: str,
    targets: Sequence[Target],
    measured: Measured,
    figures: Mapping[str, Any],
    readme_table: Table | None = None,
    tables: Mapping[str, Table] | None = None,
    root: Path = ROOT,
) -> Path:
    """Write ``benchmarks/results/NAME.json``, whole or not at all.

    Parameters
    ----------
    name : str
        Name of the result: letters, digits and ``_``.
    script : str or pathlib.Path
        The benchmark itself, usually ``__file__``; it counts as one of the measured modules.
    command : str
        How to measure again.
    targets : sequence of Target
        The figures that matter.
    measured : Measured
        What they were measured on.
    figures : mapping
        Everything else worth keeping, as JSON.
    readme_table : Table, optional
        What README and model cards show between the lines ``<!-- results:NAME -->`` and
        ``<!-- /results -->``.
    tables : mapping of str to Table, optional
        More of them by name, shown from a line ``<!-- results:NAME.TABLE -->`` on.
    root : pathlib.Path, optional
        The repository.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        When the name is malformed, a figure is not a number, or a measured path does not exist.
    """
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise ValueError(f"the name of a result is letters, digits and _, not {name!r}")
    own = Path(script).resolve().relative_to(root.resolve()).as_posix()
    document: dict[str, Any] = {
        "format_version": FORMAT,
        "name": name,
        "script": own,
        "command": command,
        "commit": _commit(root),
        "machine": _machine(),
        "measured": {
            "weights": _hashes(root, "weights", measured.weights),
            "rubrics": _hashes(root, "rubrics", measured.rubrics),
            "data": _data_hashes(measured.data),
            "modules": _hashes(root, "modules", [own, *measured.modules]),
        },
        "targets": [asdict(target) | {"met": target.met} for target in targets],
        "figures": dict(figures),
        "readme_table": None if readme_table is None else asdict(readme_table),
    }
    if tables:
        document["tables"] = {key: asdict(table) for key, table in tables.items()}
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    path = root / "benchmarks" / "results" / f"{name}.json"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def file_sha256(path: Path) -> str:
    """Hash a file's bytes.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    str
        Hexadecimal sha256.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def data_folder() -> Path | None:
    """Find the folder of public data sets.

    Returns
    -------
    pathlib.Path or None
        What ``QA_NLP_DATA`` names, or None when it is unset or no folder.
    """
    named = os.environ.get("QA_NLP_DATA")
    return Path(named) if named and Path(named).is_dir() else None


def data_sha256(folder: Path, relative: str) -> str:
    """Give the sha256 of a data file's content: unpacked, where the file is a ``.gz``.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    relative : str
        Path of the file below it.

    Returns
    -------
    str
        What the folder's ``MANIFEST.tsv`` states, or else the hash of what lies there.
    """
    path = folder / relative
    stated = _manifest(folder).get(relative)
    if stated is not None and path.is_file():
        return stated
    if path.suffix != ".gz":
        return file_sha256(path)
    with gzip.open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(folder: Path) -> dict[str, str]:
    path = folder / "MANIFEST.tsv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["path"]: row["sha256_of_content"] for row in rows}


def _hashes(root: Path, kind: str, paths: Iterable[str]) -> dict[str, str]:
    files = {
        file for path in paths for file in _files(root, path, lambda file: _belongs(kind, file))
    }
    return {file: file_sha256(root / file) for file in sorted(files)}


def _belongs(kind: str, file: Path) -> bool:
    return file.suffix in _SUFFIXES[kind]


def _data_hashes(paths: Sequence[str]) -> dict[str, str]:
    if not paths:
        return {}
    folder = data_folder()
    if folder is None:
        raise ValueError("data were measured on, but QA_NLP_DATA names no folder")
    files = {file for path in paths for file in _files(folder, path, lambda _: True)}
    return {file: data_sha256(folder, file) for file in sorted(files)}


def _files(root: Path, path: str, wanted: Callable[[Path], bool]) -> Iterable[str]:
    start = root / path
    if start.is_file():
        return [path]
    files = [
        file.relative_to(root).as_posix()
        for file in start.rglob("*")
        if file.is_file() and wanted(file)
    ]
    if not files:
        raise ValueError(f"measured path {path!r}: no such file, and no folder with such files")
    return files


def _commit(root: Path) -> str | None:
    try:
        run = subprocess.run(
            ["git", "rev-parse", "--verify", "HEAD"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()


def _machine() -> dict[str, Any]:
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )

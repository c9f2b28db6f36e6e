"""Compare every file in ``benchmarks/results/`` with what it was measured on.

Fails when weights, rubrics or data (where ``QA_NLP_DATA`` names their folder) are no longer those
that were measured, or when a table in README, docs or a model card differs from the result that it
shows. A changed module is a warning, and fails with ``--strict``. ``--write`` renews the tables.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.record import FORMAT, ROOT, data_folder, data_sha256, file_sha256

PAGES: Final = ("*.md", "benchmarks/*.md", "docs/**/*.md", "models/**/*.md")
_KINDS: Final = ("weights", "rubrics", "data", "modules")
_NAMED: Final = 4
_TARGET_KEYS: Final = {"name", "value", "low", "high", "goal", "met"}
_OPENING: Final = re.compile(r"^<!-- results:([\w.-]+) -->$", re.MULTILINE)
_BLOCK: Final = re.compile(
    r"^<!-- results:(?P<name>[\w.-]+) -->\n(?P<body>(?:(?!<!-- results:).)*?)^<!-- /results -->$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that no longer agrees.

    Parameters
    ----------
    place : str
        The file, relative to the repository.
    message : str
        What does not agree, and what to do.
    is_error : bool, default True
        False for a warning.
    """

    place: str
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{'error' if self.is_error else 'warning'}: {self.place}: {self.message}"


def check_results(
    root: Path, *, data: Path | None = None, strict: bool = False, write: bool = False
) -> list[Finding]:
    """Check all results of a repository, and the tables that show them.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    data : pathlib.Path, optional
        The folder of data sets; without it, data are not compared.
    strict : bool, default False
        Whether a changed module is an error.
    write : bool, default False
        Whether to renew stale tables instead of reporting them.

    Returns
    -------
    list of Finding
        Empty when everything agrees.
    """
    findings: list[Finding] = []
    results: dict[str, dict[str, Any]] = {}
    for path in sorted((root / "benchmarks" / "results").glob("*.json")):
        place = path.relative_to(root).as_posix()
        try:
            results[path.stem] = result = _read(path)
        except ValueError as error:
            findings.append(Finding(place, str(error)))
            continue
        findings += _stale_files(result, place, root, data, strict)
    findings += _stale_tables(root, results, write)
    return findings


def _read(path: Path) -> dict[str, Any]:
    """Read a result, or say what makes it none."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None
    if not isinstance(result, dict) or result.get("format_version") != FORMAT:
        raise ValueError(f"is not a result of format_version {FORMAT}; measure again")
    missing = {"command", "machine", "measured", "targets"} - result.keys()
    missing |= {f"measured.{kind}" for kind in _KINDS if kind not in result.get("measured", {})}
    for target in result.get("targets", []):
        missing |= {f"targets.{key}" for key in _TARGET_KEYS - target.keys()}
    if missing:
        raise ValueError(
            f"lacks {', '.join(sorted(missing))}; write results with benchmarks.record"
        )
    return result


def _stale_files(
    result: dict[str, Any], place: str, root: Path, data: Path | None, strict: bool
) -> Iterator[Finding]:
    for kind in _KINDS:
        folder = data if kind == "data" else root
        if folder is None:
            continue
        states: dict[str, list[str]] = {}
        for name, recorded in result["measured"][kind].items():
            state = _state(kind, folder, name, recorded)
            if state:
                states.setdefault(state, []).append(name)
        for state, names in states.items():
            yield Finding(
                place,
                f"{kind}: {state}: {_some(names)}; measure again: {result['command']}",
                is_error=strict or kind != "modules",
            )


def _some(names: list[str]) -> str:
    """Name a few, and say how many more there are."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _state(kind: str, folder: Path, name: str, recorded: str) -> str:
    if not (folder / name).is_file():
        return "gone"
    now = data_sha256(folder, name) if kind == "data" else file_sha256(folder / name)
    return "" if now == recorded else "changed since"


def _stale_tables(root: Path, results: dict[str, dict[str, Any]], write: bool) -> Iterator[Finding]:
    for path in _pages(root):
        place = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        blocks = list(_BLOCK.finditer(text))
        if len(blocks) != len(_OPENING.findall(text)):
            yield Finding(place, "a results block has no closing <!-- /results --> line")
            continue
        renewed = text
        for block in blocks:
            name = block["name"]
            recorded = _table(results, name)
            if not recorded:
                yield Finding(place, f"no readable result {name!r} with a table to show")
                continue
            table = markdown_table(recorded)
            if block["body"] == table:
                continue
            renewed = renewed.replace(
                block[0], f"<!-- results:{name} -->\n{table}<!-- /results -->"
            )
            if not write:
                yield Finding(
                    place,
                    f"the table of {name!r} is not what was measured; "
                    "run: python -m scripts.check_results --write",
                )
        if write and renewed != text:
            path.write_text(renewed, encoding="utf-8", newline="\n")


def _table(results: dict[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
    """Find the table of a result, or after a dot in its name one of its other tables."""
    result, dot, key = name.partition(".")
    recorded = results.get(result, {})
    table: dict[str, Any] | None = (
        recorded.get("tables", {}).get(key) if dot else recorded.get("readme_table")
    )
    return table


def _pages(root: Path) -> Iterable[Path]:
    return sorted({path for pattern in PAGES for path in root.glob(pattern)})


def markdown_table(table: dict[str, Any]) -> str:
    """Draw a result's table.

    Parameters
    ----------
    table : dict
        ``columns`` and ``rows`` of a result's ``readme_table``.

    Returns
    -------
    str
        Markdown that ends with a line break.

    Examples
    --------
    >>> print(markdown_table({"columns": ["signal", "F1"], "rows": [["phrases", "0.91"]]}), end="")
    | signal | F1 |
    |---|---|
    | phrases | 0.91 |
    """
    rule = "|" + "---|" * len(table["columns"])
    lines = [_row(table["columns"]), rule, *(_row(row) for row in table["rows"])]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"


def main() -> int:
    """Check, print what was found, and give the exit code.

    Returns
    -------
    int
        1 when there is an error among the findings.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="a changed module is an error")
    parser.add_argument("--write", action="store_true", help="renew the tables in Markdown files")
    options = parser.parse_args()
    data = data_folder()
    findings = check_results(ROOT, data=data, strict=options.strict, write=options.write)
    for finding in findings:
        print(finding)
    errors = sum(finding.is_error for finding in findings)
    number = len(list((ROOT / "benchmarks" / "results").glob("*.json")))
    note = "" if data else "; data not compared: QA_NLP_DATA names no folder"
    print(f"{number} results: {errors} errors, {len(findings) - errors} warnings{note}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())

"""Write the JSON Schemas that editors use to check rubrics and phrase banks.

Run ``python scripts/export_schemas.py`` after a change of the models; with ``--check`` it writes
nothing and fails when a file is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qa_nlp.phrase_bank import phrase_bank_schema
from qa_nlp.rubric import rubric_schema

FOLDER: Final = Path(__file__).resolve().parent.parent / "rubric_prompts" / "schemas"


def schema_files() -> dict[str, str]:
    """Give the schemas as they stand in their files.

    Returns
    -------
    dict of str to str
        File name to text.
    """
    schemas = {
        "rubric.schema.json": rubric_schema(),
        "phrase_bank.schema.json": phrase_bank_schema(),
    }
    return {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def stale_files(folder: Path = FOLDER) -> list[str]:
    """List the schema files that are missing or differ from the models.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files lie.

    Returns
    -------
    list of str
        File names.
    """
    return [
        name
        for name, text in schema_files().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Write the schemas, or check them.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; default: that of the process.
    folder : pathlib.Path
        Where the files lie.

    Returns
    -------
    int
        Exit code: 1 when ``--check`` found a stale file.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when stale")
    stale = stale_files(folder)
    if parser.parse_args(arguments).check:
        for name in stale:
            print(f"{folder / name} is stale; run: python scripts/export_schemas.py")
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_text(schema_files()[name], encoding="utf-8", newline="\n")
        print(f"wrote {folder / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

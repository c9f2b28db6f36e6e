"""Draw the table of signals in ``docs/signals.md`` from what the library says about each signal.

Run ``python -m scripts.signal_table --write`` after a signal has changed; ``--check`` writes
nothing and fails when the table is stale.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qa_nlp.signals.measure import signal_specs
from scripts.check_results import markdown_table

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "signals.md"
OPENING: Final = "<!-- signals -->\n"
CLOSING: Final = "<!-- /signals -->\n"

_COLUMNS: Final = ("signal", "unit", "range", "typical", "`within`", "what it measures")


def signal_table() -> str:
    """Draw every shipped signal as a row of a table.

    Returns
    -------
    str
        Markdown that ends with a line break.
    """
    rows = [
        (
            f"`{spec.name}`",
            spec.unit,
            _interval(spec.low, spec.high),
            _interval(spec.typical_low, spec.typical_high),
            "yes" if spec.scoped else "",
            spec.description,
        )
        for spec in signal_specs().values()
    ]
    return markdown_table({"columns": _COLUMNS, "rows": rows})


def _interval(low: float, high: float) -> str:
    return f"{low:g} to {'∞' if math.isinf(high) else f'{high:g}'}"


def renewed(text: str) -> str:
    """Put the table of today between the markers of a page.

    Parameters
    ----------
    text : str
        The page.

    Returns
    -------
    str
        The page with the table.

    Raises
    ------
    ValueError
        When the page does not hold each marker once.
    """
    if text.count(OPENING) != 1 or text.count(CLOSING) != 1:
        raise ValueError(
            f"the page must hold each of the lines {OPENING.strip()} and {CLOSING.strip()} once"
        )
    before, _, rest = text.partition(OPENING)
    return f"{before}{OPENING}{signal_table()}{CLOSING}{rest.partition(CLOSING)[2]}"


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write the table, or check it.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; default: that of the process.
    page : pathlib.Path
        Where the table stands.

    Returns
    -------
    int
        Exit code: 1 when ``--check`` found a stale table.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="write nothing, fail when stale")
    choice.add_argument("--write", action="store_true", help="renew the table")
    options = parser.parse_args(arguments)
    text = page.read_text(encoding="utf-8")
    if renewed(text) == text:
        return 0
    if options.check:
        print(f"{page}: the table is stale; run: python -m scripts.signal_table --write")
        return 1
    page.write_text(renewed(text), encoding="utf-8", newline="\n")
    print(f"wrote {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

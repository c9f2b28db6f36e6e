"""Draw the table of signals in ``docs/signals.md`` from what the library says about each signal.

Run ``python -m scripts.signal_table --write`` after a signal has changed; ``--check`` writes
nothing and fails when the table is stale.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qa_nlp.signals.measure import signal_specs
from scripts.check_results import markdown_table
from scripts.drawn_table import DrawnTable, check_or_write

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
    drawn = DrawnTable(page, OPENING, CLOSING, signal_table())
    return check_or_write(
        [drawn], arguments, script="scripts.signal_table", description=str(__doc__)
    )


if __name__ == "__main__":
    sys.exit(main())

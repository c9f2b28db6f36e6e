"""The table of grades beside those of counterfactual transcripts, without any words of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from qa_nlp.counterfactuals.overview import html_overview, text_overview
from qa_nlp.counterfactuals.rates import FlipRate
from qa_nlp.counterfactuals.rows import Counterfactual, KindCount, parsed
from qa_nlp.errors import ArtifactError, did_you_mean
from qa_nlp.scorecards import to_library
from qa_nlp.user_files import replacing

__all__ = ["Counterfactuals"]

FORMAT: Final = 1
_BY: Final = ("kind", "variant", "criterion")
_DEFAULT_BY: Final = ("kind", "criterion")

Shape = Literal["rows", "summary", "counts"]


@dataclass(frozen=True, slots=True)
class Counterfactuals:
    """How grades change when only names, spellings or gendered words do.

    Parameters
    ----------
    rows : tuple of Counterfactual
        One for each criterion of each changed transcript.
    counts : tuple of KindCount
        By kind, on how many transcripts they rest.

    Examples
    --------
    >>> row = Counterfactual(
    ...     "c1", "c1", "name", "name: a -> b", "empathy", "poor", "good", 0.5, 0.75, True
    ... )
    >>> found = Counterfactuals((row,), (KindCount("name", ("agent", "customer"), 1, 0, 0, 0),))
    >>> found
    Grades of counterfactual transcripts
    name: 1 transcript changed (turns of agent and customer), 0 without such words, 0 in a language
    without lists, 0 not scored
    kind  criterion  grades  flips  flipped  mean shift  mean distance
    name  empathy         1      1    100 %       +0.25           0.25
    """

    rows: tuple[Counterfactual, ...]
    counts: tuple[KindCount, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def summary(self, by: Sequence[str] = _DEFAULT_BY) -> tuple[FlipRate, ...]:
        """Tell how often grades flip.

        Parameters
        ----------
        by : sequence of {"kind", "variant", "criterion"}, default ("kind", "criterion")
            What to count apart. Shifts of the two directions of a swap cancel out unless
            ``"variant"`` is among it; distances do not.

        Returns
        -------
        tuple of FlipRate
            In order of appearance.

        Raises
        ------
        ValueError
            When a name in `by` is another.
        """
        for name in by:
            if name not in _BY:
                raise ValueError(f"cannot count by {name!r}{did_you_mean(name, _BY)}")
        groups: dict[tuple[str, ...], list[Counterfactual]] = {}
        for row in self.rows:
            groups.setdefault(tuple(getattr(row, name) for name in by), []).append(row)
        return tuple(
            FlipRate.of(dict(zip(by, key, strict=True)), rows) for key, rows in groups.items()
        )

    def to_frame(
        self, shape: Shape = "rows", library: str = "pandas", by: Sequence[str] = _DEFAULT_BY
    ) -> Any:
        """Give the result as a table.

        Parameters
        ----------
        shape : {"rows", "summary", "counts"}, default "rows"
            One row for each criterion of each changed transcript, for each rate, or for each kind.
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.
        by : sequence of str, default ("kind", "criterion")
            Of the summary.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            The table; rows tell by ``roles`` whose turns were changed.

        Raises
        ------
        ValueError
            When `shape`, `library` or a name in `by` is another.
        """
        roles = {count.kind: " ".join(count.roles) for count in self.counts}
        if shape == "rows":
            rows = [{**row.to_dict(), "roles": roles.get(row.kind)} for row in self.rows]
            return to_library(rows, library, [*Counterfactual.__dataclass_fields__, "roles"])
        if shape == "summary":
            rows = [{**rate.group, **rate.figures()} for rate in self.summary(by)]
            return to_library(rows, library, [*by, *FlipRate.FIGURES])
        if shape == "counts":
            rows = [{**count.to_dict(), "roles": roles[count.kind]} for count in self.counts]
            return to_library(rows, library, list(KindCount.__dataclass_fields__))
        shapes = ("rows", "summary", "counts")
        raise ValueError(f"unknown shape {shape!r}{did_you_mean(shape, shapes)}")

    def to_dict(self) -> dict[str, Any]:
        """Give the result as JSON-ready values.

        Returns
        -------
        dict
            ``format_version``, ``counts`` and ``rows``.
        """
        return {
            "format_version": FORMAT,
            "counts": [count.to_dict() for count in self.counts],
            "rows": [row.to_dict() for row in self.rows],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Counterfactuals:
        """Read a result back.

        Parameters
        ----------
        data : mapping
            What `to_dict` gave.

        Returns
        -------
        Counterfactuals
            An equal result.

        Raises
        ------
        ArtifactError
            When it is something else, or of another format.
        """
        if not isinstance(data, Mapping):
            raise ArtifactError(f"counterfactuals must be an object, not {type(data).__name__}")
        if data.get("format_version") != FORMAT:
            raise ArtifactError(
                f"format {data.get('format_version')!r} is not the format {FORMAT} of "
                "counterfactuals that this version of qa_nlp reads; make them again"
            )
        rows = parsed(Counterfactual, data.get("rows"), "rows")
        counts = parsed(KindCount, data.get("counts"), "counts")
        return cls(rows, counts)

    def write(self, path: str | Path) -> Path:
        """Write the result to a file, which appears whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in ``.json``.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ArtifactError
            When the ending is another or the folder cannot be written to.
        """
        path = _json_path(path, "write")
        text = json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)
        with replacing(path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str | Path) -> Counterfactuals:
        """Read what `write` wrote.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in ``.json``.

        Returns
        -------
        Counterfactuals
            Equal to those written.

        Raises
        ------
        ArtifactError
            When the file is missing, damaged or something else.
        """
        path = _json_path(path, "read")
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise ArtifactError(f"{path}: no such file") from None
        except OSError as error:
            raise ArtifactError(f"{path}: cannot be read: {error.strerror or error}") from None
        except ArtifactError as error:
            raise ArtifactError(f"{path}: {error}") from None
        except (ValueError, RecursionError):
            raise ArtifactError(f"{path}: not JSON in UTF-8; the file may be cut off") from None

    def __repr__(self) -> str:
        return text_overview(self.summary(), self.counts)

    def _repr_html_(self) -> str:
        return html_overview(self.summary(), self.counts)


def _json_path(path: str | Path, what: str) -> Path:
    path = Path(path)
    if path.suffix != ".json":
        raise ArtifactError(f"cannot {what} counterfactuals as {path.name!r}: end it in .json")
    return path

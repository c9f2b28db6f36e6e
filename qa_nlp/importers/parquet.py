"""Parquet, one row per turn, read by row group; columns as in `qa_nlp.importers.delimited`.

Source: this project. Times are numbers of seconds, durations, timestamps or text as in CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, ReadOptions, Source
from qa_nlp.importers.columns import Columns, Row
from qa_nlp.importers.table import read_rows
from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

__all__ = ["Parquet"]

_MAGIC: Final = b"PAR1"
_BATCH_ROWS: Final = 4096


class Parquet:
    """Tables in Apache Parquet; messages name the row, counted from 1."""

    name = "parquet"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether it begins with the magic number of Parquet.
        """
        return source.head_bytes.startswith(_MAGIC)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Transcript | BadTranscript]:
        """See `Importer.read`.

        Parameters
        ----------
        source : Source
            The file.
        options : ReadOptions
            Its `columns` are looked at.

        Yields
        ------
        Transcript or BadTranscript
            One item for each conversation.

        Raises
        ------
        TranscriptError
            When the file is damaged, or a column is missing.
        """
        import pyarrow
        import pyarrow.parquet

        with source.open() as file:
            try:
                table = pyarrow.parquet.ParquetFile(file)
            except (pyarrow.ArrowException, OSError):
                raise _damaged(source) from None
            columns = Columns.find(list(table.schema_arrow.names), options.columns)
            yield from read_rows(source, _rows(source, table), columns, self.name)


def _rows(source: Source, table: ParquetFile) -> Iterator[Row]:
    import pyarrow

    number = 0
    try:
        for group in range(table.num_row_groups):
            for batch in table.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group]):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield Row(number, cells)
    except (pyarrow.ArrowException, OSError, ValueError):
        # Arrow's messages may quote values, so they are not passed on.
        yield Row(number + 1, (), _damaged(source))


def _damaged(source: Source) -> TranscriptError:
    return TranscriptError(
        "the Parquet file is cut off or damaged; write it again", source=source.name
    )

"""Score every conversation: files to a folder of Parquet that survives being killed, and Arrow.

`score_files` reads any number of files, shares the work among processes and goes on where it was
stopped; `score_batches` is the one function that other engines call.
"""

from qa_nlp.batch.arrow import score_batches, transcript_schema, transcripts_to_arrow
from qa_nlp.batch.report import BatchProgress, BatchReport
from qa_nlp.batch.results import TABLES, iter_scorecards, result_files
from qa_nlp.batch.runner import score_files

__all__ = [
    "TABLES",
    "BatchProgress",
    "BatchReport",
    "iter_scorecards",
    "result_files",
    "score_batches",
    "score_files",
    "transcript_schema",
    "transcripts_to_arrow",
]

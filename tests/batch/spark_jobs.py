"""Jobs on a Spark of this machine, in one process that leaves their results in a folder."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from qa_nlp.batch.spark import score_frame, transcript_type
from tests.batch.engine_world import ROOT, deadly, marking, repeated, transcripts
from tests.batch.world import light


def main(folder: Path) -> None:
    """Run all."""
    spark = (
        SparkSession.builder.master("local[2,4]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .getOrCreate()
    )

    def write(frame: DataFrame, name: str) -> None:
        pq.write_table(frame.toArrow(), folder / name)

    def unknown_elsewhere() -> Any:
        return marking()

    calls = spark.createDataFrame(transcripts(), transcript_type()).repartition(6)
    write(score_frame(calls, unknown_elsewhere), "whole.parquet")
    write(score_frame(calls, deadly), "killed.parquet")
    again = spark.createDataFrame(repeated(), transcript_type())
    write(score_frame(again, light, partitions=3), "repeated.parquet")
    write(score_frame(calls.limit(0), light), "empty.parquet")
    calls.write.parquet(str(folder / "calls.parquet"))
    calls.write.json(str(folder / "calls.json"))
    stored = spark.read.parquet(str(folder / "calls.parquet"))
    write(score_frame(stored, light), "parquet.parquet")
    stored = spark.read.schema(transcript_type()).json(str(folder / "calls.json"))
    write(score_frame(stored, light), "json.parquet")

    sys.argv = ["spark_job.py", "--out", str(folder / "samples")]
    runpy.run_path(str(ROOT / "examples" / "spark_job.py"), run_name="__main__")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Score transcripts on Spark, from Parquet or JSON lines to Parquet.

Columns are those of ``qa_nlp.batch.transcript_schema()``; Java must be installed::

    pip install 'qa_nlp[spark]'
    python examples/spark_job.py --out scorecards      # the bundled conversations, on this machine
    python examples/spark_job.py calls/*.parquet --scorer support_call.scorer --out scored
    python examples/spark_job.py hdfs:///calls --master yarn --out hdfs:///scored
"""

from __future__ import annotations

import argparse
import os
import sys

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import count

import qa_nlp as qa
from qa_nlp.batch import transcripts_to_arrow
from qa_nlp.batch.spark import score_frame, transcript_type


def read(spark: SparkSession, paths: list[str]) -> DataFrame:
    """Read transcripts; without paths, those that come with the library."""
    if not paths:
        calls = pa.Table.from_batches([transcripts_to_arrow(qa.load_samples())])
        return spark.createDataFrame(calls, transcript_type())
    if all(path.endswith((".jsonl", ".ndjson")) for path in paths):
        return spark.read.schema(transcript_type()).json(paths)
    return spark.read.parquet(*paths)


def main() -> None:
    """Score, write, and count."""
    parser = argparse.ArgumentParser(description="Score transcripts on Spark.")
    parser.add_argument("transcripts", nargs="*", help="Parquet files or folders, or .jsonl files")
    parser.add_argument("--scorer", default="service_excellence", help="a saved scorer or a rubric")
    parser.add_argument("--out", required=True, help="a new folder")
    parser.add_argument("--partitions", type=int, help="bring equal ids together in so many")
    parser.add_argument(
        "--master",
        default="local[2,4]",
        help="the cluster; by default two workers here, and up to four tries of what fails",
    )
    options = parser.parse_args()

    # On this machine workers run the Python that runs this; a cluster's settings go before.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.appName("qa_nlp").master(options.master).getOrCreate()
    frame = score_frame(
        read(spark, options.transcripts), options.scorer, partitions=options.partitions
    )
    frame.write.parquet(options.out)

    cards = spark.read.parquet(options.out)
    counts = cards.agg(count("*").alias("all"), count("error").alias("errors")).collect()[0]
    spark.stop()
    print(f"{counts['all']:,} scorecards in {options.out}, {counts['errors']:,} of them errors")


if __name__ == "__main__":
    main()

"""Score transcripts on Ray, from Parquet or JSON lines to Parquet.

Columns are those of ``qa_nlp.batch.transcript_schema()``::

    pip install 'qa_nlp[ray]'
    python examples/ray_job.py --out scorecards        # the bundled conversations, on this machine
    python examples/ray_job.py calls/*.parquet --scorer support_call.scorer --workers 8 --out scored
    python examples/ray_job.py s3://bucket/calls --address auto --workers 200 --out s3://bucket/scored
"""

from __future__ import annotations

import argparse

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.json as pj
import ray
from ray.data import Dataset, SaveMode

import qa_nlp as qa
from qa_nlp.batch import transcript_schema, transcripts_to_arrow
from qa_nlp.batch.ray import score_dataset


def read(paths: list[str]) -> Dataset:
    """Read transcripts; without paths, those that come with the library."""
    if not paths:
        calls = pa.Table.from_batches([transcripts_to_arrow(qa.load_samples())])
        return ray.data.from_arrow(calls).repartition(4)
    if all(path.endswith((".jsonl", ".ndjson")) for path in paths):
        # Else each file's columns would have the types that its own values suggest.
        types = pj.ParseOptions(explicit_schema=transcript_schema())
        endings = ["jsonl", "ndjson"]
        return ray.data.read_json(paths, file_extensions=endings, parse_options=types)
    return ray.data.read_parquet(paths)


def main() -> None:
    """Score, write, and count."""
    parser = argparse.ArgumentParser(description="Score transcripts on Ray.")
    parser.add_argument("transcripts", nargs="*", help="Parquet files or folders, or .jsonl files")
    parser.add_argument("--scorer", default="service_excellence", help="a saved scorer or a rubric")
    parser.add_argument("--out", required=True, help="a new folder")
    parser.add_argument("--workers", type=int, default=2, help="each with one core")
    parser.add_argument("--partitions", type=int, help="bring equal ids together in so many blocks")
    parser.add_argument("--address", help="of a cluster; without it, Ray is started here")
    options = parser.parse_args()

    if options.address:
        ray.init(address=options.address)
    elif not ray.is_initialized():
        ray.init(num_cpus=options.workers + 1, include_dashboard=False)  # one core reads
    scored = score_dataset(
        read(options.transcripts),
        options.scorer,
        workers=options.workers,
        partitions=options.partitions,
    )
    scored.write_parquet(options.out, mode=SaveMode.CREATE)
    ray.shutdown()

    cards = ds.dataset(options.out, format="parquet")
    errors = cards.count_rows(filter=ds.field("error").is_valid())
    print(f"{cards.count_rows():,} scorecards in {options.out}, {errors:,} of them errors")


if __name__ == "__main__":
    main()

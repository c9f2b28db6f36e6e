"""Jobs on a Ray of this machine, in one process that leaves their results in a folder."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import ray
from ray.data import Dataset

from qa_nlp.batch import transcripts_to_arrow
from qa_nlp.batch.ray import score_dataset
from tests.batch.engine_world import (
    ROOT,
    deadly,
    doomed,
    repeated,
    some_samples,
    transcripts,
)
from tests.batch.world import light

MEMORY = 100 * 2**20


def main(folder: Path) -> None:
    """Run all."""
    ray.init(num_cpus=3, include_dashboard=False, object_store_memory=MEMORY)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def write(dataset: Dataset, name: str) -> None:
        pq.write_table(pa.concat_tables(ray.get(dataset.to_arrow_refs())), folder / name)

    write(score_dataset(in_blocks(transcripts()), deadly, workers=2), "killed.parquet")
    again = in_blocks(repeated())
    write(score_dataset(again, light, workers=1, partitions=2), "repeated.parquet")

    try:
        score_dataset(in_blocks(transcripts().slice(0, 1)), doomed, workers=1).materialize()
    except ray.exceptions.RayActorError:
        (folder / "doomed").touch()

    calls = folder / "calls.jsonl"
    rows = transcripts_to_arrow(some_samples()).to_pylist()
    calls.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    sys.argv = ["ray_job.py", str(calls), "--workers", "1", "--out", str(folder / "samples")]
    runpy.run_path(str(ROOT / "examples" / "ray_job.py"), run_name="__main__")


def in_blocks(table: pa.Table) -> Dataset:
    """Give a table in parts that Ray scores apart."""
    return ray.data.from_arrow([table.slice(start, 15) for start in range(0, len(table), 15)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

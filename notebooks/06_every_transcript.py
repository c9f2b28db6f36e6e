# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Every transcript
#
# People listen to a few conversations in a hundred. `score_files` scores all of them, from files
# into a folder of Parquet, and can be stopped at any moment. This is a tour on a few hundred
# conversations: a job with its progress, its result as one table, a job that is stopped and goes
# on, a sample, and what speed has to do with the encoder. Everything runs on this machine; nothing
# is sent anywhere.

# %%
import json
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds

import qa_nlp as qa
from qa_nlp.batch import BatchProgress, iter_scorecards, result_files, score_files

folder = Path(tempfile.mkdtemp())
samples = [call for call in qa.load_samples() if call.language == "en"]

# %% [markdown]
# ## A few hundred conversations
#
# The bundled samples stand in for eight days of a contact centre: each of them comes once a day,
# with a reference of its own at the end. Any format that `read_transcripts` knows will do; one
# conversation a line is the quickest to read, and lets the progress be told exactly.


# %%
def called_again(call: qa.Transcript, day: int) -> dict:
    """Give a conversation another id and a last line of its own."""
    row = call.to_dict()
    row["id"] = f"{call.id}-{day}"
    row["turns"][-1]["text"] += f" Reference {day}{len(call.turns):03}."
    return row


days = range(1, 9)
for day in days:
    lines = [json.dumps(called_again(call, day), ensure_ascii=False) for call in samples]
    (folder / f"day-{day}.jsonl").write_text("\n".join(lines), encoding="utf-8")

inputs = [folder / f"day-{day}.jsonl" for day in days]
print(f"{len(inputs)} files, {len(inputs) * len(samples)} conversations")

# %% [markdown]
# A dry run writes nothing. It says how much there is to do, and whether the folder would be
# accepted.

# %%
scorer = qa.Scorer("service_excellence", encoder="en")
score_files(inputs, folder / "results", scorer, workers=1, dry_run=True).to_dict()

# %% [markdown]
# ## Stop, and go on
#
# `limit` scores the first so many, so it shows within seconds whether all is as it should be.


# %%
def told(progress: BatchProgress) -> None:
    """Print how far a job is."""
    if progress.stage == "scoring":
        print(f"{progress.conversations:4} conversations, {progress.share:4.0%} of the bytes")


trial = score_files(
    inputs, folder / "trial", scorer, workers=1, limit=30, shard_size=10, progress=told
)
trial.scored, trial.errors, trial.needs_review

# %% [markdown]
# Whatever stops a job (Ctrl-C, a power cut, a process that the system ends), the next call goes on.
# Here the progress function plays the part of Ctrl-C after two parts. Look at the number of
# conversations that the second call still scores: what was finished is not scored again, and the
# folder ends up as if nothing had happened.


# %%
def stopped_early(progress: BatchProgress) -> None:
    """Print how far a job is, and stop it in the middle."""
    told(progress)
    if progress.conversations >= 160:
        raise KeyboardInterrupt


settings = {"workers": 1, "shard_size": 80}
try:
    score_files(inputs, folder / "results", scorer, **settings, progress=stopped_early)
except KeyboardInterrupt:
    print("stopped")

# %%
report = score_files(inputs, folder / "results", scorer, **settings, progress=told)
print(f"scored now: {report.scored}, in the folder: {report.conversations}")

# %% [markdown]
# A third call finds everything done. It would refuse, and say why, had the rubric, the scorer, an
# option or one of the files changed since.

# %%
again = score_files(inputs, folder / "results", scorer, **settings)
again.scored, again.finished

# %% [markdown]
# ## The result is one table
#
# There are as many files as there were parts, with one schema for each kind. Arrow, pandas, polars
# and DuckDB read them as one table. `cards` has a row for each conversation, `grades` one for each
# criterion, `evidence` one for each reason.

# %%
cards = ds.dataset([str(file) for file in result_files(folder / "results", "cards")])
table = cards.to_table().to_pandas()
print(f"{len(table)} cards, {cards.schema.names[:6]} ...")
table.groupby("team")["total"].agg(["count", "mean", "min"]).round(1)

# %%
grades = ds.dataset([str(file) for file in result_files(folder / "results", "grades")])
of_empathy = grades.to_table(filter=ds.field("criterion") == "empathy").to_pandas()
of_empathy["level"].value_counts(dropna=False).to_frame()

# %% [markdown]
# `iter_scorecards` gives the cards themselves, exactly and one after the other, so that a million
# of them need no more memory than one.

# %%
low = min(iter_scorecards(folder / "results"), key=lambda card: card.total or 0.0)
low

# %% [markdown]
# What could not be scored is a row with its reason and costs no other conversation anything. Here
# one has no words, and one is no conversation at all.

# %%
bad = [{**samples[0].to_dict(), "turns": [{"role": "agent", "text": " "}]}, {"id": "x", "turns": 5}]
(folder / "bad.jsonl").write_text("\n".join(map(json.dumps, bad)), encoding="utf-8")
score_files(folder / "bad.jsonl", folder / "bad", scorer, workers=1)
pd.concat(pd.read_parquet(file) for file in result_files(folder / "bad", "errors"))

# %% [markdown]
# ## A sample
#
# `sample=0.05` draws by id: the same ids in other files, in another order or on another machine
# give the same sample, and `seed` draws another one. Compare the means: a twentieth of so few
# conversations says little about all of them, and that is the case for scoring all.

# %%
score_files(inputs, folder / "sample", scorer, workers=1, sample=0.05, seed=1)
drawn = pd.concat(pd.read_parquet(file) for file in result_files(folder / "sample", "cards"))
pd.DataFrame({"all": table["total"].describe(), "a twentieth": drawn["total"].describe()}).round(1)

# %% [markdown]
# ## What the encoder reads twice
#
# Encoding is nearly all of the work. Each distinct sentence is encoded once: within a part of the
# job, because equal sentences are put together, and across parts, because a cache keeps the vectors
# met last. These conversations are copies, so few sentences are distinct. Real ones repeat
# greetings, questions and farewells, and less of the rest.

# %%
from qa_nlp.text.sentences import sentence_spans

said = [
    turn["text"][start:end]
    for path in inputs
    for line in path.read_text(encoding="utf-8").splitlines()
    for turn in json.loads(line)["turns"]
    for start, end in sentence_spans(turn["text"])
]
print(f"{len(said):,} sentences, {len(set(said)):,} distinct: {len(set(said)) / len(said):.0%}")

# %%
from qa_nlp.encoding import VectorCache, load_encoder

cache = VectorCache(load_encoder("en"))
a_day = len(said) // len(days)
for day in days[:3]:
    known, encoded = cache.hits, cache.misses
    cache.encode(list(dict.fromkeys(said[(day - 1) * a_day :][:300])))
    print(f"day {day}, known: {cache.hits - known:3}, encoded: {cache.misses - encoded:3}")
print(f"hit rate: {cache.hits / (cache.hits + cache.misses):.0%}")

# %% [markdown]
# ## Tiers
#
# The same scorer comes in tiers of the encoder: `torch` needs no preparation, `onnx` is the same
# model, exported once by `qa-nlp models prepare`, and `fast` is a much smaller model without a
# transformer. A tier is chosen, and never changed silently: it is part of the fingerprint, which
# stands on every scorecard, and a scorer that was calibrated in one tier refuses another. A
# fingerprint is known before anything is opened.

# %%
tiers = {}
for tier in ("torch", "onnx", "fast"):
    try:
        tiers[tier] = qa.Scorer("service_excellence", encoder="en", tier=tier)
    except qa.QaNlpError as error:
        print(f"{tier}: {error}")
pd.DataFrame(
    {
        name: {"fingerprint": one.fingerprint, "encoder": one.fingerprint_parts["encoder"]}
        for name, one in tiers.items()
    }
).T

# %% [markdown]
# The first use of `onnx` exports the model, so it is passed over here where that has not been done.
# Look whether the totals differ: `onnx` gives those of `torch` or nearly so, `fast` is another
# model and has an opinion of its own.

# %%
from qa_nlp.encoding.tiers import export_folder

if not export_folder("en").is_dir():
    tiers.pop("onnx", None)
    print("onnx is not prepared on this machine: qa-nlp models prepare")
pd.DataFrame(
    {
        name: {card.transcript_id: card.total for card in one.score(samples[:5])}
        for name, one in tiers.items()
    }
)

# %% [markdown]
# ## More than one machine
#
# `workers="auto"` (the default) uses every core, each with a process and one thread of its own; in
# a script, call it below `if __name__ == "__main__":`. Past one machine, the same function runs on
# Ray Data and on Spark: [docs/scale.md](../docs/scale.md) has both, how many cores a day of
# conversations takes, and what breaks first. All options and the result folder are in
# [docs/batch.md](../docs/batch.md).

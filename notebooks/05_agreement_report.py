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
# # Can the machine be trusted?
#
# You have scorecards by the machine and grades by people of some of the same conversations. A study
# of their agreement answers four questions: does the machine agree with people as well as people
# agree with each other, where does it fail, when must a person look, and is it fair? Everything
# runs on this machine; nothing is sent anywhere.
#
# The conversations are the bundled English samples, graded by two raters. The rubric's weights
# were chosen with these grades in view, so **no figure here says how good qa_nlp is**. The notebook
# shows how a study is made and read.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import qa_nlp as qa
from qa_nlp.agreement import Rules

pd.set_option("display.max_colwidth", 250)

samples = qa.load_samples()
calls = [call for call in samples if call.language == "en"]
grades = qa.read_grades(samples.grades).for_transcripts(call.id for call in calls)
folder = Path(tempfile.mkdtemp())
grades

# %% [markdown]
# ## A study
#
# The scorer learns from the grades, as in notebook 4. That is no problem for the study: of a
# conversation that the scorer has learnt from, only the out-of-fold grade counts, by a model that
# saw no grade of it. Look at the four answers first, then at the table: *two people* is what the
# machine has to be measured by, and *change* is what is lost where it takes the place of one of
# them, on the same conversations.

# %%
scorer = qa.Scorer("service_excellence", encoder="en")
before = scorer.score(calls)
cards = scorer.calibrate(calls, grades).score(calls)
study = qa.AgreementStudy(cards, grades, by=["team", "length"], transcripts=calls)
study

# %% [markdown]
# The report is one page for a browser. It holds all that follows, and words of the conversations,
# masked; `include_text=False` leaves these out.

# %%
page = study.write_html(folder / "agreement.html")
print(f"{page.name}: {page.stat().st_size / 1024:.0f} kB")

# %% [markdown]
# ## Why this verdict?
#
# Every rule allows some decision at most, and the least of them is the verdict. `False` is not met,
# `None` is not settled. Look for what stands against a better verdict: it comes first. With 46
# conversations that is mostly that the grades are too few. The check of the people comes before
# all: where they do not agree, the criterion is what needs work, not the machine.

# %%
verdict = study.verdicts["communication"]
print(verdict.decision.value, "-", verdict.advice)
pd.DataFrame([(reason.met, reason.text) for reason in verdict.reasons], columns=["met", "found"])

# %% [markdown]
# Thresholds are yours to set, before you look. Here people would check a share of 20,000
# conversations a month instead of 1,000. It takes about as many checks to find a loss, so the share
# falls.

# %%
large = qa.AgreementStudy(cards, grades, rules=Rules(conversations_a_month=20_000))
pd.DataFrame(
    {
        "1,000 a month": {name: one.spot_checks for name, one in study.verdicts.items()},
        "20,000 a month": {name: one.spot_checks for name, one in large.verdicts.items()},
    }
)

# %% [markdown]
# ## Figures, with intervals
#
# Each figure knows its interval, how many grades it is made of, and why it is missing where it is.
# Look at the width before the value: an interval from .5 to .9 has room for a poor machine and for
# a very good one.

# %%
study.figure("quadratic_kappa", "empathy")

# %%
parts = ("machine_human", "human_human", "degradation")
rows = [
    {"criterion": name, "whose": part, **study.figure("qwk", name, part).to_dict()}
    for name in study.verdicts
    for part in parts
]
pd.DataFrame(rows).set_index(["criterion", "whose"])[["value", "low", "high", "n"]].round(2)

# %% [markdown]
# Agreement can only be as good as raters are reliable. *Ideal* is the kappa of a machine that knows
# the true grade, *human-like* that of one as noisy as a person. Look how much room is left above
# the machine.

# %%
whole = study.to_dict()
pd.DataFrame(
    {
        one["criterion"]: {
            "machine": one["machine_human"]["quadratic_kappa"]["value"],
            "human-like": one["ceilings"]["human_like"],
            "ideal": one["ceilings"]["ideal"],
        }
        for one in whole["criteria"]
    }
).T.round(2)

# %% [markdown]
# ## Read where they disagree
#
# No figure says who is wrong. The widest disagreements do, with both grades and the machine's
# evidence. Look for a pattern: a word that it takes for something else, a kind of call, a rater.

# %%
found = [
    {
        "criterion": one["criterion"],
        "transcript": row["transcript_id"],
        "people": ", ".join(grade["level"] for grade in row["human"]),
        "machine": row["machine"],
        "strongest evidence": next((e["quote"] for e in row["evidence"] if e["quote"]), None),
    }
    for one in whole["criteria"]
    for row in one["disagreements"][:2]
]
pd.DataFrame(found)

# %% [markdown]
# ## When must a person look?
#
# Sort all grades by how sure the machine is and keep the surest. Agreement should rise from the top
# of the table to the bottom; where it stays level, the machine does not know when it is wrong, and
# people cannot save work by trusting its certainty.

# %%
curve = whole["review"]["curve"]
pd.DataFrame(
    [{"kept": row["coverage"], **row["agreement"]} for row in curve],
    columns=["kept", "low", "value", "high"],
).style.bar("value", vmin=0, vmax=1, color="#9cc3d5").format("{:.0%}")

# %% [markdown]
# ## Is it fair?
#
# *Difference* is how much higher the machine places a group within all conversations than people
# do, in standard deviations; beyond .10 it is looked into. Groups below 30 graded conversations are
# not judged (`finding` is empty), and below 10 not even shown: they would point at persons.

# %%
groups = [
    {
        "criterion": one["criterion"],
        "group": row["group"],
        "items": row["items"],
        **{k: row["difference_of_standardised_means"][k] for k in ("low", "value", "high")},
        "finding": row["finding"],
    }
    for one in whole["criteria"]
    for row in one["groups"]
    if row["by"] == "team"
]
pd.DataFrame(groups).round(2)

# %% [markdown]
# That compares with people, who may be unfair themselves. Without them one can still ask whether a
# grade hangs on a spelling or a gendered word: change only these, and grade again. Look at the rate
# of flips and at the shift: one that always points the same way is worse than one that comes and
# goes.

# %%
flips = scorer.counterfactuals(calls[:10], ["dialect", "gender"])
flips.to_frame("summary")[["kind", "criterion", "n", "flip_rate", "mean_shift"]].round(3)

# %% [markdown]
# ## The people
#
# How strict is each rater beside colleagues on the same conversations? Severity is in levels, above
# 0 stricter. With two raters one is as strict as the other is mild; it takes a third to say who
# differs. It is the start of a calibration session, not a ranking.

# %%
shown = [
    {"rater": row["rater"], "shared": row["items_shared"]}
    | {name: row[name]["value"] for name in ("severity", "consistency", "agreement")}
    for row in whole["raters"]
]
pd.DataFrame(shown).round(2)

# %% [markdown]
# ## Did calibration help?
#
# Two machines on the same grades, with the same resamples for both: the interval is that of the
# difference (calibrated minus not). Look whether it holds 0. Errors should go down, all else up.

# %%
comparison = qa.AgreementStudy.compare(qa.AgreementStudy(before, grades), study)
comparison.to_frame().query("figure in ['quadratic_kappa', 'mean_absolute_error']").round(2)

# %% [markdown]
# ## Grades of any other system
#
# Two plain tables are enough. Here one rater plays the machine: whatever the study says about a
# machine, it can say about a person. With one person left to compare with, nobody knows how well
# people agree, and no criterion may become automatic.

# %%
table = grades.to_frame()
levels = {one["criterion"]: one["levels"] for one in whole["criteria"]}
rater = qa.AgreementStudy.from_tables(
    table[table["rater"] == "R1"], table[table["rater"] == "R2"], levels
)
rater

# %% [markdown]
# What a study could not work out, and what it would need:

# %%
pd.DataFrame(rater.to_dict()["missing"])

# %% [markdown]
# ## In a pipeline
#
# A gate tests the lower end of an interval, so that a lucky small sample does not pass. On the
# command line it is `qa-nlp report cards.jsonl grades.csv --fail-under qwk=0.6`, which exits with 1
# where that is not reached.

# %%
study.failed_gates(["qwk=0.6", "empathy.exact=0.3"])

# %% [markdown]
# ## Keep the figures
#
# The JSON holds every figure and the rules that were used. The tables are for a spreadsheet. Both
# hold names of raters and, in the list of disagreements, masked quotes: treat them like the
# scorecards.

# %%
study.write_json(folder / "agreement.json")
sorted(path.name for path in study.write_tables(folder / "tables"))

# %% [markdown]
# ## What it cannot tell
#
# People are the measure here: a machine that shares their habits agrees with them and may be wrong
# in the same places. All figures hold for conversations like the graded ones, so study again when
# the rubric, the scorer, the raters or the calls change. Rules, figures and their limits stand in
# [docs/agreement.md](../docs/agreement.md).
#
# For the next study, draw conversations by chance and let two people grade each, blind. Where they
# grade in Label Studio or Argilla, `qa.export_tasks` writes what they need.

# %%
drawn = qa.sample_for_review(cards, 12, "random", seed=1)
qa.assign_gradings(drawn.ids, ["R1", "R2", "R3"], overlap=1.0, seed=1)

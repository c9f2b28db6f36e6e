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
# # Calibrate on your grades
#
# Your raters have graded some conversations. A scorer can learn from those grades, say on grades
# it has not seen whether that helped, leave to a person what it is unsure of, and give averages
# with honest intervals. Everything runs on this machine; nothing is downloaded or sent anywhere.
#
# The conversations here are the bundled English samples, written for this project and graded by
# two raters. The rubric's weights were chosen with these conversations in view, so figures
# "before" are kinder than on yours, and 46 conversations prove nothing. The notebook shows how it
# is done and how to read it.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import qa_nlp as qa

pd.set_option("display.max_colwidth", 80)

samples = qa.load_samples()
calls = [call for call in samples if call.language == "en"]
len(calls)

# %% [markdown]
# ## Read the grades, and check them
#
# One grade a row: `transcript_id`, `criterion`, `rater`, `level`. With files of your own this is
# `qa.read_grades("qa_grades.csv")`; a form with a column for each question is read with
# `columns=`. Look at the first lines of the report for errors and warnings, then at
# *Levels given*: a level that nobody uses cannot be learnt.

# %%
grades = qa.read_grades(samples.grades).for_transcripts(call.id for call in calls)
qa.check_grades(grades, "service_excellence", calls)

# %% [markdown]
# What a mistake looks like: near matches are named, and the place where it stands.

# %%
wrong = qa.Grades.from_rows([("call-en-01", "empathy", "R1", "excelent"), ("c1", "tact", "R1", 3)])
for finding in qa.check_grades(wrong, "service_excellence", calls).findings[:3]:
    print(finding)

# %% [markdown]
# ## How strict is each rater?
#
# Above zero is stricter than the average rater. The logits are those of one item, and these
# raters mostly agree, so a logit is little here: compare `mean level`, what each rater gave, with
# `adjusted mean`, what the average rater would have given to the same conversations. Calibration
# takes this difference out, so that the machine grades like the average rater.

# %%
raters = qa.rater_effects(grades, "service_excellence")
raters.to_frame()[["rater", "severity", "low", "high", "mean_level", "adjusted_mean"]].round(2)

# %% [markdown]
# ## Before
#
# Without grades, the rubric's own weights decide. Every grade says `calibrated: False`, and there
# is no set of levels.

# %%
scorer = qa.Scorer("service_excellence", encoder="en")
before = scorer.score(calls)
before.to_frame("grades")[["transcript_id", "criterion", "level", "calibrated", "level_set"]].head()

# %% [markdown]
# ## Calibrate
#
# `calibrate` gives a new scorer. *Before* is the rubric's own model. *After* is out of fold: each
# conversation is graded by a model that saw no grade of it, so nothing here is self-praise. *Same
# level* is the share of grades that are the machine's level; QWK forgives near misses (1 is
# perfect, 0 is chance). Look for criteria that gain little or lose: their signals say little
# about what raters look at, or the grades are too few. With 46 conversations, differences of a
# few hundredths mean nothing.

# %%
calibrated = scorer.calibrate(calls, grades)
calibrated.summary

# %% [markdown]
# The machine cannot agree with raters much better than raters agree with each other. How often
# both gave the same level stands beside the machine's share:

# %%
report = qa.check_grades(grades, "service_excellence")
people = {row["criterion"]: row["exact_agreement"] for row in report.double_graded}
table = calibrated.summary.to_frame().set_index("criterion")
shares = table[["exact_before", "exact_after"]].assign(two_raters=pd.Series(people))
shares.style.bar(axis=None, vmin=0, vmax=1, color="#9cc3d5").format("{:.0%}")

# %% [markdown]
# ## One scorecard
#
# Point at a grade to see its evidence. The set of levels is what a person's grade should lie in
# nine times in ten, over all conversations, not for each kind of them. The interval of the total
# is wide for the same reason: it says how far people's totals were from the machine's.

# %%
after = calibrated.score(calls)
card = after["chat-en-07"]
card

# %% [markdown]
# ## What moved the grade
#
# Contributions are logits. `text.whole` is what the text as a whole adds beside the named
# signals; it quotes no words. Where it decides alone, read the conversation before you trust it.

# %%
parts = {
    "before": dict(before[card.transcript_id].grade("empathy").contributions),
    "after": dict(card.grade("empathy").contributions),
}
pd.DataFrame(parts).fillna(0).sort_values("after").style.bar(
    axis=None, align="zero", color=["#e2a29a", "#9cc3d5"]
).format("{:+.2f}")

# %% [markdown]
# This conversation was used in calibration, so its card carries two grades: the one for use, and
# the one by a model that had not seen it. Judge the machine by the second.

# %%
own = grades.for_transcripts(card.transcript_id).to_frame()
pd.DataFrame(
    {
        "for use": {grade.criterion: grade.level for grade in card.grades},
        "out of fold": {grade.criterion: grade.level for grade in card.out_of_fold},
        "set, out of fold": {g.criterion: ", ".join(g.level_set) for g in card.out_of_fold},
        **{
            f"rater {name}": rows.set_index("criterion")["level"]
            for name, rows in own.groupby("rater")
        },
    }
).fillna("left to a person")

# %% [markdown]
# ## What is left to a person
#
# A criterion abstains where its set of levels spans more than .7 of the scale, where N/A is in
# doubt, where too little was measured, or where the conversation is unlike all graded ones. The
# count says how much work remains; the reasons say whether more grades would help (a wide set) or
# not (too short, another language). More grades mostly make sets narrower, down to what the
# raters themselves disagree on.

# %%
every_grade = after.to_frame("grades")
left = every_grade[every_grade["status"] == "abstained"]
print(f"{len(left)} of {len(every_grade)} grades are left to a person")
left.groupby(["criterion", "reason"]).size().rename("grades").reset_index()

# %% [markdown]
# ## Averages from a few grades
#
# A contact centre grades a few conversations and wants the mean of a team. Let us pretend that 24
# of the 46 had been graded: drawn by chance, half from each team or nearly so, and the only ones
# that the scorer learns from. `sample_for_review` writes down each one's chance of being drawn;
# keep that file with the grades.

# %%
folder = Path(tempfile.mkdtemp())
sample = qa.sample_for_review(before, 24, "stratified", by="team", seed=1)
sample.write(folder / "to_grade.csv")
given = grades.for_transcripts(sample.ids)
learnt = scorer.calibrate(calls, given)
means = qa.estimate_means(learnt.score(calls), given, by="team", sample=folder / "to_grade.csv")
means

# %% [markdown]
# *Mean* is the machine's mean over all conversations, corrected by what the grades say it gets
# wrong; *machine* is what you would have reported without that. A rank appears only where
# intervals do not overlap. Here the mean of all 46 people's totals is known: look whether it lies
# between `low` and `high`, and whether that is narrower than the interval of the human grades
# alone. Where the machine predicts a team's grades badly, it narrows nothing. One draw of 24
# tests nothing, of course.

# %%
everything = qa.estimate_means(after, grades, by="team").to_frame().set_index("team")
means.to_frame().set_index("team")[["low", "mean", "high", "human_low", "human_high"]].assign(
    all_grades=everything["mean"]
).round(1)

# %% [markdown]
# ## What to grade next
#
# `uncertain` prefers conversations that the machine doubts, while each one keeps a known chance,
# so that means stay right. Low chances in the list are no mistake: a sample of the strangest calls
# alone would say nothing about the rest.

# %%
following = qa.sample_for_review(learnt.score(calls), 8, "uncertain", seed=2)
following.to_frame()[["transcript_id", "inclusion_probability"]].round(2)

# %% [markdown]
# ## Keep it
#
# A folder with the rubric, weights, ids and out-of-fold grades; no words of any conversation, no
# pickle, but the names of raters. The same scorecards come back. On the command line:
# `qa-nlp score calls/ --scorer service.scorer`.

# %%
saved = calibrated.save(folder / "service.scorer")
assert qa.Scorer.load(saved).score(calls[:3]) == after[:3]
sorted(path.name for path in saved.iterdir())

# %% [markdown]
# What does not fit is refused by its name, here another encoder:

# %%
try:
    qa.Scorer.load(saved, encoder="en-research")
except qa.ArtifactError as error:
    print(str(error).replace(str(folder), "…"))

# %% [markdown]
# ## What it cannot do
#
# All of this holds for conversations like the graded ones. A new language or channel is noticed,
# a new product or a new team of raters is not: grade a fresh random sample from time to time. And
# the machine grades like your raters, with their habits. What is learnt, each number behind it
# and the limits stand in [docs/calibration.md](../docs/calibration.md). A conversation in Romanian,
# on which nothing here has learnt anything: look at the reasons.

# %%
foreign = next(call for call in samples if call.language == "ro")
stranger = calibrated.score_one(foreign)
{grade.criterion: (grade.status.value, grade.reason) for grade in stranger.grades}

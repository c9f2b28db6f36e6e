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
# # Score conversations
#
# From transcripts to scorecards with evidence: on sample conversations, on files of your own,
# and on a rubric of your own. Everything runs on this machine; nothing is downloaded or sent
# anywhere.

# %%
import json
import tempfile
from pathlib import Path

import qa_nlp as qa

samples = qa.load_samples()
samples

# %% [markdown]
# ## Your own files
#
# `read_transcripts` takes files, folders and globs. It tells the format from the content, and
# reads a file only when it is needed. Here are a call as plain text, and a chat as JSON with an
# agent and a team, by which you may want to group the scores later.

# %%
folder = Path(tempfile.mkdtemp())
(folder / "call.txt").write_text(
    """\
[00:00] Agent: Good morning, Northlight Energy, my name is Ada. How can I help you?
[00:06] Customer: Hi. My bill doubled this month and nobody can tell me why. I'm really upset.
[00:13] Agent: I'm sorry, that must be a shock. Let me look at your meter readings right away.
[00:41] Customer: Thank you.
[00:44] Agent: One reading was estimated, and too high. I have corrected it: you get 84 euros back.
[00:55] Customer: Oh, great, that was quick!
[00:58] Agent: You will have it by Friday. Is there anything else I can do for you?
[01:04] Customer: No, that's all. Bye!
[01:06] Agent: Thanks for calling, goodbye.
""",
    encoding="utf-8",
)
chat = {
    "id": "chat-1",
    "channel": "chat",
    "metadata": {"agent_id": "A7", "team": "north"},
    "turns": [
        {"role": "customer", "text": "hello, my parcel never arrived and I need it tomorrow"},
        {"role": "agent", "text": "Send the tracking number."},
        {"role": "customer", "text": "NL-20. please, it is a birthday present"},
        {"role": "agent", "text": "It is delayed. You should have ordered earlier."},
    ],
}
(folder / "chat.jsonl").write_text(json.dumps(chat) + "\n", encoding="utf-8")

own = qa.read_transcripts(folder)
[(call.id, call.channel, len(call.turns), call.turns[0].role.value) for call in own]

# %% [markdown]
# ## Signals, before any grade
#
# A signal is a number with a fixed scale: a phrase was said (a probability), how the customer
# feels (valence from -1 to 1), how long they talked (seconds). NaN means that there was nothing
# to measure: the chat has no times, so it has no duration.

# %%
scorer = qa.Scorer("service_excellence")
signals = scorer.signals(own).to_frame().set_index("transcript_id")
signals[
    [
        "phrase.greeting",
        "phrase.apology",
        "phrase.blaming_customer",
        "customer_sentiment.change",
        "empathy.emotional_reactions",
        "conduct.duration",
    ]
].round(2).T

# %% [markdown]
# ## Scorecards
#
# One card for each conversation, in their order. What cannot be scored becomes a card with an
# `error` and costs no other conversation anything. The last of these is in Portuguese, which is
# read where the extra `multilingual` is installed; else its criteria are left to a person.

# %%
cards = scorer.score([*own, *samples[:10], samples[-1]])
cards

# %% [markdown]
# A card draws itself: the conversation on one side, the grades and what speaks for them on the
# other. Point at a grade to see its evidence in the text. `calibrated` is false everywhere:
# these grades come from the rubric's own weights, and no human grades have taught the scorer
# anything yet.

# %%
cards["chat-1"]

# %% [markdown]
# ## Tables
#
# `to_frame` gives one row for each card, each grade or each piece of evidence, for pandas (or
# polars, or Arrow). An abstained criterion stays in the total with its expected points; the
# total is then `provisional`, and `total_low` and `total_high` say where it can end up once a
# person has looked.

# %%
table = cards.to_frame()
table[["transcript_id", "team", "total", "total_status", "total_low", "total_high", "empathy"]]

# %%
evidence = cards.to_frame("evidence")
evidence[evidence["criterion"] == "empathy"].nsmallest(5, "contribution")[
    ["transcript_id", "turn", "quote", "signal", "contribution"]
]

# %% [markdown]
# ## A rubric of your own
#
# A rubric is YAML: questions with answers from worst to best, and the signals that inform them.
# Rules are phrases of your own that must, or must not, be said. A misspelt name is an error
# that gives the line and what you may have meant. `qa-nlp rubric init` turns a spreadsheet of
# questions into such a file, and the shipped rubrics show what else there is.

# %%
rubric = qa.Rubric.from_yaml("""\
format_version: 1
id: promises
version: "1.0"
name: Promises

rules:
  - id: says_by_when
    name: The agent says by when
    role: agent
    patterns: [by Friday, by tomorrow, within the hour, by the end of the day]

sections:
  - id: talk
    name: The talk
    criteria:
      - id: greeting
        question: Did the agent greet the customer?
        levels:
          - {id: "no", value: 0, points: 0}
          - {id: "yes", value: 1, points: 1}
        signals:
          - {signal: phrase.greeting, within: first 2 agent turns, direction: more, threshold: 0.5,
             weight: 6}
      - id: promise
        question: Did the agent say what happens next, and by when?
        weight: 2
        levels:
          - {id: "no", value: 0, points: 0}
          - {id: partly, value: 1, points: 1}
          - {id: "yes", value: 2, points: 2}
        signals:
          - {signal: rule.says_by_when, direction: more, threshold: 0.5, weight: 6}
          - {signal: phrase.next_steps, direction: more, threshold: 0.5, weight: 4}
""")
qa.Scorer(rubric).score(own).to_frame()[["transcript_id", "total", "greeting", "promise"]]

# %% [markdown]
# ## Keep them
#
# `.jsonl` and `.parquet` come back exactly as they were; `.html` is a page to read and pass on.
# On the command line: `qa-nlp score calls/ --out cards.html`.

# %%
for name in ("cards.parquet", "cards.html"):
    qa.write_scorecards(cards, folder / name)

assert qa.read_scorecards(folder / "cards.parquet") == cards
sorted(path.name for path in folder.iterdir())

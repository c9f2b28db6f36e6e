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
# # Standard phrases
#
# Did the agent ask before a hold, verify before speaking of the account, offer further help? A
# phrase bank recognises what was said in whatever words; a rubric then says where it has to be
# said, how often and in what order. Everything runs on this machine; nothing is downloaded or
# sent anywhere.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import qa_nlp as qa

pd.set_option("display.max_colwidth", 100)

hold = qa.PhraseBank.load("hold_request")
hold

# %% [markdown]
# ## A phrase bank
#
# A bank is a YAML file of sample sentences that each say one standard phrase, and of look-alikes
# that are near in wording and do not. `match` gives the probability that a text says the phrase,
# the nearest sample, and the words it was found in. Half is where "said" begins.

# %%
told = {
    "a paraphrase": "Would you mind waiting while I ask a colleague?",
    "a look-alike": "Hold the lid closed while it spins.",
    "a denial": "I won't put you on hold this time.",
    "about the past": "Were you put on hold yesterday?",
    "over two sentences": "I need to look at the file. It will only take a minute.",
}
texts = list(told.values())
pd.DataFrame(
    [
        {
            "what": what,
            "probability": round(match.probability, 2),
            "found in": text[match.start : match.end],
            "nearest sample": match.sample,
        }
        for (what, text), match in zip(told.items(), hold.match(texts), strict=True)
    ]
)

# %% [markdown]
# ## Many banks at once
#
# A scorer measures all shipped banks, one column for each. Before anybody is talked to: would
# people agree? For the samples, people marked what was said. `missed` are conversations in which
# they heard a phrase and the bank did not, `too many` the other way round.

# %%
samples = qa.load_samples()
english = [call for call in samples if call.language == "en"]
signals = qa.Scorer("service_excellence").signals(english)
measured = signals.to_frame()

expected = [
    "greeting",
    "self_introduction",
    "purpose_question",
    "identity_check",
    "recap",
    "resolution_check",
    "time_commitment",
    "anything_else",
    "thanks",
    "farewell",
]
marks = samples.phrases
rows = {}
for phrase in expected:
    heard = measured["transcript_id"].isin(marks.loc[marks["phrase"] == phrase, "transcript_id"])
    found = measured[f"phrase.{phrase}"] >= 0.5
    both = (heard & found).sum()
    rows[phrase] = {
        "heard by people": heard.sum(),
        "found too": both,
        "missed": (heard & ~found).sum(),
        "too many": (found & ~heard).sum(),
        "F1": 2 * both / (heard.sum() + found.sum()),
    }
agreement = pd.DataFrame(rows).T
counts = list(agreement.columns[:-1])
agreement.style.bar(subset="F1", vmin=0, vmax=1, color="#9cc3d5").format(
    {name: "{:.0f}" for name in counts} | {"F1": "{:.2f}"}
)

# %% [markdown]
# ## Which agent leaves out what
#
# With the banks that people mostly agree with: in what share of an agent's conversations was
# each phrase said? The phrases left out most often stand on top. A handful of conversations is a
# reason to listen to one of them, not a ranking of people.

# %%
trusted = list(agreement.index[agreement["F1"] >= 0.75])
said = measured[[f"phrase.{phrase}" for phrase in trusted]] >= 0.5
said.columns = trusted
said["agent"] = [call.metadata["agent_id"] for call in english]
shares = said.groupby("agent").mean().T
shares = shares.loc[shares.mean(axis=1).sort_values().index]
shares.columns.name = None
shares.style.bar(axis=None, vmin=0, vmax=1, color="#9cc3d5").format("{:.0%}")

# %% [markdown]
# What was found is quoted. Where nothing was, the evidence says how near the nearest came.

# %%
column = signals.columns["phrase.time_commitment"]
row = int(measured["phrase.time_commitment"].argmin())
print(english[row].id, "-", column.evidence[row][-1].note)

row = int(measured["phrase.time_commitment"].argmax())
best = column.evidence[row][0]
print(english[row].id, "-", english[row].turns[best.turn].text[best.start : best.end])

# %% [markdown]
# ## A bank of your own
#
# A handful of samples is enough to begin with. `{channel}` is a slot: any of its fillings may
# stand there. `{name}`, `{date}`, `{amount}` and a few more need no filling. The file is called
# by the id of the bank.

# %%
folder = Path(tempfile.mkdtemp())
(folder / "in_writing.yaml").write_text(
    """\
format_version: 1
id: in_writing
name: In writing
purpose: The agent says that the customer gets something in writing.
kind: standard
slots:
  channel: [an e-mail, a text, a letter]
samples:
  en:
    - I'll send you {channel} to confirm it.
    - You will get {channel} with the details, {name}.
    - Look out for {channel} from us.
    - We have just sent the confirmation to your inbox.
look_alikes:
  en:
    - Please send us {channel} with the photos.
    - Could you confirm your e-mail address?
    - Who signed the letter that you have there?
""",
    encoding="utf-8",
)
bank = qa.PhraseBank.load(folder / "in_writing.yaml")
bank

# %% [markdown]
# ## Teach it
#
# Answer for a dozen sentences whether they say the phrase. `fit` returns a new bank that learnt
# from the answers; what it gained, and what it still gets wrong, shows on sentences that it was
# not taught. `qa-nlp phrases suggest` picks the sentences of your own conversations that are
# worth asking about.

# %%
answers = {
    "We'll drop you a line by e-mail tonight.": True,
    "You'll have it in writing by Friday.": True,
    "All of this goes out to you by post today.": True,
    "Your copy will arrive by post.": True,
    "I've just texted you the booking.": True,
    "A copy of what we agreed is in your inbox.": True,
    "Our texts went to your old number.": False,
    "I can see the letter you wrote in May.": False,
    "You can reply to the e-mail with a photo.": False,
    "Did you get the e-mail from the shop?": False,
    "The page should show a green tick.": False,
    "I got the e-mail that you sent us on Monday.": False,
}
taught = bank.fit(list(answers), list(answers.values()))

fresh = {
    "The summary will be in your inbox within the hour.": True,
    "I'm texting you the reference as we speak.": True,
    "The new contract comes to you by post.": True,
    "You'll hear from us in writing.": True,
    "I have read the text that you sent us.": False,
    "Have you checked the address on the letter?": False,
    "Your e-mail bounced, so we could not reach you.": False,
    "Write the number down for me, please.": False,
}
pd.DataFrame(
    {
        "text": list(fresh),
        "says it": list(fresh.values()),
        "before": [match.probability for match in bank.match(list(fresh))],
        "after": [match.probability for match in taught.match(list(fresh))],
    }
).style.bar(subset=["before", "after"], vmin=0, vmax=1, color="#9cc3d5").format(
    precision=2, subset=["before", "after"]
)

# %% [markdown]
# Sentences near an answer gain; what nothing in the bank comes near stays low, and what only
# shares its words may stay high. Those are the next to answer. All answers go into the file,
# where they can be read and changed.

# %%
taught.save(folder / "in_writing.yaml")
print((folder / "in_writing.yaml").read_text(encoding="utf-8"))

# %% [markdown]
# ## Said where, how often, in what order
#
# A rubric names banks of your own under `phrase_banks` and exact wordings under `rules`, and may
# require more of them than to be said somewhere: conditions, procedures and forbidden
# statements. Each is a signal, for a criterion to name like any other. Statements that are
# `critical` have to inform a critical criterion.

# %%
rubric = qa.Rubric.from_yaml(f"""\
format_version: 1
id: phone_rules
version: "1.0"
name: Phone rules
channels: [voice]

phrase_banks: ["{folder / "in_writing.yaml"}"]
rules:
  - id: details
    name: Details of the account
    patterns: [I can see, I see it, it says here, I've got it open, your bill dated]

conditions:
  - id: opening
    name: Begins with a greeting or a name
    within: first 1 agent turn
    any_of:
      - {{said: phrase.greeting}}
      - {{said: phrase.self_introduction}}
  - id: verified_first
    name: Identity checked before the first detail
    said: phrase.identity_check
    before: rule.details
  - id: holds
    name: Every long silence is announced and thanked for
    each_time: silence of 60 s
    all_of:
      - {{said: phrase.hold_request, before: it, within: 2 agent turns}}
      - {{said: phrase.thanks_for_waiting, after: it, within: 1 agent turn}}

procedures:
  - id: service
    name: From greeting to close
    steps:
      - {{id: greet, said: phrase.greeting}}
      - {{id: verify, said: phrase.identity_check}}
      - {{id: explain, said: rule.details, not_early: true}}
      - {{id: confirm, said: phrase.in_writing, optional: true}}
      - {{id: close, said: phrase.anything_else}}

forbidden:
  - {{id: blame, said: phrase.blaming_customer, severity: minor}}
  - {{id: pressure, said: phrase.pressure, severity: major}}
  - {{id: rudeness, said: phrase.rudeness, severity: critical}}

sections:
  - id: order
    name: In order
    criteria:
      - id: opening
        question: Did the agent begin with a greeting or a name?
        levels: [{{id: no, value: 0}}, {{id: yes, value: 1}}]
        signals: [{{signal: condition.opening, threshold: 0.5, weight: 8}}]
      - id: verified
        question: Was the identity checked before details were given?
        not_applicable_if: [{{signal: rule.details, below: 0.5}}]
        levels: [{{id: no, value: 0}}, {{id: yes, value: 1}}]
        signals: [{{signal: condition.verified_first, threshold: 0.5, weight: 8}}]
      - id: holds
        question: Did the agent ask before each hold, and thank the customer after it?
        not_applicable_if: [{{signal: conduct.longest_silence, below: 60}}]
        levels: [{{id: no, value: 0}}, {{id: yes, value: 1}}]
        signals: [{{signal: condition.holds, threshold: 0.5, weight: 8}}]
      - id: service
        question: Was the procedure followed?
        levels: [{{id: no, value: 0}}, {{id: partly, value: 1}}, {{id: yes, value: 2}}]
        signals: [{{signal: procedure.service, threshold: 0.6, weight: 8}}]
  - id: tone
    name: Never
    criteria:
      - id: rudeness
        question: Did the agent keep from rude words?
        critical: true
        levels: [{{id: breach, value: 0}}, {{id: met, value: 1}}]
        signals: [{{signal: forbidden.rudeness, direction: less, threshold: 0.7, weight: 12}}]
      - id: forbidden
        question: Did the agent keep from everything that is forbidden?
        levels: [{{id: breach, value: 0}}, {{id: met, value: 1}}]
        signals: [{{signal: forbidden.worst, direction: less, threshold: 0.3, weight: 10}}]
""")
scorer = qa.Scorer(rubric)
calls = [call for call in english if call.channel == "voice"]
cards = scorer.score(calls)
names = [criterion.id for criterion in rubric.criteria]
cards.to_frame()[["transcript_id", "total", "total_status", *names]].head(10).round(1)

# %% [markdown]
# Without a detail nothing has to be verified, and without a long silence there is no hold to
# judge: `not_applicable_if` takes such questions out of the score. One card, with its
# conversation:

# %%
cards["call-en-17"]

# %% [markdown]
# ## Where it should have been said
#
# A miss names the place that was searched, and quotes what came too early where something did.
# Turns are counted from 0.

# %%
evidence = cards.to_frame("evidence").astype({"turn": "Int64"})
missed = evidence[evidence["contribution"] < 0]
order = missed["signal"].isin(["condition.verified_first", "condition.holds"])
missed[order][["transcript_id", "signal", "turn", "quote", "note"]].style.hide().format(na_rep="")

# %% [markdown]
# ## A procedure, step by step
#
# `procedure.service` is the share of its steps that were done in order. A step that is optional
# costs nothing when left out; one that is `not_early` counts only where the steps above it were
# done before. The evidence names each step.

# %%
steps = evidence[evidence["signal"] == "procedure.service"]
two = steps[steps["transcript_id"].isin(["call-en-16", "call-en-17"])]
two[["transcript_id", "turn", "quote", "note"]].style.hide().format(na_rep="")

# %% [markdown]
# ## What must never be said
#
# Severity is what a statement counts in `forbidden.worst`: minor a quarter of its probability,
# major a half, critical all of it. A card fails by itself only on words that it points at.

# %%
never = evidence[evidence["signal"].str.startswith("forbidden.") & evidence["turn"].notna()]
worst = never[never["signal"] == "forbidden.worst"]
worst[["transcript_id", "turn", "quote", "note"]].style.hide().format(na_rep="")

# %% [markdown]
# ## What it cannot do
#
# A bank learns from about twenty sentences, so its probabilities put texts in order better than
# they state how often they are right. It judges one sentence, or two neighbours, and not what
# they answer: a statement may pass for a question, or a promise for a request. Where the law
# asks for exact words, use `rules`, which match word for word and know no paraphrase.

# %%
hard = [
    "I won't keep you waiting, it is on my screen.",
    "That takes two minutes, is that all right?",
    "Is a minute all right with you?",
]
pd.DataFrame({"text": hard, "hold_request": [m.probability for m in hold.match(hard)]}).round(2)

# %% [markdown]
# ### Other languages
#
# The shipped banks have samples in English, Romanian, Russian and Portuguese, which the extra
# `multilingual` reads. A bank of your own with English samples alone is then compared across
# languages; that is less sure, and the evidence on the scorecard says so. Add samples in the
# language. Conversations in other languages are left to a person.

# %%
four = qa.PhraseBank.load("hold_request", encoder="multilingual")
foreign = [
    "Puteți aștepta puțin, cât întreb o colegă?",
    "Подождите немного, я спрошу коллегу.",
    "Pode esperar um pouco enquanto pergunto a uma colega?",
    "Nu trebuie să așteptați deloc.",
]
pd.DataFrame(
    [(text, m.probability, m.sample) for text, m in zip(foreign, four.match(foreign), strict=True)],
    columns=["text", "probability", "nearest sample"],
).round(2)

# %% [markdown]
# ### How good is it?
#
# The figures, on public conversations and beside keywords and plain similarity, stand in the
# [README](../README.md#how-good-are-the-signals) and in `benchmarks/results/phrases.json`. On
# conversations of your own, label a few hundred sentences as they come, and let
# `qa-nlp phrases test` state precision and recall with their intervals
# ([docs/phrases.md](../docs/phrases.md)). In Python, here on the eight sentences from above; so
# few leave wide intervals:

# %%
from qa_nlp.phrase_review import measure

quality = measure(taught, list(fresh), list(fresh.values()))
pd.DataFrame(
    {
        "precision": [quality.precision, *quality.precision_interval],
        "recall": [quality.recall, *quality.recall_interval],
        "F1": [quality.f1, *quality.f1_interval],
    },
    index=["estimate", "from", "to"],
).T.round(2)

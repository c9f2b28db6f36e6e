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
# # Sentiment and empathy
#
# `qa.classify` asks one question of any texts: how they feel, how polite they are, how much
# empathy they show. The signals of a scorecard come from the same classifiers. Everything runs
# on this machine; nothing is downloaded or sent anywhere. Every sentence here was written for
# this notebook.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import qa_nlp as qa

said = [
    "Brilliant, the new card came two days early, thank you!",
    "I have explained this to four people now and I am sick of it.",
    "What if the money never turns up? I can't sleep.",
    "I honestly expected better from you after eleven years.",
    "Which of these two amounts am I supposed to pay?",
    "The meter stands in the cellar, next to the stairs.",
]
found = qa.classify(said, "sentiment")
found

# %% [markdown]
# ## Labels, probabilities, values
#
# `labels` holds the answer for each text, `probabilities` the chance of each answer, and
# `values` the one number that a text comes down to; for sentiment that is valence,
# P(positive) - P(negative), from -1 to 1. `to_frame` puts them side by side.

# %%
feelings = found.to_frame().round(2)
feelings.insert(0, "text", said)
feelings

# %% [markdown]
# ## Emotions
#
# `emotion_group` has the eight groups that a contact centre uses, `emotion` the 28 labels of
# GoEmotions. A text may have several: each label has a probability and a threshold of its own.

# %%
groups = qa.classify(said, "emotion_group")
labels = qa.classify(said, "emotion")
pd.DataFrame({"text": said, "groups": groups.labels, "of 28": labels.labels})

# %%
moods = groups.to_frame()
moods.insert(0, "text", said)
moods.drop(columns=["label", "value"]).style.bar(
    subset=list(groups.classes), vmin=0, vmax=1, color="#9cc3d5"
).format(precision=2, subset=list(groups.classes))

# %% [markdown]
# ## Politeness
#
# The value is the share of texts that are less polite: .5 is average. It is about tone, not
# about content; a refusal can be courteous, and good news curt.

# %%
requests = [
    "Would you be so kind as to send me the second page again?",
    "Could you read me the number on the back, please?",
    "The number is on the back.",
    "Number.",
    "Why on earth did you not read my first message?",
]
polite = qa.classify(requests, "politeness").to_frame()
polite.insert(0, "text", requests)
polite.round(2)

# %% [markdown]
# ## Empathy
#
# Three mechanisms, each none (0), weak (1) or strong (2), after Sharma et al. 2020: warmth that
# is expressed (`emotional_reactions`), understanding put into words (`interpretations`), and
# interest in what was not said (`explorations`). The value is the expected level. `context` is
# what the customer said before; the classifiers shipped today answer from the agent's words
# alone, so it changes nothing yet.

# %%
before = "My mother fell on Sunday and now the lift company says another two weeks."
answers = [
    "Your case number is 4711.",
    "We apologise for any inconvenience.",
    "I'm so sorry, what a dreadful week for you both.",
    "Two more weeks of carrying her up the stairs, and nobody seems to care how worn out you are.",
    "How is your mother coping, and who helps you during the night?",
]
mechanisms = ["emotional_reactions", "interpretations", "explorations"]
empathy = pd.DataFrame({"text": answers})
for mechanism in mechanisms:
    empathy[mechanism] = qa.classify(answers, mechanism, context=[before] * len(answers)).values
empathy.style.bar(subset=mechanisms, vmin=0, vmax=2, color="#e6b88a").format(
    precision=2, subset=mechanisms
)

# %% [markdown]
# A text of several sentences is pooled. Sentiment and politeness take the mean, weighted by
# length; emotions and empathy take the strongest sentence, because one warm sentence among
# instructions is still warm.

# %%
long = (
    "Please open the app and choose the last tab. I'm so sorry that this hit you just now. "
    "Then type the code and wait for the green tick."
)
pd.Series(
    {
        "politeness": qa.classify([long], "politeness").values[0],
        "emotional_reactions": qa.classify([long], "emotional_reactions").values[0],
    }
).round(2)

# %% [markdown]
# ## What a probability means
#
# Probabilities are calibrated: of the texts that get .8, about eight in ten have the label,
# where texts are like those they were calibrated on. The model cards say how far off each
# classifier is on texts it never saw. On your own conversations, labels may be rarer or more
# frequent, so look at some of them before you choose a threshold, and choose it by what a
# mistake costs. Below, the same probabilities answer two questions.

# %%
negative = list(groups.classes[:5])  # anger, frustration, disappointment, confusion, anxiety
trouble = pd.DataFrame({"text": said, "P": groups.to_frame()[negative].max(axis=1).round(2)})
trouble["worth a look"] = trouble["P"] >= 0.2  # misses little, costs reading time
trouble["sure enough to count"] = trouble["P"] >= 0.6  # counts little that is not there
trouble

# %% [markdown]
# ## Languages
#
# English, and with the extra `multilingual` Romanian, Russian and Portuguese. The language of
# each text is detected, or given where texts are short; one call may mix them. Another language
# is an error rather than a guess.

# %%
four = {
    "en": "The engineer was on time and very kind.",
    "ro": "Aștept de trei săptămâni și nimeni nu îmi răspunde!",
    "ru": "Огромное спасибо, вы меня очень выручили!",
    "pt": "Paguei duas vezes e ninguém me devolve o dinheiro.",
}
mixed = qa.classify(list(four.values()), "sentiment", language=list(four))
pd.DataFrame({"text": list(four.values()), "label": mixed.labels, "value": mixed.values.round(2)})

# %%
try:
    qa.classify(["Danke, das ging aber schnell und war sehr freundlich!"], "sentiment")
except ValueError as error:
    print(error)

# %% [markdown]
# ## A classifier of your own
#
# `HFClassifier` puts any Hugging Face checkpoint that classifies sequences in the place of a
# shipped one. It reads a folder and downloads nothing. So as not to need one, this cell makes a
# tiny model and teaches it eight sentences; yours would take the place of all but the last two
# lines.

# %%
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

bad = ["it is broken", "this is bad", "bad service", "broken again"]
good = ["it is great", "this is good", "good service", "great again"]
words = sorted({word for text in bad + good for word in text.split()})
vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *words])}
splitter = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
splitter.normalizer = normalizers.Lowercase()
splitter.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=splitter, pad_token="[PAD]", unk_token="[UNK]")

torch.manual_seed(0)
size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
names = {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
tiny = BertForSequenceClassification(
    BertConfig(vocab_size=len(vocabulary), intermediate_size=32, id2label=names, **size)
)
batch = tokenizer(bad + good, padding=True, return_tensors="pt")
optimiser = torch.optim.Adam(tiny.parameters(), lr=0.01)
for _ in range(60):
    tiny(**batch, labels=torch.tensor([0] * 4 + [2] * 4)).loss.backward()
    optimiser.step()
    optimiser.zero_grad()

folder = Path(tempfile.mkdtemp())
tiny.save_pretrained(folder)
tokenizer.save_pretrained(folder)

classes = {"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"}
own = qa.HFClassifier(folder, "sentiment", classes)
qa.classify(["Great service!", "Broken, bad."], "sentiment", head=own)

# %% [markdown]
# ## A conversation, turn by turn
#
# `timeline` tells what was measured on each turn. It holds no words; here they are put beside
# it for reading. Red and green bars are valence; the others are the probability of the strongest
# negative emotion, politeness, and the level of emotional reactions, which agents alone have.

# %%
calls = qa.load_samples()
call = calls[0]
scorer = qa.Scorer("service_excellence")
story = scorer.timeline(call)
story.insert(2, "words", [turn.text for turn in call.turns])
columns = ["sentiment", "negative_emotion", "politeness", "emotional_reactions"]
chart = story[["role", "words", "emotion", *columns]].style
chart = chart.bar("sentiment", align="zero", vmin=-1, vmax=1, color=["#d98880", "#82c09a"])
chart = chart.bar(["negative_emotion", "politeness"], vmin=0, vmax=1, color="#9cc3d5")
chart = chart.bar("emotional_reactions", vmin=0, vmax=2, color="#e6b88a")
chart.format(precision=2, na_rep="", subset=columns)

# %% [markdown]
# Over a whole conversation this becomes signals: how the customer felt at the end, whether a bad
# moment passed, how many feelings the agent answered or missed. In four languages at once, each
# read by the encoder for it:

# %%
names = [
    "customer_sentiment.change",
    "customer_emotion.recovery",
    "customer_emotion.escalation",
    "empathy.answered_share",
    "empathy.missed",
    "tone.politeness.worst",
]
chosen = [next(item for item in calls if item.language == code) for code in four]
signals = scorer.signals(chosen).to_frame().set_index("transcript_id")
signals[["language", *names]].round(2).T

# %% [markdown]
# ## The words behind a grade
#
# On a scorecard every such signal points at the words it was measured on, with what they add to
# the grade: above 0 speaks for a better level.

# %%
cards = scorer.score(chosen)
evidence = cards.to_frame("evidence")
felt = evidence["signal"].str.startswith(("customer_", "empathy.", "tone."))
evidence[felt].sort_values("contribution")[
    ["transcript_id", "turn", "quote", "signal", "note", "contribution"]
]

# %% [markdown]
# ## With care
#
# These numbers are made from words alone, by classifiers that now and then take sarcasm for
# praise. They are a reason to read a conversation, not a verdict on anybody: no decision about a
# person, no judgement of health, no watching of how employees feel. The model cards in
# `models/` say on which texts they were measured, how well, and where they fail. A scorecard
# shows the words, so that a person can look:

# %%
cards[0]

"""Evaluation-only sets: domains that no shipped weights have seen."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.parts.task_sets import TaskSet, examples_of
from models.sentences import normalised

__all__ = ["FILES", "retweet_key", "unseen_sets"]

FILES: Final = (
    "airline_tweets/tweets.tsv.gz",
    "sentirueval2015/train.tsv.gz",
    "sst2/dev.tsv.gz",
    "sst2/train.tsv.gz",
    "stanford_politeness/wikipedia.tsv.gz",
    "umsab_pt/train.tsv.gz",
    "umsab_pt/val.tsv.gz",
)
"""What is read, below the folder of data sets."""

SENTIMENTS: Final = ("negative", "neutral", "positive")
_RUSSIAN: Final = {"-1": "negative", "0": "neutral", "1": "positive"}
_KEY: Final = 60


def unseen_sets(folder: Path) -> list[TaskSet]:
    """Read the sets of sentiment and politeness that are measured on only.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of TaskSet
        SST-2, airline tweets, Stanford politeness, SentiRuEval, UMSAB.
    """
    read = functools.partial(_read, folder)
    airline = read("airline_tweets/tweets.tsv.gz")
    negative = _sentiment("airline tweets", "en", airline)
    return [
        _sentiment(
            "SST-2, train and dev",
            "en",
            pd.concat([read(f"sst2/{part}.tsv.gz") for part in ("train", "dev")]),
            ("negative", "positive"),
        ),
        negative,
        TaskSet(
            "airline tweets: negative",
            "en",
            "sentiment",
            "ranking",
            (),
            negative.texts,
            negative.groups,
            negative.truth == 0,
            scorers=("P(negative)", "valence"),
        ),
        _stanford(folder),
        _russian(read("sentirueval2015/train.tsv.gz")),
        _sentiment(
            "UMSAB, train and val",
            "pt",
            pd.concat([read(f"umsab_pt/{part}.tsv.gz") for part in ("train", "val")]),
        ),
    ]


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, sep="\t", keep_default_na=False, dtype=str)


def _sentiment(
    name: str, language: str, table: pd.DataFrame, classes: Sequence[str] = SENTIMENTS
) -> TaskSet:
    # a text that two files share, or one file twice, counts once
    kept = table.drop_duplicates("text")
    texts = tuple(kept["text"])
    return TaskSet(
        name,
        language,
        "sentiment",
        "classes",
        tuple(classes),
        texts,
        tuple(normalised(text) for text in texts),
        np.array([list(classes).index(label) for label in kept["label"]], dtype=np.int64),
    )


def _stanford(folder: Path) -> TaskSet:
    """Keep the requests that are in the test part of TyDiP, which holds the same ones."""
    test = {e.group for e in examples_of("tydip", folder) if e.part == "test"}
    table = _read(folder, "stanford_politeness/wikipedia.tsv.gz")
    kept = table[[normalised(text) in test for text in table["text"]]]
    return TaskSet(
        "Stanford politeness, requests of TyDiP's test part",
        "en",
        "politeness",
        "score",
        (),
        tuple(kept["text"]),
        tuple(normalised(text) for text in kept["text"]),
        kept["normalized_score"].astype(float).to_numpy(),
    )


def _russian(table: pd.DataFrame) -> TaskSet:
    """Take each tweet once a label: tweets on several firms may have several."""
    kept = table[table["label"].isin(list(_RUSSIAN))].drop_duplicates(["tweet_id", "label"])
    labels = [_RUSSIAN[label] for label in kept["label"]]
    return TaskSet(
        "SentiRuEval-2015",
        "ru",
        "sentiment",
        "classes",
        SENTIMENTS,
        tuple(kept["text"]),
        tuple(retweet_key(text) for text in kept["text"]),
        np.array([SENTIMENTS.index(label) for label in labels], dtype=np.int64),
    )


def retweet_key(text: str) -> str:
    """Give what near-equal tweets share: their beginning without user names, links and digits.

    Parameters
    ----------
    text : str
        A tweet.

    Returns
    -------
    str
        Lower-case words; of a tweet that has none, its normalised text.

    Examples
    --------
    >>> retweet_key("RT @user: The bank is down! http://t.co/x") == retweet_key("The bank is DOWN")
    True
    """
    plain = re.sub(r"https?://\S+|@\w+|\d+|^\s*rt\b", " ", text, flags=re.IGNORECASE)
    return normalised(plain)[:_KEY] or normalised(text)

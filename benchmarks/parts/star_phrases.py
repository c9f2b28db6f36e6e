"""STAR's typed texts as a test of thirteen standard phrases, split by person.

What an agent typed is labelled by the same agent with the standard reply that was meant. The test
part holds what the people of the encoder's test part typed, so neither the encoder nor the labelled
examples have seen those people. Labels are not blind (the agent chose among suggestions), and a
reply of another label may hold a phrase too, so no method can reach 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.record import ROOT
from models.sentences import is_training, normalised
from qa_nlp.phrase_bank import PhraseBankFile, load_bank_file, shipped_banks
from qa_nlp.text.words import count_words

__all__ = [
    "BANKS",
    "FILE",
    "NAMED",
    "PHRASES",
    "SAME_AS_FAREWELL",
    "Phrase",
    "Star",
    "Typed",
    "read_banks",
    "read_star",
]

Flags = NDArray[np.bool_]

BANKS: Final = "benchmarks/banks"
FILE: Final = "star/pairs.tsv.gz"
"""What is read, below the folder of data sets."""
LEAST_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """A standard phrase and the label that marks it.

    Parameters
    ----------
    bank : str
        Id of a shipped bank, or of one in `BANKS`.
    label : str
        STAR's label.
    more_general : tuple of str
        Shipped banks of which it is a special case: their sentences are no negatives for it.
    is_named : bool
        Whether it is one of those that the targets are about.
    """

    bank: str
    label: str
    more_general: tuple[str, ...] = ()
    is_named: bool = False


PHRASES: Final = (
    Phrase("opening", "hello", ("greeting", "purpose_question"), is_named=True),
    Phrase("name_request", "ask_name", is_named=True),
    Phrase("pin_request", "bank_ask_pin", ("identity_check",), is_named=True),
    Phrase("birth_date_request", "bank_ask_dob", ("identity_check",), is_named=True),
    Phrase("account_number_request", "bank_ask_account_number", ("identity_check",), is_named=True),
    Phrase("anything_else", "anything_else", is_named=True),
    Phrase("farewell", "goodbye_1", is_named=True),
    Phrase("maiden_name_request", "bank_ask_mothers_maiden_name", ("identity_check",)),
    Phrase("pet_name_request", "bank_ask_childhood_pets_name", ("identity_check",)),
    Phrase("balance_statement", "bank_inform_balance"),
    Phrase("fraud_report_filed", "bank_inform_fraud_report_submitted"),
    Phrase("authentication_failure", "bank_inform_cannot_authenticate"),
    Phrase("incident_details_request", "bank_ask_fraud_details"),
)
NAMED: Final = tuple(phrase for phrase in PHRASES if phrase.is_named)
SAME_AS_FAREWELL: Final = (
    *("goodbye_2", "bank_bye", "doctor_bye", "meeting_bye", "party_bye", "ride_bye"),
    *("spaceship_bye", "trip_bye", "trivia_bye", "weather_bye"),
)
"""Labels under which other tasks have the reply of ``goodbye_1``, or one much like it."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Distinct texts with all their labels.

    Parameters
    ----------
    texts : tuple of str
        As first typed.
    wizards : tuple of str
        Who typed each first.
    labels : tuple of frozenset of str
        Every label that anybody gave the text.
    """

    texts: tuple[str, ...]
    wizards: tuple[str, ...]
    labels: tuple[frozenset[str], ...]

    def where(self, kept: Flags) -> Typed:
        """Take some of the texts.

        Parameters
        ----------
        kept : ndarray of bool, shape (texts,)
            Which.

        Returns
        -------
        Typed
            Those, in order.
        """
        rows = np.flatnonzero(kept).tolist()
        return Typed(
            tuple(self.texts[row] for row in rows),
            tuple(self.wizards[row] for row in rows),
            tuple(self.labels[row] for row in rows),
        )

    def hits(self, *labels: str) -> Flags:
        """Tell which texts have one of some labels.

        Parameters
        ----------
        *labels : str
            STAR's labels.

        Returns
        -------
        ndarray of bool, shape (texts,)
            True for a hit.
        """
        wanted = set(labels)
        return np.array([bool(wanted & given) for given in self.labels], dtype=bool)

    def all_hits(self, phrases: Sequence[Phrase]) -> Flags:
        """Tell which texts say which phrases.

        Parameters
        ----------
        phrases : sequence of Phrase
            The columns.

        Returns
        -------
        ndarray of bool, shape (texts, phrases)
            True for a hit.
        """
        return np.stack([self.hits(phrase.label) for phrase in phrases], axis=1)


@dataclass(frozen=True, slots=True)
class Star:
    """The parts of STAR that are read.

    Parameters
    ----------
    training : Typed
        What the people of the encoder's training part typed, without any text of the test part.
    test : Typed
        What the people of its test part typed.
    is_new : ndarray of bool, shape (texts of the test part,)
        Which of its texts nobody of the training part typed too.
    shorthand : Typed
        Texts of one word, of the people of the test part.
    """

    training: Typed
    test: Typed
    is_new: Flags
    shorthand: Typed


def read_star(folder: Path) -> Star:
    """Read what agents typed in words of their own, each text once.

    Kept are texts of three or more words that differ from their standard reply in more than case
    and punctuation, and apart from them texts of a single word.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    Star
        In the order of the file.
    """
    table = pd.read_csv(folder / FILE, sep="\t", keep_default_na=False)
    table["key"] = table["wizard_typed"].map(normalised)
    words = table["wizard_typed"].map(count_words)
    labels = {str(key): frozenset(given) for key, given in table.groupby("key")["action_label"]}
    trains = table["wizard_id"].map(is_training)
    own_words = (table["key"] != table["template_text"].map(normalised)) & (words >= LEAST_WORDS)
    training, test = table[own_words & trains], table[own_words & ~trains]
    unseen = training[~training["key"].isin(set(test["key"]))]
    is_new = ~test.drop_duplicates("key")["key"].isin(set(training["key"]))
    return Star(
        _distinct(unseen, labels),
        _distinct(test, labels),
        is_new.to_numpy(dtype=bool),
        _distinct(table[~trains & (words == 1)], labels),
    )


def _distinct(table: pd.DataFrame, labels: dict[str, frozenset[str]]) -> Typed:
    first = table.drop_duplicates("key")
    return Typed(
        tuple(first["wizard_typed"]),
        tuple(first["wizard_id"]),
        tuple(labels[key] for key in first["key"]),
    )


def read_banks() -> list[PhraseBankFile]:
    """Read the shipped banks and those written for this benchmark without a look at its data.

    Returns
    -------
    list of PhraseBankFile
        The shipped ones first.
    """
    own = sorted((ROOT / BANKS).glob("*.yaml"))
    return [load_bank_file(path) for path in (*shipped_banks().values(), *own)]

"""Reviewing a phrase bank: which sentences are asked about, what answers change, how good it is."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from qa_nlp.errors import RubricError
from qa_nlp.phrase_bank import PhraseBankFile, load_bank_file
from qa_nlp.phrase_review import (
    LabelledText,
    measure,
    read_labelled,
    suggest,
    teach,
)
from qa_nlp.samples import Samples
from qa_nlp.signals.phrases import PhraseBank, PhraseMatch
from tests.builders import chat

PARKING = {
    "format_version": 1,
    "id": "parking",
    "name": "Parking",
    "purpose": "The agent tells the customer where to park.",
    "kind": "standard",
    "samples": {"en": ["You can park behind the building.", "Hi {name}, park at gate {time}."]},
    "look_alikes": {"en": ["Parking is not my job."]},
}


def parking(**changes: object) -> PhraseBankFile:
    return PhraseBankFile.model_validate({**PARKING, **changes})


class StatedEncoder:
    """Gives stated vectors, and others that are at right angles to all."""

    width = 40
    name = "stated"

    def __init__(
        self, vectors: Mapping[str, Sequence[float]], languages: frozenset[str] | None
    ) -> None:
        self.languages = languages
        self._vectors = vectors
        self._met: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # as of the shipped encoders, features stand behind the vector
        rows = np.full((len(texts), self.width + 1), 9.0, dtype=np.float32)
        rows[:, : self.width] = 0.0
        for row, text in zip(rows, texts, strict=True):
            if text in self._vectors:
                row[:2] = self._vectors[text]
            else:
                row[2 + self._met.setdefault(text, len(self._met))] = 1.0
        return rows


class StatedBank:
    """A bank whose probabilities are stated; .01 where they are not."""

    def __init__(
        self,
        chances: Mapping[str, float] | None = None,
        *,
        bank: PhraseBankFile | None = None,
        vectors: Mapping[str, Sequence[float]] | None = None,
        languages: frozenset[str] | None = frozenset({"en"}),
    ) -> None:
        self.bank = bank or parking()
        self.encoder = StatedEncoder(vectors or {}, languages)
        self._chances = chances or {}

    def match(self, texts: Sequence[str]) -> list[PhraseMatch]:
        return [PhraseMatch(self._chances.get(text, 0.01), "", 0, 0) for text in texts]


def stated(chances: Mapping[str, float], **fields: object) -> PhraseBank:
    return cast(PhraseBank, StatedBank(chances, **fields))  # type: ignore[arg-type]


def angle(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


# suggest


def test_suggest_gives_what_is_nearest_to_one_half_in_log_odds() -> None:
    bank = stated({"Far.": 0.9, "Near.": 0.45, "Middle.": 0.3, "Sure.": 1.0, "Never.": 0.0})
    call = chat("c1", "agent: Far. Near. Sure.", "agent: Middle. Never.")

    found = suggest([call], bank, n=3)

    assert [(one.text, one.probability, one.turn) for one in found] == [
        ("Near.", 0.45, 0),
        ("Middle.", 0.3, 1),
        ("Far.", 0.9, 0),
    ]
    assert {(one.transcript_id, one.language) for one in found} == {("c1", "en")}


def test_suggest_skips_what_is_nearly_the_same_as_one_already_chosen() -> None:
    chances = {"First.": 0.5, "Its twin.": 0.49, "Another.": 0.2}
    vectors = {"First.": angle(0), "Its twin.": angle(25), "Another.": angle(27)}
    bank = stated(chances, vectors=vectors)

    found = suggest([chat("c1", "agent: Its twin. First. Another.")], bank)

    assert math.cos(math.radians(25)) > 0.9 > math.cos(math.radians(27))
    assert [one.text for one in found] == ["First.", "Another."]


def test_suggest_orders_ties_by_text_whatever_the_order_of_the_transcripts() -> None:
    bank = stated({"Bee.": 0.4, "Ant.": 0.4, "Cat.": 0.6})
    calls = [chat("c1", "agent: Cat. Bee."), chat("c2", "agent: Ant.")]

    there = [one.text for one in suggest(calls, bank)]

    back = [one.text for one in suggest(calls[::-1], bank)]
    assert there == back == ["Ant.", "Bee.", "Cat."]


def test_suggest_gives_each_sentence_once_and_only_of_the_banks_role() -> None:
    bank = stated({"Over there.": 0.5})
    calls = [
        chat("c1", "customer: Not mine.", "agent: Over there. over there!"),
        chat("c2", "agent: Over   there."),
    ]

    assert [(one.text, one.transcript_id) for one in suggest(calls, bank)] == [
        ("Over there.", "c1")
    ]


@pytest.mark.parametrize(
    "known",
    [
        "you can park behind the building",
        "Hi Maria, park at gate 14:30.",
        "Parking is not my job!",
    ],
)
def test_suggest_leaves_out_what_stands_in_the_bank(known: str) -> None:
    assert suggest([chat("c1", f"agent: {known}")], stated({})) == []


def test_suggest_leaves_out_what_would_stand_in_the_bank_once_masked() -> None:
    bank = teach(parking(), [LabelledText("Your space is 4471 0923.", True)]).bank

    assert suggest([chat("c1", "agent: Your space is 8080 1234.")], stated({}, bank=bank)) == []


@pytest.mark.parametrize("text", ["12345 678", "…", "Dear {customer name}, hello", "a " * 30 + "x"])
def test_suggest_asks_about_no_text_that_no_bank_can_hold(text: str) -> None:
    long = text.replace(" ", "x" * 180 + " ") if text.startswith("a ") else text

    assert suggest([chat("c1", f"agent: {long}")], stated({})) == []


def test_suggest_keeps_to_the_languages_that_the_encoder_reads() -> None:
    calls = [
        chat("c1", "agent: Hello."),
        chat("c2", "agent: Salut.", language="ro"),
        chat("c3", "agent: 123 a.", language=None),
    ]
    any_language = stated({}, languages=None)

    assert [one.language for one in suggest(calls, stated({}))] == ["en"]
    assert {one.language for one in suggest(calls, any_language)} == {"en", "ro", None}
    assert [one.text for one in suggest(calls, any_language, language="ro")] == ["Salut."]


def test_suggest_refuses_to_give_less_than_one_sentence() -> None:
    with pytest.raises(ValueError, match="n is 0"):
        suggest([], stated({}), n=0)


@pytest.fixture(scope="module")
def hold() -> PhraseBank:
    return PhraseBank.load("hold_request")


def test_suggest_finds_unsure_sentences_in_the_bundled_conversations(
    hold: PhraseBank, samples: Samples
) -> None:
    english = [sample for sample in samples if sample.language == "en"][:8]

    found = suggest(english, hold, n=5)

    assert len(found) == 5
    assert found == suggest(english[::-1], hold, n=5)
    said = {sample.id: sample for sample in english}
    for one in found:
        assert one.text in " ".join(said[one.transcript_id].turns[one.turn].text.split())
    vectors = hold.encoder.encode([one.text for one in found])[:, : hold.encoder.width]
    assert (vectors @ vectors.T - np.eye(5)).max() <= 0.9


# teach


def test_teach_makes_hits_samples_and_misses_look_alikes() -> None:
    taught = teach(
        parking(),
        [LabelledText("There is a garage next door.", True), LabelledText("Who parks?", False)],
    )

    assert taught.bank.samples["en"][-1] == "There is a garage next door."
    assert taught.bank.look_alikes["en"][-1] == "Who parks?"
    assert (taught.samples, taught.look_alikes, taught.moved, taught.left_out) == (1, 1, 0, 0)


def test_teach_masks_addresses_and_long_numbers() -> None:
    taught = teach(parking(), [LabelledText("Park at 4471 0923 or ask ann@example.com.", True)])

    assert taught.bank.samples["en"][-1] == "Park at ••••••••• or ask •••••••••••••••."


def test_teach_moves_a_sentence_that_stood_on_the_other_side_and_counts_no_known_one() -> None:
    bank = parking(look_alikes={"en": ["Parking is not my job.", "Nice park."]})
    answers = [LabelledText("Nice park!", True), LabelledText("Parking is not my job.", False)]

    taught = teach(bank, answers)

    assert taught.bank.look_alikes["en"] == ("Parking is not my job.",)
    assert (taught.samples, taught.look_alikes, taught.moved) == (0, 0, 1)


def test_teach_takes_the_language_of_the_row_before_that_of_all() -> None:
    answers = [
        LabelledText("Aici nu.", False, "ro"),
        LabelledText("Parcați aici.", True, "ro"),
        LabelledText("Estacione aqui.", True),
    ]

    taught = teach(parking(), answers, language="pt")

    assert taught.bank.samples["ro"] == ("Parcați aici.",)
    assert taught.bank.look_alikes["ro"] == ("Aici nu.",)
    assert taught.bank.samples["pt"] == ("Estacione aqui.",)


def test_teach_leaves_out_misses_in_a_language_without_samples() -> None:
    taught = teach(parking(), [LabelledText("Nu aici.", False, "ro")])

    assert (taught.bank, taught.left_out) == (parking(), 1)


def test_teach_refuses_a_text_with_both_labels() -> None:
    answers = [
        LabelledText("Code 12345.", True, line=2, place="a.csv:2"),
        LabelledText("Code 54321", False, line=3, place="a.csv:3"),
    ]

    with pytest.raises(RubricError, match=r"^a\.csv:3: the text of line 2 reads the same"):
        teach(parking(), answers)


@pytest.mark.parametrize(
    ("text", "message"),
    [("Park at {spot}.", "unknown slot 'spot'"), ("x" * 1001, "at most 1000 characters")],
)
def test_teach_names_the_line_of_a_text_that_no_bank_can_hold(text: str, message: str) -> None:
    with pytest.raises(RubricError, match=rf"^a\.csv:7: .*{message}"):
        teach(parking(), [LabelledText(text, True, line=7, place="a.csv:7")])


ANSWERS = {
    "There is a garage right next door, level two is ours.": True,
    "Please leave your car in the yard at the back.": True,
    "The spaces with the blue line are for our guests.": True,
    "Visitors use the lot across the street.": True,
    "Just drive through the gate and stop on the left.": True,
    "You'll find a free spot in front of the bakery.": True,
    "Our building is next to the park.": False,
    "The car insurance is paid until May.": False,
    "Your parcel was left behind the house.": False,
    "Please hold the line while I look.": False,
    "The street is closed for the fair.": False,
    "I have parked your ticket until Monday.": False,
}
HELD_OUT = {
    "You may leave the car in the garage under our office.": True,
    "There are spaces for guests on the left of the entrance.": True,
    "The lot behind the church is free for visitors.": True,
    "Use the yard across the road, the gate is open.": True,
    "Stop your van in front of the workshop.": True,
    "The closest car park is one street further.": True,
    "We walk through the park in the morning.": False,
    "Your claim for the car is still open.": False,
    "The driver left your parcel with a neighbour.": False,
    "I'll park that question for now.": False,
    "The road works end on Friday.": False,
    "Could you tell me your street and number?": False,
}


def test_a_dozen_answers_improve_a_bank_on_sentences_that_it_has_not_seen() -> None:
    texts, labels = list(HELD_OUT), list(HELD_OUT.values())
    file = parking(samples={"en": ["You can park behind the building."]}, look_alikes={})
    before = measure(PhraseBank(file), texts, labels)

    taught = teach(file, [LabelledText(text, label) for text, label in ANSWERS.items()])

    after = measure(PhraseBank(taught.bank), texts, labels)
    assert after.f1 > before.f1
    assert after.average_precision > before.average_precision


# measure


def test_measure_agrees_with_scikit_learn_and_with_wilsons_formula() -> None:
    chances = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05]
    labels = [True, True, False, True, False, True, False, False, True, False]
    texts = [f"t{row}" for row in range(10)]

    quality = measure(stated(dict(zip(texts, chances, strict=True))), texts, labels)

    taken = [chance >= 0.5 for chance in chances]
    assert (quality.found, quality.missed, quality.false_alarms, quality.rejected) == (3, 2, 2, 3)
    assert quality.precision == precision_score(labels, taken)
    assert quality.recall == recall_score(labels, taken)
    assert quality.f1 == pytest.approx(f1_score(labels, taken))
    assert quality.average_precision == average_precision_score(labels, chances)
    assert quality.precision_interval == pytest.approx(wilson(3, 5))
    assert quality.recall_interval == pytest.approx(wilson(3, 5))
    low, high = wilson(3, 7)
    assert quality.f1_interval == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))
    assert quality.probabilities == tuple(chances)


def wilson(part: int, whole: int) -> tuple[float, float]:
    z = float(norm.ppf(0.975))
    share = part / whole
    middle = share + z**2 / (2 * whole)
    half = z * math.sqrt(share * (1 - share) / whole + z**2 / (4 * whole**2))
    return (middle - half) / (1 + z**2 / whole), (middle + half) / (1 + z**2 / whole)


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        ([], {"precision", "recall", "f1", "average_precision"}),
        ([True], {"precision"}),
        ([False], {"precision", "recall", "f1", "average_precision"}),
    ],
)
def test_measure_gives_nan_where_there_is_nothing_to_divide_by(
    labels: list[bool], missing: set[str]
) -> None:
    figures = measure(stated({}), ["t"] * len(labels), labels).to_dict()

    ends = {name for name in figures if figures[name] == [None, None]}
    assert {name for name in figures if figures[name] is None} == missing
    assert ends == {f"{name}_interval" for name in missing - {"average_precision"}}


def test_measure_refuses_other_numbers_of_texts_and_labels() -> None:
    with pytest.raises(ValueError, match="2 texts and 1 labels"):
        measure(stated({}), ["a", "b"], [True])


# read_labelled


def read(folder: Path, text: str, name: str = "answers.csv") -> list[LabelledText]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_labelled(path)


@pytest.mark.parametrize("word", ["1", "true", "YES", " hit "])
def test_read_labelled_knows_the_words_for_a_hit(tmp_path: Path, word: str) -> None:
    assert read(tmp_path, f"text,label\nHello,{word}\n")[0].label is True


@pytest.mark.parametrize("word", ["0", "False", "no", "miss"])
def test_read_labelled_knows_the_words_for_a_miss(tmp_path: Path, word: str) -> None:
    assert read(tmp_path, f"text,label\nHello,{word}\n")[0].label is False


def test_read_labelled_reads_a_table_with_other_columns_and_line_breaks(tmp_path: Path) -> None:
    text = '\ufeffid;Label;Text;language\n7;1;"Hello;\n there";en\n\n8;0;Bye;\n'

    rows = read(tmp_path, text)

    assert [(row.text, row.label, row.language, row.line) for row in rows] == [
        ("Hello; there", True, "en", 2),
        ("Bye", False, None, 5),
    ]


def test_read_labelled_reads_json_lines(tmp_path: Path) -> None:
    text = '{"text": "Hi\u2028you", "label": true, "turn": 3}\n\n{"text": "Bye", "label": 0}\n'

    rows = read(tmp_path, text, "answers.jsonl")

    assert [(row.text, row.label, row.line) for row in rows] == [
        ("Hi you", True, 1),
        ("Bye", False, 3),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: the file is empty"),
        ("text,label\n", ":1: no rows below the header"),
        ("txt,label\nHi,1\n", ":1: the column 'text' is missing; did you mean 'txt'?"),
        ("text,labels\nHi,1\n", ":1: the column 'label' is missing; did you mean 'labels'?"),
        ("zebra,1\nHi,1\n", ":1: the column 'text' is missing; name it 'text'"),
        ("text,label,text\nHi,1,Ho\n", ":1: two columns are called 'text'"),
        ("text,label\nHi,1\nHo,maybe\n", ":3: the label must be 1 or 0, yes or no, hit or miss"),
        ("text,label\nHi,1\nHo,\n", ":3: the label is empty; write 1 or 0, or take the row out"),
        ("text,label\nHi\n", ":2: the label is empty"),
        ("text,label\n,1\n", ":2: the text is empty"),
        ("text,label\nHi, you,1\n", ":2: 3 cells, but the header has 2"),
        ('text,label\n"Hi,1\n', ": not CSV"),
        ("text,label,language\nHi,1,English\n", ":2: the language must be a code such as en"),
    ],
)
def test_read_labelled_names_the_line_of_what_is_wrong(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(RubricError) as caught:
        read(tmp_path, text)

    assert message in str(caught.value)
    assert re.search(r"answers\.csv:\d+: ", str(caught.value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"text": "Hi", "label": 1}\n{"text"', ":2: not JSON; write one object a line"),
        ('[{"text": "Hi", "label": 1}]', ":1: not an object"),
        ('{"text": "Hi", "lable": 1}', ":1: 'label' is missing; did you mean 'lable'?"),
        ('{"text": 5, "label": 1}', ":1: the text is not a string"),
        ('{"text": "Hi", "label": null}', ":1: the label is empty"),
        ('{"text": "Hi", "label": 2}', ":1: the label must be 1 or 0"),
        ('{"text": "Hi", "label": 1, "language": 5}', ":1: the language must be a code"),
    ],
)
def test_read_labelled_names_the_line_of_wrong_json(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(RubricError) as caught:
        read(tmp_path, text, "answers.jsonl")

    assert f"answers.jsonl{message}" in str(caught.value)


def test_read_labelled_repeats_no_words_of_a_conversation(tmp_path: Path) -> None:
    with pytest.raises(RubricError) as header:
        read(tmp_path, "the zebra bit my quokka,1\nHello,1\n")
    with pytest.raises(RubricError) as swapped:
        read(tmp_path, "label,text\nthe zebra bit my quokka,1\n")

    assert "zebra" not in f"{header.value} {swapped.value}"


def test_read_labelled_says_which_files_it_reads(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match=r"\.csv, \.tsv and \.jsonl"):
        read(tmp_path, "text", "answers.xlsx")
    (tmp_path / "answers.csv").write_text("text,label\nHi,1\n")
    with pytest.raises(RubricError, match=r"no such file; did you mean 'answers\.csv'"):
        read_labelled(tmp_path / "answer.csv")


def test_shipped_banks_can_be_taught() -> None:
    bank = load_bank_file("greeting")

    assert teach(bank, [LabelledText("Ahoy there!", True)]).samples == 1

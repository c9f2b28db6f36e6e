"""The phrase benchmark, on invented sentences."""

from __future__ import annotations

import csv
import functools
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from benchmarks.parts import phrase_errors, setfit, star_measures, translated_phrases
from benchmarks.parts.bootstrap import average_precision, f1
from benchmarks.parts.phrase_draws import draw_examples, enough_hits, few_shot_scores
from benchmarks.parts.phrase_figures import Answer, best_said, phrase_figures
from benchmarks.parts.phrase_methods import METHODS, Finder, answers_of, zero_shot_scores
from benchmarks.parts.phrase_results import phrase_tables, phrase_targets, readme_table
from benchmarks.parts.star_phrases import FILE, PHRASES, Typed, read_banks, read_star
from benchmarks.parts.translated_phrases import cohen_kappa, read_turns
from benchmarks.record import ROOT
from models.sentences import is_training
from qa_nlp.phrase_bank import PhraseBankFile

PEOPLE = [f"person {number}" for number in range(50)]
TRAINS = [name for name in PEOPLE if is_training(name)]
TESTS = [name for name in PEOPLE if not is_training(name)]
NAME = next(phrase for phrase in PHRASES if phrase.label == "ask_name")


class Letters:
    """An encoder that counts letters."""

    name = tier = fingerprint = terms = "letters"
    languages: frozenset[str] | None = frozenset({"en"})
    width = 26

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        letters = "abcdefghijklmnopqrstuvwxyz"
        counts = np.array([[1e-3 + text.lower().count(one) for one in letters] for text in texts])
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True), dtype=np.float32)


def bank(identifier: str, samples: Sequence[str], look_alikes: Sequence[str]) -> PhraseBankFile:
    return PhraseBankFile.model_validate(
        {
            "format_version": 1,
            "id": identifier,
            "name": identifier,
            "purpose": "A test.",
            "kind": "standard",
            "samples": {"en": list(samples)},
            "look_alikes": {"en": list(look_alikes)},
        }
    )


def banks() -> list[PhraseBankFile]:
    names = ["Your name, please?", "May I have your name?", "What name is it?", "Name?"]
    waits = ["Hold on, please.", "One moment.", "Please wait.", "Bear with me."]
    return [
        bank(NAME.bank, names, ["Thanks for your name.", "My name is Bo."]),
        bank("wait", waits, ["I am waiting."]),
    ]


def typed(*rows: tuple[str, str, str]) -> Typed:
    texts, wizards, labels = zip(*rows, strict=True)
    return Typed(texts, wizards, tuple(frozenset({label}) for label in labels))


def write_star(folder: Path, rows: list[tuple[str, str, str, str]]) -> None:
    path = folder / FILE
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["wizard_typed", "action_label", "template_text", "wizard_id"])
        writer.writerows(rows)


def test_read_star_splits_by_person_and_keeps_test_texts_out_of_training(tmp_path: Path) -> None:
    reply = "May I have your name?"
    write_star(
        tmp_path,
        [
            ("and your name is", "ask_name", reply, TRAINS[0]),
            ("who am I greeting", "ask_name", reply, TRAINS[0]),
            ("And your name is?", "hello", "Hello!", TESTS[0]),
            ("and your name is", "ask_name", reply, TESTS[1]),
            ("may I have your name", "ask_name", reply, TESTS[1]),
            ("tell me who you are", "ask_name", reply, TESTS[1]),
            ("name", "ask_name", reply, TESTS[1]),
            ("two words", "ask_name", reply, TESTS[1]),
        ],
    )

    star = read_star(tmp_path)

    assert star.test.texts == ("And your name is?", "tell me who you are")
    assert star.test.wizards == (TESTS[0], TESTS[1])
    assert star.test.labels[0] == {"hello", "ask_name"}
    assert star.is_new.tolist() == [False, True]
    assert star.training.texts == ("who am I greeting",)
    assert star.shorthand.texts == ("name",)


def test_every_phrase_has_a_bank() -> None:
    known = {one.id for one in read_banks()}

    for phrase in PHRASES:
        assert {phrase.bank, *phrase.more_general} <= known


def test_phrase_figures_are_those_of_single_phrases_with_equal_scores() -> None:
    random = np.random.default_rng(1)
    hits = random.random((60, 3)) < 0.3
    scores = np.round(random.random((2, 60, 3)), 1)
    said = scores > 0.6
    ones = np.ones(60)

    found = phrase_figures(
        [str(row % 9) for row in range(60)], hits, {"qa_nlp": Answer(scores, said)}, rounds=20
    )

    cells = [(draw, column) for draw in range(2) for column in range(3)]
    expected_f1 = np.mean([f1(hits[:, c], said[d, :, c], ones) for d, c in cells])
    expected_ap = np.mean([average_precision(hits[:, c], scores[d, :, c], ones) for d, c in cells])
    assert found["qa_nlp F1"].value == pytest.approx(expected_f1)
    assert found["qa_nlp AP"].value == pytest.approx(expected_ap)
    assert found["qa_nlp F1"].low < expected_f1 < found["qa_nlp F1"].high


def test_phrase_figures_draw_again_where_a_phrase_has_no_hit() -> None:
    hits = np.array([[True], [False], [False], [False]])
    answer = Answer(np.array([[[0.9], [0.1], [0.2], [0.3]]]), hits[None])

    found = phrase_figures(["a", "b", "c", "d"], hits, {"qa_nlp": answer}, rounds=50)

    assert (found["qa_nlp F1"].low, found["qa_nlp AP"].low) == (1.0, 1.0)


def test_phrase_figures_find_probabilities_that_are_too_high() -> None:
    hits = np.tile([[True], [False]], (50, 1))
    answers = {
        level: Answer(np.full((1, 100, 1), level), np.ones((1, 100, 1), dtype=bool))
        for level in (0.5, 0.8)
    }

    errors = [
        phrase_figures([str(row) for row in range(100)], hits, {"qa_nlp": answer}, rounds=10)
        for answer in answers.values()
    ]

    assert [found["qa_nlp ECE"].value for found in errors] == pytest.approx([0.0, 0.3])


def test_best_said_never_cuts_between_equal_scores() -> None:
    hits = np.array([[True], [True], [False], [False], [True]])
    scores = np.array([[0.9], [0.5], [0.5], [0.5], [0.1]])

    assert best_said(hits, scores)[:, 0].tolist() in ([True] * 5, [True, *[False] * 4])


def test_draw_examples_are_half_hits_and_the_same_for_the_same_number() -> None:
    rows = [(f"name question {row}", "a", "ask_name") for row in range(8)]
    training = typed(*rows, *((f"other words {row}", "a", "hello") for row in range(8)))

    draw = draw_examples(training, NAME, 5, 0)

    assert draw.labels == (True, True, True, False, False)
    assert [text.startswith("name") for text in draw.texts] == list(draw.labels)
    assert draw == draw_examples(training, NAME, 5, 0)
    assert draw != draw_examples(training, NAME, 5, 1)
    assert enough_hits(training, NAME, 16)
    assert not enough_hits(training, NAME, 17)


def test_every_method_finds_a_sample_and_gains_from_examples() -> None:
    test = typed(
        ("May I have your name?", "a", "ask_name"),
        ("Zzz qqq xx.", "b", "ask_name"),
        ("Please wait.", "c", "hello"),
    )
    training = typed(
        ("Zzz qqq xx now", "d", "ask_name"),
        ("Zzz xx qqq", "e", "ask_name"),
        *((f"Bear with me {word}", "d", "hello") for word in ("here", "there")),
    )
    finder = Finder(test.texts, Letters())

    before = zero_shot_scores(finder, [NAME], banks())
    after = few_shot_scores(finder, [NAME], banks(), training, size=4, draws=1)

    hits = test.all_hits([NAME])
    assert set(before) == set(METHODS)
    for method in METHODS:
        assert before[method].shape == (1, 3, 1)
        assert before[method][0, 0, 0] > before[method][0, 2, 0]
        assert after[method][0, 1, 0] > before[method][0, 1, 0]
    assert answers_of(after, hits)["cosine at its best"].said is not None


@pytest.fixture
def small_star(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    words = ["amber", "birch", "cedar", "daisy", "elder", "fern", "grass", "hazel", "iris", "jade"]
    rows = [
        (f"{word} {person} {phrase.label} {number}", phrase.label, "Reply.", person)
        for phrase in PHRASES
        for number, word in enumerate(words)
        for person in (TRAINS[number % 3], TESTS[number % 3])
    ]
    rows += [
        (phrase.label.replace("_", ""), phrase.label, "Reply.", TESTS[0]) for phrase in PHRASES
    ]
    write_star(tmp_path, rows)
    small = [
        bank(phrase.bank, [f"{word} {phrase.label}" for word in words[:5]], [f"no {phrase.label}"])
        for phrase in PHRASES
    ]
    monkeypatch.setattr(star_measures, "read_banks", lambda: small)
    monkeypatch.setattr(star_measures, "load_encoder", lambda _: Letters())
    monkeypatch.setattr(
        star_measures, "phrase_figures", functools.partial(phrase_figures, rounds=5)
    )
    return tmp_path


def test_targets_and_tables_show_what_the_parts_measured(small_star: Path) -> None:
    zero_shot = star_measures.measure_zero_shot(small_star)
    few_shot = star_measures.measure_few_shot(small_star, 1)
    one = {"value": 0.8, "low": 0.7, "high": 0.9}
    means = {name: one for name in ("qa_nlp F1", "qa_nlp AP", "SetFit F1", "SetFit AP")}
    leads = {
        f"ahead of {method} {figure}": one
        for figure in ("F1", "AP")
        for method in ("always yes", "keywords", "cosine", "cosine 0.6")
    }
    parts = {
        "zero_shot": zero_shot,
        "few_shot": few_shot,
        "setfit": {"5": {"mean": means}, "20": {"mean": means}},
        "own_samples": {"texts": 3, "figures": {**means, **leads}},
        "frozen": {code: {"F1": one, "always yes F1": one} for code in ("en", "ro")},
        "translated": {"pt": {"turns": 9, "by_bank": {}, "kappa": one}},
        "speed": {"seconds": 0.5},
    }

    targets = {target.name: target for target in phrase_targets(parts)}
    tables = phrase_tables(parts, {"read": 100, "wrong_label": 4, "kinds": {"a slip": 4}})

    assert len(zero_shot["en"]["phrases"]) == len(PHRASES)
    assert few_shot["left out"]["20"] == []
    assert targets["10,000 encoded sentences against 60 banks, seconds"].met
    assert "phrases on STAR, 7 phrases, test wizards, 20 labels, F1" in targets
    assert len(readme_table(parts).rows) == 8
    assert len(tables["star"].rows) == len(PHRASES) + 1
    assert tables["wrong_labels"].rows[-1] == ["a slip", 4]


def test_draw_pairs_holds_as_many_equal_as_different_classes() -> None:
    labels = [True, True, False, False, True]

    pairs = setfit.draw_pairs(labels, 0)

    assert sum(wanted for _, _, wanted in pairs) == len(pairs) / 2
    assert all((labels[one] == labels[two]) == wanted for one, two, wanted in pairs)
    assert all(one != two for one, two, _ in pairs)


def test_read_turns_of_a_csv_joins_the_segments_of_an_agent(tmp_path: Path) -> None:
    columns = ["doc_id", "translation_direction", "source_language", "source_segment", "mt_segment"]
    rows = [
        ["d1", "agent", "en", "I see.", "Je vois."],
        ["d1", "agent", "en", "One moment.", "Un moment."],
        ["d1", "customer", "fr", "Merci", "Thanks"],
        ["d1", "agent", "en", "OK", "OK"],
    ]
    path = tmp_path / translated_phrases.LANGUAGES["fr"]
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])

    (turn,) = read_turns(tmp_path, "fr")

    assert (turn.chat, turn.english) == ("d1", "I see.\nOne moment.")
    assert turn.translation == "Je vois.\nUn moment."


def test_read_turns_of_a_json_file_takes_agents_only(tmp_path: Path) -> None:
    turns = [
        {"floor": "inbound", "text_src": ["Oi"], "text_mt": ["Hi"]},
        {"floor": "outbound", "text_src": ["Hello there."], "text_mt": ["Olá."]},
        {"floor": "outbound", "text_src": ["Bye."], "text_mt": []},
    ]
    path = tmp_path / translated_phrases.LANGUAGES["pt"]
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([{"id": 3, "turns": turns}]), encoding="utf-8")

    (turn,) = read_turns(tmp_path, "pt")

    assert (turn.chat, turn.english, turn.translation) == ("3", "Hello there.", "Olá.")


def test_cohen_kappa_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(2)
    first, second = random.random((2, 40, 2)) < 0.4
    weights = random.integers(0, 3, 40).astype(np.float64)

    expected = [
        cohen_kappa_score(first[:, column], second[:, column], sample_weight=weights)
        for column in range(2)
    ]

    assert cohen_kappa(first, second, weights).tolist() == pytest.approx(expected)


def test_write_errors_refuses_the_repository() -> None:
    with pytest.raises(ValueError, match="not written into the repository"):
        phrase_errors.write_errors(ROOT, ROOT / "build" / "errors.tsv", seed=0)


def test_wrong_labels_is_none_where_nobody_has_read_errors(tmp_path: Path) -> None:
    path = tmp_path / phrase_errors.READ
    before = phrase_errors.wrong_labels(tmp_path)
    path.parent.mkdir()
    path.write_text('{"read": 100, "wrong_label": 3, "kinds": {}}', encoding="utf-8")

    assert before is None
    assert phrase_errors.wrong_labels(tmp_path) == {"read": 100, "wrong_label": 3, "kinds": {}}

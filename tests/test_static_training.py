"""Training of the fast tier: the library computes what was trained, the same file each time."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qa_nlp.encoding.static import StaticEncoder, read_static
from qa_nlp.encoding.wordpieces import TokenReader, tokenizer_of
from qa_nlp.resources import resource_folder
from qa_nlp.signals.heads import Head, read_heads
from qa_nlp.signals.tasks import TASKS

pytestmark = [
    pytest.mark.slow,
    # peft still calls what transformers has renamed
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

WIDTH, FEATURES = 6, 4
TEXTS = (
    "Thanks, that worked. I was so worried about the deposit!",
    "no reply in nine days",
    "Could you tell me what happened? I am sorry it took so long. We close at five, by the way.",
    "The courier left it in the rain, and nobody has called me back since Monday.",
)


@pytest.fixture(scope="module")
def training() -> Iterator[Any]:
    """The modules of models/training."""
    folder = str(resource_folder("models"))
    sys.path.insert(0, folder)
    names = ("denials", "distil", "export", "heads", "student", "texts", "vocabulary")
    found = {name: importlib.import_module(f"training.static_{name}") for name in names}
    yield SimpleNamespace(**found, examples=importlib.import_module("training.examples"))
    sys.path.remove(folder)


class Teacher:
    """Gives every text a row of random numbers of its own, and counts the texts."""

    fingerprint = "teacher:1"

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        rows = np.array(
            [
                np.random.default_rng(sum(text.encode())).uniform(-1, 1, WIDTH + FEATURES)
                for text in texts
            ],
            dtype=np.float32,
        )
        rows[:, :WIDTH] /= np.linalg.norm(rows[:, :WIDTH], axis=1, keepdims=True)
        return rows


def example(training: Any, source: str, text: str, group: str, test: bool) -> Any:
    targets = {"sentiment": 2, "emotion": (15,), "act": 1, "own_politeness": 0.5 + len(text) / 100}
    targets |= {"politeness": len(text) / 50, "emotion_group": (5,), "interpretations": 1}
    return training.examples.Example(source, group, text, targets, publishers_test=test)


def trained(training: Any, rounds: int = 3) -> tuple[Any, Any, Any]:
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    plan = training.student.StaticPlan(
        columns=8, pairs=64, hidden=16, rounds=rounds, batch=4, pieces=20, seed=1
    )
    examples = [example(training, "own", text, text, False) for text in TEXTS]
    corpus = training.texts.gather(examples, pieces=plan.pieces, denied=5, seed=plan.seed)
    # whichever part its hash puts an example in
    cuts = (*corpus.train, *corpus.development)
    corpus = training.texts.Corpus(corpus.sentences, cuts, cuts, corpus.pieces)
    reader = TokenReader(tokenizer_of()[0])
    tokens = training.student.Tokens.of(reader.ids(corpus.sentences), plan.pairs)
    random = np.random.default_rng(plan.seed)
    heads = {task: head(task, random) for task in TASKS}
    start = random.normal(0, 0.3, (len(reader.vocabulary), plan.columns)).astype(np.float32)
    student = training.student.Student(plan, start, heads, WIDTH)
    taught = Teacher().encode(corpus.sentences)
    training.distil.train(student, corpus, tokens, taught, heads, {"own": 1.5})
    return student, corpus, tokens


def head(task: str, random: np.random.Generator) -> Head:
    kind = TASKS[task].kind
    classes = TASKS[task].classes or ("ask", "confirm")
    outputs = {"ordinal": 2, "score": 1}.get(kind, len(classes))
    ones = np.ones(outputs)
    return Head(
        task,
        kind,
        TASKS[task].pooling,
        classes,
        random.normal(0, 1, (outputs, WIDTH + FEATURES)),
        random.normal(0, 1, outputs),
        ones,
        0 * ones,
    )


def manifest() -> dict[str, Any]:
    return {
        "name": "fast-test",
        "base": "static",
        "tokenizer_sha256": tokenizer_of()[1],
        "languages": ["en"],
        "terms": "tests only",
        "width": WIDTH,
    }


def tensors_of(training: Any, student: Any, corpus: Any, tokens: Any) -> dict[str, Any]:
    every = np.arange(len(corpus.sentences))
    layers = training.export.encoder_tensors(student, tokens, every)
    return {**layers, **training.export.head_tensors(student)}


def test_library_computes_what_was_trained_but_for_rounding(training: Any, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    student, corpus, tokens = trained(training)
    tensors = tensors_of(training, student, corpus, tokens)
    every = np.arange(len(corpus.sentences))

    training.export.write_static(tmp_path, tensors, manifest())
    rows = read_static(tmp_path).encode(corpus.sentences)

    with torch.inference_mode():
        expected = student(tokens, every).numpy()
    np.testing.assert_allclose(rows, expected, atol=0.05)


def test_weights_are_the_same_bytes_when_trained_again(training: Any) -> None:
    contents = []
    for _ in range(2):
        tensors = tensors_of(training, *trained(training))
        contents.append(training.export.packed("fast-test", tensors, manifest())[1])

    assert contents[0] == contents[1]


def test_training_brings_rows_nearer_to_the_teacher(training: Any) -> None:
    torch = pytest.importorskip("torch")

    def distance(rounds: int) -> float:
        student, corpus, tokens = trained(training, rounds)
        taught = torch.from_numpy(Teacher().encode(corpus.sentences))
        with torch.inference_mode():
            rows = student(tokens, np.arange(len(taught)))
            return float(training.student.row_loss(student, rows, taught))

    assert distance(40) < 0.8 * distance(2)


def test_refitted_heads_answer_on_the_rows_of_the_library(training: Any) -> None:
    student, corpus, tokens = trained(training)
    acts = [dict(cut.example.targets, act=row % 2) for row, cut in enumerate(corpus.train)]
    cuts = [
        training.texts.Cut(
            training.examples.Example("own", "g", cut.example.text, targets),
            cut.sentences,
            cut.shares,
        )
        for cut, targets in zip(corpus.train, acts, strict=True)
    ]
    tensors = tensors_of(training, student, corpus, tokens)
    artifact, _ = training.export.packed("fast-test", tensors, manifest())
    rows = StaticEncoder(artifact).encode(corpus.sentences)

    tensors |= training.heads.refit(tensors, cuts, rows, WIDTH)

    found = training.heads.labelled_answers(tensors, cuts, rows)
    assert found.logits["act"].shape == (len(cuts), 2)
    assert np.isfinite(found.logits["politeness"]).all()
    scored = [cut.example.targets["politeness"] for cut in cuts]
    assert np.corrcoef(found.logits["politeness"][:, 0], scored)[0, 1] > 0


def test_sentence_that_is_a_text_of_the_test_part_never_trains(training: Any) -> None:
    examples = [
        example(training, "own", "Yes please. That is all wrong.", "a", False),
        example(training, "own", "yes, PLEASE", "yes please", True),
        example(training, "star", "That is all wrong.", "wizard", True),
    ]

    corpus = training.texts.gather(examples, pieces=50, denied=50, seed=1)

    assert "Yes please." not in corpus.sentences
    assert "That is all wrong." in corpus.sentences
    cuts = list(corpus.train) + list(corpus.development)
    assert [cut.shares for cut in cuts] == [(1.0,)]


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("That is fine.", {"That is %s fine.", "That isn't fine."}),
        ("I trust you.", {"I do not trust you.", "I don't trust you.", "I never trust you."}),
        ("We're pleased.", {"We're %s pleased."}),
        ("It isn't ready.", {"It is ready."}),
        ("They have never called.", {"They have called."}),
        ("Two weeks late.", set()),
    ],
)
def test_short_sentences_are_learnt_beside_their_denials(
    training: Any, text: str, turned: set[str]
) -> None:
    denials = set(training.denials.AFTER_VERB)
    expected = {form.replace("%s", denial) for form in turned for denial in denials}
    parts = [example(training, "own", text, f"{number}", False) for number in range(8)]

    found = {
        corpus.sentences[place]
        for seed in range(40)
        for corpus in [training.texts.gather(parts, pieces=0, denied=9, seed=seed)]
        for place in corpus.pieces
    }

    assert found == expected


@pytest.mark.parametrize(
    ("language", "text", "turned"),
    [
        ("ro", "Îmi place mult.", "Nu îmi place mult."),
        ("ro", "Nu îmi place.", "Îmi place."),
        ("ru", "Всё работает.", "Всё не работает."),
        ("ru", "мне не помогли", "мне помогли"),
        ("pt", "Funcionou bem.", "Não funcionou bem."),
        ("pt", "Ninguém veio.", None),
    ],
)
def test_other_languages_deny_by_a_word_before_the_verb(
    training: Any, language: str, text: str, turned: str | None
) -> None:
    found = training.denials.denied_sentences([text], 9, 1, language)

    assert found == ([] if turned is None else [turned])


def test_sentences_without_labels_train_in_their_language(training: Any) -> None:
    parts = [example(training, "own", "That is fine by me, thanks.", "a", False)]
    plain = {"pt": ["Gosto muito da nova loja.", "yes please"]}
    tested = [example(training, "own", "Yes, please!", "yes please", True)]

    corpus = training.texts.gather(parts + tested, pieces=8, denied=4, seed=1, plain=plain)

    free = [corpus.sentences[place] for place in corpus.pieces]
    assert free.count("Gosto muito da nova loja.") == training.texts.PLAIN_TIMES
    assert "Não gosto muito da nova loja." in free
    assert "yes please" not in corpus.sentences


@pytest.fixture(scope="module")
def vocabulary(training: Any) -> Any:
    pieces = {"▁Mulțumesc": -6.0, "▁multumesc": -7.0, "▁mul": -5.0, "t": -5.0, "umesc": -8.0}
    pieces |= {"▁": -4.0, "▁zebra": -9.0, "▁quagga": -8.5, "▁字": -3.0, "h": -9.0, "▁спасибо": -6.0}
    return training.vocabulary.met_vocabulary(pieces, ["Mulțumesc, th", "СПАСИБО"], 30)


def test_spellings_that_are_alike_once_folded_are_one_token(vocabulary: Any) -> None:
    tokens = list(vocabulary.reader.vocabulary)

    assert "▁multumesc" in tokens
    assert vocabulary.words[tokens.index("▁multumesc")] == "Mulțumesc"
    assert vocabulary.reader.ids(["MULTUMESC"]) == vocabulary.reader.ids(["mulțumesc"])
    (row,) = vocabulary.reader.ids(["mulțumesc"])
    assert row[1:-1] == [tokens.index("▁multumesc")]


def test_vocabulary_keeps_letters_then_what_is_met_then_the_likeliest(vocabulary: Any) -> None:
    tokens = list(vocabulary.reader.vocabulary)

    assert tokens[:3] == ["<START>", "<END>", "<UNKNOWN>"]
    assert {"h", "t", "и", "▁", ","} <= set(tokens)
    assert tokens.index("▁спасибо") < tokens.index("▁quagga") < tokens.index("▁zebra")
    assert "▁字" not in tokens  # of no language that is meant, and never met
    assert len(vocabulary.words) == len(tokens)


def test_vocabulary_has_at_most_the_wanted_size(training: Any) -> None:
    many = {f"▁{number}": -float(number) for number in range(1, 90)}

    kept = training.vocabulary.met_vocabulary(many, ["7 8"], 30)

    assert len(kept.reader.vocabulary) == len(kept.words) == 30


def test_vocabulary_is_written_beside_the_weights(
    training: Any, vocabulary: Any, tmp_path: Path
) -> None:
    size = len(vocabulary.words)
    tensors = tensors_of(training, *trained(training)) | vocabulary.tensors
    tensors |= {f"token.{part}": tensors[f"token.{part}"][:size] for part in ("codes", "scale")}
    stated = {name: value for name, value in manifest().items() if name != "tokenizer_sha256"}

    training.export.write_static(tmp_path, tensors, stated)

    encoder = read_static(tmp_path)
    assert encoder.token_ids(["mulțumesc"]) == vocabulary.reader.ids(["mulțumesc"])
    assert encoder.encode(["Mulțumesc!"]).shape == (1, WIDTH + FEATURES)


def test_words_take_the_place_of_words_in_sentences_of_their_alphabet(training: Any) -> None:
    sentences = {"pt": ["a loja abre hoje"], "ru": ["касса уже закрыта"]}

    found = training.texts.swapped(sentences, ["", "!", "x", "quagga", "слон"], 60, 1)

    assert set(found) == {
        *(
            "quagga loja abre hoje",
            "a quagga abre hoje",
            "a loja quagga hoje",
            "a loja abre quagga",
        ),
        *("слон уже закрыта", "касса слон закрыта", "касса уже слон"),
    }


def test_special_tokens_of_a_published_vocabulary_are_no_pieces(training: Any) -> None:
    from tokenizers import Tokenizer, models

    tokenizer = Tokenizer(models.Unigram([("<s>", 0.0), ("▁a", -1.5)], 0))
    tokenizer.add_special_tokens(["<s>"])

    assert training.vocabulary.unigram_pieces(tokenizer) == {"▁a": -1.5}


def test_teacher_is_asked_once_about_each_text(training: Any, tmp_path: Path) -> None:
    teacher, path = Teacher(), tmp_path / "build" / "teacher.npz"
    columns = WIDTH + FEATURES

    first = training.texts.teacher_rows(["a", "b"], teacher, path, columns)
    second = training.texts.teacher_rows(["c", "b", "a"], teacher, path, columns)

    assert teacher.asked == 3
    np.testing.assert_array_equal(second[[2, 1]], first)
    np.testing.assert_array_equal(second, Teacher().encode(["c", "b", "a"]))


def test_rows_are_whole_numbers_within_half_a_step(training: Any) -> None:
    weight = np.random.default_rng(2).normal(size=(5, 7)).astype(np.float32)
    weight[3] = 0

    codes, scale = training.export.whole_rows(weight)

    assert codes.dtype == np.int8
    assert np.abs(codes).max() == 127
    assert not codes[3].any()
    assert (np.abs(codes * scale[:, None] - weight) <= scale[:, None] / 2 + 1e-7).all()


def test_written_weights_are_described_by_their_manifest(training: Any, tmp_path: Path) -> None:
    tensors = tensors_of(training, *trained(training))
    entry = {"kind": "classes", "pooling": "mean", "classes": ["negative", "neutral", "positive"]}
    tensors |= {"sentiment.scale": np.ones(3), "sentiment.shift": np.zeros(3)}

    described = {**manifest(), "tasks": {"sentiment": entry}}
    training.export.write_static(tmp_path, tensors, described)

    written = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert written["format_version"] == 2
    encoder = read_static(tmp_path)
    assert encoder.artifact.sha256 == written["sha256"]
    assert read_heads(encoder.artifact)["sentiment"].weight.shape == (3, WIDTH + FEATURES)

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
    names = ("distil", "export", "heads", "student", "texts")
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
    denials = set(training.texts.AFTER_VERB)
    expected = {form.replace("%s", denial) for form in turned for denial in denials}
    parts = [example(training, "own", text, f"{number}", False) for number in range(8)]

    found = {
        corpus.sentences[place]
        for seed in range(40)
        for corpus in [training.texts.gather(parts, pieces=0, denied=9, seed=seed)]
        for place in corpus.pieces
    }

    assert found == expected


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

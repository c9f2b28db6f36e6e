"""Distil an adapted encoder into a static one: what the train.py files of fast-* call."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qa_nlp.encoding import load_encoder
from qa_nlp.encoding.adapted import AdaptedBert, read_adapted
from qa_nlp.encoding.static import StaticEncoder
from qa_nlp.signals.heads import read_heads
from training.adapt import ROOT, Recipe
from training.calibrate import Calibration, calibrate
from training.examples import SOURCES
from training.export import write_groups
from training.static_export import encoder_tensors, head_tensors, packed, write_static
from training.static_heads import labelled_answers, refit, report
from training.static_student import (
    StaticPlan,
    Student,
    Tokens,
    label_loss,
    row_loss,
    soft_loss,
    start_values,
)
from training.static_texts import Corpus, gather, plain_sentences, swapped, teacher_rows
from training.static_vocabulary import (
    Vocabulary,
    met_vocabulary,
    published_vocabulary,
    unigram_pieces,
)


@dataclass(frozen=True)
class StaticRecipe:
    """What a static encoder is made from: its teacher's own recipe, and how it is distilled.

    ``tokens`` is how many tokens of the teacher's vocabulary are kept; without it the vocabulary is
    that of all-MiniLM-L6-v2. ``plain`` names the languages of which models/data has sentences
    without labels.
    """

    name: str
    teacher: Recipe
    plan: StaticPlan
    tokens: int | None = None
    plain: tuple[str, ...] = ()


def distil(recipe: StaticRecipe) -> None:
    """Run a recipe; rows of the teacher are kept in build/ and taken up by the next run."""
    if "QA_NLP_DATA" not in os.environ:
        sys.exit("set QA_NLP_DATA to the folder that holds goemotions/")
    data = Path(os.environ["QA_NLP_DATA"])
    started = time.monotonic()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(recipe.plan.seed)
    repeats = _repeats(recipe.teacher)
    examples = [example for source in sorted(repeats) for example in SOURCES[source](data)]
    teacher = read_adapted(ROOT / "models" / recipe.teacher.name)
    plan = recipe.plan
    plain = {code: plain_sentences(code) for code in recipe.plain}
    corpus = gather(examples, pieces=plan.pieces, denied=plan.denied, seed=plan.seed, plain=plain)
    if recipe.tokens is None:
        vocabulary = published_vocabulary()
    else:
        published = unigram_pieces(teacher.tokenizer)
        vocabulary = met_vocabulary(published, corpus.sentences, recipe.tokens)
        # what no sentence holds is learnt too, by itself and in the place of another word
        corpus = corpus.with_pieces(vocabulary.words)
        corpus = corpus.with_pieces(swapped(plain, vocabulary.words, plan.swapped, plan.seed))
    with threadpool_limits(1):
        taught, start = _taught(corpus, teacher, vocabulary, recipe)
        tokens = Tokens.of(vocabulary.reader.ids(corpus.sentences), recipe.plan.pairs)
        heads = read_heads(teacher.artifact)
        student = Student(recipe.plan, start, heads, teacher.width)
        train(student, corpus, tokens, taught, heads, repeats)
        seen = np.unique([place for cut in corpus.train for place in cut.sentences])
        tensors = encoder_tensors(student, tokens, seen) | head_tensors(student)
        tensors |= vocabulary.tensors
        manifest = {
            "name": recipe.name,
            "base": "static",
            **vocabulary.manifest,
            "teacher": teacher.fingerprint,
            "languages": list(recipe.teacher.languages),
            "terms": recipe.teacher.terms,
            "terms_note": recipe.teacher.terms_note,
            "licences": dict(teacher.artifact.manifest["licences"]),
            "data": {
                source: {
                    part: sum(cut.example.source == source for cut in cuts)
                    for part, cuts in (("train", corpus.train), ("development", corpus.development))
                }
                | {"test": sum(e.source == source and e.part == "test" for e in examples)}
                for source in sorted(repeats)
            },
            "command": f"python models/{recipe.name}/train.py",
            "width": teacher.width,
            "features": len(tensors["outer.codes"]) - teacher.width,
        }
        # from here on everything reads the rows that the library will compute
        artifact, _ = packed(recipe.name, tensors, manifest)
        rows = StaticEncoder(artifact).encode(corpus.sentences)
        tensors |= refit(tensors, corpus.train, rows, teacher.width)
        found = labelled_answers(tensors, corpus.development, rows)
        fits = {task: calibrate(task, found, recipe.teacher.mixture) for task in heads}
        for task, fit in fits.items():
            tensors |= {f"{task}.scale": fit.scale, f"{task}.shift": fit.shift}
        before = labelled_answers(teacher.artifact.tensors, corpus.development, taught)
    folder = ROOT / "models" / recipe.name
    write_groups(folder, examples)
    entries = {task: _entry(entry, fits[task]) for task, entry in _tasks(teacher).items()}
    write_static(folder, tensors, {**manifest, "tasks": entries})
    _show(report(found), report(before))
    kept = (rows[:, : teacher.width] * taught[:, : teacher.width]).sum(1)
    for name, cuts in (("train", corpus.train), ("development", corpus.development)):
        places = np.unique([place for cut in cuts for place in cut.sentences])
        print(f"cosine with the teacher, {name}: {kept[places].mean():.4f}")
    print(f"{(time.monotonic() - started) / 60:.0f} minutes", flush=True)


def _repeats(teacher: Recipe) -> dict[str, float]:
    """Give how often each source was read when the teacher was trained."""
    found: dict[str, float] = {}
    for plan in teacher.plans:
        for source, times in plan.repeats.items():
            found[source] = found.get(source, 0.0) + times
    return found


def _taught(
    corpus: Corpus, teacher: AdaptedBert, vocabulary: Vocabulary, recipe: StaticRecipe
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the teacher's rows of all sentences, and the start values of the tokens' vectors."""
    words = vocabulary.words
    distinct = list(dict.fromkeys([*corpus.sentences, *words]))
    columns = teacher.encode([""]).shape[1]
    path = ROOT / "build" / recipe.name / "teacher.npz"
    exported = load_encoder(recipe.teacher.name.removeprefix("encoder-"), tier="onnx")
    rows = teacher_rows(distinct, exported, path, columns)
    place = {text: row for row, text in enumerate(distinct)}
    start = start_values(
        rows[[place[word] for word in words], : teacher.width], recipe.plan.columns
    )
    return rows[[place[text] for text in corpus.sentences]], start


def train(
    student: Student,
    corpus: Corpus,
    tokens: Tokens,
    taught: NDArray[np.float32],
    heads: Mapping[str, Any],
    repeats: Mapping[str, float],
) -> None:
    """Train a student; changes it in place."""
    plan = student.plan
    rng = np.random.default_rng(plan.seed)
    rounds = [_round(corpus, repeats, plan.batch, rng) for _ in range(plan.rounds)]
    steps = sum(map(len, rounds))
    optimiser = torch.optim.Adam(student.parameters(), lr=plan.rate)
    teaching = torch.from_numpy(taught)
    pieces = np.array(corpus.pieces, dtype=np.int64)
    more = max(1, round(len(pieces) * plan.rounds / steps)) if len(pieces) else 0
    started, done = time.monotonic(), 0
    student.train()
    for number, batches in enumerate(rounds, start=1):
        running = 0.0
        for batch in batches:
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * _rate_share(done, steps)
            cuts = [corpus.train[place] for place in batch]
            own = np.array([place for cut in cuts for place in cut.sentences])
            chosen = np.concatenate([own, rng.choice(pieces, more)]) if more else own
            rows = student(tokens, chosen)
            wanted = teaching[chosen]
            loss = (
                row_loss(student, rows, wanted)
                + plan.soft * soft_loss(student, rows, wanted, heads)
                + plan.labels * label_loss(student, rows[: len(own)], cuts)
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            running += float(loss.detach())
            done += 1
        passed = time.monotonic() - started
        print(
            f"round {number} of {plan.rounds}: loss {running / len(batches):.3f}, "
            f"{passed / done * (steps - done) / 60:.0f} min left",
            flush=True,
        )
    student.eval()


def _round(
    corpus: Corpus, repeats: Mapping[str, float], size: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Arrange one reading of the teacher's mixture into batches."""
    chosen = []
    for source in sorted(repeats):
        places = np.array(
            [place for place, cut in enumerate(corpus.train) if cut.example.source == source]
        )
        times = repeats[source]
        chosen += [places] * int(times)
        chosen.append(rng.permutation(places)[: round((times % 1) * len(places))])
    order = rng.permutation(np.concatenate(chosen))
    return [order[first : first + size] for first in range(0, len(order), size)]


def _rate_share(step: int, steps: int) -> float:
    warm = max(1, round(0.05 * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _tasks(teacher: AdaptedBert) -> Mapping[str, Mapping[str, Any]]:
    tasks: Mapping[str, Mapping[str, Any]] = teacher.artifact.manifest["tasks"]
    return tasks


def _entry(entry: Mapping[str, Any], fit: Calibration) -> dict[str, Any]:
    """Describe a head for the manifest."""
    found = {name: entry[name] for name in ("kind", "pooling", "classes")}
    if fit.thresholds:
        found["thresholds"] = list(fit.thresholds)
    if fit.spread is not None:
        found["spread"] = fit.spread
    return found


def _show(figures: Mapping[str, float], before: Mapping[str, float]) -> None:
    print("development fold: student, teacher")
    for name, value in figures.items():
        print(f"  {name}: {value:.3f} {before[name]:.3f}")

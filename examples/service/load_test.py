"""Send conversations to a running service from several clients at once, and check each answer.

Run: python -m examples.service.load_test http://127.0.0.1:8000 --clients 8 --requests 400
The service must run with the same settings as this script, which scores the bundled samples itself
to compare. It talks to this machine alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import httpx

import qa_nlp as qa
from examples.service.app import open_scorer

LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
LONGEST_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Load:
    """How a service did.

    Parameters
    ----------
    seconds : float
        From the first request to the last answer.
    waits : tuple of float
        Seconds that each answer took, in order.
    wrong : int
        Answers that were not the scorecard that `score_one` gives.
    """

    seconds: float
    waits: tuple[float, ...]
    wrong: int

    def __str__(self) -> str:
        median, high = (self.quantile(share) for share in (0.5, 0.95))
        return (
            f"{len(self.waits)} requests, {len(self.waits) / self.seconds:.1f} a second, median "
            f"{1000 * median:.0f} ms, p95 {1000 * high:.0f} ms, {self.wrong} wrong answers"
        )

    def quantile(self, share: float) -> float:
        """Give the wait that a share of the requests did not exceed, in seconds."""
        if len(self.waits) == 1:
            return self.waits[0]
        cuts = statistics.quantiles(self.waits, n=100, method="inclusive")
        return cuts[round(100 * share) - 1]


def expected_cards(scorer: qa.Scorer, calls: Sequence[qa.Transcript]) -> dict[str, Any]:
    """Give the answer that a service must give for each conversation, by its id."""
    cards = [scorer.score_one(call) for call in calls]
    return {card.transcript_id: json.loads(json.dumps(card.to_dict())) for card in cards}


def load(
    url: str,
    calls: Sequence[qa.Transcript],
    expected: Mapping[str, Any],
    *,
    clients: int,
    requests: int,
) -> Load:
    """Send conversations in turn, so many at once, and compare the answers with those expected."""
    with httpx.Client(base_url=url, timeout=LONGEST_SECONDS, trust_env=False) as client:

        def ask(call: qa.Transcript) -> tuple[float, bool]:
            begin = time.perf_counter()
            answer = client.post("/score", json=call.to_dict())
            wait = time.perf_counter() - begin
            return wait, answer.status_code == 200 and answer.json() == expected[call.id]

        begin = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            told = list(pool.map(ask, itertools.islice(itertools.cycle(calls), requests)))
        seconds = time.perf_counter() - begin
    return Load(seconds, tuple(wait for wait, _ in told), sum(not right for _, right in told))


def main() -> int:
    """Run the test, print how it went, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=400)
    options = parser.parse_args()
    if httpx.URL(options.url).host not in LOOPBACK:
        parser.error("this test is for a service on this machine")
    calls = [call for call in qa.load_samples() if call.language == "en"]
    expected = expected_cards(open_scorer(), calls)
    found = load(options.url, calls, expected, clients=options.clients, requests=options.requests)
    print(found)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Score in a fresh process whose first conversations come from several threads at once.

Prints as JSON how often each part that takes long was loaded, and the scorecards.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

from qa_nlp.encoding.bert import TorchBert
from qa_nlp.samples import load_samples
from qa_nlp.scorer import Scorer
from qa_nlp.signals import measure
from tests.thread_world import at_once

LOADED: Counter[str] = Counter()


class CountedReader(measure.Reader):
    """A reader that is counted."""

    def __init__(self, *given: Any) -> None:
        LOADED["reader"] += 1
        super().__init__(*given)


def main(threads: int) -> None:
    """Score the first English samples, one in each thread."""
    loading = TorchBert.__init__

    def counted(self: TorchBert, *given: Any) -> None:
        LOADED["encoder"] += 1
        loading(self, *given)

    TorchBert.__init__ = counted  # type: ignore[assignment, method-assign]
    measure.Reader = CountedReader  # type: ignore[assignment, misc]
    scorer = Scorer("service_excellence", encoder="en")
    calls = [call for call in load_samples() if call.language == "en"][: threads // 2]
    cards = at_once(scorer.score_one, [*calls, *calls])
    print(json.dumps({"loaded": LOADED, "cards": [card.to_dict() for card in cards]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))

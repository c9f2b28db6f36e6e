"""Whether a conversation costs more among many, and how much memory many take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.parts.throughput_corpus import Corpus, Input
from benchmarks.parts.throughput_data import enlarged, write_rows
from benchmarks.parts.throughput_job import Job, Ran, run_job
from benchmarks.parts.throughput_words import wordpiece
from qa_nlp.samples import load_samples

__all__ = ["Grown", "measure_growth", "memory_by_quarter", "multilingual_job"]

_LEAST: Final = 2_000
_MOST_REPEATS: Final = 4
_QUARTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Grown:
    """A job of one size.

    Parameters
    ----------
    input : Input
        What was scored.
    ran : Ran
        What was measured.
    """

    input: Input
    ran: Ran

    def cost(self, corpus: Corpus) -> float:
        """Seconds of a worker for a conversation, were it made up as the original is.

        Samples of a hundred chats differ in length and in how much of them is new, so time is
        counted by sentence: that of encoding by those encoded, all else by all.
        """
        rest, encoding = self.parts()
        return rest * corpus.sentences_a_chat + encoding * corpus.distinct_a_chat

    def parts(self) -> tuple[float, float]:
        """Seconds of all but encoding for each sentence, and of encoding for each encoded one."""
        return (
            self.ran.rest / self.input.sentences,
            self.ran.encoding / max(1, self.ran.encoded),
        )


def measure_growth(
    corpus: Corpus, tier: str, sizes: Sequence[int], workers: int, threads: int
) -> dict[int, list[Grown]]:
    """Run jobs of several sizes; small ones several times, before and after the large ones.

    Parameters
    ----------
    corpus : Corpus
        What is scored.
    tier : str
        With which.
    sizes : sequence of int
        Conversations, from few to many.
    workers, threads : int
        Processes, and threads of each.

    Returns
    -------
    dict of int to list of Grown
        By size.
    """
    repeats = {size: min(_MOST_REPEATS, max(1, _LEAST // size)) for size in sizes}
    before = [(size, seed) for size in sizes for seed in range((repeats[size] + 1) // 2)]
    after = [
        (size, seed) for size in sizes for seed in range((repeats[size] + 1) // 2, repeats[size])
    ]
    found: dict[int, list[Grown]] = {size: [] for size in sizes}
    for size, seed in (*before, *after):
        source = corpus.file(size, seed)
        ran = run_job(Job(tier, workers, threads, source.path, size))
        found[size].append(Grown(source, ran))
        print(
            f"  {size:,} conversations, {ran.job.name}: {ran.rate:.2f}/s, "
            f"{1000 * found[size][-1].cost(corpus):.2f} ms each as in the original, "
            f"{ran.peak:,.0f} MB, {ran.hit_rate:.1%} found in the cache",
            flush=True,
        )
    return found


def multilingual_job(corpus: Corpus, tier: str, conversations: int) -> Ran:
    """Score conversations in four languages, with both encoders open.

    Parameters
    ----------
    corpus : Corpus
        Whose folder holds the file.
    tier : str
        Of the encoders.
    conversations : int
        The bundled samples, varied.

    Returns
    -------
    Ran
        One worker with two threads.
    """
    path = corpus.folder / f"samples-{conversations}.jsonl"
    write_rows(path, enlarged(list(load_samples()), wordpiece(), conversations))
    ran = run_job(Job(tier, 1, 2, str(path), conversations, encoder="auto"))
    print(f"  {tier} with the multilingual encoder: {ran.peak:,.0f} MB", flush=True)
    return ran


def memory_by_quarter(ran: Ran) -> list[float]:
    """Give the most memory in each quarter of a job.

    Parameters
    ----------
    ran : Ran
        Measured.

    Returns
    -------
    list of float
        Megabytes; of a quarter without a look at the memory, those of the one before.
    """
    found: list[float] = []
    for quarter in range(_QUARTERS):
        first, last = (ran.seconds * end / _QUARTERS for end in (quarter, quarter + 1))
        seen = [size for clock, size in ran.memory if first <= clock <= last]
        found.append(max(seen, default=found[-1] if found else ran.peak))
    return found

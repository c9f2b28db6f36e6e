"""What every test runs under: no network, one thread a process, the same examples on CI."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from qa_nlp.samples import Samples
    from qa_nlp.scorecards import Scorecards
    from qa_nlp.scorer import Scorer

# Before torch and the BLAS libraries are loaded: with two test processes, more threads only fight.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def on_ci() -> bool:
    """Tell whether this is a CI machine, which has everything that the tests need."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if on_ci() else "local")


class NetworkError(BaseException):
    """A test reached for the network.

    Not an `Exception`, so that code which takes offline for a passing mood cannot swallow it.
    """


_LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", ""}
_HOST_OF = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: it sees what C extensions do through Python's sockets, too."""
    if event not in _HOST_OF:
        return
    target = arguments[_HOST_OF[event]]
    host = target[0] if isinstance(target, tuple) and target else target
    is_address = isinstance(target, tuple) or event.startswith("socket.get")  # else a Unix socket
    if is_address and host is not None and _text(host) not in _LOOPBACK:
        raise NetworkError(f"tests run without a network, and something asked for {_text(host)!r}")


def _text(host: object) -> str:
    return host.decode() if isinstance(host, bytes) else str(host)


sys.addaudithook(_refuse_network)


@pytest.fixture
def needs_system() -> Callable[..., str]:
    """Give a function that finds a program which only a system package manager brings.

    ``needs_system("chromium", "google-chrome")`` returns the path of the first that is installed.
    When none is, the test is skipped with the reason, or fails where CI=true. Mark such tests with
    ``@pytest.mark.system``.
    """

    def find(*programs: str) -> str:
        for program in programs:
            if path := shutil.which(program):
                return path
        reason = f"needs {' or '.join(programs)}: run scripts/system-deps.sh"
        if on_ci():
            pytest.fail(f"{reason} (CI=true: a missing program is a failure)")
        pytest.skip(reason)

    return find


@pytest.fixture(scope="session", autouse=True)
def onnx_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep exported encoders where all test processes find them, and not in the user's cache."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QA_NLP_CACHE", str(folder / "qa_nlp-cache"))
        yield folder / "qa_nlp-cache"


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    """Give the default scorer; its weights are loaded once in each test process."""
    from qa_nlp.scorer import Scorer

    return Scorer("service_excellence")


@pytest.fixture(scope="session")
def samples() -> Samples:
    """Give the bundled conversations."""
    from qa_nlp.samples import load_samples

    return load_samples()


@pytest.fixture(scope="session")
def sample_cards(scorer: Scorer, samples: Samples) -> Scorecards:
    """Give the default scorecards of the bundled conversations."""
    return scorer.score(samples)

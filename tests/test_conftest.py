"""The test session itself: no network, and no silent skip on a CI machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest


def test_connection_to_another_machine_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client,
        pytest.raises(BaseException, match=r"asked for '192\.0\.2\.1'") as caught,
    ):
        client.connect(("192.0.2.1", 80))

    assert not isinstance(caught.value, Exception)


def test_datagram_to_another_machine_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
        pytest.raises(BaseException, match="without a network"),
    ):
        client.sendto(b"", ("192.0.2.1", 53))


def test_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(BaseException, match=r"asked for 'example\.com'"):
        socket.getaddrinfo("example.com", 443)


def test_connection_to_this_machine_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            peer = client.getpeername()

        assert peer == server.getsockname()


def test_needs_system_gives_the_path_of_the_first_program_that_exists(
    needs_system: Callable[..., str],
) -> None:
    path = needs_system("no-such-program", "sh")

    assert path.endswith("/sh")


def test_needs_system_skips_with_a_reason_when_the_program_is_missing(
    needs_system: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="needs no-such-program"):
        needs_system("no-such-program")


def test_needs_system_fails_when_the_program_is_missing_on_ci(
    needs_system: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="needs no-such-program"):
        needs_system("no-such-program")


@pytest.mark.xdist_group("one-process")
def test_group_of_a_test_reaches_the_scheduler(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("all tests run in one process")

    assert request.node.nodeid.endswith("@one-process")

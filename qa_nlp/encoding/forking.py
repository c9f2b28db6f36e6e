"""What must not be open in two processes is closed before one becomes two."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final, Protocol

__all__ = ["Disconnectable", "closed_in_forks"]


class Disconnectable(Protocol):
    """What can let go of a file, and takes it up again when it is used."""

    def disconnect(self) -> None:
        """Let go of the file."""
        ...


_known: Final[weakref.WeakKeyDictionary[Disconnectable, threading.Lock]] = (
    weakref.WeakKeyDictionary()
)
_forking: Final = threading.Lock()
_held: Final[list[threading.Lock]] = []


def closed_in_forks(item: Disconnectable, lock: threading.Lock) -> None:
    """Have something disconnected whenever this process forks, in both processes.

    Parameters
    ----------
    item : Disconnectable
        Forgotten when nothing else refers to it.
    lock : threading.Lock
        Held whenever it is used; the fork waits for it.
    """
    _known[item] = lock


def _before() -> None:
    _forking.acquire()
    for item, lock in list(_known.items()):
        lock.acquire()
        _held.append(lock)
        item.disconnect()


def _after() -> None:
    while _held:
        _held.pop().release()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)

"""Write files that are still there after a power cut."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["sync_folder", "write_synced"]


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it.

    Parameters
    ----------
    path : pathlib.Path
        A new file, or one to be overwritten.
    content : bytes
        All of it.

    Raises
    ------
    OSError
        When the disk is full or read-only.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder.

    Parameters
    ----------
    path : pathlib.Path
        The folder.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        # Some network file systems cannot; they keep names by other means.
        pass
    finally:
        os.close(handle)

"""The example service in a process of its own, on a loopback port that the system chooses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SECONDS = 180.0
_ADDRESS = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


@dataclass
class Service:
    """A running service: where it listens, and what it has logged."""

    process: subprocess.Popen[str]
    url: str = ""
    log: list[str] = field(default_factory=list)
    listens: threading.Event = field(default_factory=threading.Event)

    def read_log(self) -> None:
        """Keep what is logged, until the service ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.append(line)
            if found := _ADDRESS.search(line):
                self.url = found[1]
                self.listens.set()
        self.listens.set()


@contextmanager
def running_service(settings: Mapping[str, str]) -> Iterator[Service]:
    """Start the service, wait until it listens, and stop it at the end."""
    command = [sys.executable, "-m", "uvicorn", "examples.service.app:app", "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    service = Service(process)
    reader = threading.Thread(target=service.read_log)
    reader.start()
    try:
        # it says where it listens once the scorer is open
        assert service.listens.wait(LONGEST_SECONDS), "the service did not start in time"
        assert service.url, "".join(service.log)
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()

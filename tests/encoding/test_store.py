"""Vectors on disk: shared, bounded, exact, and never the reason why a job fails."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding import VectorCache
from qa_nlp.encoding.cache import store_file
from qa_nlp.encoding.cache.store import VectorStore
from qa_nlp.errors import ArtifactError
from tests.encoding.store_world import COLUMNS, encoder, holds, keys, vectors

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    with VectorStore(tmp_path, encoder()) as opened:
        yield opened


# what goes in comes out


def test_store_gives_back_every_bit_after_it_was_closed(tmp_path: Path) -> None:
    with VectorStore(tmp_path / "new" / "folder", encoder()) as store:
        store.add(keys(0, 1200), vectors(0, 1200))

    with VectorStore(tmp_path / "new" / "folder", encoder()) as store:
        assert holds(store, 0, 1200)
        assert store.state.vectors == 1200


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorStore]:
    with VectorStore(tmp_path_factory.mktemp("lasting"), encoder(3)) as opened:
        yield opened


@given(st.lists(st.lists(st.floats(width=32), min_size=3, max_size=3), min_size=1, max_size=6))
def test_store_gives_back_any_numbers_at_all(lasting: VectorStore, rows: list[list[float]]) -> None:
    given = np.array(rows, dtype=np.float32)
    names = [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in given]
    for place in range(0, len(rows), 2):
        lasting.add(names[place : place + 2], given[place : place + 2])

    places, found = lasting.read(names)

    assert sorted(places) == list(range(len(rows)))
    assert found.tobytes() == given[places].tobytes()


def test_store_gives_only_what_it_has(store: VectorStore) -> None:
    store.add(keys(0, 5), vectors(0, 5))

    places, found = store.read(keys(3, 9))
    nothing, none = store.read(keys(20, 30))

    assert sorted(places) == [0, 1]
    assert found[np.argsort(places)].tobytes() == vectors(3, 5).tobytes()
    assert (nothing.shape, none.shape) == ((0,), (0, COLUMNS))
    assert store.read([])[1].shape == (0, COLUMNS)


def test_store_keeps_one_row_of_a_text_that_is_added_again(store: VectorStore) -> None:
    for _ in range(3):
        store.add(keys(0, 10), vectors(0, 10))

    assert store.state.vectors == 10
    assert holds(store, 0, 10)


def test_store_has_a_file_for_each_encoder(tmp_path: Path) -> None:
    with (
        VectorStore(tmp_path, encoder(name="a/b: ../c")) as one,
        VectorStore(tmp_path, encoder(9, name="a/b: ../c")) as other,
    ):
        one.add(keys(0, 3), vectors(0, 3))

        assert one.path.parent == other.path.parent == tmp_path
        assert one.path != other.path
        assert len(other.read(keys(0, 3))[0]) == 0


def test_store_is_opened_where_the_folder_has_a_name_that_means_something_in_an_address(
    tmp_path: Path,
) -> None:
    with VectorStore(tmp_path / "a?mode=ro&b#c%20 d", encoder()) as store:
        store.add(keys(0, 3), vectors(0, 3))

        assert store.path.is_file()
        assert holds(store, 0, 3)


def test_store_goes_on_after_the_process_went_to_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with VectorStore("cache", encoder()) as store:
        store.add(keys(0, 3), vectors(0, 3))
        store.close()
        monkeypatch.chdir("/")

        assert holds(store, 0, 3)


# privacy


def test_files_hold_no_text_and_no_hash_that_others_could_make(tmp_path: Path) -> None:
    text = "My card number is 4929 1234 and I live in Rose Lane."
    hash_encoder = encoder()
    with VectorStore(tmp_path, hash_encoder) as store:
        VectorCache(hash_encoder, store=store).encode([text, "Hello."])
        while_open = b"".join(file.read_bytes() for file in copies(store.path, tmp_path / "copy"))
    closed = store.path.read_bytes()

    for content in (while_open, closed):
        for word in (text, "4929", "Rose Lane", "Hello"):
            assert word.encode() not in content
            assert word.encode("utf-16-le") not in content
        for size in (16, 32, 64):
            assert hashlib.blake2b(text.encode(), digest_size=size).digest() not in content
    assert store.state.vectors == 2


def copies(path: Path, folder: Path) -> list[Path]:
    """Copy a file in use and what lies beside it by another process, which frees no locks here."""
    folder.mkdir()
    subprocess.run(["cp", *map(str, path.parent.glob(f"{path.name}*")), str(folder)], check=True)
    return sorted(folder.iterdir())


def test_stores_have_secrets_of_their_own_so_that_hashes_cannot_be_compared(tmp_path: Path) -> None:
    with (
        VectorStore(tmp_path / "one", encoder()) as one,
        VectorStore(tmp_path / "other", encoder()) as other,
        VectorStore(tmp_path / "one", encoder()) as again,
    ):
        assert len(one.secret) == 32
        assert one.secret == again.secret != other.secret


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_only_the_owner_may_read_the_files(store: VectorStore) -> None:
    store.add(keys(0, 3), vectors(0, 3))

    files = list(store.path.parent.iterdir())

    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


# several at once


def test_threads_share_one_store(store: VectorStore) -> None:
    def work(first: int) -> bool:
        store.add(keys(first, first + 60), vectors(first, first + 60))
        return holds(store, first, first + 60)

    with ThreadPoolExecutor(8) as pool:
        right = list(pool.map(work, range(0, 320, 20)))

    assert all(right)
    assert store.state.vectors == 360
    assert store.state.trouble is None


def run(code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*prefix, sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    return out


WRITES = """
import sys
from tests.encoding.store_world import *
print("ready", flush=True)
sys.stdin.readline()
first = int(sys.argv[2])
with VectorStore(sys.argv[1], encoder()) as store:
    for start in range(first, first + 400, 50):
        store.add(keys(start, start + 50), vectors(start, start + 50))
        assert holds(store, first, start + 50)
    print(store.state.not_added, store.state.trouble)
"""


@pytest.mark.slow
def test_processes_make_and_fill_one_store_at_once(tmp_path: Path) -> None:
    writers = [run(WRITES, tmp_path, first) for first in (0, 0, 200)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()

    assert [told(writer) for writer in writers] == ["0 None\n"] * 3
    with VectorStore(tmp_path, encoder()) as store:
        assert holds(store, 0, 600)
        assert store.state.vectors == 600


FORKS = """
import os, sys
from tests.encoding.store_world import *
store = VectorStore(sys.argv[1], encoder())
store.add(keys(0, 50), vectors(0, 50))
child = os.fork()
first = 100 if child else 200
for start in range(first, first + 50, 10):
    store.add(keys(start, start + 10), vectors(start, start + 10))
right = holds(store, 0, 50) and holds(store, first, first + 50)
if not child:
    os._exit(0 if right else 1)
assert right
assert os.waitpid(child, 0)[1] == 0
assert holds(store, 200, 250)
print(store.state.trouble)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_store_works_on_both_sides_of_a_fork(tmp_path: Path) -> None:
    assert told(run(FORKS, tmp_path)) == "None\n"


KILLED = """
import sys
from tests.encoding.store_world import *
store = VectorStore(sys.argv[1], encoder())
store.add(keys(0, 100), vectors(0, 100))
with store._file._connected() as connection:
    connection.execute("PRAGMA cache_size = 2")  # so that half of it is written already
    connection.execute("BEGIN IMMEDIATE")
    for number in range(3000):
        connection.execute("INSERT INTO vectors (key, row) VALUES (?, ?)",
                           (number.to_bytes(16, "big"), bytes(100)))
    print("in the middle", flush=True)
    sys.stdin.readline()
"""


def test_process_killed_in_mid_write_leaves_a_store_that_works(tmp_path: Path) -> None:
    writer = run(KILLED, tmp_path)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "in the middle\n"

    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)

    with VectorStore(tmp_path, encoder()) as store:
        assert store.state.vectors == 100
        store.add(keys(100, 200), vectors(100, 200))
        assert holds(store, 0, 200)
        assert store.state.trouble is None


BUSY = """
import sys
from tests.encoding.store_world import *
store = VectorStore(sys.argv[1], encoder())
for start in range(0, 100_000, 20):
    store.add(keys(start, start + 20), vectors(start, start + 20))
    print(start + 20, flush=True)
"""


@pytest.mark.slow
def test_process_killed_at_any_moment_loses_nothing_it_had_added(tmp_path: Path) -> None:
    done = 0
    for kill_after in range(1, 7):
        writer = run(BUSY, tmp_path)
        assert writer.stdout is not None
        for _ in range(kill_after * 5):
            done = max(done, int(writer.stdout.readline()))
        writer.send_signal(signal.SIGKILL)
        writer.communicate(timeout=60)

        with VectorStore(tmp_path, encoder()) as store:
            assert holds(store, 0, done)


def test_store_that_another_process_keeps_locked_takes_nothing_until_it_is_free(
    store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_file, "_PATIENCE_SECONDS", 0.0)
    store.add(keys(0, 10), vectors(0, 10))
    store.close()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.add(keys(10, 20), vectors(10, 20))

        assert holds(store, 0, 10)
        assert (store.state.not_added, store.state.trouble) == (10, None)
        other.execute("ROLLBACK")
    store.add(keys(10, 20), vectors(10, 20))

    assert holds(store, 0, 20)
    assert (store.state.added, store.state.not_added) == (20, 10)


# what may go wrong


def test_store_that_has_reached_its_size_takes_no_more_and_says_so(tmp_path: Path) -> None:
    with VectorStore(tmp_path, encoder(), max_bytes=100_000) as store:
        for start in range(0, 4000, 50):
            store.add(keys(start, start + 50), vectors(start, start + 50))
        state = store.state
        kept = state.vectors

        assert state.trouble == "it has reached its size of 100,000 bytes"
        assert state.added == kept >= 500
        assert state.added + state.not_added == 4000
        assert state.bytes <= 100_000
        assert holds(store, 0, kept)
    assert store.path.stat().st_size <= 100_000


def test_store_goes_on_when_its_size_is_raised(tmp_path: Path) -> None:
    for max_bytes in (70_000, 1_000_000):
        with VectorStore(tmp_path, encoder(), max_bytes=max_bytes) as store:
            store.add(keys(0, 2000), vectors(0, 2000))

    assert store.state.vectors == 2000


def test_store_that_is_larger_than_its_size_now_may_be_is_read(tmp_path: Path) -> None:
    with VectorStore(tmp_path, encoder()) as store:
        store.add(keys(0, 2000), vectors(0, 2000))
    with VectorStore(tmp_path, encoder(), max_bytes=1) as store:
        store.add(keys(2000, 4000), vectors(2000, 4000))

        assert holds(store, 0, 2000)
        assert store.state.trouble == "it has reached its size of 1 bytes"


def test_store_refuses_a_size_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_bytes must be positive, not 0"):
        VectorStore(tmp_path, encoder(), max_bytes=0)


FULL = """
import resource, sys
from tests.encoding.store_world import *
model = encoder()
store = VectorStore(sys.argv[1], model)
cache = VectorCache(model, 10, store)
limit = int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for start in range(0, 12_000, 100):
    texts = [f"text {number}" for number in range(start, start + 100)]
    assert cache.encode(texts).tobytes() == model.encode(texts).tobytes()
print(store.state.trouble, cache.misses, store.state.added > 0, store.state.not_added > 0)
texts = [f"text {number}" for number in range(100)]
assert cache.encode(texts).tobytes() == model.encode(texts).tobytes()
print(cache.misses)
"""
FULL_TOLD = "the disk is full, or does not let the file grow 12000 True True\n12000\n"


def test_file_that_the_system_does_not_let_grow_never_fails_a_job(tmp_path: Path) -> None:
    pytest.importorskip("resource")

    assert told(run(FULL, tmp_path, 200_000)) == FULL_TOLD


def test_full_disk_never_fails_a_job(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount a disk of their own")
    mounted = 'mount -t tmpfs -o size=400k none "$0" && exec "$@"'

    prefix = (unshare, "-rm", "sh", "-c", mounted, str(tmp_path))

    assert told(run(FULL, tmp_path, 0, prefix=prefix)) == FULL_TOLD


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """Give a folder that may be read but not written to, even where the tests run as root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs POSIX users")
    folder = Path(tempfile.mkdtemp())  # not below tmp_path, which only its owner may enter
    with VectorStore(folder, encoder()) as store:
        store.add(keys(0, 10), vectors(0, 10))
    store.path.chmod(0o644)
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_store_in_a_read_only_folder_is_read(read_only_folder: Path) -> None:
    with VectorStore(read_only_folder, encoder()) as store:
        store.add(keys(10, 20), vectors(10, 20))

        assert holds(store, 0, 10)
        assert (store.state.vectors, store.state.not_added) == (10, 10)
        assert store.state.trouble == "it can only be read"
    assert len(list(read_only_folder.iterdir())) == 1


def test_read_only_folder_without_a_store_is_named(read_only_folder: Path) -> None:
    with pytest.raises(ArtifactError, match=r"other-.*\.vectors: cannot be written: Permission"):
        VectorStore(read_only_folder, encoder(name="other"))


@pytest.mark.parametrize("inside", ["", "folder"])
def test_file_in_place_of_the_folder_is_named(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(ArtifactError, match=r"file.*(is a file, not a folder|cannot be written)"):
        VectorStore(tmp_path / "file" / inside, encoder())

    assert (tmp_path / "file").read_text() == "mine"


def made(folder: Path, count: int = 500) -> Path:
    """Make a store of some vectors and give its file."""
    with VectorStore(folder, encoder()) as store:
        store.add(keys(0, count), vectors(0, count))
    return store.path


def overwritten(path: Path, start: int, content: bytes) -> None:
    raw = bytearray(path.read_bytes())
    raw[start : start + len(content)] = content
    path.write_bytes(raw)


@pytest.mark.parametrize(
    "content",
    [b"not a database at all" * 100, b"\0" * 5000, b"SQLite format 3\0"],
    ids=["text", "zeros", "a header cut off"],
)
def test_file_that_is_no_store_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = made(tmp_path)
    path.write_bytes(content)

    with pytest.raises(ArtifactError, match=r"hash-.*\.vectors: is damaged, .*; delete it, and"):
        VectorStore(tmp_path, encoder())

    assert path.read_bytes() == content


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_file_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = made(tmp_path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    with pytest.raises(ArtifactError, match="is damaged, or no store of vectors; delete it"):
        VectorStore(tmp_path, encoder())


@pytest.mark.parametrize("missing", [1, 300, 3000])
def test_file_whose_last_page_was_cut_off_gives_no_wrong_vector(
    tmp_path: Path, missing: int
) -> None:
    path = made(tmp_path)
    path.write_bytes(path.read_bytes()[:-missing])

    with VectorStore(tmp_path, encoder()) as store:
        for first in range(0, 500, 10):
            places, found = store.read(keys(first, first + 10))
            assert found.tobytes() == vectors(first, first + 10)[places].tobytes()


def test_database_of_others_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path)
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
        other.commit()
    before = path.read_bytes()

    with pytest.raises(ArtifactError, match=r"\.vectors: is no store of vectors; delete it, and"):
        VectorStore(tmp_path, encoder())

    assert path.read_bytes() == before


def changed(path: Path, command: str, *values: Any) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(command, values)


ABOUT = "UPDATE about SET value = ? WHERE name = ?"


@pytest.mark.parametrize(
    ("command", "values", "message"),
    [
        ("PRAGMA user_version = 99", (), "written by another version of qa_nlp; delete it"),
        (ABOUT, (b"9", "columns"), "holds vectors whose columns is '9', not '8'; delete it"),
        (ABOUT, (b"x:1", "fingerprint"), "holds vectors whose fingerprint is 'x:1', not 'hash:"),
        (ABOUT, ("eight", "columns"), "holds vectors whose columns is '', not '8'"),
        (ABOUT, (b"short", "secret"), "is damaged; delete it"),
        ("DELETE FROM about", (), "holds vectors whose fingerprint is ''"),
        ("DROP TABLE vectors", (), "is damaged, or no store of vectors; delete it"),
    ],
)
def test_store_of_other_vectors_or_versions_is_refused(
    tmp_path: Path, command: str, values: tuple[Any, ...], message: str
) -> None:
    changed(made(tmp_path), command, *values)

    with pytest.raises(ArtifactError, match=message):
        VectorStore(tmp_path, encoder())


def test_vector_that_was_damaged_on_the_disk_is_made_anew_and_replaced(tmp_path: Path) -> None:
    path = made(tmp_path, 20)
    row = path.read_bytes().index(keys(7, 8)[0]) + 16
    overwritten(path, row + 3, b"\xff\xff")

    with VectorStore(tmp_path, encoder()) as store:
        places, _ = store.read(keys(0, 20))
        assert sorted(set(range(20)) - set(places.tolist())) == [7]
        assert store.state.damaged == 1
        store.add(keys(7, 8), vectors(7, 8))

        assert holds(store, 0, 20)


@pytest.mark.parametrize("row", ["words", 5, 1.5, b"", b"short", bytes(400)])
def test_row_of_another_kind_is_not_used(store: VectorStore, row: object) -> None:
    store.add(keys(0, 2), vectors(0, 2))
    store.close()
    changed(store.path, "UPDATE vectors SET row = ? WHERE key = ?", row, keys(0, 1)[0])

    places, _ = store.read(keys(0, 2))

    assert places.tolist() == [1]
    assert store.state.damaged == 1


def test_vector_of_another_text_is_not_used(store: VectorStore) -> None:
    store.add(keys(0, 2), vectors(0, 2))
    store.close()
    swap = "UPDATE vectors SET row = (SELECT row FROM vectors WHERE number = 2) WHERE number = 1"
    changed(store.path, swap)

    assert store.read(keys(0, 2))[0].tolist() == [1]


def test_file_that_is_damaged_in_mid_job_is_no_longer_used_and_the_job_goes_on(
    tmp_path: Path,
) -> None:
    model = encoder()
    path = made(tmp_path, 2000)
    with VectorStore(tmp_path, model) as store:
        cache = VectorCache(model, store=store)
        store.close()
        size = path.stat().st_size
        overwritten(path, 4096 * 3, bytes([255]) * (size - 4096 * 3))
        texts = [f"text {number}" for number in range(700)]

        found = cache.encode(texts)

        assert found.tobytes() == model.encode(texts).tobytes()
        assert str(store.state.trouble).startswith("it can no longer be used (database disk image")
        assert VectorCache(model, store=store).encode(texts).tobytes() == found.tobytes()

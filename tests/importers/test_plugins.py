"""Importers of other packages, each a real distribution on the import path."""

from __future__ import annotations

import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from qa_nlp.errors import TranscriptError, TranscriptWarning
from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Transcript

ROOT = Path(__file__).parent.parent.parent
MORSE = """
from qa_nlp.importers import BadTranscript
from qa_nlp.errors import TranscriptError
from qa_nlp.transcript import Role, Transcript, Turn


class Morse:
    name = "morse"

    def sniff(self, source):
        return source.head.startswith("...")

    def read(self, source, options):
        for number, line in source.lines():
            if line.startswith("?"):
                yield source.bad(TranscriptError("a question mark"), number)
            else:
                turn = Turn(Role.UNKNOWN, line, speaker="key")
                yield Transcript(f"{source.stem}-{number}", (turn,))
"""


class Packages:
    """Installs distributions with an entry point into a folder of the import path."""

    def __init__(self, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self._monkeypatch = monkeypatch
        monkeypatch.syspath_prepend(str(site))

    def install(self, name: str, code: str, target: str) -> None:
        info = self.site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[qa_nlp.importers]\n{name} = {target}\n")
        (self.site / f"{name}.py").write_text(code)
        # Each test has its own module of that name.
        self._monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    site = tmp_path / "site"
    site.mkdir()
    return Packages(site, monkeypatch)


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    path = tmp_path / "tape"
    path.write_text("... --- ...\n? secret\n-.-\n")
    return path


@pytest.mark.parametrize("target", ["morse_a:Morse", "morse_a:Morse()", "morse_a:READY"])
def test_plugin_reads_what_no_other_importer_knows(
    packages: Packages, tape: Path, target: str
) -> None:
    code = MORSE + "\n\nREADY = Morse()\n"
    packages.install("morse_a", code, target.removesuffix("()"))

    first, bad, last = read_transcripts(tape, roles={"key": "agent"}).iter_all()

    assert isinstance(first, Transcript)
    assert (first.id, first.turns[0].role) == ("tape-1", "agent")
    assert isinstance(bad, BadTranscript)
    assert bad.source == f"{tape}:2"
    assert isinstance(last, Transcript)


def test_plugin_is_chosen_by_its_name(packages: Packages, tmp_path: Path) -> None:
    packages.install("morse_b", MORSE, "morse_b:Morse")
    (tmp_path / "x").write_text("Agent: hello")

    (transcript,) = read_transcripts(tmp_path / "x", format="morse")

    assert transcript.id == "x-1"


def test_plugin_is_tried_after_the_built_in_importers(packages: Packages, tmp_path: Path) -> None:
    greedy = MORSE.replace('source.head.startswith("...")', "True")
    packages.install("morse_c", greedy, "morse_c:Morse")
    (tmp_path / "x").write_text("Agent: hello")

    (transcript,) = read_transcripts(tmp_path / "x")

    assert transcript.metadata["format"] == "text"


@pytest.mark.parametrize(
    ("code", "target", "reason"),
    [
        ("import no_such_module", "morse_d:Morse", "ModuleNotFoundError"),
        ("x = 1 / 0", "morse_d:Morse", "ZeroDivisionError"),
        ("", "morse_d:Morse", "AttributeError"),
        ("class Morse:\n    name = 'morse'", "morse_d:Morse", "is no Importer"),
        (MORSE.replace('"morse"', '"csv"'), "morse_d:Morse", "name 'csv' of another importer"),
        (MORSE.replace('"morse"', "7"), "morse_d:Morse", "is no Importer"),
    ],
)
def test_plugin_that_cannot_be_loaded_is_named_and_costs_nothing_else(
    packages: Packages, tmp_path: Path, code: str, target: str, reason: str
) -> None:
    packages.install("morse_d", code, target)
    (tmp_path / "x").write_text("Agent: hello")

    with pytest.warns(TranscriptWarning, match=f"'morse_d'.*{reason}.*left out") as caught:
        calls = read_transcripts(tmp_path / "x")

    assert len(caught) == 1
    assert [call.id for call in calls] == ["x"]


def test_format_of_a_plugin_that_cannot_be_loaded_says_why(packages: Packages, tape: Path) -> None:
    packages.install("morse_e", "x = 1 / 0", "morse_e:Morse")

    with (
        pytest.warns(TranscriptWarning),
        pytest.raises(TranscriptError, match=r"'morse_e' cannot be loaded .ZeroDivisionError"),
    ):
        read_transcripts(tape, format="morse_e")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("for number, line in source.lines():", "raise KeyError('secret')\n        for x in y:"),
        ('source.head.startswith("...")', "1 / 0"),
        ("yield Transcript(f", "yield (f"),
    ],
)
def test_plugin_that_fails_costs_its_file_and_quotes_nothing(
    packages: Packages, tape: Path, old: str, new: str
) -> None:
    packages.install("morse_f", MORSE.replace(old, new), "morse_f:Morse")
    good = tape.with_name("zz.txt")
    good.write_text("Agent: hello")

    *_, bad, last = read_transcripts([tape, good]).iter_all()

    assert isinstance(bad, BadTranscript)
    assert "importer 'morse' failed on this file with" in bad.error.message
    assert "secret" not in "".join(traceback.format_exception(bad.error))
    assert isinstance(last, Transcript)


@pytest.mark.slow
def test_plugin_installed_with_pip_is_found(tmp_path: Path, tape: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "morse_g.py").write_text(MORSE)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "morse_g"\nversion = "1"\n'
        '[project.entry-points."qa_nlp.importers"]\nmorse_g = "morse_g:Morse"\n'
        '[tool.hatch.build.targets.wheel]\nonly-include = ["morse_g.py"]\n'
    )
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps"]
    options = ["--no-build-isolation", "--disable-pip-version-check", "--target", str(site)]
    subprocess.run([*pip, *options, str(project)], check=True, capture_output=True)

    code = (
        f"import sys; sys.path[:0] = [{str(site)!r}, {str(ROOT)!r}]\n"
        "from qa_nlp.importers import read_transcripts\n"
        f"print([item.id for item in read_transcripts({str(tape)!r}).iter_all()])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert run.stdout.strip() == "['tape-1', None, 'tape-3']"

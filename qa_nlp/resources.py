"""Find the data folders that travel with the library, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

from qa_nlp.errors import ArtifactError

__all__ = ["resource_folder"]


def resource_folder(name: str) -> Path:
    """Find ``rubric_prompts`` or ``models``.

    In a wheel they lie inside the package, in a checkout beside it.

    Parameters
    ----------
    name : str
        Folder name.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ArtifactError
        When the installation lacks it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise ArtifactError(f"the folder {name!r} is missing from this installation; reinstall qa_nlp")

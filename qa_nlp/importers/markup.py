"""Text that is not plain: HTML bodies, and halves of surrogate pairs."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

__all__ = ["clean", "html_to_text"]

# Not html.parser: it takes quadratic time on unclosed tags, and a message may be a megabyte long.
# No alternative here runs past the next "<", except those that swallow all they run past.
_MARKUP: Final = re.compile(
    r"""
    <!-- .*? (?: --> | \Z )
    | < (?P<hidden> script | style | head | template ) \b [^<>]* >
      .*? (?: </ (?P=hidden) \s* > | \Z )
    | < /? (?P<tag> [a-z] [a-z0-9:-]* ) (?: (?: [^<>"'] | "[^"<]*" | '[^'<]*' )* | [^<>]* ) >
    | < [!?] [^<>]* >
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_INLINE: Final = re.compile(
    r"a|abbr|b|bdi|bdo|big|cite|code|data|dfn|em|font|i|img|ins|kbd|label|mark|q|s|samp|small|span"
    r"|strike|strong|sub|sup|time|tt|u|var|wbr",
    re.IGNORECASE,
)


def html_to_text(html: str) -> str:
    r"""Turn the body of a message from HTML into text.

    Parameters
    ----------
    html : str
        May be malformed.

    Returns
    -------
    str
        Without tags, scripts and styles; blocks and line breaks become line ends.

    Examples
    --------
    >>> html_to_text("<p>Salt &amp; pepper?</p><script>alert(1)</script>Yes,<br>please.")
    'Salt & pepper?\nYes,\nplease.'
    """
    pieces = []
    done = 0
    for markup in _MARKUP.finditer(html):
        pieces.append(_flat(html[done : markup.start()]))
        done = markup.end()
        if markup["tag"] and not _INLINE.fullmatch(markup["tag"]):
            pieces.append("\n")
    pieces.append(_flat(html[done:]))
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return clean("\n".join(line for line in lines if line))


def clean(text: str) -> str:
    r"""Make text valid Unicode: halves of surrogate pairs are joined, or become U+FFFD.

    Parameters
    ----------
    text : str
        Perhaps read from a JSON escape such as ``"\ud83d"``.

    Returns
    -------
    str
        Text that can be encoded.

    Examples
    --------
    >>> clean("half \ud83d")
    'half �'
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _flat(text: str) -> str:
    # Line ends of the source are only white space; those of the page come from its tags.
    return unescape(re.sub(r"\s", " ", text))

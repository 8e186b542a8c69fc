"""C sources as the lint scripts see them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

COMMENT_OR_LITERAL = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def files(*folders):
    """The .c and .h files below these folders."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.[ch]")]
    return sorted(path.relative_to(ROOT) for path in found)


def code(path):
    """The lines of a file with comments and the insides of literals blanked out."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    return COMMENT_OR_LITERAL.sub(blank, (ROOT / path).read_text()).split("\n")

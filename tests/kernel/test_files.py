"""The kernel's list of its files."""

import re
from pathlib import Path

import kernel

FOLDER = Path(kernel.__file__).parent
LISTED = re.findall(r"^ {4}(\S+\.py) +\S", kernel.__doc__, re.MULTILINE)


def test_every_file_is_listed_once():
    files = [str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.py") if path.name != "__init__.py"]
    assert sorted(LISTED) == sorted(files)


def test_what_a_newcomer_reads_stays_under_400_lines():
    first = LISTED[: LISTED.index("caller.py")]
    assert first == ["access.py", "scope.py", "viewsets.py"]
    assert sum(len((FOLDER / name).read_text().splitlines()) for name in first) < 400

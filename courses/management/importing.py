"""What the commands that import something share."""

from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, OutputWrapper
from django.db import DatabaseError
from tqdm import tqdm

from institutions.models import Institution
from kernel.domain import DomainError
from kernel.text import validate_line

LONGEST_NAME = 250
SHOWN = 100


def institution_named(acronym: str) -> Institution:
    found = Institution.objects.filter(acronym=acronym).first()
    if found is None:
        raise CommandError(f"There is no institution with the acronym {acronym!r}.")
    return found


@contextmanager
def failures_told() -> Iterator[None]:
    """What ends an import, in one line. What was committed before stays; running it again does the rest."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}.") from error
    except DomainError as error:
        raise CommandError(str(error)) from error
    except DatabaseError as error:
        raise CommandError(f"The database refused it, run the import again: {str(error).strip()}") from error


def row_name(text: str) -> str:
    """An argument that becomes the name of a row."""
    try:
        validate_line(text)
    except ValidationError as error:
        raise ArgumentTypeError(error.messages[0]) from error
    if not 0 < len(text.strip()) <= LONGEST_NAME:
        raise ArgumentTypeError(f"a name has 1 to {LONGEST_NAME} characters.")
    return text.strip()


def unwrapped(stream: OutputWrapper) -> TextIO:
    """What a command writes to, which does not end whatever it is given with a new line."""
    return cast("TextIO", stream._out)


def progress(stream: OutputWrapper, *, verbosity: int, **values: Any) -> "tqdm[Any]":
    """A progress bar; in a log it says where it is every ten seconds, with `--verbosity 0` nothing."""
    return tqdm(file=unwrapped(stream), mininterval=0.1 if stream.isatty() else 10, disable=verbosity == 0, **values)


class Listing:
    """What is said of single rows: the first lines are shown, the others counted."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._amount = 0

    def add(self, line: str) -> None:
        self._amount += 1
        if len(self._first) < SHOWN:
            self._first.append(line)

    def show(self, stream: OutputWrapper, *, all_of_them: str) -> None:
        for line in self._first:
            stream.write(line)
        if self._amount > SHOWN:
            stream.write(f"... and {self._amount - SHOWN} more; {all_of_them}")

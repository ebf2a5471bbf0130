"""Shared parts of the import commands."""

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
MESSAGES_SHOWN = 100


def institution_by_acronym(acronym: str) -> Institution:
    institution = Institution.objects.filter(acronym=acronym).first()
    if institution is None:
        raise CommandError(f"There is no institution with the acronym {acronym!r}.")
    return institution


@contextmanager
def failures_as_command_errors() -> Iterator[None]:
    """Report an error that ends the import in one line. Committed rows stay; running the import again completes it."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}.") from error
    except DomainError as error:
        raise CommandError(str(error)) from error
    except DatabaseError as error:
        raise CommandError(f"The database refused it, run the import again: {str(error).strip()}") from error


def row_name(text: str) -> str:
    """The type of an argument that becomes the name of a row."""
    try:
        validate_line(text)
    except ValidationError as error:
        raise ArgumentTypeError(error.messages[0]) from error
    if not 0 < len(text.strip()) <= LONGEST_NAME:
        raise ArgumentTypeError(f"a name has 1 to {LONGEST_NAME} characters.")
    return text.strip()


def unwrapped(stream: OutputWrapper) -> TextIO:
    """The stream behind a command's output, which does not append a newline to each write."""
    return cast("TextIO", stream._out)


def progress(stream: OutputWrapper, *, verbosity: int, **values: Any) -> "tqdm[Any]":
    """A progress bar. In a log it writes a line every ten seconds, with `--verbosity 0` none."""
    return tqdm(file=unwrapped(stream), mininterval=0.1 if stream.isatty() else 10, disable=verbosity == 0, **values)


class RowMessages:
    """Messages about single rows: the first ones are shown, the others only counted."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._count = 0

    def add(self, line: str) -> None:
        self._count += 1
        if len(self._first) < MESSAGES_SHOWN:
            self._first.append(line)

    def show(self, stream: OutputWrapper, *, hint: str) -> None:
        for line in self._first:
            stream.write(line)
        if self._count > MESSAGES_SHOWN:
            stream.write(f"... and {self._count - MESSAGES_SHOWN} more; {hint}")

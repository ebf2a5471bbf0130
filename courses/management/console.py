"""What the commands that import something share."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, OutputWrapper
from tqdm import tqdm

from institutions.models import Institution
from tesla_api.api.text import validate_line

LONGEST_NAME = 250


def institution_named(acronym: str) -> Institution:
    found = Institution.objects.filter(acronym=acronym).first()
    if found is None:
        raise CommandError(f"There is no institution with the acronym {acronym!r}.")
    return found


def row_name(text: str) -> str:
    """An argument that becomes the name of a row."""
    try:
        validate_line(text)
    except ValidationError as error:
        raise ArgumentTypeError(error.messages[0]) from error
    if not 0 < len(text.strip()) <= LONGEST_NAME:
        raise ArgumentTypeError(f"a name has 1 to {LONGEST_NAME} characters.")
    return text.strip()


def progress(stream: OutputWrapper, *, verbosity: int, **values: Any) -> "tqdm[Any]":
    """A progress bar; in a log it says where it is every ten seconds, with `--verbosity 0` nothing."""
    plain = stream._out  # type: ignore[attr-defined] # the wrapper ends whatever it is given with a new line
    return tqdm(file=plain, mininterval=0.1 if stream.isatty() else 10, disable=verbosity == 0, **values)

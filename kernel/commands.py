"""Every management command is named as the actor of what it records: Django's own and those of packages, too."""

from functools import wraps
from typing import Any

from django.core.management.base import BaseCommand

from kernel.recording import COMMAND, acting, command, origin


def name_commands() -> None:
    """Django has no signal of a command that begins.

    A command that another one calls is done by that one.
    """
    execute = BaseCommand.execute

    @wraps(execute)
    def named(self: BaseCommand, *args: Any, **options: Any) -> Any:
        if origin().kind == COMMAND:
            return execute(self, *args, **options)
        with acting(command(type(self).__module__.rpartition(".")[2])):
            return execute(self, *args, **options)

    BaseCommand.execute = named  # type: ignore[method-assign]

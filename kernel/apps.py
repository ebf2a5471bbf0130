"""Configuration of the kernel's app: its checks, templates, static files, the command `rows`, the names of commands."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "kernel"

    def ready(self) -> None:
        from kernel import checks, commands, folding  # noqa: F401 - registers the checks

        commands.name_commands()
        folding.register()

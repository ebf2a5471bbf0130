"""Configuration of the kernel's app: its checks, templates, static files and the command `rows`."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "kernel"

    def ready(self) -> None:
        from kernel import checks, folding  # noqa: F401 - registers the checks

        folding.register()

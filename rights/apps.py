"""Configuration of the app."""

from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "rights"

    def ready(self) -> None:
        from rights import leaving  # noqa: F401 - rules and signals that it registers

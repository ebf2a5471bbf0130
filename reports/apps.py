"""Configuration of the app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        import reports.services.leaving  # noqa: F401 - registers what happens when rows are deleted

"""Configuration of the app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        # They register what happens when rows are deleted, and what is made when it is read.
        import reports.audits
        import reports.services.leaving  # noqa: F401

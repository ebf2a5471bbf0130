"""Configuration of the app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PipelineConfig(AppConfig):
    name = "pipeline"

    def ready(self) -> None:
        autodiscover_modules("jobs")  # each app declares its background work there
        import_module("pipeline.accounts")  # its own

"""Configuration of the app."""

from django.apps import AppConfig


class LearnersConfig(AppConfig):
    name = "learners"

    def ready(self) -> None:
        from learners import services  # noqa: F401 - what happens when a learner is deleted, in every process

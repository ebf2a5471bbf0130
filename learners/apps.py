"""Configuration of the app."""

from django.apps import AppConfig


class LearnersConfig(AppConfig):
    name = "learners"

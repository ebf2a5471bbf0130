"""Configuration of the app."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "retention"

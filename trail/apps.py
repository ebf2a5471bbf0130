"""Configuration of the app."""

from django.apps import AppConfig


class TrailConfig(AppConfig):
    name = "trail"

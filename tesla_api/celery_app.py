"""The Celery application for Celery's own commands: `celery -A tesla_api.celery_app ...`. Workers: `manage.py work`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tesla_api.settings")
django.setup()

from pipeline.broker import app  # noqa: E402 - after the setup

__all__ = ["app"]

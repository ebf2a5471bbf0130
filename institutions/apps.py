"""Configuration of the app."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class InstitutionsConfig(AppConfig):
    name = "institutions"

    def ready(self) -> None:
        pre_migrate.connect(_refuse_lost_identifiers, sender=self)


def _refuse_lost_identifiers(plan, apps, **_) -> None:
    """Before the first of all migrations that are to run: the one that would stop is not the first of them."""
    migration = import_module("institutions.migrations.0005_identifiers")
    is_planned = any(isinstance(each, migration.Migration) and not backwards for each, backwards in plan)
    if is_planned and {"course", "activity"} <= apps.all_models["courses"].keys():  # else the database is new
        migration.refuse_what_would_be_lost(apps, None)

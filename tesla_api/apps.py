"""Configuration of the project's own app and of Django's admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class TeslaConfig(AppConfig):
    name = "tesla_api"


class AdminConfig(DjangoAdminConfig):
    default_site = "tesla_api.admin.Site"

"""Institutions, people and what all institutions share, one module per subject."""

from django.contrib import admin
from django.contrib.auth import admin as _auth_admin  # noqa: F401 - registers Group, which this service does not use
from django.contrib.auth.models import Group

from institutions.admin import consent, institution, person, shared, vle  # noqa: F401 - each registers its ModelAdmins

admin.site.unregister(Group)

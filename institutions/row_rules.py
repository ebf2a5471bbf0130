"""Conditions on rows for tables of rights: grant(READ, rows=own)."""

from django.db.models import Q


def own(me):
    """The row that is the caller: the account, the role (whose key is the account's) or, for a VLE, the VLE."""
    return Q(pk=me.id)

"""Deletes sign-in sessions that are over, launchers that were used or have expired, and old counters of failures."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from signin.services.sessions import sessions_forgotten


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=30, help="keep what ended in the last DAYS (30)")

    def handle(self, *args, days, **options):
        count = sessions_forgotten(before=timezone.now() - timedelta(days=days))
        self.stdout.write(f"{count} rows deleted")

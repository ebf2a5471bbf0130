"""Closes assessment sessions whose time is over. Run it every few minutes, or once a day."""

from django.core.management.base import BaseCommand

from courses.services.assessments import sessions_close_overdue


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        self.stdout.write(f"{sessions_close_overdue()} sessions closed")

"""Deletes tables of people that were uploaded in the console and left there for a week. Run it every day."""

from django.core.management.base import BaseCommand

from courses.imports.jobs import imports_purge


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        self.stdout.write(f"{imports_purge()} imports deleted")

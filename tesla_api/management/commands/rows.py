"""Prints what the row compiler wrote for each resource: how its pages are read."""

from django.core.management.base import BaseCommand

from tesla_api.tree import TREE


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        for resource in TREE:
            if resource.viewset.fast_rows:
                self.stdout.write(f"# {resource.url}\n{resource.viewset.plan().source}")

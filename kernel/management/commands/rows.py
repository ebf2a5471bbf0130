"""Prints the function that the row compiler generated for each serializer."""

from django.core.management.base import BaseCommand

from kernel.declared import declared_tree


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        for resource in declared_tree().TREE:
            view = resource.viewset
            for serializer in view.serializers():
                if view.fast_rows:
                    self.stdout.write(f"# {resource.url} {serializer.__name__}\n{view.plan(serializer).source}")

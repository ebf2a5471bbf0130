"""manage.py retry_jobs: lets parked jobs be tried again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pipeline.models import Job
from pipeline.running import retry


class Command(BaseCommand):
    help = (
        "Let jobs that were parked after too many failures be tried again, all of them or some. `pipeline_status` "
        "shows their names, numbers and errors."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", help="Only jobs of this name.")
        parser.add_argument("--id", type=int, action="append", help="Only this job; may be given several times.")

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = Job.objects.all()
        if options["name"] is not None:
            jobs = jobs.filter(name=options["name"])
        if options["id"] is not None:
            jobs = jobs.filter(pk__in=options["id"])
        self.stdout.write(f"{retry(jobs)} jobs are tried again.")

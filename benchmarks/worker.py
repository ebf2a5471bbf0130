"""`manage.py work` that does so many jobs in one transaction: python -m benchmarks.worker BATCH."""

import sys
import warnings
from dataclasses import replace

import django
from celery.platforms import SecurityWarning

django.setup()

from django.core.management import call_command  # noqa: E402

from pipeline.jobs import WORKS  # noqa: E402

if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=SecurityWarning)  # a run's account may be root
    most = int(sys.argv[1])
    for name, work in WORKS.items():
        WORKS[name] = replace(work, batch=min(work.batch, most))
    call_command("work")

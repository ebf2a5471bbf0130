"""What the browser run's database holds: the tests' world, and enough courses for a second page."""

from django.db import transaction

from courses.models import Course
from tests.world import World


def fill() -> None:
    with transaction.atomic():
        home = World().home
        Course.objects.bulk_create(
            Course(institution=home.institution, vle=home.vle, vle_course_id=f"more-{n}", code=f"M{n}")
            for n in range(12)
        )

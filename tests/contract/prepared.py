"""What must be there before an operation is called: `before` of the declarations."""

from django.utils import timezone

from courses.models import ActivityInstrument, Course
from institutions.models import InformedConsent, Provider
from learners.models import Learner, SENDCategory
from tests.captures import FA, PLAG
from tests.world import World


def accepted_consent(world: World) -> None:
    """ann has accepted the newest consent."""
    ann = world.home.learners["ann"]
    ann.consent, ann.consent_accepted = world.home.newer_consent, timezone.now()
    ann.save()
    InformedConsent.objects.filter(pk=ann.consent_id).update(accepted_at=timezone.now())


def consent_of_nobody(world: World) -> None:
    """Nobody has accepted consent 1.0.0."""
    Learner.objects.filter(consent=world.home.consent).update(consent=None)


def spare_course(world: World) -> None:
    own = {"institution": world.home.institution, "vle": world.home.vle}
    Course.objects.get_or_create(**own, vle_course_id="spare", code="SPARE")


def id_of_spare_course(world: World) -> int:
    """1 if there is none, such as for who may not put it anywhere."""
    rows = Course.objects.filter(institution=world.home.institution, vle_course_id="spare")
    return rows.values_list("pk", flat=True).first() or 1


def spare_category(world: World) -> None:
    SENDCategory.objects.get_or_create(institution=world.home.institution, description="spare")


def id_of_spare_category(world: World) -> int:
    """The same."""
    rows = SENDCategory.objects.filter(institution=world.home.institution, description="spare")
    return rows.values_list("pk", flat=True).first() or 1


def some_provider(world: World) -> None:
    """Of face recognition, if there is none yet."""
    if not Provider.objects.filter(instrument=1).exists():
        Provider.objects.create(name="P0", acronym="p0", version="1", queue="p0", instrument_id=1)


def captures_are_taken(world: World) -> None:
    """Forensic analysis and keystrokes are used in the activity, and ann has accepted the consent."""
    accepted_consent(world)
    ActivityInstrument.objects.get_or_create(activity=world.home.activity, instrument_id=FA)


def learner_id(world: World) -> str:
    return str(world.home.people["ann"].learner.learner_id)


def place(world: World) -> dict[str, int]:
    return {"course_id": world.home.course.pk, "activity_id": world.home.activity.pk}


def document_is_wanted(world: World) -> None:
    """The activity uses the plagiarism instrument, and ann has accepted the consent."""
    accepted_consent(world)
    ActivityInstrument.objects.get_or_create(activity=world.home.activity, instrument_id=PLAG)

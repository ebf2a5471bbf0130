"""People of before: whose uid is the e-mail address, as VLEs send it, and who is in the courses of one VLE only.

Of everybody else it stays unknown who has brought them: rosters have uids of their own.
"""

from django.db import migrations
from django.db.models import F

UNUSABLE = "!"  # how passwords begin that nobody can enter
BATCH = 500


def derive(apps, schema_editor):
    users = apps.get_model("institutions", "User").objects
    vles: dict[int, int | None] = {}  # person -> the only VLE; None if there are several
    for model, column in (("CourseLearner", "learner_id"), ("CourseInstructor", "instructor_id")):
        links = apps.get_model("courses", model).objects.values_list(column, "course__vle_id").distinct()
        for person, vle in links.iterator():
            vles[person] = vle if vles.get(person, vle) == vle else None
    people: dict[int, list[int]] = {}
    for person, vle in vles.items():
        if vle is not None:
            people.setdefault(vle, []).append(person)
    unknown = users.filter(
        brought_by_vle=None, uid__iexact=F("email"), login_allowed=False, is_staff=False, password__startswith=UNUSABLE,
        inst_admin=False, legal_admin=False, send_admin=False, data_admin=False,
    )  # fmt: skip
    for vle, keys in people.items():
        for start in range(0, len(keys), BATCH):
            unknown.filter(pk__in=keys[start : start + BATCH]).update(brought_by_vle=vle)


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0006_memberships_added_by"),
        ("institutions", "0007_who_brought_people"),
    ]
    operations = [migrations.RunPython(derive, migrations.RunPython.noop)]

from django.db import migrations

RESOURCES = ("institution/course/activity", "institution/course/activity/instrument")
PART = 1000


def fill(apps, schema_editor):
    """Who has set up activities, as far as the trail tells it: accounts and activities that are there."""
    ActivityEditor, Activity = apps.get_model("courses", "ActivityEditor"), apps.get_model("courses", "Activity")
    User, Line = apps.get_model("institutions", "User"), apps.get_model("trail", "Line")
    lines = Line.objects.filter(
        resource__in=RESOURCES, verb__in=("create", "update", "delete"), actor_kind__in=("person", "launched")
    )
    told = lines.order_by().values_list("institution", "actor_id", "row_key").distinct()
    seen = set()
    for institution, person, address in told.iterator(PART):
        activity = address.split("/")[2:3]
        if activity and activity[0].isdecimal():
            seen.add((institution, int(activity[0]), person))
    found = sorted(seen)
    for start in range(0, len(found), PART):
        part = found[start : start + PART]
        activities = {*Activity.objects.filter(pk__in={row[1] for row in part}).values_list("institution", "pk")}
        people = {*User.objects.filter(pk__in={row[2] for row in part}).values_list("institution", "pk")}
        ActivityEditor.objects.bulk_create(
            [
                ActivityEditor(activity_id=activity, person_id=person)
                for institution, activity, person in part
                if (institution, activity) in activities and (institution, person) in people
            ],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):

    dependencies = [
        ("courses", "0010_activity_editors"),
        ("institutions", "0023_former_uids"),
        ("rights", "0009_levels_decided_about"),
        ("trail", "0008_lists"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]

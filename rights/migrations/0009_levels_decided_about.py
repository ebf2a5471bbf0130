from django.db import migrations


def fill(apps, schema_editor):
    """What people have decided about, in the reports: a level that has changed since is seen to be another one."""
    Contest, Report = apps.get_model("rights", "Contest"), apps.get_model("reports", "Report")
    decided = Contest.objects.filter(state__in=("upheld", "changed", "set_aside"), report__isnull=False)
    for key in decided.order_by().values_list("report", flat=True).distinct():
        report = Report.objects.select_for_update(no_key=True).filter(pk=key, contest__isnull=False).first()
        if report is None:
            continue
        judged = {}
        for levels in decided.filter(report=key).order_by("decided_at", "pk").values_list("machine_levels", flat=True):
            judged |= levels
        Report.objects.filter(pk=key).update(contest=report.contest | {"judged": judged})


class Migration(migrations.Migration):

    dependencies = [
        ("reports", "0013_first_asked_at"),
        ("rights", "0008_contest_told_at"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]

"""What people typed to find others is not kept any more. Where it was, sealed for who had typed it, the keys go."""

from django.db import migrations

PART = 5000  # keys that are looked at in one transaction
DETAILS = 2


def forgotten(apps, schema_editor):
    """Of people under a legal hold the keys stay: what they have done is kept until the hold is released."""
    key, line, hold = (apps.get_model(*name) for name in (("trail", "Key"), ("trail", "Line"), ("rights", "LegalHold")))
    held = [*hold.objects.filter(released_at=None).values_list("person_id", flat=True)]
    of_lists, after = line.objects.filter(verb__in=("read", "export"), person_id=None), 0
    while True:
        keys = key.objects.filter(part=DETAILS, line_id__gt=after).order_by("line_id")
        part = [*keys.values_list("line_id", flat=True)[:PART]]
        if not part:
            return
        lists = [*of_lists.filter(pk__in=part).values_list("pk", flat=True)]
        key.objects.filter(part=DETAILS, line_id__in=lists).exclude(person_id__in=held).delete()
        after = part[-1]


class Migration(migrations.Migration):
    atomic = False  # each part has a transaction of its own

    dependencies = [
        ('rights', '0002_legal_holds'),
        ('trail', '0006_opened_reports'),
    ]

    operations = [
        migrations.RunPython(forgotten, migrations.RunPython.noop),
    ]

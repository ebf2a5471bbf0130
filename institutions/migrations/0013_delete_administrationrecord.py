"""What global administrators change is told by the trail, which has the earlier records."""

from django.db import migrations

from trail.earlier import administration, move


def moved(apps, schema_editor):
    """What was written since the trail's own migration has moved the others."""
    move(apps, "institutions.AdministrationRecord", "administration", administration, is_last=True)


class Migration(migrations.Migration):

    dependencies = [
        ('institutions', '0012_provider_is_demonstration'),
        ('trail', '0004_earlier_records'),
    ]

    operations = [
        migrations.RunPython(moved, migrations.RunPython.noop),
        migrations.DeleteModel(
            name='AdministrationRecord',
        ),
    ]

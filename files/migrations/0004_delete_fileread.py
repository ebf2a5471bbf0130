"""Who reads a file is told by the trail, which has the earlier records."""

from django.db import migrations

from trail.earlier import file_read, move


def moved(apps, schema_editor):
    """What was written since the trail's own migration has moved the others."""
    move(apps, "files.FileRead", "file-read", file_read, is_last=True)


class Migration(migrations.Migration):

    dependencies = [
        ('files', '0003_made'),
        ('trail', '0004_earlier_records'),
    ]

    operations = [
        migrations.RunPython(moved, migrations.RunPython.noop),
        migrations.DeleteModel(
            name='FileRead',
        ),
    ]

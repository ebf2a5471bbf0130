"""The records that there were before the trail become lines of it. It can be interrupted, and goes on where it was."""

from django.db import migrations

from trail.earlier import admin_log, administration, file_read, move


def moved(apps, schema_editor):
    move(apps, "files.FileRead", "file-read", file_read)
    move(apps, "institutions.AdministrationRecord", "administration", administration)
    move(apps, "admin.LogEntry", "admin-log", admin_log(apps))


class Migration(migrations.Migration):

    atomic = False  # each part has a transaction of its own

    dependencies = [
        ('trail', '0003_indexes'),
        ('files', '0003_made'),
        ('institutions', '0012_provider_is_demonstration'),
        ('admin', '0003_logentry_add_action_flag_choices'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        migrations.RunPython(moved, migrations.RunPython.noop),
    ]

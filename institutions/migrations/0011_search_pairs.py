from django.db import migrations

from kernel.migrating import add_pairs


class Migration(migrations.Migration):
    dependencies = [("institutions", "0010_notification_sent")]

    operations = [add_pairs("institutions", "user")]

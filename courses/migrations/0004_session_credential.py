import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0003_imports"),
        ("institutions", "0002_instruments_messages_routes"),
    ]

    operations = [
        migrations.AddField(
            model_name="assessmentsession",
            name="credential",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="institutions.credential",
            ),
        ),
    ]

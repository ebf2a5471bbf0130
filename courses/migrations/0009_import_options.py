from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("courses", "0008_search")]

    operations = [
        migrations.AddField(
            model_name="import",
            name="all_or_nothing",
            field=models.BooleanField(
                db_default=False, default=False, help_text="If a row is refused, none is written."
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="delimiter",
            field=models.CharField(
                db_default=",", default=",", help_text="Of the file, and so of its result.", max_length=1
            ),
        ),
    ]

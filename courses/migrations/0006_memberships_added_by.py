from django.db import migrations, models

CHOICES = [("person", "Person"), ("vle", "Vle"), ("import", "Import")]


class Migration(migrations.Migration):
    """New columns of memberships, null in those that are there: it is not known who made them."""

    dependencies = [("courses", "0005_credentials_of_open_sessions")]
    operations = [
        migrations.AddField(model_name=model, name=name, field=field)
        for model in ("courselearner", "courseinstructor")
        for name, field in (
            ("added_by", models.CharField(choices=CHOICES, editable=False, max_length=10, null=True)),
            ("added_by_id", models.BigIntegerField(editable=False, null=True)),
            ("added_at", models.DateTimeField(editable=False, null=True)),
        )
    ]

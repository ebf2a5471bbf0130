from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("institutions", "0006_launcher_everywhere")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="brought_by_vle",
            field=models.BigIntegerField(
                editable=False,
                help_text=(
                    "The id of the VLE that brought the person, as long as nobody else did. No key: it outlives the VLE."
                ),
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="administrationrecord",
            name="action",
            field=models.CharField(
                choices=[("create", "Create"), ("update", "Update"), ("delete", "Delete"), ("merge", "Merge")],
                max_length=10,
            ),
        ),
    ]

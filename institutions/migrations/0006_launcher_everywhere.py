from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("institutions", "0005_identifiers")]

    operations = [
        migrations.AddField(
            model_name="institution",
            name="launcher_everywhere",
            field=models.BooleanField(
                default=False,
                help_text="A VLE also sends people who are in none of its courses, and those whom it sends see the courses of all VLEs.",
            ),
        ),
        migrations.AlterField(
            model_name="institution",
            name="launcher_admin",
            field=models.BooleanField(
                default=False,
                help_text="People whom a VLE sends have the administrative flags that they hold here.",
            ),
        ),
    ]

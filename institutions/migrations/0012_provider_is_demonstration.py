from django.db import migrations, models

# As the demo's data know their providers: by the acronym, whatever else has been changed since.
BUILT_IN = ("demo_fr", "demo_ks", "demo_vr", "demo_fa", "demo_plag")


def mark(apps, schema_editor):
    apps.get_model("institutions", "Provider").objects.filter(acronym__in=BUILT_IN).update(is_demonstration=True)


class Migration(migrations.Migration):

    dependencies = [
        ('institutions', '0011_search_pairs'),
    ]

    operations = [
        migrations.AddField(
            model_name='provider',
            name='is_demonstration',
            field=models.BooleanField(default=False, editable=False, help_text='Its results say nothing about anybody: whoever sees one is told so.'),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]

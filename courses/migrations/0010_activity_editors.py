import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0009_import_options'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActivityEditor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person_id', models.BigIntegerField()),
                ('activity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='editors', to='courses.activity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('activity', 'person_id'), name='editor_once_per_activity')],
            },
        ),
    ]

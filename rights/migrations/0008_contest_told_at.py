from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0007_erasure_sent_by'),
    ]

    operations = [
        migrations.AddField(
            model_name='contest',
            name='told_at',
            field=models.DateTimeField(help_text='When a mail said that it was opened.', null=True),
        ),
    ]

# Written by `make migrations`; named by hand.

import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.fields


class Migration(migrations.Migration):

    dependencies = [
        ('pipeline', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BrokerAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue', models.CharField(max_length=250)),
                ('username', models.CharField(max_length=300, unique=True)),
                ('password', kernel.fields.EncryptedTextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ends_at', models.DateTimeField(help_text='When it is removed, after a rotation or with the provider.', null=True)),
                ('is_ready', models.BooleanField(default=False, help_text='The broker has it.')),
            ],
        ),
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('name', models.CharField(max_length=150, primary_key=True, serialize=False)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveIndex(
            model_name='job',
            name='job_due',
        ),
        migrations.AddField(
            model_name='job',
            name='taken_at',
            field=models.DateTimeField(help_text='Since when it is being done; null while it waits.', null=True),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('parked_at', None)), fields=['queue', 'due_at', 'id'], name='job_due_in_queue'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('parked_at', None)), fields=['queue', 'name', 'due_at', 'id'], name='job_due_by_name'),
        ),
        migrations.AddConstraint(
            model_name='brokeraccount',
            constraint=models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('queue',), name='broker_account_once'),
        ),
    ]

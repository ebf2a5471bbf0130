from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signin", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="signincounter", name="sign_in_counter_since"),
        # The column stays as it is: processes of the version before go on writing it.
        migrations.AlterField(
            model_name="signincounter", name="since", field=models.DateTimeField(db_column="since")
        ),
        migrations.RenameField(model_name="signincounter", old_name="since", new_name="last_failure_at"),
        migrations.AddIndex(
            model_name="signincounter",
            index=models.Index(fields=["last_failure_at"], name="sign_in_counter_since"),
        ),
        migrations.CreateModel(
            name="SignInPlace",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("used_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models

import kernel.constraints


class Migration(migrations.Migration):
    dependencies = [("institutions", "0004_consent_texts"), ("learners", "0001_initial"), ("signin", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="consentdecision",
            name="language_named",
            field=models.BooleanField(
                help_text="The client named the language, or it is the browser's preference. Null: not recorded.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="consentdecision",
            name="signed_in",
            field=models.CharField(
                choices=[
                    ("password", "Password"),
                    ("launcher", "Launcher"),
                    ("learner_session", "Learner Session"),
                ],
                help_text="How the learner was. Null: not recorded.",
                max_length=20,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="consentdecision",
            name="vle_id",
            field=models.BigIntegerField(help_text="Of the launcher or the assessment session.", null=True),
        ),
        migrations.AddField(
            model_name="consentdecision",
            name="vle_name",
            field=models.CharField(default="", max_length=250),
        ),
        migrations.AlterField(
            model_name="consentdecision",
            name="learner_id",
            field=models.UUIDField(db_index=True, help_text="The pseudonym at the decision."),
        ),
        migrations.AddField(
            model_name="consentdecision",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="decisions",
                to="learners.learner",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentdecision",
            constraint=models.UniqueConstraint(fields=("institution", "id"), name="decision_of_institution"),
        ),
        migrations.AddConstraint(
            model_name="consentdecision",
            constraint=kernel.constraints.Tied(
                fields=("owner", "institution"),
                name="decision_owner_institution",
                to_fields=("user", "institution"),
            ),
        ),
        migrations.CreateModel(
            name="DecidedText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=30)),
                (
                    "inferred",
                    models.BooleanField(
                        default=False,
                        help_text="Not recorded with the decision: taken later from a document that had not been "
                        "changed.",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="texts",
                        to="learners.consentdecision",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="institutions.institution"
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="institutions.consenttext"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("decision", "language"), name="decided_text_once_per_language"
                    ),
                    kernel.constraints.Tied(
                        fields=("decision", "institution"),
                        name="decided_text_decision_institution",
                        to_fields=("id", "institution"),
                    ),
                    kernel.constraints.Tied(
                        fields=("text", "institution"),
                        name="decided_text_text_institution",
                        to_fields=("id", "institution"),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ServedText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=250)),
                ("language", models.CharField(max_length=30)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="signin.callersession"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "version", "language"), name="served_text_once_per_session"
                    )
                ],
            },
        ),
    ]

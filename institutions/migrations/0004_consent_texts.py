import django.db.models.deletion
from django.db import migrations, models

import kernel.constraints


class Migration(migrations.Migration):
    dependencies = [("files", "0002_initial"), ("institutions", "0003_vle_warnings")]
    operations = [
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("html", models.TextField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="institutions.institution"
                    ),
                ),
                (
                    "pdf",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_texts",
                        to="files.storedfile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "sha256"), name="consent_text_once_per_institution"
                    ),
                    models.UniqueConstraint(fields=("institution", "id"), name="consent_text_of_institution"),
                    kernel.constraints.Tied(
                        fields=("pdf", "institution"),
                        name="consent_text_pdf_institution",
                        to_fields=("id", "institution"),
                    ),
                ],
            },
        ),
    ]

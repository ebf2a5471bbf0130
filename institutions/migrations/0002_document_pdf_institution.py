from django.db import migrations

import kernel.constraints


class Migration(migrations.Migration):
    """Apart from the first one, because files need institutions and documents need files."""

    dependencies = [
        ('files', '0002_initial'),
        ('institutions', '0001_initial'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='informedconsentdocument',
            constraint=kernel.constraints.Tied(fields=('pdf', 'institution'), name='document_pdf_institution', to_fields=('id', 'institution')),
        ),
    ]

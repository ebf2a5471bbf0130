from django.db import migrations


class Migration(migrations.Migration):
    """Of people of before it stays unknown who has brought them: nothing tells those of a VLE from imported ones."""

    dependencies = [
        ("courses", "0006_memberships_added_by"),
        ("institutions", "0007_who_brought_people"),
    ]
    operations: list = []

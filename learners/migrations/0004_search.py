from django.db import migrations

from kernel.migrating import add_search_text


class Migration(migrations.Migration):
    dependencies = [("learners", "0003_texts_of_earlier_decisions"), ("institutions", "0008_search")]

    operations = add_search_text("learners", SENDCategory=("description",))

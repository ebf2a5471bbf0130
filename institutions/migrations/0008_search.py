from django.db import migrations

from kernel.migrating import add_search_text


class Migration(migrations.Migration):
    dependencies = [("institutions", "0007_who_brought_people")]

    operations = add_search_text(
        "institutions",
        User=("username", "first_name", "last_name", "email", "uid"),
        Institution=("acronym", "name"),
        VLE=("name", "url", "client_id"),
        Instrument=("name", "acronym", "description"),
        Provider=("name", "acronym", "description"),
    )

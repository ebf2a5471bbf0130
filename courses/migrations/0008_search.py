from django.db import migrations

from kernel.migrating import add_search_text


class Migration(migrations.Migration):
    dependencies = [("courses", "0007_who_brought_people"), ("institutions", "0008_search")]

    operations = add_search_text(
        "courses",
        Course=("code", "vle_course_id", "description"),
        CourseGroup=("name", "description"),
        Activity=("name", "description", "vle_activity_type", "vle_activity_id"),
    )

"""Run as a program: makes the tables of the version before `institutions.0005_identifiers`, and fills them."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tesla_api.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - after the setup
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

MIGRATION = "institutions", "0005_identifiers"


def tables():
    """The models of that version: all migrations have run but this one and those that depend on it."""
    graph = MigrationExecutor(connection).loader.graph
    before = {*graph.nodes}.difference(graph.backwards_plan(MIGRATION))
    last = sorted(key for key in before if before.isdisjoint(child.key for child in graph.node_map[key].children))
    MigrationExecutor(connection).migrate(last)
    return MigrationExecutor(connection).loader.project_state(last).apps


@transaction.atomic
def fill(apps) -> None:
    def table(app, name):
        return apps.get_model(app, name)._base_manager

    homes = [table("institutions", "Institution").create(acronym=f"H{n}", name=f"H{n}") for n in (1, 2)]

    def person(home: int | None, username: str, uid: str, email: str | None = None):
        values = {"first_name": "secret", "last_name": "secret", "locale": "ca", "login_allowed": True}
        place = {"institution": homes[home - 1] if home else None, "is_staff": home is None}
        people = table("institutions", "User")
        return people.create(username=username, uid=uid, email=email, password="!secret", **place, **values)

    ann = person(1, "ann", "Ann@secret.org", "Ann@secret.org")
    person(1, "ann2", "ann@secret.org ")
    person(1, "ann3", "ANN\u200b@secret.org")
    person(2, "ann4", "ann@SECRET.org", "other@secret.org")  # elsewhere, so somebody else
    person(1, "twin", "t1", "t1@secret.org")
    person(1, "tw\u200bin", "t2")
    person(2, "Twin", "t1")
    person(2, "late", "l1", "late@secret.org")
    person(2, "later", "l2", "late\u00ad@secret.org")
    person(2, "nobody", "\u200b")
    elo = person(1, "e\u0301lo", " E\u0301lo@X.org", "Elo@X.org\ufeff")
    person(None, "root", "", "Root@secret.org")
    person(None, "root2", "")
    people = apps.get_model("institutions", "User")
    many = [people(username=f"m{n}", uid=f"M-{n}\u200b", institution=homes[n % 2], password="!") for n in range(1100)]
    people._base_manager.bulk_create(many)
    for row in (ann, elo):
        table("learners", "Learner").create(user=row, institution=homes[0])
        table("institutions", "Instructor").create(user=row, institution=homes[0])
    of_vle = {"institution": homes[0], "vle": table("institutions", "VLE").create(institution=homes[0], name="Moodle")}
    keys = ("Kurs-\u00e9", "Kurs-e\u0301", "kurs-\u00e9 ", "42")
    courses = [table("courses", "Course").create(**of_vle, code="C", vle_course_id=key) for key in keys]
    for kind, key in (("quiz", "7"), ("quiz\u200b", " 7"), ("quiz", "8\ufeff"), ("QUIZ", "7")):
        values = {"vle_activity_type": kind, "vle_activity_id": key, "course": courses[0]}
        table("courses", "Activity").create(**of_vle, **values)
    for row in (ann, elo):
        values = {"institution": homes[0], "course": courses[0], "learner_id": row.pk}
        table("courses", "CourseLearner").create(**values)


fill(tables())

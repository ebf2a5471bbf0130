"""A service in which there is no institution yet."""

from institutions.models import User
from tests.conftest import client_of
from tests.world import PASSWORD


def test_profile_of_the_first_global_administrator(db):
    client = client_of(User.objects.create_superuser("root", "root@example.org", PASSWORD))
    answer = client.get("/api/v2/auth/profile")
    assert (answer.status_code, answer.json()["institutions"]) == (200, [])

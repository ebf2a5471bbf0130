"""Who is being captured, as the capture pages show it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.captures import as_learner
from tests.learners.lapi import paths_of_nobody, url_of


@pytest.fixture
def home(world):
    return world.home


def test_what_is_not_here_is_404(home, world):
    for what, path in paths_of_nobody("profile", world).items():
        assert as_learner(home, "ann").get(path).status_code == 404, what


def test_keys(home):
    assert as_learner(home, "ann").get(url_of("profile", home)).json() == {
        "learner_id": str(home.learners["ann"].learner_id),
        "institution_id": home.institution.pk,
        "email": "ann@home.example.org",
        "first_name": "Ann",
        "last_name": "Home",
    }


def test_it_costs_one_query_beside_the_caller(home):
    url, ann = url_of("profile", home), as_learner(home, "ann")
    ann.get(url)
    with CaptureQueriesContext(connection) as captured:
        ann.get(url)
    assert len(captured) == 2


def test_a_browsers_cookies_are_not_asked_for_beside_a_token(home):
    url, ann = url_of("profile", home), as_learner(home, "ann")
    ann.cookies["sessionid"] = "a" * 32
    ann.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert ann.get(url).status_code == 200
    assert not any("django_session" in query["sql"] for query in captured)

"""Procedures: sealed as resources are, at addresses that begin with their root."""

import pytest
from django.db.models import Q
from django.urls import include, path
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory

from courses.api.vle_launcher import LauncherView
from kernel.access import grant
from kernel.caller import Caller, CallerKind, Role
from kernel.procedures import ProcedureView
from kernel.routing import Procedure, mount
from tesla_api import urls
from tests.courses.sittings import vle_client


class RingView(ProcedureView):
    root_kwarg = "institution_id"
    access = {Role.ADMIN: grant("post")}

    def post(self, request, **_):
        return Response({"tenant": self.tenant.acronym, "caller": str(self.caller)})


RING = (Procedure("institution/{institution_id}/ring/", RingView),)
urlpatterns = [path("api/v2/", include(mount(RING))), *urls.urlpatterns]
handler404 = "kernel.errors.not_found"


@pytest.mark.urls("tests.kernel.test_procedures")
def test_who_may_call_is_asked_in_the_order_of_resources(world, as_):
    url = f"/api/v2/institution/{world.home.institution.pk}/ring/"
    answer = as_("admin").post(url)
    assert (answer.status_code, answer.json()) == (200, {"tenant": "HOME", "caller": "home-admin"})
    wanted = {"legal": 403, "teacher": 403, "member": 403, "stranger": 404, "global": 403}
    assert {name: as_(name).post(url).status_code for name in wanted} == wanted
    assert vle_client(world.home.vle).post(url).status_code == 403
    answer = APIClient().post(url)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "JWT")
    assert as_("stranger").get(url).status_code == 404
    assert as_("admin").get(url).status_code == 405
    assert as_("admin").options(url).status_code == 200
    assert as_("admin").post(f"/api/v2/institution/{world.away.institution.pk}/ring/").status_code == 404


def test_url_that_names_the_root_otherwise_lets_nobody_in(world):
    request = APIRequestFactory().post("/")
    request.known_caller = Caller(CallerKind.PERSON, world.people["admin"].pk, world.home.institution, Role.ADMIN)
    view = RingView.as_view_for_known_caller()
    assert view(request, institution_id=world.home.institution.pk).status_code == 200
    with pytest.raises(KeyError, match="institution_id"):
        view(request, id=world.away.institution.pk)


@pytest.mark.urls("tests.kernel.test_procedures")
def test_people_can_read_the_answer_in_a_browser(world, as_):
    url = f"/api/v2/institution/{world.home.institution.pk}/ring/"
    answer = as_("admin").post(url, HTTP_ACCEPT="text/html")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (grant("list"), "which it does not answer"),
        (grant("get"), "which it does not answer"),
        (grant("post", rows=lambda me: Q(pk=me.id)), "its URL does not name"),
        (grant("post", parent=lambda me: Q(pk=me.id)), "its URL does not name"),
        (grant("post", sees=lambda me: Q(pk=me.id)), "its URL does not name"),
    ],
)
def test_grants_that_mean_nothing_are_refused(wrong, text):
    with pytest.raises(TypeError, match=text):
        type("WrongView", (RingView,), {"access": {Role.ADMIN: wrong}})


@pytest.mark.parametrize(
    "url",
    [
        "institution/{vle_id}/launcher/",  # another root than the view's
        "vle/{id}/launcher/",  # another id
        "vle/{vle_id}/launcher",
        "vle/launcher/",
        "vle/{vle_id}/",
        "/vle/{vle_id}/launcher/",
        "vle/{vle_id}/launcher/{id}/",
    ],
)
def test_address_that_is_none_of_the_view(url):
    with pytest.raises(ValueError, match="is no URL of LauncherView"):
        Procedure(url, LauncherView)


def test_address_has_a_name():
    (found,) = Procedure("vle/{vle_id}/launcher/", LauncherView).urls()
    assert (str(found.pattern), found.name) == ("vle/<id:vle_id>/launcher/", "vle-launcher")

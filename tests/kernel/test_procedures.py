"""Procedures: sealed as resources are, at addresses that begin with their root."""

import pytest

from courses.api.vle_launcher import LauncherView
from tesla_api.api.procedures import ProcedureView
from tesla_api.api.routing import Procedure


@pytest.mark.parametrize("name", ["permission_classes", "get_permissions", "authentication_classes", "initial"])
def test_who_may_call_is_declared_and_not_decided(name):
    with pytest.raises(TypeError, match="sealed"):
        type("OpenView", (ProcedureView,), {name: ()})


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

"""The context that clients send with a sample: an object, stored unchanged."""

import pytest

from courses.models import ActivityInstrument
from files.models import StoredFile
from kernel.nesting import DEEPEST, TOO_DEEP
from tests.captures import FA, PLAG, archive, as_learner, as_vle, consented, content_of, sample
from tests.learners.lapi import url_of
from tests.nested import list_of, object_of


@pytest.fixture(params=["enrolment", "verification", "attachment"])
def send(request, world):
    """send(context): a sample with this context, by the learner or the VLE."""
    home, learner = world.home, world.home.learners["ann"]
    consented(home, "ann")
    for instrument in (FA, PLAG):
        ActivityInstrument.objects.create(activity=home.activity, instrument_id=instrument)
    if request.param == "attachment":
        place = f"course/{home.course.pk}/activity/{home.activity.pk}/attachment/{learner.learner_id}/"
        client, url = as_vle(home.vle), f"/api/v2/vle/{home.vle.pk}/{place}"
        body = sample(archive(), "application/zip", instruments=[PLAG])
    else:
        client, url = as_learner(home, "ann"), url_of(request.param, home)
        place = {"course_id": home.course.pk, "activity_id": home.activity.pk}
        body = sample(instruments=[FA], learner_id=str(learner.learner_id), **place)

    def sent(context):
        body["metadata"]["context"] = context
        return client.post(url, body, format="json")

    return sent


def refused(answer) -> dict:
    """Browsers would send again what is 400."""
    content = answer.json()
    status = 400 if "attachment" in answer.wsgi_request.path else 200
    assert (answer.status_code, content["status"]) == (status, "ERROR"), content
    return content["errors"]


def test_context_is_not_nested_too_deeply(send):
    for levels in (DEEPEST + 1, 251, 252, 253, 254, 490):
        for nested in (object_of(levels), {"a": list_of(levels)}):
            assert refused(send(nested)) == {"metadata": {"context": [TOO_DEEP]}}, levels
    assert [*refused(send(list_of(600)))] == ["non_field_errors"]
    assert not StoredFile.objects.exists()
    assert send(object_of(DEEPEST)).status_code == 200
    assert content_of(StoredFile.objects.get())["metadata"]["context"] == object_of(DEEPEST)


@pytest.mark.parametrize(("context", "stored"), [([], {}), ({}, {}), (None, None), ({"a": []}, {"a": []})])
def test_an_empty_list_is_an_empty_object(send, context, stored):
    assert send(context).status_code == 200
    assert content_of(StoredFile.objects.get())["metadata"]["context"] == stored


@pytest.mark.parametrize("context", [[1], [[]], 0, False, "[1]", "x"])
def test_what_is_no_object_is_refused(send, context):
    assert [*refused(send(context))["metadata"]] == ["context"]

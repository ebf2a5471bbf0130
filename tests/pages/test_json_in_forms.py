"""JSON typed into a form of the browsable API: after a refusal it stands there as it was typed, however often."""

import html
import json
import re
from urllib.parse import urlencode

import pytest
from rest_framework.serializers import JSONField

from institutions.models import Provider
from kernel.routing import Resource
from tests.contract.calls import CALLS as OPERATIONS
from tests.contract.calls import names, url_of
from tests.pages.test_browsable import write
from tests.pages.walk import FOR_PEOPLE


def json_fields(resource: Resource) -> list[str]:
    fields = resource.viewset.serializer_class().fields.items()
    return [name for name, field in fields if isinstance(field, JSONField) and not field.read_only]


# Operation -> the JSON fields of its form.
FORMS = {
    name: fields
    for resource in FOR_PEOPLE
    if (fields := json_fields(resource))
    for name in names(resource.root)
    if OPERATIONS[name].resource.url == resource.url and OPERATIONS[name].verb in ("create", "put")
}
FORM = {"content_type": "application/x-www-form-urlencoded"}


def test_there_are_forms_with_json():
    assert {"activity_instrument.create", "activity_instrument.put", "send.create", "admin_instrument.put"} <= {*FORMS}


def shown(page: str, field: str) -> str:
    return html.unescape(re.search(rf'<textarea id="f-{field}"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1])


def raw(page: str) -> dict:
    """The same values in the other form, which sends JSON."""
    return json.loads(html.unescape(re.search(r'<textarea[^>]*name="json"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]))


TYPED = ['{"online": true, "offline":  [1, {"a": "\\u00e9 \\""}]}', '{"online": ', "nonsense", '"text"']


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize(("name", "field"), [(name, field) for name in FORMS for field in FORMS[name]])
def test_refused_json_stays_as_it_was_typed(name, field, typed, signed_in, world):
    operation = OPERATIONS[name]
    Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
    browser = signed_in(operation.by)
    url = url_of(operation, world)
    browser.get(url)
    text = typed
    for _ in range(3):
        answer = write(browser, operation.method, url, urlencode({field: text}), **FORM)
        assert answer.status_code == 400
        text = shown(answer.text, field)
        assert text == typed
    if typed.endswith("}"):
        assert raw(answer.text)[field] == json.loads(typed)

"""The page of the identity provider: one form that makes the connection and changes it."""

from institutions.models import OIDCConnection
from tests.console.conftest import form_of

FORM = {
    "issuer": "https://login.example.org", "client_id": "trust", "client_secret": "a-new-secret", "match": "username",
    "claim": "preferred_username", "enabled": "on",
}  # fmt: skip


def test_connection_is_made_changed_and_deleted(world, signed_in, address, sent):
    browser, page = signed_in("admin"), address("settings/oidc/")
    OIDCConnection.objects.filter(institution=world.home.institution).delete()
    assert address("settings/oidc/") in browser.get(address("settings/")).text
    shown = browser.get(page)
    assert f"http://testserver/signin/oidc/{world.home.institution.pk}/callback/" in shown.text
    assert form_of(shown.text)["claim"] == ["email"]
    assert sent(browser, page, FORM).status_code == 302
    made = OIDCConnection.objects.get(institution=world.home.institution)
    assert (made.client_secret, made.match, made.enabled) == ("a-new-secret", "username", True)
    assert "a-new-secret" not in browser.get(page).text
    assert sent(browser, page, {"client_id": "other"}).status_code == 302
    made.refresh_from_db()
    assert (made.client_id, made.client_secret) == ("other", "a-new-secret")
    assert sent(browser, address("settings/oidc/delete/")).status_code == 302
    assert not OIDCConnection.objects.filter(institution=world.home.institution).exists()
    assert browser.get(address("settings/oidc/delete/")).status_code == 404


def test_what_is_refused_or_has_changed_is_shown_without_the_secret(world, signed_in, address, sent):
    browser, page = signed_in("admin"), address("settings/oidc/")
    refused = sent(browser, page, {"issuer": "http://login.example.org", "client_secret": "typed-secret"})
    assert refused.status_code == 400
    assert "Enter an https address" in refused.text
    form = form_of(browser.get(page).text)
    OIDCConnection.objects.get(pk=world.home.oidc.pk).save()
    changed = browser.post(page, form | {"client_id": "mine", "client_secret": "typed-secret"})
    assert changed.status_code == 412
    assert "typed-secret" not in refused.text + changed.text

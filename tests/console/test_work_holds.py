"""Legal holds in the console: one is set for a person, and released with a reason."""

from rights.models import LegalHold


def test_a_hold_is_set_and_released(world, signed_in, address, sent):
    browser, ann = signed_in("data"), world.people["ann"]
    LegalHold.objects.all().delete()
    page = address("holds/new/")
    refused = sent(browser, page, {"person_id": ann.pk, "reason": "Case 4.", "until": "2001-02-03"})
    assert (refused.status_code, "This is in the past." in refused.text) == (400, True)
    assert sent(browser, page, {"person_id": ann.pk, "reason": "Case 4.", "until": "2090-02-03"}).status_code == 302
    hold = LegalHold.objects.get()
    assert (hold.person_id, str(hold.until)) == (ann.pk, "2090-02-03")
    shown = browser.get(address(f"holds/{hold.pk}/")).text
    assert ("Case 4." in shown, "in force" in shown, "Release" in shown) == (True, True, True)
    again = sent(browser, page, {"person_id": ann.pk, "reason": "Case 5."})
    assert (again.status_code, "release that one first" in again.text) == (409, True)
    release = address(f"holds/{hold.pk}/release/")
    assert sent(browser, release, {"reason": "Settled."}).status_code == 302
    shown = browser.get(address(f"holds/{hold.pk}/")).text
    assert ("Settled." in shown, release in shown) == (True, False)
    assert "Ann" in browser.get(address("holds/?is_released=true")).text

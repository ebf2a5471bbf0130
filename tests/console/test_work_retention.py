"""The console's page of how long data is kept."""

from retention.models import Period


def periods(world) -> dict[str, int]:
    return dict(Period.objects.filter(institution=world.home.institution.pk).values_list("kind", "days"))


def test_periods_are_set_changed_and_taken_away(signed_in, address, sent, world):
    page, data = address("retention/"), signed_in("data")
    assert sent(data, page, {"captures": "180", "reports": "400"}).status_code == 302
    assert periods(world) == {"captures": 180, "reports": 400}
    assert sent(data, page, {"captures": ""}).status_code == 302
    assert periods(world) == {"reports": 400}
    assert Period.objects.get(institution=world.away.institution.pk).kind == "documents"


def test_wrong_number_and_a_change_meanwhile(signed_in, address, sent, world):
    page, data = address("retention/"), signed_in("data")
    answer = sent(data, page, {"captures": "0", "alerts": "30"})
    assert (answer.status_code, [*answer.context["form"].errors]) == (400, ["captures"])
    assert periods(world) == {"captures": 3650}
    assert sent(data, page, {"captures": "1", "state": "another"}).status_code == 412
    assert periods(world) == {"captures": 3650}

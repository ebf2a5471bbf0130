"""What VLEs read of reports: levels and results, and no address of captured files."""

from tests.contract.calls import CALLS, send


def test_evidence_is_not_for_modules(caller, filled):
    for name in ("vle_report.list", "vle_report.read", "vle_request.list", "vle_request.read"):
        text = send(caller("vle"), CALLS[name], filled).content.decode()
        assert "/files/" not in text
    rows = send(caller("vle"), CALLS["vle_request.list"], filled).json()["results"]
    assert {row["data"] for row in rows} == {one["audit"] for row in rows for one in row["result"]} == {None}
    people = send(caller("admin"), CALLS["request.list"], filled)
    assert "/files/" in people.content.decode()  # there is some

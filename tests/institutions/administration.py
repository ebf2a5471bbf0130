"""What the tests of the administration share: its addresses, boxes above columns, and the records of changes."""

from typing import Any

from tests.lines import details_of
from trail.models import Line

BASE = "/api/v2/admin/"


def call(client, method: str, url: str, body: Any = None):
    more = {} if body is None else {"data": body, "format": "json"}
    return getattr(client, method)(url, **more)


def records() -> list[tuple[str, str, int, dict]]:
    """(verb, last word of the address, id, changes) of every change so far; of secrets no value is there."""
    lines = Line.objects.filter(resource__startswith="admin/").order_by("pk")
    last = [(line.resource.rpartition("/")[2], int(line.row_key.rpartition("/")[2])) for line in lines]
    return [(line.verb, *of, details_of(line)) for line, of in zip(lines, last, strict=True)]


def assert_boxes(client, url: str, columns: dict[str, str]) -> None:
    """The boxes above columns of a list. `columns`: box -> what finds the second row."""
    whole = client.get(f"{url}?limit=1000").json()
    assert whole["count"] > 10
    second = whole["results"][1]["id"]
    assert client.get(f"{url}?unknown=1&institution=1&password=x").json()["count"] == whole["count"]
    for box, text in {"id": str(second), **columns}.items():
        body = client.get(f"{url}?{box}={text}&limit=1000").json()
        assert second in [row["id"] for row in body["results"]], box
        assert body["count"] < whole["count"], box
        for nonsense in ("~none~", "-1", "9" * 30, "%25", "null", "'", "%F0%9F%98%80"):
            answer = client.get(f"{url}?{box}={nonsense}")
            assert (answer.status_code, answer.json()["count"]) == (200, 0), (box, nonsense)
        assert client.get(f"{url}?{box}=").json()["count"] == whole["count"]
        for sign in ("", "-"):
            assert client.get(f"{url}?ordering={sign}{box}").status_code == 200
    # What a dashboard asks for when a column is sorted and a box is filled.
    box, text = next(iter(columns.items()))
    answer = client.get(f"{url.rstrip('/')}?ordering=-{box}&{box}={text}&offset=0&limit=10")
    assert answer.json()["count"] > 0


def assert_bodies(client, url: str) -> None:
    """A body that is no object is refused."""
    for text, status in (("[]", 400), ('"x"', 400), ("{", 400), ("null", 400)):
        assert client.post(url, text, content_type="application/json").status_code == status
    assert client.post(url, "<x/>", content_type="application/xml").status_code == 415

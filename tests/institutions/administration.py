"""What the tests of the administration share: its addresses, lists, and the records of changes."""

from typing import Any

from institutions.models import AdministrationRecord

BASE = "/api/v2/admin/"


def call(client, method: str, url: str, body: Any = None):
    more = {} if body is None else {"data": body, "format": "json"}
    return getattr(client, method)(url, **more)


def records() -> list[tuple[str, str, int, dict]]:
    """(action, resource, id, changes) of every change so far."""
    found = AdministrationRecord.objects.order_by("pk")
    return list(found.values_list("action", "resource", "resource_id", "changes"))


def assert_list(client, url: str, columns: dict[str, str]) -> None:
    """Pages, a total order, search and column boxes, as everywhere. `columns`: box -> what finds the second row."""
    whole = client.get(f"{url}?limit=1000").json()
    keys = [row["id"] for row in whole["results"]]
    assert list(whole) == ["count", "next", "previous", "results"]
    assert whole["count"] == len(keys) == len(set(keys)) > 10
    assert keys == sorted(keys)
    first = client.get(url).json()
    assert [row["id"] for row in first["results"]] == keys[:10]
    assert first["next"] == f"http://testserver{url}?limit=10&offset=10"
    tiles = [
        row["id"]
        for offset in range(0, len(keys), 4)
        for row in client.get(f"{url}?ordering=created_at&limit=4&offset={offset}").json()["results"]
    ]
    assert sorted(tiles) == keys
    assert [row["id"] for row in client.get(f"{url}?limit=1000&ordering=-id,nope").json()["results"]] == keys[::-1]
    assert client.get(url.rstrip("/")).content.replace(b"?limit", b"/?limit") == client.get(url).content
    assert client.get(f"{url}?search=no-such-thing").json()["count"] == 0
    assert client.get(f"{url}?search=").json()["count"] == whole["count"]
    assert client.get(f"{url}?unknown=1&institution=1&password=x").json()["count"] == whole["count"]
    second = whole["results"][1]["id"]
    for box, text in {"id": str(second), **columns}.items():
        found = client.get(f"{url}?{box}={text}&limit=1000").json()
        assert second in [row["id"] for row in found["results"]], box
        assert found["count"] < whole["count"], box
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


def assert_paths(client, url: str, known: int) -> None:
    for text in ("0", "-1", "abc", "1.0", "01", "9999999999999999999", str(2**64), "%20"):
        assert client.get(f"{url}{text}/").status_code == 404
    for method in ("get", "put", "patch", "delete"):
        assert call(client, method, f"{url}987654321/", {} if method[0] == "p" else None).status_code == 404
    assert call(client, "post", f"{url}{known}/", {}).status_code == 405
    assert call(client, "delete", url).status_code == 405
    assert client.options(url).status_code == 200
    for text, status in (("[]", 400), ('"x"', 400), ("{", 400), ("null", 400)):
        assert client.post(url, text, content_type="application/json").status_code == status
    assert client.post(url, "<x/>", content_type="application/xml").status_code == 415

"""How the kept requests are filled."""

from tests.clients.wire import request_bytes


def test_php_escapes_slashes_and_no_one_else():
    values = {"host": "x", "access_token": "a/b", "vle": 1, "course": 2, "activity": 3, "learner_id": "l"}
    filled = {"zip": "UEs/+/==", "session_text": "null", "instruments": [5]}
    head, body = request_bytes("moodle/document-send", values | filled)
    assert b"Authorization: JWT a/b\r\n" in head
    assert rb"base64,UEs\/+\/==" in body
    assert f"Content-Length: {len(body)}\r\n".encode() in head
    _, body = request_bytes("python/refresh", values | {"refresh_token": "r"})
    assert body == b'{"token": "a/b"}'

"""The single-page dashboard in a browser, and the web plugin: what they send, and every key that they read."""

import base64
import json
import re
import time
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

from tests.clients.reading import Reader
from tests.clients.wire import REQUESTS, Client, request_bytes, send
from tests.servers.service import Answer

ROUTES = {
    "dashboard", "course", "test-page", "administration", "administration-users", "administration-ic",
    "administration-send", "administration-send-categories", "administration-send-users", "administration-settings",
    "system", "system-user", "system-institutions", "system-instruments",
}  # fmt: skip


ALLOWED = "Access-Control-Allow-Origin"


def fetched(url: str, origin: str | None = None) -> bytes:
    """The content at the URL: of a page, or of a script of that origin, which must be allowed to read the answer."""
    with urlopen(Request(url, headers={"Origin": origin} if origin else {}), timeout=30) as answer:
        if origin:
            assert answer.headers[ALLOWED] in (origin, "*"), f"{url} is not for {origin}: {answer.headers}"
        return answer.read()


PICTURE = (  # a JPEG of one pixel
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
    "////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxD/2Q=="
)


def keystrokes() -> str:
    return base64.b64encode(json.dumps([["KeyA", 1, 90], ["KeyB", 120, 80]]).encode()).decode()


def words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(",")}


class Browser(Client):
    """Somebody at a dashboard of another host: the browser sends preflights and checks the headers of CORS."""

    folder = "dashboard"

    def __init__(self, port: int, reader: Reader, **values: Any) -> None:
        super().__init__(port, reader, picture=PICTURE, keystrokes=keystrokes(), **values)
        self.permitted: set[str] = set()  # request lines with their gaps, for which a preflight was answered

    def answer(self, name: str, /, **values: Any) -> Answer:
        """Each capture says when it was made, by which it differs from one that is sent again."""
        instant = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        values = {"captured_at": instant} | values
        self._preflight(f"{self.folder}/{name}", values)
        answer = super().answer(name, **values)
        assert answer.headers[ALLOWED] == self.values["origin"], f"{name} is hidden: {answer.headers}"
        return answer

    def _preflight(self, name: str, values: dict[str, Any]) -> None:
        """Sends the preflight of CORS, which only simple requests need not have: forms without a token."""
        line = (REQUESTS / f"{name}.http").read_text().splitlines()[1]
        head, _ = request_bytes(name, {"host": "", **self.values, **values})
        method, path = head.decode().split(" ")[:2]
        unsafe = sorted(
            header.lower()
            for header, value in re.findall(r"(?m)^([\w-]+): (.*?)\r$", head.decode())
            if header == "Authorization" or (header == "Content-Type" and "multipart/" not in value)
        )
        if line in self.permitted or not (unsafe or method not in ("GET", "POST")):
            return
        preflight = {"path": path, "method": method, "header_names": ",".join(unsafe)}
        answer = send(self.port, "dashboard/preflight", self.values | preflight)
        assert answer.status in range(200, 300), f"preflight of {name}: {answer.status}"
        assert answer.headers[ALLOWED] == self.values["origin"], f"preflight of {name}: {answer.headers}"
        assert set(unsafe) <= words(answer.headers["Access-Control-Allow-Headers"])
        assert method.lower() in words(answer.headers["Access-Control-Allow-Methods"])
        self.permitted.add(line)

    def fetches(self, url: str) -> bytes:
        return fetched(url, self.values["origin"])

    def signs_in(self, email: str, password: str) -> None:
        self._keep(self.send("login", 200, email=email, password=password)["token"])
        self.page_load()

    def comes_from_vle(self, ticket: dict[str, str]) -> None:
        """The tokens are at the top of this answer; that of a login has them below `token`."""
        self._keep(self.send("launched", 200, **ticket))
        self.page_load()

    def _keep(self, pair: dict[str, str]) -> None:
        self.values |= {"access_token": pair["access_token"], "refresh_token": pair["refresh_token"]}
        _, middle, _ = pair["access_token"].split(".")
        payload = json.loads(base64.b64decode(middle))  # as atob() decodes: without - and _
        assert payload["iat"] <= time.time() + 60 < payload["exp"]

    def refresh(self) -> None:
        self._keep(self.send("refresh", 200)["token"])

    def page_load(self) -> dict[str, Any]:
        """The profile, asked twice, and for learners the gate."""
        self.send("profile", 200)
        me = self.send("profile", 200)
        assert set(me["routes"]) <= ROUTES
        assert isinstance(me["institutions"], list)
        assert me["locale"] is None or isinstance(me["locale"], str)
        home = me["institution"]
        if home is None and me["institutions"]:
            home = me["institutions"][0]
        if home is not None:
            self.values["institution"] = home["id"]
        self.values |= {"user": me["id"], "learner_id": me["institution"] and me["institution"]["learner_id"]}
        if home is not None:
            assert isinstance(self.send("institution", 200)["allowed_domains"], str)
        if "LEARNER" in me["roles"]:
            assert isinstance(self.send("gate", 200)["ic_status"], str)
        return me

    def opens_dashboard(self) -> list[dict[str, Any]]:
        """The tree of activities, all pages of it."""
        page = self.send("activities", 200)
        rows = page["results"]
        server = f"http://127.0.0.1:{self.port}"
        while page["next"] is not None:
            assert page["next"].startswith(f"{server}/api/v2/"), "no token would be sent there"
            page = self.send("activities-next", 200, next=page["next"].removeprefix(server))
            rows += page["results"]
        assert len(rows) == page["count"]
        for row in rows:
            for tool in row["user_instruments"]:
                assert tool["instrument"]["acronym"] in {"fr", "ks", "vr", "fa", "plag"}
        return rows

    def gauges(self, legacy: bool) -> list[dict[str, Any]]:
        answer = self.send("enrolment", 200)
        return answer if legacy else answer["enrolment_status"]

    def opens_course(self) -> None:
        assert self.send("courses", 200)["results"]
        self.send("courses-filtered", 200)
        assert isinstance(self.send("course", 200)["user_roles"], list | str)
        assert isinstance(self.send("institution", 200)["allow_learner_report"], bool)
        assert self.send("course-activities", 200)["results"]

    def opens_activity(self) -> list[dict[str, Any]]:
        self.send("activity", 200)
        for row in self.send("instruments", 200)["results"]:
            assert row["options_schema"] is None or isinstance(row["options_schema"], dict)
        tools = self.send("activity-instruments", 200)["results"]
        for tool in tools:
            self._tool(tool)
        return tools

    def _tool(self, tool: dict[str, Any]) -> None:
        schema = tool["instrument"]["options_schema"]
        assert schema is None or isinstance(json.loads(schema), dict)

    def adds_instrument(self, instrument: int, options: dict[str, Any], alternative_to: int | None = None) -> int:
        text = json.dumps(options).replace('"', '\\"')
        tool = self.send("tool-add", 201, instrument=instrument, options_text=text, alternative_to=alternative_to)
        self._tool(tool)
        assert tool["alternative_to"] == alternative_to
        assert isinstance(tool["options"], dict)
        return tool["id"]

    def opens_report(self, report: int, instrument: int) -> None:
        """Table, page with charts, the file behind it, and the audit of one instrument."""
        for row in self.send("reports", 200)["results"]:
            for detail in (row, *row["detail"]):
                self._levels(detail)
        self.reads_report(report)
        audit = self.send("audit", 200, report=report, instrument=instrument)["audit_data"]
        if audit is not None:
            self.reads_audit(audit)

    def reads_report(self, report: int) -> None:
        shown = self.send("report", 200, report=report)
        for detail in shown["detail"]:
            self._levels(detail)
            assert detail["instrument_polarity"] in (1, -1, None)
            assert len(detail["activity_histogram"]) == len(detail["learner_histogram"]) == 10
            assert detail["result_bean"] in range(10)
            assert isinstance(detail["facts"], dict)
        assert shown["data"] is not None, "a blank page"
        file = self.reader.read("report-file", json.loads(self.fetches(shown["data"])))
        known = {str(detail["instrument_id"]) for detail in shown["detail"]}
        for session in file["sessions"]:
            drawn = session["data"] or {"instruments": [], "data": {}}
            assert {str(key) for key in drawn["instruments"]} <= drawn["data"].keys()
            for series in drawn["data"].values():
                for at, result in json.loads(series["requests"]):
                    assert isinstance(at, str)
                    assert 0 <= result <= 1
        for document in file["documents"]:
            assert {str(key) for key in document["instruments"]} <= known & document["results"].keys()

    def reads_audit(self, url: str) -> None:
        """Faces and the pictures that they were learnt from. A null among them crashes the page."""
        file = self.reader.read("audit-file", json.loads(self.fetches(url)))
        for request in file["requests"].values():
            self._shows(request["data"])
            assert 0 <= request["result"] <= 1
            assert request["results"].keys() <= file["providers"].keys()
            for answer in request["results"].values():
                for face in answer["audit"]["faces"]:
                    self._shows(face["image"])
                    assert 0 <= face["score"] <= 1
        for sample in file["enrolment_samples"].values():
            self._shows(sample["data"])

    def _shows(self, address: str) -> None:
        """An <img> takes an address as it takes a data URL. Not all samples are pictures."""
        assert address.startswith("data:image/") or self.fetches(address)

    def _levels(self, row: dict[str, Any]) -> None:
        for key in ("identity_level", "content_level", "integrity_level"):
            assert row[key] in range(5)

    def reads_consent(self) -> str:
        """The version that is shown, with its documents."""
        self.send("learner", 200)
        current = self.send("consent-current", 200)
        for document in self.send("documents", 200, consent=current["id"])["results"]:
            if document["pdf"] is not None:
                assert re.search(r"[0-9A-Za-z]+\.pdf", document["pdf"])
                assert self.fetches(document["pdf"]).startswith(b"%PDF-")
        return current["version"]

    def enrols(self, instrument: int, what: str, **content: str) -> tuple[str, str]:
        """Sends an enrolment sample, keystrokes or a picture: its name, and its status afterwards."""
        taken = self.send(f"sample-{what}", 200, instrument=instrument, **content)
        assert taken["status"] == "OK"
        assert isinstance(taken["path"], str)
        return taken["path"], self.sample_status(taken["path"])

    def sample_status(self, sample: str) -> str:
        known = {entry["sample"]: entry for entry in self.send("sample-status", 200, sample=sample)}
        assert known["1/nothing"]["status"] == "NOT_FOUND"
        return known[sample]["status"]


class WebPlugin(Browser):
    """The web plugin, started by the connector in a page of the VLE; it knows the address of its data and no more."""

    folder = "plugin"

    def __init__(self, port: int, reader: Reader, data_url: str, origin: str) -> None:
        self.data = data = reader.read("data", json.loads(fetched(data_url, origin)))
        assert data["mode"] == "verification"
        learner, activity = data["learner"], data["activity"]
        for switch in ("big_fonts", "high_contrast", "text_to_speech"):
            assert isinstance(data["accessibility"][switch], bool)
        assert {sensor for sensor, tools in data["sensors"].items() if tools} <= {
            "camera",
            "microphone",
            "keyboard",
            "activity",
        }
        super().__init__(
            port,
            reader,
            origin=origin,
            institution=learner["institution_id"],
            learner_id=learner["learner_id"],
            course=activity["course"]["id"],
            activity=activity["id"],
            session=data["session_id"],
            **data["token"],
        )
        assert data["api_url"] == f"http://127.0.0.1:{port}"
        self._keep(data["token"])

    def captures(self, instrument: int) -> str:
        taken = self.send("capture", 200, instrument=instrument)
        assert taken["status"] == "OK"
        return taken["path"]

    def raises_alert(self, instrument: int, level: str) -> None:
        assert self.send("alert", 200, instrument=instrument, level=level)["status"] == "OK"

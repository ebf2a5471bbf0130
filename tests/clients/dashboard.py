"""The single-page dashboard in a browser, and the web plugin: what they send, and every key that they read."""

import base64
import json
import time
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.clients.wire import Client, send

ROUTES = {
    "dashboard", "course", "test-page", "administration", "administration-users", "administration-ic",
    "administration-send", "administration-send-categories", "administration-send-users", "administration-settings",
    "system", "system-user", "system-institutions", "system-instruments",
}  # fmt: skip


def fetched(url: str) -> bytes:
    """What a plain GET without any header brings."""
    with urlopen(url, timeout=30) as answer:
        return answer.read()


PICTURE = (  # a JPEG of one pixel
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
    "////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
)


def keystrokes() -> str:
    return base64.b64encode(json.dumps([["KeyA", 1, 90], ["KeyB", 120, 80]]).encode()).decode()


class Browser(Client):
    """Somebody at the dashboard."""

    folder = "dashboard"

    def send(self, name: str, status: int, /, **values: Any) -> Any:
        return super().send(name, status, picture=PICTURE, keystrokes=keystrokes(), **values)

    def preflight(self) -> None:
        answer = send(self.port, "dashboard/preflight", self.values)
        assert answer.status == 200, answer.status
        assert answer.headers["Access-Control-Allow-Origin"] == self.values["origin"]
        assert {"authorization", "content-type"} <= {
            name.strip() for name in answer.headers["Access-Control-Allow-Headers"].lower().split(",")
        }
        assert {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= {
            name.strip() for name in answer.headers["Access-Control-Allow-Methods"].split(",")
        }

    def signs_in(self, email: str, password: str) -> None:
        self._keep(self.send("login", 200, email=email, password=password)["token"])
        self.page_load()

    def comes_from_vle(self, ticket: dict[str, str]) -> None:
        """The pair stands at the top here."""
        self._keep(self.send("launched", 200, **ticket))
        self.page_load()

    def _keep(self, pair: dict[str, str]) -> None:
        self.values |= {"access_token": pair["access_token"], "refresh_token": pair["refresh_token"]}
        _, middle, _ = pair["access_token"].split(".")
        payload = json.loads(base64.b64decode(middle))  # atob(): neither - nor _
        assert payload["iat"] <= time.time() + 60 < payload["exp"]

    def refresh(self) -> None:
        self._keep(self.send("refresh", 200)["token"])

    def page_load(self) -> dict[str, Any]:
        """The profile, asked twice, and for learners the gate."""
        self.send("profile", 200)
        me = self.send("profile", 200)
        for key in ("id", "first_name", "last_name", "email", "is_admin"):
            me[key]
        assert set(me["routes"]) <= ROUTES
        assert isinstance(me["institutions"], list)
        assert me["locale"] is None or isinstance(me["locale"], str)
        home = me["institution"]
        if home is None and me["institutions"]:
            home = me["institutions"][0]
        if home is not None:
            self.values["institution"] = home["id"]
            home["acronym"]
        self.values |= {"user": me["id"], "learner_id": (me["institution"] or {}).get("learner_id")}
        if home is not None:
            assert isinstance(self.send("institution", 200)["allowed_domains"], str)
        if "LEARNER" in me["roles"]:
            assert isinstance(self.send("gate", 200)["ic_status"], str)
        return me

    def opens_dashboard(self) -> list[dict[str, Any]]:
        """The tree of activities and the gauges of enrolment."""
        page = self.send("activities", 200)
        for row in page["results"]:
            for key in ("id", "name", "start", "end", "description", "course_id"):
                row[key]
            for key in ("id", "code", "start", "end", "description", "user_roles"):
                row["course"][key]
            for tool in row["user_instruments"]:
                assert tool["instrument"]["acronym"] in {"fr", "ks", "vr", "fa", "plag"}
        if page["next"] is not None:
            assert urlsplit(page["next"]).netloc == f"127.0.0.1:{self.port}"
        return page["results"]

    def gauges(self, legacy: bool) -> list[dict[str, Any]]:
        answer = self.send("enrolment", 200)
        entries = answer if legacy else answer["enrolment_status"]
        for entry in entries:
            for key in ("instrument_id", "percentage__min", "can_analyse__min", "can_analyse__max"):
                entry[key]
            entry["pending_contributions"]
        return entries

    def opens_course(self) -> None:
        for row in self.send("courses", 200)["results"]:
            for key in ("id", "code", "start", "end"):
                row[key]
            row["vle"]["institution"]["id"]
        self.send("courses-filtered", 200)
        course = self.send("course", 200)
        for key in ("code", "description", "start", "end"):
            course[key]
        assert isinstance(course["user_roles"], list | str)
        for row in self.send("course-activities", 200)["results"]:
            for key in ("id", "course_id", "name", "vle_activity_type", "start", "end"):
                row[key]

    def opens_activity(self) -> list[dict[str, Any]]:
        activity = self.send("activity", 200)
        for key in ("name", "description", "start", "end", "enabled"):
            activity[key]
        for row in self.send("instruments", 200)["results"]:
            for key in ("id", "acronym", "name", "description"):
                row[key]
            assert row["options_schema"] is None or isinstance(row["options_schema"], dict)
        tools = self.send("activity-instruments", 200)["results"]
        for tool in tools:
            self._tool(tool)
        return tools

    def _tool(self, tool: dict[str, Any]) -> None:
        for key in ("id", "active", "alternative_to", "options"):
            tool[key]
        for key in ("id", "acronym", "name", "description"):
            tool["instrument"][key]
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
        table = self.send("reports", 200)["results"]
        for row in table:
            for key in ("id", "identity_level", "content_level", "integrity_level"):
                row[key]
            row["learner"]["first_name"], row["learner"]["last_name"]
            for detail in row["detail"]:
                self._detail(detail)
        shown = self.send("report", 200, report=report)
        for detail in shown["detail"]:
            self._detail(detail)
            for key in ("instrument", "instrument_acronym", "result_bean", "facts"):
                detail[key]
            assert detail["instrument_polarity"] in (1, -1, None)
            assert len(detail["activity_histogram"]) == len(detail["learner_histogram"]) == 10
        if shown["data"] is not None:
            content = json.loads(fetched(shown["data"]))
            assert isinstance(content["sessions"], list)
            assert isinstance(content["documents"], list)
        self.send("audit", 200, report=report, instrument=instrument)["audit_data"]

    def _detail(self, detail: dict[str, Any]) -> None:
        for key in ("instrument_id", "enrolment", "confidence", "result"):
            detail[key]
        for key in ("identity_level", "content_level", "integrity_level"):
            assert detail[key] in range(5)

    def reads_consent(self) -> str:
        """The version that is shown, with its documents."""
        gate = self.send("learner", 200)
        gate["ic_status"], gate["institution"]["external_ic"]
        current = self.send("consent-current", 200)
        current["version"], current["valid_from"]
        for document in self.send("documents", 200, consent=current["id"])["results"]:
            document["language"], document["html"]
            if document["pdf"] is not None:
                assert document["pdf"].partition("?")[0].endswith(".pdf")
                assert document["pdf"].partition("?")[0][-5].isalnum()
                assert fetched(document["pdf"]).startswith(b"%PDF-")
        return current["version"]

    def enrols(self, instrument: int, what: str) -> str:
        """A sample of keystrokes or a picture is taken, and its fate asked for."""
        taken = self.send(f"sample-{what}", 200, instrument=instrument)
        assert taken["status"] == "OK"
        assert isinstance(taken["path"], str)
        states = self.send("sample-status", 200, sample=taken["path"])
        known = {entry["sample"]: entry for entry in states}
        for entry in states:
            if entry["status"] not in ("PENDING", "VALID"):
                assert isinstance(entry["info"], dict)
        assert known["1/nothing"]["status"] == "NOT_FOUND"
        return known[taken["path"]]["status"]


class WebPlugin(Browser):
    """The web plugin, started by the connector in a page of the VLE; it knows the address of its data and no more."""

    def __init__(self, port: int, data_url: str) -> None:
        self.data = data = json.loads(fetched(data_url))
        assert data["mode"] == "verification"
        learner, activity = data["learner"], data["activity"]
        for key in ("id", "first_name", "last_name", "picture"):
            learner[key]
        for key in ("enrolment", "logo_url", "dashboard_url", "base_url", "locale"):
            data[key]
        activity["name"], activity["enabled"]
        data["launcher"]["id"], data["launcher"]["token"]
        data["options"]["floating_menu_initial_pos"]
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
            origin="https://moodle.example.org",
            institution=learner["institution_id"],
            learner_id=learner["learner_id"],
            course=activity["course"]["id"],
            activity=activity["id"],
            session=data["session_id"],
            **data["token"],
        )
        assert data["api_url"] == f"http://127.0.0.1:{port}"
        self._keep(data["token"])

    def captures(self, instrument: int, status: int = 200) -> dict[str, Any]:
        return self.send("capture", status, instrument=instrument)

    def raises_alert(self, instrument: int) -> None:
        assert self.send("alert", 200, instrument=instrument)["status"] == "OK"

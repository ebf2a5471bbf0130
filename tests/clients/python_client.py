"""A script on the Python SDK: what it sends and reads."""

import base64
import json
import time
from typing import Any
from urllib.parse import quote

from tests.clients.wire import Client


class PythonClient(Client):
    folder = "python"

    def login(self) -> None:
        answer = self.send("login", 200)
        self.values["vle"] = answer["vle_id"]
        assert isinstance(answer["config"], dict)
        self._keep(answer["token"])

    def _keep(self, pair: dict[str, str]) -> None:
        self.values |= {"access_token": pair["access_token"], "refresh_token": pair["refresh_token"]}
        payload = json.loads(base64.b64decode(pair["access_token"].split(".")[1]))  # plain base64: no padding is added
        self.expires = payload["exp"]
        assert self.expires - time.time() > 5 * 60, "a refresh for every call"

    def refresh(self) -> None:
        self._keep(self.send("refresh", 200)["token"])

    def only(self, name: str, **values: Any) -> dict[str, Any]:
        """The only row of the list: the find helpers of the SDK accept no other number."""
        page = self.send(name, 200, **values)
        assert page["count"] == 1
        return page["results"][0]

    def reads(self, uid: str, learner_id: str) -> None:
        """With the bugs of the SDK: parameters that are no filters, and a learner's id in the path of activities."""
        assert self.send("vle", 200)["id"] == self.values["vle"]
        assert {row["acronym"] for row in self.send("instruments", 200)["results"]} == {"fr", "ks", "vr", "fa", "plag"}
        assert self.send("courses", 200)["count"] >= 1
        every = self.send("learners", 200)["count"]
        assert self.send("learner-by-mail", 200, uid_encoded=quote(uid))["count"] == every
        assert self.send("learner-by-lerner-id", 200, learner_id=learner_id)["count"] == every
        self.send("learner-get-wrong", 404, learner_id=learner_id)

    def turns_pages(self) -> None:
        """get_next() and get_previous(): an address that begins with the API_URL is asked as it stands."""
        first = self.send("courses", 200)
        second = self.send("next", 200, next=self._target(first["next"]))
        back = self.send("next", 200, next=self._target(second["previous"]))
        assert [row["id"] for row in back["results"]] == [row["id"] for row in first["results"]]
        seen = {row["id"] for page in (first, second) for row in page["results"]}
        assert len(seen) == first["count"]

    def _target(self, address: str) -> str:
        server = f"http://127.0.0.1:{self.port}"
        assert address.startswith(f"{server}/api/v2/")
        return address.removeprefix(server)

    def course_made(self, vle_course_id: str) -> int:
        self.values["vle_course_id"] = vle_course_id
        assert self.send("course-find", 200)["count"] == 0
        made = self.send("course-create", 201)["id"]
        assert self.only("course-find")["id"] == made
        return made

    def activity_made(self, vle_activity_id: str) -> int:
        self.values["vle_activity_id"] = vle_activity_id
        assert self.send("activity-find", 200)["count"] == 0
        self.values["activity"] = self.send("activity-create", 201)["id"]
        assert self.only("activity-find")["id"] == self.values["activity"]
        assert self.send("activity-get", 200)["enabled"] is True
        assert self.send("activity-update", 200)["name"] == "Quiz, revised"
        return self.values["activity"]

    def instrument_set(self, instrument: int, options: dict[str, Any] | None, alternative_to: int | None = None) -> int:
        body = {"instrument": instrument, "options": options, "alternative_to": alternative_to}
        page = self.send("tool-find", 200, instrument=instrument)
        if page["count"]:
            return self.send("tool-update", 200, tool=page["results"][0]["id"], **body)["id"]
        return self.send("tool-add", 201, **body)["id"]

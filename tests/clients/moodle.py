"""The Moodle plugin with its PHP SDK: what it sends, and every key that it reads."""

import base64
import io
import random
import zipfile
from typing import Any
from urllib.parse import quote, urlsplit

from tests.clients.wire import Client

MEGABYTES_OF_ZIP = 2


def zipped(size: int) -> str:
    """Base64 of a zip archive with one stored file of random bytes: about `size` bytes, the same in each call."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("content.txt"), "My essay.")
        archive.writestr(zipfile.ZipInfo("attachments/figure.bin"), random.Random(2).randbytes(size))
    return base64.b64encode(content.getvalue()).decode()


class Moodle(Client):
    folder = "moodle"

    def login(self) -> None:
        answer = self.send("login", 200)
        assert answer["type"] == "vle"
        assert isinstance(answer["config"], dict)
        self.values["vle"] = answer[answer["type"]]["id"]
        self.values["access_token"] = answer["token"]["access_token"]
        assert isinstance(answer["institution_id"], int)
        assert isinstance(answer["vle"]["institution"], int)
        self.values["institution"] = answer["institution_id"]

    def is_refused_at_login(self) -> bool:
        """Success is exactly 200."""
        return self.answer("login").status != 200

    def course_saved(self) -> int:
        """The course's id. It is looked up first, then changed by PUT or created."""
        page = self.send("course-find", 200)
        if page["count"] == 0:
            self.values["course"] = self.send("course-create", 201)["id"]
        else:
            self.values["course"] = page["results"][0]["id"]
            self.send("course-update", 200)
        return self.values["course"]

    def person_opens_page(self, role: str, uid: str, first_name: str, last_name: str) -> None:
        """The plugin does this on every page for the current user, whether or not the person is a member already."""
        name = {"teacher": "instructor-add", "student": "learner-add"}[role]
        self.send(name, 201, uid=uid, first_name=first_name, last_name=last_name)

    def activity_saved(self) -> int:
        page = self.send("activity-find", 200)
        if page["count"] == 0:
            self.send("activity-create", 201)
            page = self.send("activity-find", 200)
        else:
            self.send("activity-update", 200, activity=page["results"][0]["id"])
        self.values["activity"] = page["results"][0]["id"]
        return self.values["activity"]

    def is_enabled(self) -> bool:
        page = self.send("activity-find", 200)
        return page["count"] == 1 and page["results"][0]["enabled"] is True

    def learner(self, uid: str) -> dict[str, Any]:
        (row,) = self.send("learner-find", 200, uid_encoded=quote(uid, safe=""))["results"]
        return {"learner_id": row["learner_id"], "ic_status": row["ic_status"]}

    def assessment(self, uid: str, earlier: int | None = None) -> dict[str, Any]:
        """{"go": page} for learners who are not ready, or {"id", "connector"} of the session, an open `earlier` one."""
        if self.learner(uid)["ic_status"][:5] != "VALID":
            return {"go": "plugin/ic"}
        answer = self.answer("assessment-create", uid=uid, session=earlier)
        if answer.status == 400 and earlier is not None:
            answer = self.answer("assessment-create", uid=uid, session=None)
        body = self.taken("assessment-create", answer)
        if answer.status == 406 and body["status"] == 4:
            missing = body["enrolments"]["instruments"]
            return {"go": "plugin/enrolment", "missing": [entry["instrument_id"] for entry in missing.values()]}
        assert answer.status == 200, (answer.status, answer.body)
        return {"id": body["id"], "connector": body["data"]["connector"]}

    def assessment_refused(self, uid: str) -> int:
        """The status in a 406, for a caller that does not check the consent first."""
        return self.send("assessment-create", 406, uid=uid, session=None)["status"]

    def submission(self, session: int) -> None:
        self.send("assessment-close", 200, session=session)

    def cron_sends_document(self, uid: str, session: int | None) -> list[int]:
        """The instruments that the document is sent to; without one, nothing is sent."""
        learner_id = self.learner(uid)["learner_id"]
        wanted = [row["instrument"] for row in self.send("can-send", 200, learner_id=learner_id)]
        if wanted:
            answer = self.send(
                "document-send",
                200,
                learner_id=learner_id,
                instruments=wanted,
                session_text=None if session is None else f'"{session}"',
                zip=zipped(MEGABYTES_OF_ZIP << 20),
            )
            assert answer["status"] == "OK"
        return wanted

    def dashboard_launcher(self, uid: str) -> dict[str, str]:
        """The launcher, and the page's address: what precedes the first "auth" in its URL, and the path of the page."""
        answer = self.send("launcher", 200, uid=uid)
        before, separator, _ = answer["url"].partition("auth")
        assert separator
        assert before.endswith("/ui/")
        assert "auth" not in (urlsplit(answer["url"]).hostname or "")
        return {"launcher_id": str(answer["id"]), "launcher_token": answer["token"], "url": before + "plugin/dashboard"}

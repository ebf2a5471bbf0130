"""What learners' captures look like in tests, and who sends them."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError
from django.utils import timezone

from courses.models import AssessmentSession
from files.models import StoredFile
from files.services import store
from institutions.models import VLE, Credential, Institution
from tests.contract.conftest import client_of_session
from tests.world import Home

FR, KS, VR, FA, PLAG = 1, 2, 3, 4, 5
PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(200))
KEYS = json.dumps([["KeyA", 1, 90], ["KeyB", 120, 80]]).encode()


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        written.writestr(zipfile.ZipInfo("content.txt"), "My essay.")  # a fixed date: equal bytes in each call
    return content.getvalue()


def drawn_pdf(pages: int, first: bytes = b"An essay") -> bytes:
    """A document with a text on its first page, and no table of its objects, which readers then make."""
    kids = b" ".join(b"%d 0 R" % (place + 10) for place in range(pages))
    tree = b"2 0 obj<</Type/Pages/Count %d/Kids[%s]>>endobj" % (pages, kids)
    shown = b"BT /F1 24 Tf 20 150 Td (%s) Tj ET" % first
    objects = [
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj", tree,
        b"3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj",
        b"4 0 obj<</Length %d>>stream\n%s\nendstream endobj" % (len(shown), shown),
        *(b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Resources<</Font<</F1 3 0 R>>>>%s>>endobj"
          % (place + 10, b"/Contents 4 0 R" if place == 0 else b"") for place in range(pages)),
    ]  # fmt: skip
    return b"%PDF-1.4\n" + b"\n".join(objects) + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def data_url(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def sample(content: bytes = KEYS, media_type: str = "text/plain", instruments: Any = (KS,), **more: Any) -> dict:
    metadata = {"mimetype": media_type, "filename": None, "created_at": "2026-11-25T09:00:00.000Z", "context": {"a": 1}}
    url = data_url(content, media_type)
    return {"data": url, "instruments": list(instruments), "metadata": metadata, **more}


def untimed(body: dict) -> dict:
    """Without the time of the capture: sent again, it is another one."""
    return body | {"metadata": {name: value for name, value in body["metadata"].items() if name != "created_at"}}


def consented(home: Home, *names: str) -> None:
    """They have accepted the newest consent."""
    for name in names:
        learner = home.learners[name]
        learner.consent, learner.consent_accepted = home.newer_consent, timezone.now()
        learner.save()


def session_for(home: Home, name: str, **values: Any) -> AssessmentSession:
    values = {"activity": home.activity} | values
    return AssessmentSession.objects.create(institution=home.institution, learner=home.learners[name], **values)


def as_vle(vle: VLE):
    return client_of_session(kind="vle", credential=Credential.objects.create(vle=vle, secret_hash="x" * 64))


def as_learner(home: Home, name: str, session: AssessmentSession | None = None):
    """The token of a learner's session: of one assessment session, or of none."""
    person = home.people[name]
    return client_of_session(
        kind="learner", user=person, generation=person.session_generation, assessment_session=session
    )


def content_of(file: StoredFile) -> dict:
    with store().open(file.storage_key) as opened:
        return json.load(opened)


def objects(home: Home, kind: str) -> list[str]:
    """What the store holds of this kind."""
    try:
        return store().listdir(f"{home.institution.pk}/{kind}")[1]
    except FileNotFoundError:
        return []


class _DriverError(Exception):
    pgcode = None


def answer_no_commit(monkeypatch: Any, module: Any) -> None:
    """From now on the connection is lost while a commit of this module is answered: it has been made."""
    real = module.one_transaction

    @contextmanager
    def lost() -> Iterator[None]:
        with real():
            yield
        raise OperationalError("server closed the connection unexpectedly") from _DriverError()

    monkeypatch.setattr(module, "one_transaction", lost)


def external(home: Home) -> None:
    """Consent is managed elsewhere."""
    Institution.objects.filter(pk=home.institution.pk).update(external_ic=True)

"""The same with S3, against a server on a real socket: stored, read through a redirect, erased."""

import json
import os
import urllib.request
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from moto.server import ThreadedMotoServer

from files import permissions
from files.contents import page_content, pages_in
from files.models import Kind, PendingErasure, StoredFile
from files.services import files_erase, objects_erase_unknown, store
from institutions.services.documents import document_create
from kernel.caller import CallerKind
from reports.models import Request
from tests.captures import data_url, drawn_pdf
from tests.files.conftest import PDF, held, stored
from tests.files.test_file import url_for
from tests.lines import files_read

BUCKET = "evidence"


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, settings):
    """An empty bucket, and the storage as tesla_api/settings.py sets it up."""
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    found = boto3.resource("s3", endpoint_url=endpoint, **keys).Bucket(BUCKET)
    found.create()
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": BUCKET,
                "endpoint_url": endpoint,
                "region_name": "us-east-1",
                "access_key": "key",
                "secret_key": "secret",
                "default_acl": None,
                "file_overwrite": False,
                "querystring_auth": True,
                "querystring_expire": 30,
                "signature_version": "s3v4",
            },
        }
    }
    yield found
    found.objects.all().delete()
    found.meta.client.close()


def keys_in(bucket) -> list[str]:
    return sorted(entry.key for entry in bucket.objects.all())


@pytest.mark.parametrize("size", [0, 1, 70_000, 9 * 1024 * 1024 + 1])  # the largest goes up in parts
def test_file_is_stored_whole(world, bucket, size):
    content = os.urandom(size)
    file = stored(world, content, Kind.MODEL, world.people["ann"])
    assert keys_in(bucket) == [file.storage_key]
    entry = bucket.Object(file.storage_key).get()
    assert entry["Body"].read() == content
    assert entry["ContentType"] == "application/pdf"
    assert file.size == size


def test_pages_are_drawn_of_what_the_bucket_has(world, bucket):
    sample = json.dumps({"data": data_url(drawn_pdf(2), "application/pdf")}).encode()
    file = stored(world, sample, Kind.REQUEST, world.people["ann"])
    assert pages_in(file, 8) == (2, "An essay")
    caller = permissions.caller_now(CallerKind.PERSON, world.people["admin"].pk)
    Request.objects.create(
        institution=world.home.institution, learner=world.home.learners["ann"], activity=world.home.activity, data=file
    )
    assert page_content(caller, file.pk, "page-0-2.png", None).media_type == "image/png"


def test_file_is_read_through_a_redirect(world, bucket):
    document_create(consent=world.home.newer_consent, language="en", pdf=ContentFile(PDF))
    url = url_for(world.people["ann"], StoredFile.objects.get())
    answer = Client().get(url)
    assert answer.status_code == 302
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["X-Amz-Expires"] == ["30"]
    assert query["response-content-type"] == ["application/pdf"]
    with urllib.request.urlopen(answer["Location"]) as target:
        assert target.read() == PDF
        assert target.headers["Content-Type"] == "application/pdf"
        assert target.headers["Content-Disposition"] == 'inline; filename="consent-en.pdf"'


def test_redirect_to_evidence_is_recorded_even_for_head(world, bucket, monkeypatch):
    monkeypatch.setattr(permissions, "_RULES", {"sample": [lambda caller, file: caller.id == file.owner_id]})
    file = stored(world, b"{}", Kind.SAMPLE, world.people["ann"])
    url = url_for(world.people["ann"], file)
    assert Client().head(url).status_code == 302
    assert [read.key for read in files_read()] == [file.pk]
    assert Client().get(url_for(world.people["bob"], file)).status_code == 404


def test_file_is_erased(world, bucket, django_capture_on_commit_callbacks):
    file, other = stored(world), stored(world)
    with django_capture_on_commit_callbacks(execute=True):
        files_erase(files=StoredFile.objects.filter(pk=file.pk))
    assert keys_in(bucket) == [other.storage_key]
    assert not PendingErasure.objects.exists()


def test_unreachable_store_leaves_the_erasure_pending(world, bucket, monkeypatch, django_capture_on_commit_callbacks):
    file = stored(world)
    monkeypatch.setattr(store(), "delete", lambda name: 1 / 0)
    with django_capture_on_commit_callbacks(execute=True):
        files_erase(files=StoredFile.objects.all())
    assert keys_in(bucket) == [file.storage_key]
    monkeypatch.undo()
    call_command("erase_files")
    assert keys_in(bucket) == []


def test_objects_of_rolled_back_transactions_are_found(world, bucket):
    kept = stored(world)
    with transaction.atomic():
        lost = stored(world)
        transaction.set_rollback(True)
    store().save("static/logo.pdf", ContentFile(PDF))
    assert objects_erase_unknown(older_than=timedelta(hours=1)) == (0, 0)
    assert held(lost.storage_key) == PDF
    assert objects_erase_unknown(older_than=timedelta(hours=-1)) == (1, 0)
    assert keys_in(bucket) == sorted([kept.storage_key, "static/logo.pdf"])

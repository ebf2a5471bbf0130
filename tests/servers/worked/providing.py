"""Without a broker: providers that are a part of this installation, and answer through the API as others do."""

import json
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings

from pipeline.jobs import consumer
from tests.clients.provider_sdk import ObjectNotFound, ProviderSDK, called
from tests.clients.reading import PROVIDER_SDK, Reader

PROVIDERS = ("fr", "ks", "plag")


@cache
def _signed_in(acronym: str) -> ProviderSDK:
    told = json.loads((Path(settings.VAR_DIR) / "providers.json").read_text())
    role_id, secret_id = told["credentials"][acronym]
    sdk = ProviderSDK(told["port"], Reader(PROVIDER_SDK), role_id=role_id, secret_id=secret_id)
    sdk.login()
    return sdk


def _taken(acronym: str, task: str, arguments: Sequence[Any]) -> None:
    with suppress(ObjectNotFound):  # the task has failed for good
        called(_signed_in(acronym), task, str(uuid.uuid4()), arguments)


def prepare() -> None:
    """Not in a process with a wrong clock, which would find its tokens too old."""
    if not settings.BROKER_URL and "FAKETIME" not in os.environ:
        for acronym in PROVIDERS:
            consumer(f"sdk_{acronym}")(partial(_taken, acronym))

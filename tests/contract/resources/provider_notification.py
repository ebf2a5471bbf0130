"""/provider/{desk}/notification/{reminder}/: what a provider wants to be reminded of."""

from tests.contract.declared import Resource
from tests.contract.desk import REMINDER, REMINDER_KEYS

RESOURCE = Resource(
    "provider_notification",
    "provider/{provider_id}/notification/{id}/",
    "desk reminder",
    matrix={"list": 200, "create": 201, "read": 200, "delete": 204},
    bodies={"create": REMINDER},
    queries={"list": "desk 1", "read": "desk 1"},
    golden="desk",
    orderable="id key when created_at updated_at",
    default_order="when",
    keys=REMINDER_KEYS,
)  # fmt: skip

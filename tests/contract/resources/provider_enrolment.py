"""/provider/{desk}/enrolment/{bob_uuid}/: a provider's model of a learner."""

from tests.contract.declared import Resource
from tests.contract.desk import ENROLMENT_KEYS, METADATA, TASK, locked_by_task
from tests.world import World


def lock(world: World) -> dict[str, str]:
    return {"learner_id": str(world.people["bob"].learner.learner_id), "task_id": str(TASK)}


RESOURCE = Resource(
    "provider_enrolment",
    "provider/{provider_id}/enrolment/{learner_uuid}/",
    "desk bob_uuid",
    matrix={"list": 403, "create": 201, "read": 200, "put": 200, "unlock": 200},
    bodies={"create": lock, "put": METADATA, "unlock": {"token": str(TASK)}},
    before={"put": locked_by_task, "unlock": locked_by_task},
    actions={"unlock": "post {row}unlock/"},
    queries={"read": "desk 2"},
    golden="desk",
    keys=ENROLMENT_KEYS,
    name_of=lambda row: row["learner_id"],
)  # fmt: skip

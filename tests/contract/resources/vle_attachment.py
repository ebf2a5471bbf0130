"""/vle/{vle}/course/{course}/activity/{activity}/attachment/{learner_id}/: documents of learners, from VLEs."""

from tests.captures import PLAG, archive, sample
from tests.contract.declared import Resource
from tests.contract.prepared import document_is_wanted

RESOURCE = Resource(
    "vle_attachment",
    "vle/{parent_lookup_activity__vle_id}/course/{parent_lookup_activity__course_id}/"
    "activity/{parent_lookup_activity_id}/attachment/{learner_id}/",
    "vle course activity learner_id",
    matrix={"wanted": 200, "send": 200},
    bodies={"send": sample(archive(), "application/zip", instruments=[PLAG])},
    before={"send": document_is_wanted},
    actions={"wanted": "get {row}", "send": "post {row}"},
    queries={"wanted": "vle 3"},
)  # fmt: skip

"""/provider/{desk}/answers/: a provider answers many requests at once."""

from tests.contract.declared import Resource
from tests.contract.desk import answers_of_desk

RESOURCE = Resource(
    "provider_answers",
    "provider/{provider_id}/answers/",
    "desk",
    matrix={"create": 200},
    bodies={"create": answers_of_desk},
    actions={"create": "post {row}"},
)

"""/lapi/v1/profile/{institution}/{learner_id}/: who is being captured."""

from tests.contract.declared import Resource

RESOURCE = Resource(
    "lapi_profile",
    "lapi/v1/profile/{institution_id}/{learner_id}/",
    "i learner_id",
    matrix={
        #       ann launched token session vle vle with ann's number, away vle
        "read": (200, 200, 200, 200, 403, 403, 403),
    },
    actions={"read": "get {row}"},
    queries={"read": "ann 1"},
)  # fmt: skip

"""/institution/{institution}/learner/{ann}/send/{assignment}/: special needs of a learner."""

from learners.models import SENDLearner
from tests.contract.declared import Resource
from tests.contract.prepared import id_of_spare_category, spare_category
from tests.world import World


def body(world: World) -> dict[str, int]:
    return {"category": id_of_spare_category(world)}


RESOURCE = Resource(
    "learner_send",
    "institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/send/{id}/",
    "i ann assignment",
    # the learner of the path is a parent: to another learner's assignments bob has no right at all
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 403, 200, 403, 403, 200, 403, 403, 404, 401),
        "create": (403, 201, 403, 403, 201, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 403, 200, 403, 403, 200, 403, 403, 404, 401),
        "put":    (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 403, 204, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": body,
        "put": body,
        "patch": {"expires_at": "2100-01-02T03:04:05Z"},
    },
    before={"create": spare_category, "put": spare_category},
    queries={
        "list": "global 4, admin 3, send 3, ann 3",
        "read": "global 4, admin 3, send 3, ann 3",
    },
    golden="ann",
    orderable="id expires_at category",
    searched="category__description",
    model=SENDLearner,
)  # fmt: skip

"""/institution/{institution}/send/{category}/: categories of special needs."""

from learners.models import SENDCategory
from tests.contract.declared import Resource

NEED = {"description": "no sound", "data": {"enabled_options": ["text_to_speech"], "disabled_instruments": ["3"]}}

RESOURCE = Resource(
    "send",
    "institution/{parent_lookup_institution_id}/send/{id}/",
    "i category",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
        "create": (403, 201, 403, 403, 201, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
        "put":    (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 403, 204, 403, 403, 403, 403, 403, 404, 401),
        "give":   (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
    },
    actions={"give": "post {row}give/"},
    bodies={
        "create": NEED,
        "put": NEED,
        "patch": {"data": {"enabled_options": None}},
        "give": lambda world: {"learners": [{"id": world.people["bob"].pk}]},
    },
    queries={
        "list": "global 2, admin 1, send 1",
        "read": "global 2, admin 1, send 1",
    },
    golden="send",
    orderable="id institution data description created_at updated_at",
    searched="description",
    model=SENDCategory,
)  # fmt: skip

"""/institution/{i}/correction/{correction}/: corrections that people ask for, with the answers."""

from rights.models import Correction
from tests.contract.declared import Resource
from tests.corrections import wanted

RESOURCE = Resource(
    "correction",
    "institution/{parent_lookup_institution_id}/correction/{id}/",
    "i correction",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "create": (403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),  # people do it below me/
        "read":   (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "accept": (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "refuse": (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    actions={"accept": "post {row}accept/", "refuse": "post {row}refuse/"},
    bodies={"accept": {}, "refuse": {"answer": "The register says otherwise."}},
    callers={"create": "admin"},
    before={"accept": wanted, "refuse": wanted},
    queries={"list": "admin 2, data 2", "read": "admin 2, data 2"},
    golden="data",
    orderable="id field state created_at",
    searched="wanted reason answer",
    model=Correction,
)  # fmt: skip

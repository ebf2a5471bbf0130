"""/institution/{institution}/learner/{ann}/decision/{decision}/: what a learner has decided about consents."""

from learners.models import ConsentDecision
from tests.contract.declared import Resource

RESOURCE = Resource(
    "learner_decision",
    "institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/decision/{id}/",
    "i ann decision",
    # not for those who teach the learner, nor for SEND administrators: the address is personal data
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (403, 200, 200, 200, 403, 403, 403, 200, 403, 403, 404, 401),
        "read":   (403, 200, 200, 200, 403, 403, 403, 200, 403, 403, 404, 401),
    },
    queries={
        "list": "admin 4, legal 4, data 4, ann 4",
        "read": "admin 4, legal 4, data 4, ann 4",
    },
    golden="ann",
    orderable="id decision version language at signed_in",
    searched="version",
    model=ConsentDecision,
)  # fmt: skip

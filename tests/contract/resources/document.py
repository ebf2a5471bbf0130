"""/institution/{institution}/ic/{ic}/document/en/: documents of an informed consent."""

from institutions.models import InformedConsentDocument
from tests.contract.declared import Resource

RESOURCE = Resource(
    "document",
    "institution/{parent_lookup_institution_id}/ic/{parent_lookup_informed_consent_id}/document/{language}/",
    "i ic language",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "create": (403, 201, 201, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "put":    (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 204, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"language": "ca", "html": "<p>Hi consento.</p>"},
        "put": {"language": "en", "html": "<p>I do.</p>"},
        "patch": {"html": "<p>I do.</p>"},
    },
    queries={
        # a learner's session notes what it was served
        "list": "global 3, admin 2, legal 2, member 2",
        "read": "global 3, admin 2, legal 2, member 2, ann 3",
    },
    golden="legal",
    orderable="id consent language html pdf created_at updated_at",
    searched="language",
    model=InformedConsentDocument,
    name_of=lambda row: row["language"],
)  # fmt: skip

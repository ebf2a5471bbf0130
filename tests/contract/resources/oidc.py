"""/institution/{institution}/oidc/{oidc}/: the identity provider of an institution."""

from institutions.models import OIDCConnection
from tests.contract.declared import Resource
from tests.contract.document import _keys
from tests.world import World

VALUES = {"issuer": "https://login.example.org", "client_id": "trust", "client_secret": "another-secret"}


def without_connection(world: World) -> None:
    OIDCConnection.objects.filter(institution=world.home.institution).delete()


RESOURCE = Resource(
    "oidc",
    "institution/{parent_lookup_institution_id}/oidc/{id}/",
    "i oidc",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "create": (201, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "put":    (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete": (204, 204, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": VALUES,
        "put": VALUES,
        "patch": {"match": "uid", "claim": "preferred_username"},
    },
    before={"create": without_connection},
    queries={
        "list": "global 2, admin 1",
        "read": "global 2, admin 1",
    },
    golden="admin",
    orderable="id issuer client_id match claim everybody enabled created_at updated_at",
    model=OIDCConnection,
    is_single=True,
    keys=_keys(
        "id:integer issuer:string client_id:string match:string claim:string everybody:boolean enabled:boolean "
        "created_at:instant updated_at:instant"
    ),
)  # fmt: skip

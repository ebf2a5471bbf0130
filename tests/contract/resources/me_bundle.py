"""/me/bundle/{bundle}/: everything that is held about the caller, to be taken away."""

from rights.models import Bundle
from tests.contract.declared import Resource
from tests.world import World


def launched_too(world: World) -> None:
    """It has what a link of the VLE may show."""
    for home in (world.home, world.away):
        Bundle.objects.filter(pk=home.bundle.pk).update(vle_id=home.vle.pk)


RESOURCE = Resource(
    "me_bundle",
    "me/bundle/{id}/",
    "bundle",
    matrix={
        #          glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "list":   (403, 200, 200, 200, 200, 200, 200, 200, 200),
        "create": (403, 201, 201, 201, 201, 201, 201, 201, 201),
        "read":   (403, 404, 404, 404, 200, 200, 404, 404, 404),
        "delete": (403, 404, 404, 404, 204, 204, 404, 404, 404),
    },
    bodies={"create": {}},
    before={"read": launched_too, "delete": launched_too},
    queries={"list": "ann 1", "read": "ann 1"},
    golden="ann",
    orderable="id state created_at",
    searched="state",
    model=Bundle,
    is_single=True,
)  # fmt: skip

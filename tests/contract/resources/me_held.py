"""/me/held/: what is held about the caller."""

from tests.contract.declared import Resource

RESOURCE = Resource(
    "me_held",
    "me/held/",
    "",
    matrix={
        #        glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "held": (200, 200, 200, 200, 200, 200, 200, 200, 200),
    },
    actions={"held": "get {row}"},
    queries={"held": "ann 8, admin 5"},
    golden="ann",
)  # fmt: skip

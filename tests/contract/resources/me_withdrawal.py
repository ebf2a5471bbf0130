"""/me/withdrawal/: what withdrawing the consent does, and withdrawing it."""

from tests.contract.declared import Resource


def agreed(world):
    """ann and her namesake have accepted a consent."""
    for home in (world.home, world.away):
        learner = home.people["ann"].learner
        learner.consent = home.consent
        learner.save()


RESOURCE = Resource(
    "me_withdrawal",
    "me/withdrawal/",
    "",
    matrix={
        #            glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "told":     (403, 403, 403, 200, 200, 200, 403, 403, 200),
        "withdraw": (403, 403, 403, 404, 200, 200, 403, 403, 200),
    },
    actions={"told": "get {row}", "withdraw": "post {row}"},
    bodies={"withdraw": {"models": "keep", "evidence": "keep"}},
    before={"withdraw": agreed},
    queries={"told": "ann 5"},
    golden="ann",
)  # fmt: skip

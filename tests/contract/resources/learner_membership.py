"""/institution/{institution}/learner/{ann}/membership/{membership}/: the learner's courses, and who made it so."""

from courses.models import CourseLearner
from tests.contract.declared import Resource

RESOURCE = Resource(
    "learner_membership",
    "institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/membership/{id}/",
    "i ann membership",
    # those who read the learners of all courses, and the learner
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 200, 403, 403, 403, 200, 403, 403, 404, 401),
        "read":   (200, 200, 403, 200, 403, 403, 403, 200, 403, 403, 404, 401),
    },
    queries={
        "list": "global 3, admin 3, data 3, ann 3",
        "read": "global 3, admin 3, data 3, ann 3",
    },
    golden="ann",
    orderable="id added_at",
    searched="course__code course__description",
    model=CourseLearner,
)  # fmt: skip

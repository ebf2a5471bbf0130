"""Why a provider may not work on a request of a learner, as it is stored with the result, and in words for readers."""

from dataclasses import dataclass

from reports.arithmetic import ResultStatus


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The status and the text of a result that ended without its provider, and what reasons and facts say of it."""

    status: ResultStatus
    text: str
    ended: str  # "1 check ..."
    fact: str  # the code of the sentence in reports/sentences.py


WITHDRAWN = Obstacle(
    ResultStatus.ERROR,
    "The learner has withdrawn the consent.",
    "ended because the learner has withdrawn the consent",
    "ENDED_CONSENT_WITHDRAWN",
)
NO_CONSENT = Obstacle(
    ResultStatus.ERROR,
    "The learner's consent is not valid.",
    "ended because the learner's consent is not valid",
    "ENDED_CONSENT_NOT_VALID",
)
NOT_USED = Obstacle(
    ResultStatus.ERROR,
    "The instrument is not used any more for this learner in this activity.",
    "ended because the instrument is not used any more for this learner in this activity",
    "ENDED_INSTRUMENT_NOT_USED",
)
ERASED = Obstacle(
    ResultStatus.MISSING_ENROLMENT,
    "The learner's enrolment was erased.",
    "ended because the learner's enrolment was erased",
    "ENDED_ENROLMENT_ERASED",
)
OBSTACLES = {each.text: each for each in (WITHDRAWN, NO_CONSENT, NOT_USED, ERASED)}

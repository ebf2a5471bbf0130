"""The words that the pages show for codes of the API."""

from courses.queries import course_text as course_text
from learners.queries import IC_STATUSES
from reports.explaining import KIND_WORDS as KIND_WORDS
from reports.explaining import LEVEL_WORDS as LEVEL_WORDS

CONSENT_WORDS = IC_STATUSES
# The colour and pattern of charts and badges for each consent status.
CONSENT_KINDS = {status: "good" if status.startswith("VALID") else "bad" for status in CONSENT_WORDS} | {
    "VALID_NEED_UPDATE": "fair",
    "NOT_VALID_MISSING": "none",
    "NOT_VALID_YET": "fair",
}
SIGN_IN_WORDS = {
    None: "not recorded",
    "password": "with the password",
    "launcher": "by a link",
    "learner_session": "in an assessment session",
    "oidc": "through the institution",
}
FLAGS = {
    "inst_admin": "Institution administrator",
    "legal_admin": "Legal administrator",
    "data_admin": "Data administrator",
    "send_admin": "SEND administrator",
}
SEND_OPTIONS = {"big_fonts": "Big fonts", "high_contrast": "High contrast", "text_to_speech": "Text to speech"}
ALLOWANCES = {
    "rest_breaks": "Rest breaks",
    "reader": "A reader",
    "scribe": "A scribe",
    "prompter": "A prompter",
    "word_processor": "A word processor",
    "assistive_technology": "Own assistive technology",
    "sign_language": "A sign language interpreter",
    "bilingual_dictionary": "A bilingual dictionary",
}
REQUEST_STATUS_WORDS = (
    "stored", "scheduled", "being processed", "processed", "error", "not answered in time", "no provider to ask",
)  # fmt: skip
RESULT_STATUS_WORDS = (
    "waits to be processed", "processed", "error", "not answered in time", "no provider to ask", "enrolment missing",
    "being processed", "waits for an external service",
)  # fmt: skip
CAPTURE_WORDS = {"waiting": "waiting", "working": "at work", "done": "done", "failed": "failed"}
DEMONSTRATED = "(demonstration)"  # behind a result that says nothing about anybody
CODE_WORDS = ("no verdict", "OK", "warning", "alert")
RAISED = (("none", "note"), ("fair", "warning"), ("bad", "alert"), ("fair", "error"))
FACTS = {
    "POSITIVE_CONFIDENCE_HIGH": "Most checks gave a result.",
    "POSITIVE_LEARNER_RESULT_ABOVE_THRESHOLD": "The mean result is on the good side of the thresholds.",
    "POSITIVE_LEARNER_RESULT_GOOD_INSTRUMENT": "It is good compared with this learner's other results.",
    "POSITIVE_LEARNER_RESULT_GOOD_ACTIVITY": "It is good compared with the other results of this activity.",
    "POSITIVE_LEARNER_RESULT_FREQUENT": "It is usual for this learner.",
    "NEUTRAL_MISSING_INFORMATION": "There is no result to speak of.",
    "NEGATIVE_CONFIDENCE_LOW": "Many checks gave no result.",
    "NEGATIVE_LEARNER_RESULT_BELOW_THRESHOLD": "The mean result is on the bad side of the alert threshold.",
    "NEGATIVE_LEARNER_RESULT_BAD_INSTRUMENT": "It is poor compared with this learner's other results.",
    "NEGATIVE_LEARNER_RESULT_BAD_ACTIVITY": "It is poor compared with the other results of this activity.",
    "NEGATIVE_LEARNER_RESULT_NOT_FREQUENT": "It is unusual for this learner.",
    "NEGATIVE_WITH_ALERTS": "Alerts were raised in a session.",
}

"""The words in which people are told what is held about them, and what was done with it."""

from collections.abc import Mapping
from typing import NamedTuple

from kernel.caller import CallerKind, Role

# What is said here is what happens: where an institution has set no period, nothing is deleted by itself.
KEPT = (
    "Kept until your institution or its learning platform deletes it: there is no time after which it is deleted "
    "by itself."
)
_WITH_ACCOUNT = "Kept as long as your account."
_ENROLMENT = (
    "Kept until a data administrator of your institution erases your enrolment, or your account is deleted: there is "
    "no time after which it is deleted by itself."
)


class KindWords(NamedTuple):
    name: str
    source: str  # who put it there
    kept: str  # while no period says otherwise


KINDS = {
    "sign_ins": KindWords(
        "Sign-ins, with the address that you signed in from",
        "Made when you sign in.",
        "Kept until the operator of the service removes sessions that have ended.",
    ),
    "memberships": KindWords(
        "Courses that you attend or teach", "Put there by your learning platform or your institution.", KEPT
    ),
    "needs": KindWords("Special needs", "Entered by an administrator of your institution.", KEPT),
    "decisions": KindWords(
        "Decisions about the informed consent",
        "Made by you.",
        "Kept for good as a proof. When your account is deleted, name and address go; a pseudonym stays.",
    ),
    "samples": KindWords(
        "Samples for enrolment: pictures, sound, typing", "Captured from you when you enrolled.", _ENROLMENT
    ),
    "models": KindWords("Models made of your samples", "Computed by providers of instruments.", _ENROLMENT),
    "sessions": KindWords("Assessment sessions", "Opened by your learning platform when you began to work.", KEPT),
    "captures": KindWords(
        "What was captured while you worked", "Sent by your browser during assessment sessions.", KEPT
    ),
    "documents": KindWords("Documents that you handed in", "Sent by your learning platform.", KEPT),
    "contests": KindWords("Contests of reports", "Written by you, and answered by a person.", KEPT),
    "corrections": KindWords(
        "Corrections that you asked for", "Written by you, and answered by an administrator.", _WITH_ACCOUNT
    ),
    "erasures": KindWords(
        "Erasures of your data that were asked for",
        "Asked for by you, or begun by a data administrator.",
        "Kept as a record. Once one is carried out, nothing in it says whom it was about.",
    ),
    "alerts": KindWords("Alerts", "Raised by your browser or the learning platform during sessions.", KEPT),
    "reports": KindWords("Reports on your work", "Computed from the results of instruments.", KEPT),
    "files": KindWords(
        "Stored files, of all kinds above", "See the kinds above.", "Kept as long as what they belong to."
    ),
    "trail": KindWords(
        "Lines of the trail about you",
        "Written whenever somebody changes or reads what is held about you.",
        "Kept for good as a proof. When your account is deleted, nobody can read any more what they tell of you.",
    ),
}
# Of the kinds that have a period of their own: what happens to them.
_PERIODS = {
    "samples": "Deleted {} days after they were captured.",
    "models": "Deleted {} days after they last changed: then you have to enrol again.",
    "captures": "Deleted {} days after it was captured; the results that were computed of it stay with the report.",
    "documents": "Deleted {} days after you handed them in; the results that were computed of them stay with the "
    "report.",
    "alerts": "Deleted {} days after they were raised; how many there were stays in the report.",
    "reports": "Deleted {} days after they last changed, with all that they were made of.",
    "trail": "Deleted {} days after they were written, the oldest first. When your account is deleted, nobody can read "
    "any more what they tell of you.",
}
# What goes with the report at the latest.
_WITH_REPORT = {
    "captures": "Deleted with the report, {} days after that last changed.",
    "documents": "Deleted with the report, {} days after that last changed.",
    "alerts": "Deleted with the report, {} days after that last changed.",
    "sessions": "Deleted with the report, {} days after that last changed.",
    "contests": "Texts and files are deleted with the report, {} days after that last changed; the outcome stays, "
    "without your name.",
}
_LONGER = "An open contest or a legal hold keeps it longer."
_LINES_LONGER = "A legal hold, also of somebody else of your institution, keeps them longer."


def kept(kind: str, periods: Mapping[str, int]) -> str:
    """How long this kind is kept where the institution has set these periods, in days."""
    told = [_PERIODS[kind].format(periods[kind])] if kind in _PERIODS and kind in periods else []
    if kind in _WITH_REPORT and "reports" in periods:
        told.append(_WITH_REPORT[kind].format(periods["reports"]))
    return " ".join([*told, _LINES_LONGER if kind == "trail" else _LONGER]) if told else KINDS[kind].kept


# What becomes of data when the consent is withdrawn: institutions.models.OnWithdrawal.
ON_WITHDRAWAL = {
    "models": {
        "keep": "Your samples and the models made of them are kept. Providers cannot use them any more.",
        "restrict": "Your samples and the models made of them are kept, but nobody opens them.",
        "erase": "Your samples and the models made of them are erased.",
    },
    "evidence": {
        "keep": "What was captured while you worked is kept, and is shown to those who may see your reports.",
        "restrict": "What was captured while you worked is kept, but nobody opens it. Your reports say so.",
        "erase": "What was captured while you worked is erased. Your reports and their levels stay.",
    },
}
NO_REASON = "Your institution has given no reason. You can ask it for one."
KEPT_BECAUSE = {
    "hold": "A legal hold: the institution must keep what is held about the person until the hold is over.",
    "contest": "You have contested a report: what is behind it is kept until that is decided.",
}
SENT_WAITS = (
    "You came by a link of a learning platform, without a password. So what is to be erased is closed to everybody at "
    "once, and erased {} days later, unless you consent again."
)
WAITS_UNTIL = (
    "It was withdrawn by who came by a link of a learning platform, without a password. It is erased after "
    "{:%d %B %Y, %H:%M} UTC. If it was not you who withdrew it, consent again, and tell your institution."
)
ACCOUNT_KEPT = "Kept until your institution deletes it."

VERBS = {
    "read": "looked at", "export": "took away as a file",
    "create": "added", "update": "changed", "delete": "deleted", "erase": "erased",
    "decide": "decided about", "capture": "captured", "answer": "gave results on", "sign-in": "signed in to",
    "sign-out": "signed out of", "sign-in failed": "failed to sign in to", "merge": "merged another account into",
    "withdraw": "withdrew", "release": "released", "accept": "accepted",
    "refuse": "refused", "add file": "added a file to",
    "assign": "gave somebody the decision about", "import": "imported", "open": "opened", "close": "closed",
    "continue": "continued", "lock": "locked", "unlock": "unlocked", "upload": "uploaded",
    "status": "told the state of", "credentials": "issued new credentials of", "run": "began to import",
    "password link": "sent a link to set the password of", "suspend": "suspended", "resume": "resumed",
}  # fmt: skip
# Of lines about being put into something and taken out of it: by the last two words of an address.
LINKS = {"course/learner": "a course, as a learner", "course/instructor": "a course, as an instructor"}
LINK_VERBS = {"create": "put you into", "delete": "took you out of"}
# By the last word of an address that says most.
THINGS = {
    "report": "your report",
    "report-captures": "what was captured from you",
    "audit": "the evidence behind your report",
    "request": "what was captured from you",
    "requests": "what was captured from you",
    "captures": "what was captured from you",
    "learner": "your record as a learner",
    "instructor": "your record as an instructor",
    "user": "your account",
    "person": "your account",
    "merge": "your account",
    "held": "all that is held about you",
    "send": "your special needs",
    "decision": "your decisions about the consent",
    "ic": "a consent",
    "membership": "your membership of a course",
    "enrolment": "your enrolment",
    "validation": "a sample of your enrolment",
    "sample": "a sample of your enrolment",
    "model": "the model made of your samples",
    "assessment": "an assessment session of yours",
    "attachment": "a document of yours",
    "verification": "what your browser captured",
    "alert": "an alert of yours",
    "answers": "what was captured from you",
    "result_audit": "the evidence behind your report",
    "report_made": "your report",
    "audit_made": "the evidence behind your report",
    "contest": "your contest of a report",
    "correction": "a correction that you asked for",
    "bundle": "the bundle of all your data",
    "withdrawal": "what withdrawing your consent does",
    "evidence": "what was captured from you",
    "erasure": "the erasure of your data",
    "hold": "a legal hold of what is held about you",
    "auth": "your account",
    "profile": "your account",
    "launcher": "a link with which you can sign in",
}
ROLES = {
    Role.ADMIN: "institution administrator",
    Role.LEGAL: "legal administrator",
    Role.DATA: "data administrator",
    Role.SEND: "SEND administrator",
    Role.INSTRUCTOR: "instructor",
}
KIND_OF_ACTOR = {
    CallerKind.VLE.value: "learning platform",
    CallerKind.PROVIDER.value: "provider",
    CallerKind.GLOBAL_ADMIN.value: "administrator of the service",
    "command": "the service's operator",
    "": "nobody who was signed in",
}


def is_link(verb: str, resource: str) -> bool:
    return verb in LINK_VERBS and "/".join(resource.split("/")[-2:]) in LINKS


def deed(verb: str, resource: str) -> tuple[str, str]:
    """What was done, and with what: "looked at", "your report"."""
    if is_link(verb, resource):
        return LINK_VERBS[verb], LINKS["/".join(resource.split("/")[-2:])]
    return VERBS.get(verb, verb), thing(resource)


def thing(resource: str) -> str:
    """What a line is about, in words: institution/course/activity/report is "your report".

    Pages of the console are named after what they are about: console/report-pdf.
    """
    words = [name for word in resource.split("/") for name in (word.partition("-")[0], word)]
    return next((THINGS[word] for word in reversed(words) if word in THINGS), f"data about you ({resource})")


OFF = {
    "consent": "You have not agreed to the consent that is valid now: nothing is captured from you.",
    "activity": "Verification is switched off in this activity.",
    "inactive": "The instrument is switched off in this activity.",
    "service": "The instrument is switched off in the whole service.",
    "send": "Your special needs take this instrument away.",
    "alternative": "It stands in for another instrument, which is used with you.",
}

# What is kept when a learner's data is erased, and why.
KEPT_FOR_GOOD = (
    (
        "Records of decisions about consents, under a pseudonym, without name and address",
        "They prove that nothing was captured without a consent.",
    ),
    (
        "Lines of the trail, with the number of the account and instants; nobody can read any more what they tell",
        "They prove what was done in the institution, and that nothing of it was taken out.",
    ),
    (
        "Outcomes of contests, without the learner's texts and files",
        "They show how often levels were wrong.",
    ),
)
KEPT_ACCOUNT = (
    "Your account, with the roles and rights that you have besides that of a learner",
    "You need it for these. It can be deleted by an administrator of your institution.",
)

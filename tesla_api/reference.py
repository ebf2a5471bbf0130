"""What the API's reference says by hand: groups in the order of work, names of resources, and sample values.

The rest is made from the declarations (kernel/wording.py, kernel/examples.py). A resource of the tree has a line in
RESOURCES under its words in the URL; an operation beside the tree one in OPERATIONS under its operationId.
"""

from typing import Any

from kernel.wording import OperationWords, Words

TAG_GROUPS: dict[str, dict[str, str]] = {
    "Sign-in": {
        "Sign-in": "Tokens for people, learning platforms (VLEs) and providers, and whose they are.",
    },
    "Administrators and dashboards": {
        "Institutions": "The institutions that the caller may see, with their settings.",
        "People": "Accounts with their administrative rights, instructors, and what people change of themselves.",
        "VLEs": "The learning platforms of an institution, such as Moodle, and their credentials.",
        "Groups": "A tree of groups, into which courses are put.",
        "Courses": "What VLEs have brought: courses, with their instructors and learners.",
        "Consents": "Versions of the informed consent, their documents, and what learners decided about them.",
        "Special needs": "SEND: categories with what they switch on and off, and the learners who have them.",
        "Learners": "Learners with consent, special needs and enrolment: nothing is captured without a valid consent.",
        "Activities": "What is assessed, and the instruments that watch over it.",
        "Instruments": "What the service can verify: face, voice, keystrokes, plagiarism, authorship.",
        "Reports": "What the instruments say about a learner's work: levels, reasons, requests and evidence.",
        "Routes": "Pages of a dashboard, which an institution opens for roles or for single people.",
        "Trail": "What was done and seen in an institution, by whom, for its data administrators.",
        "Retention": "How long data of each kind is kept, and deletion in bulk.",
        "Service": "What all institutions share, for global administrators: institutions, accounts, instruments, "
        "providers and routes.",
    },
    "People themselves": {
        "Own data": "What is held about whoever asks, why reports have their levels, and who looked.",
        "Contests": "What learners dispute of reports, and what people decide about it.",
        "Erasures": "Erasing all that is held about a learner: asked for, decided, carried out.",
        "Legal holds": "Whose data must not be erased for the time being, and why.",
    },
    "Learning platforms": {
        "VLE set-up": "What a VLE reads of itself and of the instruments that there are.",
        "VLE courses": "The VLE's own courses with their members: it brings them, changes them and takes them away.",
        "VLE activities": "The activities of its courses, with their instruments and learners.",
        "VLE assessments": "Sessions in which learners are captured, documents that they hand in, links for people.",
        "VLE results": "Reports and requests of the VLE's own activities.",
        "Captures": "What a learner's browser sends during enrolment and assessment (LAPI), and what became of it.",
    },
    "Providers": {
        "Provider set-up": "What a provider reads of itself, and the reminders that it sets itself.",
        "Provider models": "Models that a provider makes of learners, whom it knows by pseudonyms.",
        "Provider samples": "What learners were captured with for enrolment, and whether the provider can use it.",
        "Provider requests": "What a provider is asked to verify, and what it answers.",
    },
}

_NO_MORE = "in this answer and in no other"

RESOURCES = {
    "me-report": Words(
        "Own data", "an own report", "own reports",
        "A report on the caller's work; levels are null where the institution does not let learners read them.",
        sentences={"retrieve": "The report with the reasons for each level, of each instrument and of each session."},
    ),
    "me-decision": Words(
        "Own data", "an own decision", "own decisions",
        "What the caller has decided about a consent, and when.",
        sentences={"retrieve": "The decision with the very texts that it is about."},
    ),
    "me-contest": Words(
        "Contests", "an own contest", "own contests",
        "What the caller disputes of a report, with the decision and its reasons.",
        sentences={
            "create": "Contest a report, or one of its levels: no level is final while it is open, and one of a report "
            "can be (409).",
            "withdraw": "Give an open contest up; a second time changes nothing.",
            "file": "Add a file (PDF, JPEG, PNG, text, docx or odt) to an open contest, at most five.",
        },
        titles={"create": "Contest a report", "withdraw": "Withdraw a contest", "file": "Add a file to a contest"},
    ),
    "me-bundle": Words(
        "Own data", "an own bundle", "own bundles",
        "Everything that is held about the caller, as a ZIP archive that is made in the background; `url` is a link "
        "for the caller's own sign-in.",
        sentences={
            "create": "Ask for a bundle; while there is another one that is being made or can be fetched it is 409.",
            "destroy": "Delete a bundle, whether it is being made or ready.",
        },
        titles={"create": "Ask for a bundle of all own data"},
    ),
    "me-correction": Words(
        "Own data", "an own correction", "own corrections",
        "What the caller asks to have corrected in the own account, with the answer.",
        sentences={
            "create": "Ask for another first name, last name, e-mail or uid, with the reason; of one field one can be "
            "open (409).",
            "destroy": "Withdraw what has not been answered (409).",
        },
        titles={"create": "Ask for a correction", "destroy": "Withdraw an own correction"},
    ),
    "institution-correction": Words(
        "People", "a correction", "corrections",
        "What a person asks to have corrected in the own account, with the answer.",
        sentences={
            "accept": "Correct the account, with the caller's own rights: e-mail and uid are changed by administrators "
            "of the institution alone.",
            "refuse": "Change nothing, and say why.",
        },
        titles={"accept": "Accept a correction", "refuse": "Refuse a correction"},
    ),
    "institution-contest": Words(
        "Contests", "a contest", "contests", "What a learner disputes of a report, and what a person decides about it.",
        sentences={
            "assign": "Let a person decide who is an administrator of the institution or of its data, does not teach "
            "the course and did not set up the activity.",
            "decide": "The decision of the person to whom the contest is assigned; the machine's levels stay.",
        },
        titles={"assign": "Assign a contest", "decide": "Decide a contest"},
    ),
    "institution-retention": Words(
        "Retention", "a retention period", "retention periods",
        "How many days the institution keeps data of a kind; kinds without a period are kept without a limit.",
        sentences={
            "create": "Set the period of a kind that has none: from the next night on, what is older is deleted.",
            "update": "Change a period: from the next night on, what is older is deleted.",
            "partial_update": "Change a period: from the next night on, what is older is deleted.",
            "destroy": "Take the limit away: nothing of this kind is deleted by itself any more.",
        },
    ),
    "institution-deletion": Words(
        "Retention", "a deletion in bulk", "deletions in bulk",
        "What was made of learners' work - sessions, captures, documents, results, alerts, reports - deleted by a job.",
        sentences={
            "create": "Delete what a preview has shown, of a course, of a group's courses, or before an instant; 412 "
            "if it would be something else by now.",
            "preview": "What a deletion would delete and what it would leave, in numbers by kind; nothing changes.",
        },
        titles={"create": "Delete in bulk", "preview": "Preview a deletion in bulk"},
    ),
    "institution-hold": Words(
        "Legal holds", "a legal hold", "legal holds",
        "Nothing that is held about the person is erased while it is in force: until its last day, or its release.",
        sentences={
            "create": "Keep all that is held about a person, for a reason; there is one hold of a person (409).",
            "release": "End a hold, with the reason; a second time changes nothing.",
        },
        titles={"create": "Set a legal hold", "release": "Release a legal hold"},
    ),
    "institution-erasure": Words(
        "Erasures", "an erasure", "erasures",
        "All that is held about a learner is erased, in parts; `about` is null once that is done.",
        sentences={
            "create": "Erase all that is held about a learner: 409 while a legal hold or an open contest keeps it.",
            "preview": "What an erasure of this learner's data would do now; nothing is changed.",
            "accept": "Carry out what a learner has asked for: 409 while a legal hold or an open contest keeps it.",
            "refuse": "Do not carry it out, with the reasons, which the learner reads.",
        },
        titles={
            "create": "Erase a learner's data", "preview": "Preview an erasure", "accept": "Accept an erasure",
            "refuse": "Refuse an erasure",
        },
    ),
    "me-erasure": Words(
        "Erasures", "an own erasure", "own erasures",
        "What became of the caller's wish to have all that is held erased.",
        sentences={
            "create": "Ask for it: a data administrator decides, and 409 if there is one already.",
            "preview": "What would be erased, what is kept and why, before one asks for it.",
            "withdraw": "Give it up, before it is decided; a second time changes nothing.",
        },
        titles={
            "create": "Ask for the erasure of the own data", "preview": "Preview the own erasure",
            "withdraw": "Give up an own erasure",
        },
    ),
    "me-trail": Words(
        "Own data", "an own line", "own lines",
        "Who changed or looked at what is held about the caller: people are told by their roles.",
        titles={"lists": "Count opened lists of people"},
    ),
    "institution": Words(
        "Institutions", "an institution", "institutions",
        "An institution with its settings.",
    ),
    "institution-vle": Words(
        "VLEs", "a VLE", "VLEs", "A learning platform that the institution has connected.",
        sentences={
            "create": f"Connect a VLE: its credentials are {_NO_MORE}.",
            "destroy": "Delete a VLE with its credentials, courses, activities, requests, reports and their files.",
            "credentials": f"New credentials, which are {_NO_MORE}: the present ones end at once or after "
            "`overlap_minutes`.",
        },
        titles={"create": "Connect a VLE", "credentials": "Renew the credentials of a VLE"},
    ),
    "institution-oidc": Words(
        "Institutions", "an identity provider", "identity providers",
        "The identity provider (OpenID Connect) through which people of the institution sign in; there is one at most.",
        sentences={
            "create": "Connect the institution's identity provider: its secret is never answered.",
            "destroy": "Delete the connection: sessions that were opened through it end.",
        },
        titles={"create": "Connect an identity provider"},
    ),
    "institution-group": Words(
        "Groups", "a group", "groups", "A group of courses, which may be in another group.",
        sentences={"destroy": "Delete a group and all groups below it; the courses stay."},
    ),
    "institution-group-course": Words(
        "Groups", "a course", "courses", "A course that was put into the group.",
        sentences={
            "create": "Put a course of the institution into the group; it may be in several, or there already.",
            "update": "Put another course into the group in place of this one.",
            "partial_update": "Put another course into the group in place of this one, if the body names one.",
            "destroy": "Take a course out of the group; the course stays.",
        },
        titles={
            "create": "Put a course into a group", "update": "Replace a course of a group",
            "destroy": "Take a course out of a group",
        },
    ),
    "institution-ic": Words(
        "Consents", "a version of the consent", "versions of the consent",
        "A version of the institution's informed consent, which counts from `valid_from` on.",
        sentences={
            "create": "Add a version; what learners read are its documents, which are added below it.",
            "update": "Change a version, unless somebody has accepted it (409).",
            "partial_update": "Change the version or the date alone, unless somebody has accepted it (409).",
            "destroy": "Delete a version with its documents, unless somebody has accepted it (409).",
            "current": "A page with the highest version that is valid now, or with none; its keys stand beside the "
            "page's, too.",
        },
        titles={"create": "Add a version of the consent", "current": "Read the consent that is valid now"},
    ),
    "institution-ic-document": Words(
        "Consents", "a document", "documents", "The text of a version in one language, as HTML or PDF or both.",
        sentences={
            "create": "Add the text in a language; HTML is cleaned, and `removed` tells what that took away.",
            "update": "Change a text, unless somebody has accepted the version (409).",
            "partial_update": "Change the HTML or the PDF alone, unless somebody has accepted the version (409).",
            "destroy": "Delete a text, unless somebody has accepted the version (409).",
        },
    ),
    "institution-instrument": Words(
        "Instruments", "an instrument", "instruments",
        "An instrument, shared by all institutions; one that is disabled does not exist for anybody.",
    ),
    "institution-ui": Words(
        "Routes", "a route", "routes",
        "Whether a page of the dashboard is open, for the roles or the person that the row names.",
        sentences={
            "create": "Open or close a route for a person or for the institution.",
            "update": "Change a row of the institution itself; rows of all institutions are there to be read.",
            "partial_update": "Change fields of a row of the institution itself.",
            "destroy": "Delete a row of the institution itself; what holds for all institutions holds again.",
        },
    ),
    "institution-user": Words(
        "People", "a person", "people", "The account of a person in this institution, with administrative rights.",
        sentences={
            "create": "Add a person, who signs in with the e-mail address if there is a password.",
            "destroy": "Delete an account with its roles and all that belongs to them, unless it is the last "
            "administrator's (409).",
            "merge": "Make one account of two of the same person: everything of `from` moves to the one in the URL, "
            "and `dry_run` only tells what would.",
            "profile": "Change the own language, or the own password with the present one as `current_password`.",
            "activities": "The activities of the courses that the person teaches or attends.",
            "former_uids": "By which VLEs, imports and lists of participants still find the person: uids of accounts "
            "that were merged into this one, and those from before a change.",
            "former_uid_delete": "A former uid means the person no more: who is sent by it is somebody new.",
        },
        titles={
            "merge": "Merge two accounts of a person", "profile": "Change the own language or password",
            "activities": "List the activities of a person", "former_uids": "List the former uids of a person",
            "former_uid_delete": "Forget a former uid of a person",
        },
    ),
    "institution-instructor": Words(
        "People", "an instructor", "instructors", "A person with the role of an instructor.",
        sentences={"destroy": "Take the role away; the account goes, too, when no other role or right is left."},
    ),
    "institution-learner": Words(
        "Learners", "a learner", "learners",
        "A learner with the state of consent, the special needs and the pseudonym that providers know.",
        sentences={
            "destroy": "Take the role away with enrolments, sessions, reports and files; records of decisions stay, "
            "under the pseudonym.",
            "enrolment": "The learner with `enrolment_status`; with `activity_id` what is missing for that activity.",
            "enrolment_erase": "Erase the biometric enrolment: samples, validations and models, and nothing else.",
            "ic": "The learner accepts the version that is valid now; `language` and `sha256` say which text was on "
            "the screen.",
            "ic_reject": "The learner takes back the acceptance: nothing is captured from now on.",
        },
        titles={
            "enrolment": "Read the enrolment of a learner", "enrolment_erase": "Erase the enrolment of a learner",
            "ic": "Accept the consent", "ic_reject": "Reject the consent",
        },
        tags={"ic": "Consents", "ic_reject": "Consents"},
    ),
    "institution-send": Words(
        "Special needs", "a category of special needs", "categories of special needs",
        "A category, with the options that it switches on and the instruments that it switches off.",
        of="",
        sentences={"give": "Give it to up to 500 learners at once: those who have it keep it as it is."},
        titles={"give": "Give learners a category of special needs"},
    ),
    "institution-learner-send": Words(
        "Special needs", "a special need", "special needs",
        "A category that the learner has, until `expires_at` if there is one; also those that have ended.",
        sentences={"create": "Give a learner a category: its instruments are off from now on."},
    ),
    "institution-learner-decision": Words(
        "Consents", "a decision about the consent", "decisions about the consent",
        "What the learner decided, when, how signed in, and the hash of the text; a single one has the text itself.",
    ),
    "institution-trail": Words(
        "Trail", "a line of the trail", "lines of the trail",
        "What one request did with a row, or was shown; `told` is empty where it told of an account that is gone.",
        sentences={
            "export": "All lines that the list would have, as CSV without formulas, in the order of their ids.",
        },
        titles={"export": "Export lines of the trail"},
    ),
    "institution-learner-membership": Words(
        "Learners", "a membership", "memberships",
        "A course that the learner attends, and which person, VLE or import put the learner there.",
    ),
    "institution-course": Words(
        "Courses", "a course", "courses", "A course that a VLE has brought.",
        sentences={"destroy": "Delete a course with activities, sessions, requests, reports and files; people stay."},
    ),
    "institution-course-instructor": Words(
        "Courses", "an instructor", "instructors", "A person who teaches the course.",
        sentences={
            "create": "Put a person of the institution into the course, by the uid.",
            "update": "Put another person into the course in place of this one, by the uid.",
            "partial_update": "Put another person into the course in place of this one, if the body names one.",
            "destroy": "Take an instructor out of the course, and no more.",
        },
        titles={"create": "Put an instructor into a course", "update": "Replace an instructor of a course",
                "destroy": "Take an instructor out of a course"},
    ),
    "institution-course-learner": Words(
        "Courses", "a learner", "learners", "A person who attends the course, with the state of the consent.",
        sentences={
            "create": "Put a person of the institution into the course, by the uid.",
            "update": "Put another person into the course in place of this one, by the uid.",
            "partial_update": "Put another person into the course in place of this one, if the body names one.",
            "destroy": "Take a learner out of the course, and no more.",
        },
        titles={"create": "Put a learner into a course", "update": "Replace a learner of a course",
                "destroy": "Take a learner out of a course"},
    ),
    "institution-course-activity": Words(
        "Activities", "an activity", "activities", "What is assessed in a course, as the VLE names it.",
        sentences={"destroy": "Delete an activity with instruments, sessions, requests, reports and files."},
    ),
    "institution-course-activity-instrument": Words(
        "Activities", "an instrument", "instruments",
        "An instrument that watches over the activity, with its options; `alternative_to` names the one that it "
        "replaces for learners who may not use that.",
        sentences={"create": "Let an instrument watch over the activity, with options that fit its schema."},
        titles={"create": "Add an instrument to an activity", "destroy": "Take an instrument off an activity"},
    ),
    "institution-activity": Words(
        "Activities", "an activity of any course", "activities of all courses",
        "What is assessed in some course; instructors see those of the courses that they teach.",
    ),
    "institution-report": Words(
        "Reports", "a report of any course", "reports of all courses",
        "The levels of a learner's work in some activity; instructors see those of the courses that they teach.",
    ),
    "institution-course-activity-report": Words(
        "Reports", "a report", "reports",
        "What all instruments say about a learner's work in the activity, as levels from 0 (pending) to 4 (alert).",
        sentences={
            "retrieve": "The report of one learner, with what each instrument found compared with the learner's other "
            "results and with everybody's.",
        },
    ),
    "institution-course-activity-report-request": Words(
        "Reports", "a request", "requests",
        "A sample or document of the learner that providers were asked to verify, with their results.",
    ),
    "institution-course-activity-report-audit": Words(
        "Reports", "the audit of an instrument", "audits of instruments",
        "The evidence behind the levels of an instrument: `audit_data` is the address of a file, null where the caller "
        "may not see it.",
    ),
    "admin-user": Words(
        "Service", "an account", "accounts", "An account of any institution, or of none.",
        sentences={"destroy": "Delete an account with its roles and all that belongs to them, unless it is the last "
                   "administrator's (409)."},
    ),
    "admin-institution": Words(
        "Service", "an institution", "institutions", "An institution with all its settings.",
        sentences={
            "create": "Add an institution, which has nobody yet: who administers it is made at `admin/user/`.",
            "suspend": "Let nobody of the institution in until it is resumed; a second time only the reason changes.",
            "resume": "Let the people, VLEs and captures of the institution in again; a second time it is no change.",
        },
        titles={"suspend": "Suspend an institution", "resume": "Resume an institution"},
    ),
    "admin-instrument": Words(
        "Service", "an instrument", "instruments", "An instrument, also one that is not enabled.",
    ),
    "admin-instrument-provider": Words(
        "Service", "a provider", "providers", "A program that verifies for an instrument, with its queue and options.",
        sentences={
            "create": f"Register a provider: its credentials are {_NO_MORE}.",
            "credentials": f"New credentials, which are {_NO_MORE}: the present ones end at once or after "
            "`overlap_minutes`.",
        },
        titles={"create": "Register a provider", "credentials": "Renew the credentials of a provider"},
    ),
    "admin-ui": Words(
        "Service", "a route", "routes",
        "A route of the dashboard as it holds for all institutions: it exists as long as it has a row here.",
    ),
    "vle": Words("VLE set-up", "the VLE itself", "", "What a VLE reads of itself; it sees no other."),
    "vle-instrument": Words(
        "VLE set-up", "an instrument", "instruments",
        "An instrument, shared by all institutions; one that is disabled does not exist for anybody.",
    ),
    "vle-course": Words(
        "VLE courses", "a course", "courses", "A course of the VLE, under the VLE's own id.",
        sentences={
            "create": "Bring a course, under an id that no other course of the VLE has.",
            "destroy": "Delete a course with activities, sessions, requests, reports and files; people stay.",
        },
    ),
    "vle-course-instructor": Words(
        "VLE courses", "an instructor", "instructors", "A person who teaches the course, by the institution's uid.",
        sentences={
            "create": "Bring an instructor into the course: a person who is unknown is added to the institution, if it "
            "lets VLEs do so.",
            "destroy": "Take an instructor out of the course, and no more.",
        },
        titles={"create": "Bring an instructor into a course", "destroy": "Take an instructor out of a course"},
    ),
    "vle-course-learner": Words(
        "VLE courses", "a learner", "learners",
        "A person who attends the course, with consent, special needs and enrolment.",
        sentences={
            "create": "Bring a learner into the course: a person who is unknown is added to the institution, if it "
            "lets VLEs do so.",
            "destroy": "Take a learner out of the course, and no more.",
        },
        titles={"create": "Bring a learner into a course", "destroy": "Take a learner out of a course"},
    ),
    "vle-course-activity": Words(
        "VLE activities", "an activity", "activities", "An activity of the course, under the VLE's own type and id.",
        sentences={"destroy": "Delete an activity with instruments, sessions, requests, reports and files."},
    ),
    "vle-course-activity-instrument": Words(
        "VLE activities", "an instrument", "instruments", "An instrument that watches over the activity.",
        titles={"create": "Add an instrument to an activity", "destroy": "Take an instrument off an activity"},
    ),
    "vle-course-activity-learner": Words(
        "VLE activities", "a learner", "learners",
        "A learner of the activity's course, with consent, special needs and enrolment.",
    ),
    "vle-course-activity-learner-request": Words(
        "VLE results", "a request", "requests", "A sample or document of the learner that was to be verified.",
    ),
    "vle-course-activity-report": Words(
        "VLE results", "a report", "reports",
        "What all instruments say about a learner's work in the activity, as levels from 0 (pending) to 4 (alert).",
    ),
    "vle-course-activity-attachment": Words(
        "VLE assessments", "a document", "documents", "",
        sentences={
            "wanted": "The activity's instruments that take documents of this learner; none for a learner of no course "
            "of it.",
            "send": "Hand in a document of the learner, for instruments that read texts.",
        },
        titles={"wanted": "List the instruments that take documents of a learner", "send": "Hand in a document"},
    ),
    "provider": Words(
        "Provider set-up", "the provider itself", "", "What a provider reads of itself; it sees no other.",
    ),
    "provider-notification": Words(
        "Provider set-up", "a reminder", "reminders", "A reminder that the provider has set itself.",
        sentences={"create": "Set a reminder; one with the key of another replaces its time, and `info` is merged."},
        titles={"create": "Set a reminder"},
    ),
    "provider-enrolment": Words(
        "Provider models", "the model of a learner", "models", "The model that the provider has made of a learner.",
        sentences={
            "create": "Lock the model of a learner for one task, and get the address to upload it to.",
            "update": "Store what is known of the model, and unlock it: the task that has locked it names itself.",
            "unlock": "The task that has locked the model gives it up: 403 for another task, 406 if it is not locked.",
        },
        titles={"create": "Lock the model of a learner", "update": "Store the model of a learner",
                "unlock": "Unlock the model of a learner"},
    ),
    "provider-enrolment-available_samples": Words(
        "Provider models", "a sample", "samples for a model",
        "Samples that the provider found valid and that its model does not have in it yet.", of="a learner",
    ),
    "provider-enrolment-used_samples": Words(
        "Provider models", "a sample", "samples in a model", "Samples that the provider's model has in it.",
        of="a learner",
    ),
    "provider-enrolment-sample": Words(
        "Provider samples", "a sample", "samples", "A sample that the provider validates.", of="a learner",
    ),
    "provider-enrolment-sample-validation": Words(
        "Provider samples", "a validation", "validations", "The provider's own validation of a sample.",
        sentences={
            "update": "Say whether the sample can be used, and how much it adds to the model.",
            "status": "The provider works on the sample, or waits for something: its time begins anew.",
        },
        titles={"update": "Answer a validation of a sample", "status": "Say that a validation goes on"},
    ),
    "provider-request": Words(
        "Provider requests", "a request", "requests", "A request that the provider is asked to verify.",
        sentences={
            "update": "Answer a request with a result from 0 to 1, or with an error.",
            "status": "The provider works on the request, or waits for something: its time begins anew, and 400 once "
            "it is processed.",
        },
        titles={"update": "Answer a request", "status": "Say that a request goes on"},
    ),
}  # fmt: skip

_BY_LEARNER = "For the learner, signed in or with the tokens of an assessment session."
_REFUSED = "whatever is wrong with it, the answer is 200 with the status ERROR."

OPERATIONS = {
    "auth_login": OperationWords(
        "Sign-in", "Sign in with e-mail and password",
        "A pair of tokens: the access token for 15 minutes, and the refresh token for the next one. `institution`, an "
        "acronym, chooses where a person has several accounts.",
    ),
    "auth_refresh": OperationWords(
        "Sign-in", "Get the next access token",
        "A new pair for a session that goes on. A failure is 403, never 401: clients wait for themselves.",
    ),
    "auth_token": OperationWords(
        "Sign-in", "Sign in with a launcher",
        "Exchange the launcher of a link from a VLE, once, for a pair of tokens. Whatever is wrong with it is 401.",
    ),
    "auth_approle": OperationWords(
        "Sign-in", "Sign in as a VLE or a provider",
        "A pair of tokens for the role and the secret that were issued, with what the program needs to know of itself.",
    ),
    "auth_profile": OperationWords(
        "Sign-in", "Read who is signed in", "The person with roles, and the routes that a dashboard may show.",
    ),
    "auth_logout": OperationWords(
        "Sign-in", "Sign out", "End the session: all its tokens are refused from now on.",
    ),
    "me_held": OperationWords(
        "Own data", "Read what is held about oneself",
        "Each kind of data with its number, dates, source and how long it is kept; special needs, and the instruments "
        "that are off, with the reasons.",
    ),
    "institution_fairness": OperationWords(
        "Reports", "Read how fair the instruments are",
        "By provider the shares of failures, warnings and alerts, and by instrument those of contested and of wrong "
        "reports, for learners with and without special needs, with intervals for 95 %. Groups of fewer than ten "
        "learners are null, counts are rounded, and `as_of` tells when it was counted, once a day in the background.",
    ),
    "institution_transparency": OperationWords(
        "Reports", "Read what instruments are used for",
        "Each instrument with what it checks and since when it is used, how many reports were contested because of it "
        "and how that was decided. Everybody can read it at `/transparency/` once the institution publishes it.",
    ),
    "me_withdrawal": OperationWords(
        "Own data", "Read what withdrawing the consent does",
        "What becomes of the enrolment and of the evidence of reports, with the institution's reasons, and what keeps "
        "them from being erased; of a consent that is withdrawn what has become of them.",
    ),
    "me_withdrawal_create": OperationWords(
        "Own data", "Withdraw the consent",
        "Captures stop at once. `models` and `evidence` are what was read before: 409 if the institution has changed "
        "it since, and 404 if there is no consent to withdraw.",
    ),
    "vle_assessment_create": OperationWords(
        "VLE assessments", "Open, continue or close a session",
        "A session for a learner in an activity, in which the browser may capture. Without a valid consent or a needed "
        "enrolment it is 406, and one that is over is 400 with a list of one text.",
    ),
    "vle_launcher_create": OperationWords(
        "VLE assessments", "Make a link for a person",
        "A ticket with which one person enters a dashboard, once, without a password. The person is a member of one of "
        "the VLE's courses, unless the institution lets its VLEs send everybody.",
    ),
    "provider_answers_create": OperationWords(
        "Provider requests", "Answer many requests at once",
        "Up to 200 answers, each as in the update of a request; the whole call may be repeated. An answer that may not "
        "be stored is told and holds up no other.",
    ),
    "lapi_profile": OperationWords("Captures", "Read who is captured", f"Names and pseudonym. {_BY_LEARNER}"),
    "lapi_enrolment": OperationWords(
        "Captures", "Send a sample for enrolment",
        f"A sample that instruments learn the learner from; {_REFUSED} For the learner, outside of assessment "
        "sessions.",
    ),
    "lapi_verification": OperationWords(
        "Captures", "Send a sample to verify",
        f"A sample captured while the learner works on an activity; {_REFUSED} For the learner, signed in or with the "
        "tokens of an assessment session, and for the VLE.",
    ),
    "lapi_alert": OperationWords(
        "Captures", "Report what a sensor noticed",
        "Something that a sensor noticed while the learner works on an activity, such as a black picture; "
        f"{_REFUSED} {_BY_LEARNER}",
    ),
    "lapi_status": OperationWords(
        "Captures", "Ask what became of samples",
        f"The state of the learner's own samples, by their names. {_BY_LEARNER}",
    ),
    "provider_model_upload": OperationWords(
        "Provider models", "Upload a model",
        "The model that the address is for, in place of the earlier one; also a second time. The address is signed: no "
        "token is needed.",
    ),
}  # fmt: skip

# Ids in addresses, by the name of the id or else by the word before it; the examples of rows have the same.
PATH_SAMPLES: dict[str, Any] = {
    "institution": 1, "oidc": 9, "vle": 2, "group": 3, "ic": 4, "ui": 6, "send": 7, "decision": 8, "membership": 9,
    "trail": 91, "course": 14, "activity": 21, "instrument": 1, "audit": 1, "user": 101, "instructor": 102,
    "learner": 103, "contest": 92, "hold": 93, "erasure": 94, "bundle": 96, "correction": 97, "report": 31,
    "request": 41, "provider": 51, "notification": 61, "sample": 71, "validation": 81, "language": "en",
    "kind": "captures", "deletion": 95,
    "token": "eyJtb2RlbCI6OTF9.c2lnbmVk",
    "learner_uuid": "6f1c2a8e-4b1d-4c0e-9a57-2d3b8f1e0c44", "learner_id": "6f1c2a8e-4b1d-4c0e-9a57-2d3b8f1e0c44",
}  # fmt: skip
_ROWS = {
    "institution": ("Institution", "AdminInstitution", "ProfileInstitution", "InstitutionName"),
    "vle": ("InstitutionVLE", "VLE", "OwnVLE", "VLESelf"),
    "oidc": ("OIDCConnection",),
    "group": ("InstitutionCourseGroup",),
    "ic": ("InstitutionInformedConsent", "CurrentInformedConsent"),
    "ui": ("InstitutionUIOption", "AdminUIOption"),
    "send": ("InstitutionSENDCategory",),
    "decision": ("ConsentDecision", "WholeConsentDecision"),
    "membership": ("LearnerMembership",),
    "trail": ("Line", "OwnLine"),
    "contest": ("OwnContest", "Contest"),
    "bundle": ("OwnBundle",),
    "correction": ("OwnCorrection", "Correction"),
    "deletion": ("Deletion",),
    "hold": ("LegalHold",),
    "erasure": ("Erasure", "OwnErasure"),
    "course": (
        "InstitutionCourse", "InstitutionCourseGroupCourse", "VLECourse", "VLEActivityCourse", "UserCourse",
        "MembershipCourse",
    ),
    "activity": ("InstitutionCourseActivity", "InstitutionActivity", "VLECourseActivity", "UserActivity"),
    "instrument": ("Instrument", "AdminInstrument", "InstitutionCourseActivityInstrumentInfo"),
    "user": ("InstitutionUser", "AdminUser", "Profile", "Merged"),
    "instructor": ("InstitutionInstructor", "InstitutionCourseInstructor", "VLECourseInstructor"),
    "learner": (
        "InstitutionLearner", "InstitutionLearnerEnrolment", "InstitutionCourseLearner", "VLECourseLearner",
        "InstitutionCourseActivityReportLearner",
    ),
    "report": (
        "InstitutionCourseActivityReport", "InstitutionCourseActivityReportLong", "VLECourseActivityReportLong",
        "OwnReport", "ExplainedReport", "InstitutionReport",
    ),
    "request": (
        "InstitutionCourseActivityReportRequest", "VLECourseActivityLearnerRequest", "ProviderResult",
        "ProviderRequestData",
    ),
    "provider": ("AdminProvider", "OwnProvider", "ProviderSelf"),
    "notification": ("ProviderNotification",),
    "sample": ("ProviderSample",),
    "validation": ("ProviderValidation",),
}  # fmt: skip
_FILE = "https://trust.example.org/files/eyJmIjo0Mn0.c2lnbmVk"
_ACCESS, _REFRESH = "eyJhbGciOiJIUzI1NiJ9.eyJzIjo0Mn0.YWNjZXNz", "eyJhbGciOiJIUzI1NiJ9.eyJzIjo0Mn0.cmVmcmVzaA"
_LEARNER_ID = PATH_SAMPLES["learner_uuid"]
_ROLE, _SECRET = "0d1f7a52-8f5e-4c8b-9f0a-6d0f3f1c2b10", "5b7b1c52-2f0e-4f38-8c0d-9f2c4e6a7d31"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_FACT = {
    "code": "POSITIVE_CONFIDENCE_HIGH",
    "en": "Enough of what was captured could be checked, so this result can be relied on.",
    "es": "Se ha podido comprobar una parte suficiente de lo capturado, por lo que este resultado es fiable.",
    "ca": "S'ha pogut comprovar una part suficient del que s'ha capturat, de manera que aquest resultat és fiable.",
}

_PERSON = {
    "username": "amelia.stone", "uid": "astone", "first_name": "Amelia", "last_name": "Stone", "locale": "en",
    "email": "amelia.stone@nlu.example.org", "password": "three plain words here", "inst_admin": True,
}  # fmt: skip
_CREDENTIALS = {"role_id": _ROLE, "secret_id": _SECRET}

_SHARE = {"learners": 45, "of": 60, "share": 0.25, "low": 0.15, "high": 0.38}
_OUTCOMES = {
    "contested": 75, "decided": 60, "wrong": _SHARE,
    "upheld": {"learners": 45, "of": 60, "share": 0.75, "low": 0.62, "high": 0.85},
    "changed": {"learners": 45, "of": 60, "share": 0.2, "low": 0.11, "high": 0.33},
    "set_aside": {"learners": 45, "of": 60, "share": 0.05, "low": 0.01, "high": 0.14},
}  # fmt: skip
SAMPLES: dict[str, Any] = {
    **{f"{component}.id": PATH_SAMPLES[word] for word, components in _ROWS.items() for component in components},
    # pages
    "count": 1, "next": None, "previous": None,
    # tables have these
    "created_at": "2026-09-14T08:30:00Z", "updated_at": "2026-10-02T11:05:00Z", "enabled": True, "active": True,
    "acronym": "NLU", "name": "Northern Lakes University", "description": None, "version": "1.2.0",
    "url": "https://moodle.example.org", "code": "MATH-101", "options": None, "options_schema": None,
    # sign-in
    "access_token": _ACCESS, "refresh_token": _REFRESH, "role_id": _ROLE, "secret_id": _SECRET,
    "Login.email": "amelia.stone@nlu.example.org", "password": "three plain words here",
    "Login.institution": "NLU",
    "LauncherTicket.id": 42, "LauncherTicket.token": "1c0a5d0e-3f1a-4b7f-9f38-0b6f6d6b8f11",
    "RefreshRequestRequest": {"refresh_token": _REFRESH}, "module": "vle", "apps": [], "config": {}, "services": {},
    "domain": "trust.example.org", "SignedInVLE.type": "vle", "SignedInVLE.pk": 2, "vle_name": "Moodle",
    "vle_url": "https://moodle.example.org", "SignedInProvider.type": "provider", "SignedInProvider.pk": 51,
    "SignedInProvider.module": "provider", "provider_id": 51, "provider_name": "Lake face",
    "provider_acronym": "lake_fr", "provider_queue": "lake_fr", "institution_acronym": "NLU",
    # institutions
    "institution_id": 1, "mail_domain": "nlu.example.org", "allowed_domains": "moodle.example.org",
    "allow_learner_report": True, "institutions": [{"id": 1, "acronym": "NLU"}], "OwnVLE.institution": 1,
    # people
    "username": "amelia.stone", "uid": "astone", "first_name": "Amelia", "last_name": "Stone",
    "full_name": "Amelia Stone", "email": "amelia.stone@nlu.example.org", "locale": "en",
    "last_login": "2026-10-02T07:58:21Z", "login_allowed": True, "inst_admin": False, "is_active": True,
    "roles": "SEND", "user_roles": ["INSTRUCTOR"], "Profile.roles": ["INSTRUCTOR"],
    "ProfileInstitution.roles": ["INSTRUCTOR"], "Profile.routes": ["course", "administration-send"],
    "route": "administration-send",
    "user": None, "from": 157, "moved": {"courses": 3, "reports": 2}, "joined": {"courses": 1},
    "InstitutionUserRequest": _PERSON, "AdminUserRequest": _PERSON | {"institution_id": 1},
    "OwnProfileRequest": {"locale": "en"}, "joined_at": "2026-09-15T09:00:00Z",
    "AdminUser.institution": {"id": 1, "acronym": "NLU"},
    # VLEs
    "InstitutionVLE.name": "Moodle 5", "VLE.name": "Moodle 5", "OwnVLE.name": "Moodle 5", "VLESelf.name": "Moodle 5",
    "client_id": None, "lti": {"consumer_key": "4d8c2a0e-11f8-4d83-9d33-6a0f2a9a4b7c"},
    "overlap_minutes": 30, "vle_id": 2,
    "vle": {"id": 2, "name": "Moodle 5"},
    # identity providers
    "issuer": "https://login.nlu.example.org", "client_secret": "three plain words here",
    "OIDCConnection.client_id": "tesla", "OIDCConnectionRequest.client_id": "tesla",
    "PatchedOIDCConnectionRequest.client_id": "tesla", "match": "email", "claim": "email", "everybody": False,
    # groups and courses
    "InstitutionCourseGroup.name": "Faculty of Science", "InstitutionCourseGroup.description": "All its courses",
    "parent": None, "vle_course_id": "1407", "start": "2026-09-14T00:00:00Z", "end": "2027-01-31T00:00:00Z",
    "InstitutionCourse.description": "Calculus for engineers", "VLECourse.description": "Calculus for engineers",
    "InstitutionCourseGroupCourse.id": 14, "course_id": 14,
    # consents
    "InstitutionInformedConsent.version": "2.0.0", "CurrentInformedConsent.version": "2.0.0",
    "InstitutionLearnerConsent.version": "2.0.0",
    "ConsentDecision.version": "2.0.0", "WholeConsentDecision.version": "2.0.0", "valid_from": "2026-09-01T00:00:00Z",
    "InstitutionInformedConsentDocument.id": 5, "language": "en", "html": "<p>We record ...</p>", "pdf": None,
    "sha256": _SHA256, "removed": [], "status": "VALID",
    "ConsentAcceptanceRequest": {"version": "2.0.0", "language": "en", "sha256": _SHA256},
    "ic_status": "VALID", "consent_accepted": "2026-09-16T10:12:00Z", "consent_rejected": None,
    "decision": "accepted", "language_named": True, "at": "2026-09-16T10:12:00Z", "address": "192.0.2.17",
    "signed_in": "launcher", "inferred": False,
    # the trail
    "written_at": "2026-09-16T10:12:00Z", "verb": "update", "resource": "institution/learner", "row_key": "1/103",
    "person_id": 103, "actor_kind": "person", "actor_id": 101, "Line.signed_in": "password", "signed_in_by": None,
    "request_id": "6f1c2a8e-4b1d-4c0e-9a57-2d3b8f1e0c44",
    "told": {"name": "mona.reyes", "address": "192.0.2.17", "details": {"locale": ["en", "ca"]}},
    # own data
    "OwnLine.verb": "read", "OwnLine.resource": "institution/course/activity/report",
    "OwnLine.signed_in": "password",
    "Opened.who": "institution administrator", "Opened.number": 12, "NamedNeed.name": "Low sight",
    "since": "2026-09-12T08:00:00Z",
    "OwnLine.told": {"who": "data administrator", "is_me": False, "did": "looked at", "what": "your report",
                     "changed": []},
    **{f"{component}.{name}": value
       for component in ("OwnReport", "ExplainedReport")
       for name, value in {"activity": {"id": 21, "name": "Midterm exam", "type": "quiz"},
                           "course": {
                               "id": 14, "code": "MATH-101", "description": None, "start": "2026-09-01T00:00:00Z",
                           },
                           "levels_shown": True, "demonstrated": []}.items()},
    "explained": {
        "levels": [{"kind": "identity", "level": 3, "word": "Warning",
                    "reasons": ["The highest level of its parts is that of Face recognition."]}],
        "instruments": [], "sessions": [],
    },
    "HeldAccount.id": 103, "HeldAccount.institution": "Northern Lakes University", "HeldAccount.roles": ["LEARNER"],
    "HeldAccount.origin": "The learning platform Moodle 5.", "kept": "Kept until your institution deletes it.",
    "Held.consent": "VALID", "HeldKind.kind": "captures", "HeldKind.name": "What was captured while you worked",
    "HeldKind.count": 12, "oldest": "2026-10-02T08:00:00Z", "newest": "2026-10-02T09:30:00Z",
    "HeldKind.origin": "Sent by your browser during assessment sessions.", "limited_to": None,
    "InstrumentOff.activity": "Midterm exam", "InstrumentOff.course": "MATH-101, Sep 2026",
    "InstrumentOff.code": "send", "reason": "Your special needs take this instrument away.",
    # contests
    **{f"{component}.{name}": value
       for component in ("OwnContest", "Contest", "OwnContestRequest")
       for name, value in {"report": 31, "level": "identity", "reason": "The camera was covered by my hand.",
                           "state": "changed", "machine_levels": {"identity": 3}, "human_levels": {"identity": 2},
                           "activity": {"id": 21, "name": "Midterm exam", "type": "quiz"},
                           "course": {
                               "id": 14, "code": "MATH-101", "description": None, "start": "2026-09-01T00:00:00Z",
                           },
                           "files": []}.items()},
    "answer": "The pictures before and after show the learner.", "deadline": "2026-10-17T11:05:00Z",
    "decided_at": "2026-10-09T09:12:00Z", "decided_by_id": 101, "is_assigned": True,
    "assignee": {"id": 101, "first_name": "Amelia", "last_name": "Stone"},
    "Contest.learner": {"id": 103, "uid": "nberg", "first_name": "Noah", "last_name": "Berg",
                        "email": "noah.berg@nlu.example.org"},
    "AssignBodyRequest.assignee": 101, "AssignBody.assignee": 101, "outcome": "upheld", "levels": {"identity": 2},
    "DecideBodyRequest": {"outcome": "changed", "answer": "The pictures show the learner.", "levels": {"identity": 2}},
    **{f"{component}.{name}": value
       for component in ("OwnCorrection", "Correction", "OwnCorrectionRequest")
       for name, value in {"field": "last_name", "before": "Berg", "wanted": "Berg Vidal", "state": "accepted",
                           "reason": "I have married.", "answer": ""}.items()},
    "Correction.person": {"id": 103, "uid": "nberg", "first_name": "Noah", "last_name": "Berg",
                          "email": "noah.berg@nlu.example.org"},
    "by_vle": False, "RefuseCorrectionBodyRequest.answer": "The register says otherwise.",
    "OwnBundle.state": "ready", "OwnBundle.done": 412, "OwnBundle.total": 412, "OwnBundle.size": 48_213_406,
    "OwnBundle.url": "https://tesla.example.org/files/bundle_made-1v-person-1D-1tXq2u.Zx3/bundle-7.zip",
    "ready_at": "2026-10-02T11:07:00Z", "OwnBundle.expires_at": "2026-10-04T11:07:00Z", "with_captures": True,
    "allow_own_names": False,
    "ExplainedReport.evidence_deleted": "", "contest": None, "contest_days": 15, "time_zone": "Europe/Madrid",
    "publishes_transparency": False,
    # fairness
    "Share": _SHARE, "ContestOutcomes": _OUTCOMES, "first_month": "2025-12", "last_month": "2026-11", "minimum": 10,
    "Fairness.as_of": "2026-11-30T05:00:00Z", "Transparency.as_of": "2026-11-30T05:00:00Z",
    "Measure.as_of": "2026-11-30T05:00:00Z",
    "ResultRates.instrument": {"id": 1, "name": "Face recognition"},
    "ContestRates.instrument": {"id": 1, "name": "Face recognition"},
    "ResultRates.provider": {"id": 3, "name": "Faces of the university"},
    "Transparency.institution": "Northern Lakes University",
    "Transparency.instruments": [
        {"id": 1, "name": "Face recognition", "description": "Compares faces with those of the enrolment.",
         "checks": ["identity"], "since": "2026-02-09T08:00:00Z", "outcomes": _OUTCOMES}
    ],
    "suspended_at": None, "suspension_reason": "", "SuspensionRequest.reason": "The contract has ended.",
    "Deletion.status": "running", "before": "2026-01-01T00:00:00Z", "asked_by_id": 101, "files": 41,
    "expected": {"reports": 12, "sessions": 14, "requests": 60, "alerts": 3}, "held": {"legal_hold": 1},
    "deleted": {"reports": 7, "sessions": 8, "requests": 33}, "Deletion.group": None, "Deletion.course": 14,
    "RetentionPeriod.id": 93, "RetentionPeriod.kind": "captures", "days": 180,
    # withdrawing
    "withdrawal_models": "erase", "withdrawal_models_reason": "Nobody needs them any more.",
    "withdrawal_evidence": "restrict", "withdrawal_evidence_reason": "Grades can be appealed against for a year.",
    "Withdrawal.consent": "VALID", "may_withdraw": True, "kept_because": [], "last": None, "is_restricted": False,
    **{f"{component}.{name}": value
       for component in ("WithdrawalBody", "WithdrawalBodyRequest", "Withdrawn")
       for name, value in {"models": "erase", "evidence": "restrict"}.items()},
    "Effect.policy": "erase", "Effect.text": "Your samples and the models made of them are erased.",
    "Effect.reason": "Nobody needs them any more.", "Withdrawn.at": "2026-10-09T09:12:00Z",
    "models_erased_at": "2026-10-09T09:13:00Z", "evidence_erased_at": None, "waits_for": [],
    # erasures
    **{f"{component}.{name}": value
       for component in (*_ROWS["erasure"], "ErasureRequest", "OwnErasureRequest")
       for name, value in {"person_id": 103, "reason": "I have left the university.", "state": "asked", "answer": "",
                           "decided_at": None, "decided_by_id": None}.items()},
    "is_own": True, "phase": "tell", "progress": 0, "told_at": None, "erased": {}, "finished_at": None,
    "goes": [{"what": "reports", "number": 3}],
    "keeps": [{"what": "Outcomes of contests, without the learner's texts and files",
               "why": "They show how often levels were wrong."}],
    **{f"{component}.kept": [] for component in _ROWS["erasure"]},
    "RefuseBodyRequest.answer": "The exam can be appealed against until 31 March.",
    # legal holds
    **{f"{component}.{name}": value
       for component in ("LegalHold", "LegalHoldRequest")
       for name, value in {"person_id": 103, "reason": "Proceedings before the labour court, case 4/2026.",
                           "until": "2027-03-31"}.items()},
    "about": {"uid": "nberg", "first_name": "Noah", "last_name": "Berg", "email": "noah.berg@nlu.example.org"},
    "in_force": True, "set_by_id": 101, "released_at": None, "released_by_id": None, "release_reason": "",
    "ReleaseBodyRequest.reason": "The proceedings are over.",
    # learners
    "learner_id": _LEARNER_ID, "send": {"is_send": False, "send": {"enabled_options": [], "disabled_instruments": []}},
    **{f"{component}.{name}": value
       for component in ("LearnerProfile", *_ROWS["learner"])
       for name, value in {"username": "noah.berg", "uid": "nberg", "first_name": "Noah", "last_name": "Berg",
                           "full_name": "Noah Berg", "email": "noah.berg@nlu.example.org"}.items()},
    "InstitutionSENDLearner.id": 72,
    "enrolment_status": [], "enabled_options": ["big_fonts"], "disabled_instruments": [2], "expires_at": None,
    "SENDGiveLearnerRequest": {"id": 103, "expires_at": "2027-06-30T00:00:00Z"}, "given": 1,
    "SENDOutcome": {"id": 103, "outcome": "given", "assignment": 72, "expires_at": "2027-06-30T00:00:00Z"},
    "InstitutionSENDCategory.description": "Low vision", "category": 7, "missing_enrolments": True,
    "MissingEnrolments.instruments": {"1": {"instrument_id": 1}}, "MissingEnrolments.learner_id": 103,
    "activity_id": 21,
    "added_by": {"kind": "vle", "id": 2, "name": "Moodle 5"}, "added_at": "2026-09-15T09:00:00Z",
    # activities and instruments
    "vle_activity_type": "quiz", "vle_activity_id": "3311", "conf": None, "instrument_id": 1, "alternative_to": None,
    "InstitutionCourseActivity.name": "Midterm exam", "VLECourseActivity.name": "Midterm exam",
    "UserActivity.name": "Midterm exam", "InstitutionCourseActivityInstrument.id": 22,
    "VLECourseActivityInstrument.id": 22, "AttachmentInstrument.id": 22,
    **{f"{component}.{name}": value
       for component in ("Instrument", "AdminInstrument", "InstitutionCourseActivityInstrumentInfo")
       for name, value in {"name": "Face recognition", "acronym": "fr", "queue": "fr", "requires_enrolment": True,
                           "identity": True, "timeout_minutes": 60}.items()},
    # reports
    "identity_level": 3, "content_level": 1, "integrity_level": 1, "instrument": "Face recognition",
    "enrolment": 100, "confidence": 92, "result": 61, "instrument_acronym": "fr",
    "learner_histogram": [0, 0, 0, 0, 0, 0, 1, 0, 2, 4], "activity_histogram": [0, 0, 0, 1, 0, 2, 5, 9, 21, 40],
    "instrument_polarity": 1, "result_bean": 6, "thresholds": {"warning_below": 0.7, "alert_below": 0.4},
    "prob_learner": 0.14, "prob_context": 0.08, "h_prob_learner": 0.71, "h_prob_context": 0.62,
    "facts": {"positive": [_FACT["code"]], "neutral": [], "negative": []}, "fact_sentences": [_FACT],
    "demonstration": "",
    "InstitutionReport.activity": {"id": 21, "name": "Midterm exam", "type": "quiz"},
    **{f"{component}.course": {"id": 14, "code": "MATH-101", "start": "2026-09-01T00:00:00Z"}
       for component in ("InstitutionReport", "InstitutionActivity")},
    "InstitutionCourseActivityReportAudit.id": 32, "report": 31, "audit_data": _FILE, "data": _FILE, "audit": _FILE,
    **{f"{component}.{name}": value
       for component in ("InstitutionCourseActivityReportRequestResult", "VLECourseActivityLearnerRequestResult")
       for name, value in {"id": 43, "status": 1, "result": 0.61, "code": 2, "request": 41}.items()},
    "InstitutionCourseActivityReportRequest.status": 3, "VLECourseActivityLearnerRequest.status": 3,
    "learner": 103, "activity": 21, "session": 91, "error_message": None, "message_code": None, "instruments": [1],
    # what VLEs do
    "AssessmentBodyRequest": {"vle_activity_type": "quiz", "vle_activity_id": "3311", "vle_learner_uid": "nberg",
                              "max_ttl": 120, "options": {"floating_menu_initial_pos": "top-right"}},
    "vle_user_uid": "nberg", "session_id": None,
    "Assessment.id": 91, "AssessmentData.id": 91, "connector": f"{_FILE}/connector.js", "auto_closed": None,
    "started_at": "2026-10-02T08:00:00Z", "checked_at": "2026-10-02T08:10:00Z", "closed_at": None, "warnings": {},
    "target": "DASHBOARD", "target_url": None, "ttl": 15, "Launcher.id": 42,
    "Launcher.token": "1c0a5d0e-3f1a-4b7f-9f38-0b6f6d6b8f11",
    "Launcher.url": "https://dashboard.example.org/ui/auth/launcher?id=42&token=1c0a5d0e-3f1a-4b7f-9f38-0b6f6d6b8f11",
    # captures
    **{f"{component}.data": "data:image/png;base64,iVBORw0KGgo=" for component in ("EnrolmentSample", "Verification")},
    "Attachment.data": "data:text/plain;base64,TXkgZXNzYXk=", "mimetype": "image/png", "filename": None, "context": {},
    "Attachment.metadata": {"mimetype": "text/plain", "filename": "essay.txt"},
    "path": f"{_LEARNER_ID}/verification/1041", "sample": f"{_LEARNER_ID}/enrolment/1040",
    "samples": [f"{_LEARNER_ID}/enrolment/1040"],
    "level": "warning", "Alert.message_code": "SENSOR_CAMERA_BLACK_IMAGE", "Alert.data": {"seconds": 4},
    "raised_at": "2026-10-02T08:14:03Z", "SampleState.info": {},
    # providers
    **{f"{component}.{name}": value
       for component in ("AdminProvider", "OwnProvider", "ProviderSelf")
       for name, value in {"name": "Lake face", "acronym": "lake_fr", "queue": "lake_fr", "url": None}.items()},
    "OwnProvider.instrument": 1, "image": "", "service_port": None, "credentials": None, "warning_below": 0.7,
    "alert_below": 0.4, "key": "retrain", "when": "2026-10-03T02:00:00Z", "info": {"learner": _LEARNER_ID},
    "ProviderEnrolment.id": 91, "task_id": "b7e0a6a2-6f0e-4c57-8f7e-1d1c6f5f1a20", "model": _FILE, "percentage": 0.8,
    "ProviderEnrolmentUnlock.token": "b7e0a6a2-6f0e-4c57-8f7e-1d1c6f5f1a20",
    "can_analyse": True, "used_samples": [70, 71], "model_total_samples": 12, "model_upload_url": None,
    "ProviderValidation.status": 1, "ProviderValidation.info": None, "contribution": 0.1, "message_code_id": None,
    "ProviderValidationAnswer.status": 1, "validation_info": {"quality": 0.93},
    "ProviderResult.status": 1, "ProviderResult.result": 0.61, "ProviderResult.code": 2,
    "ProviderResultAnswer.status": 1, "ProviderResultAnswer.result": 0.61, "ProviderResultAnswer.code": 2,
    "ProviderResultAnswer.audit_data": {"faces": 1}, "ProviderResultStatus.status": 6,
    "Answer.status": 1, "Answer.result": 0.61, "Answer.code": 2, "Answer.audit_data": None, "Answer.request": 81,
    "Outcome.request": 81, "Outcome.error": None,
    "ProviderValidationStatus.status": 4,
}  # fmt: skip
# In the example of one answer, in place of what the row has elsewhere: what is told only once.
ANSWERS: dict[str, dict[str, Any]] = {
    "institution_vle_create": {"credentials": _CREDENTIALS},
    "institution_vle_credentials_create": {"credentials": _CREDENTIALS},
    "admin_instrument_provider_create": {"credentials": _CREDENTIALS},
    "admin_instrument_provider_credentials_create": {"credentials": _CREDENTIALS},
    "provider_enrolment_create": {
        "is_locked": True,
        "model_upload_url": {
            "url": f"https://trust.example.org/models/{PATH_SAMPLES['token']}/", "fields": {"key": "model.json"},
        },
    },
}  # fmt: skip

# The example of a change of some fields has the first of these that there is, or else the row's first field.
CHANGED = ("name", "first_name", "mail_domain", "valid_from", "html", "data", "category", "enabled", "active")

"""What is typed into the forms of each resource. A resource of the tree without a line here fails the run."""

from dataclasses import dataclass, field

from tests.browser.visit import Values


@dataclass(frozen=True)
class Key:
    """The key of the first row of another resource, in a form."""

    of: str


@dataclass(frozen=True)
class Forms:
    """None: the page must offer no such form to the administrator, of the institution or, below /admin/, of all.

    What was created is then changed and deleted, so that the run leaves the rows as they were.
    """

    create: Values | None = None
    change: Values | None = None
    deletable: bool = False
    above: str | None = (
        None  # the resource whose form makes the parent first; else the parent is the first row there is
    )
    actions: dict[str, Values] = field(default_factory=dict)  # name in the row's URL -> body of its POST


FORMS = {
    "institution": Forms(change={"allow_learner_report": True}),
    "institution-vle": Forms(
        create={"type": "0", "name": "Second Moodle", "url": "https://second.example.org/"},
        change={"name": "Renamed Moodle"},
        deletable=True,
        actions={"credentials": {"overlap_minutes": 5}},
    ),
    "institution-oidc": Forms(
        create={"issuer": "https://login.example.org", "client_id": "tesla", "client_secret": "provided-secret"},
        change={"client_id": "trust", "enabled": True},
        deletable=True,
    ),
    "institution-ic": Forms(
        create={"version": "97.0.0", "valid_from": "2030-01-02T03:04:05.678901Z"},
        change={"version": "97.1.0"},
        deletable=True,
    ),
    "institution-ic-document": Forms(
        create={"language": "ca", "html": "<p>Hi consento.</p>"},
        change={"html": "<p>Hi estic d'acord.</p>"},
        deletable=True,
        above="institution-ic",  # which nobody has accepted
    ),
    "institution-instrument": Forms(),
    "institution-report": Forms(),
    "institution-activity": Forms(),
    "institution-user": Forms(
        create={
            "username": "newcomer",
            "uid": "newcomer",
            "first_name": "New",
            "email": "newcomer@northlake.example.org",
        },
        change={"last_name": "Comer"},
        deletable=True,
    ),
    "institution-instructor": Forms(
        create={
            "uid": "lecturer",
            "first_name": "New",
            "last_name": "Lecturer",
            "email": "lecturer@northlake.example.org",
        },
        change={"last_name": "Renamed"},
        deletable=True,
    ),
    "institution-learner": Forms(
        create={"uid": "novice", "first_name": "New", "last_name": "Novice", "email": "novice@northlake.example.org"},
        change={"last_name": "Renamed"},
        deletable=True,
    ),
    "institution-course": Forms(deletable=True),
    "institution-course-instructor": Forms(create={"uid": "deputy"}, change={}, deletable=True),
    "institution-course-learner": Forms(create={"uid": "s1024"}, change={}, deletable=True),
    "institution-course-activity": Forms(
        create={"name": "Oral exam", "start": "2030-01-02T03:04:05.678901Z", "enabled": True},
        change={"name": "Oral examination", "conf": "as agreed"},
        deletable=True,
    ),
    "institution-course-activity-instrument": Forms(
        create={"instrument_id": 3, "options": '{"offline": true}', "active": True},
        change={"active": False},
        deletable=True,
        above="institution-course-activity",
    ),
    "institution-group": Forms(create={"name": "New faculty"}, change={"description": "All of it."}, deletable=True),
    "institution-group-course": Forms(
        create={"id": Key("institution-course")},
        change={"id": Key("institution-course")},  # another one would give the row another address
        deletable=True,
        above="institution-group",
    ),
    "institution-ui": Forms(create={"route": "dashboard"}, change={"enabled": True}, deletable=True),
    "institution-send": Forms(
        create={"description": "No sound", "data": '{"enabled_options": [], "disabled_instruments": ["3"]}'},
        change={"description": "Hears nothing"},
        deletable=True,
    ),
    "institution-learner-send": Forms(
        create={"category": Key("institution-send")},
        change={"expires_at": "2100-01-02T03:04:05Z"},
        deletable=True,
        above="institution-learner",
    ),
    "institution-learner-decision": Forms(),
    "institution-learner-membership": Forms(),
    "institution-course-activity-report": Forms(),
    "institution-course-activity-report-request": Forms(),
    "institution-course-activity-report-audit": Forms(),
    "admin-user": Forms(
        create={"username": "newcomer", "first_name": "New", "email": "newcomer@northlake.example.org"},
        change={"last_name": "Comer", "is_staff": True},
        deletable=True,
    ),
    "admin-institution": Forms(
        create={"acronym": "TRIAL", "name": "Trial University"}, change={"name": "Tried University"}, deletable=True
    ),
    "admin-instrument": Forms(
        create={"name": "Gait recognition", "acronym": "gait", "options_schema": '{"type": "object"}'},
        change={"enabled": True},
        deletable=True,
    ),
    "admin-instrument-provider": Forms(
        create={"name": "Gait One", "acronym": "gait1", "version": "1.0"},
        change={"service_port": 8080, "warning_below": 0.65, "alert_below": 0.3},
        deletable=True,
        above="admin-instrument",
        actions={"credentials": {"overlap_minutes": 5}},
    ),
    "admin-ui": Forms(create={"route": "statistics", "roles": "ADMIN"}, change={"enabled": True}, deletable=True),
}

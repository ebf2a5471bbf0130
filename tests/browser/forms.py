"""What is typed into the forms of each resource. A resource of the tree without a line here fails the run."""

from dataclasses import dataclass, field

from tests.browser.visit import Values


@dataclass(frozen=True)
class Forms:
    """None: the page must offer no such form to the administrator of the institution.

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
}

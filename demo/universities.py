"""Declarations of the sample universities with their people, courses and activities. All names are invented."""

from dataclasses import dataclass, field
from typing import Any

Name = tuple[str, str]  # first and last name


@dataclass(frozen=True)
class SampleInstrument:
    """An instrument of an activity, by acronym; `instead_of` makes it the alternative of another one."""

    acronym: str
    options: dict[str, bool] | None = None
    instead_of: str | None = None


@dataclass(frozen=True)
class SampleActivity:
    """An activity. `stories` has the name of a story (see stories.py) for each learner, in their order."""

    kind: str
    number: str
    name: str
    description: str
    day: int  # on which it takes place, relative to the first run
    instruments: tuple[SampleInstrument, ...] = ()
    stories: tuple[str, ...] = ()
    session_count: int = 1
    enabled: bool = True


@dataclass(frozen=True)
class SampleCourse:
    """A course; `learners` are positions in the list of the university's learners."""

    number: str
    code: str
    description: str
    days: tuple[int, int]
    group: str
    teachers: tuple[str, ...]
    learners: range
    activities: tuple[SampleActivity, ...] = ()


@dataclass(frozen=True)
class University:
    acronym: str
    name: str
    domain: str
    vle: str
    languages: tuple[str, str]
    staff: dict[str, Name]  # by uid
    learners: tuple[Name, ...]
    courses: tuple[SampleCourse, ...]
    groups: tuple[tuple[str, str | None], ...]  # name and parent
    switches: dict[str, Any] = field(default_factory=dict)


# Role -> uid and flag of the accounts that can sign in in each university.
ROLES = {
    "inst_admin": ("admin", "inst_admin"),
    "legal_admin": ("legal", "legal_admin"),
    "data_admin": ("data", "data_admin"),
    "send_admin": ("send", "send_admin"),
    "instructor": ("teacher", None),
    "learner": ("s1001", None),
}
CAMERA = {"online": True, "offline": False}

NORTHLAKE = University(
    acronym="NLU",
    name="Northlake University",
    domain="northlake.example.org",
    vle="Northlake Moodle",
    languages=("en", "es"),
    switches={
        "mail_domain": "northlake.example.org",
        "allow_learner_report": True,
        "allow_learner_audit": True,
        "allow_valid_audit": True,
        "allowed_domains": "moodle.northlake.example.org",
    },
    staff={
        "admin": ("Ingrid", "Solheim"),
        "legal": ("Tomasz", "Wieczorek"),
        "data": ("Nadia", "Benali"),
        "send": ("Caoimhe", "Byrne"),
        "teacher": ("Rafael", "Quintana"),
        "teacher2": ("Akiko", "Morimoto"),
        "deputy": ("Lukas", "Brandner"),
    },
    learners=(
        ("Amina", "Diallo"),
        ("Jonas", "Lindqvist"),
        ("Mei", "Tanaka"),
        ("Lucía", "Ferrer"),
        ("Owen", "Pritchard"),
        ("Priya", "Raman"),
        ("Mateusz", "Zieliński"),
        ("Chiara", "Bellandi"),
        ("Kwame", "Asante"),
        ("Elif", "Karaca"),
        ("Thabo", "Mokoena"),
        ("Sofie", "Vandamme"),
        ("Andrei", "Munteanu"),
        ("Leila", "Haddad"),
        ("Marek", "Novotný"),
        ("Yara", "Siqueira"),
        ("Hugo", "Lefèvre"),
        ("Katarina", "Jurić"),
        ("Minh", "Trần"),
        ("Freya", "Aldersey"),
        ("Omar", "Sabri"),
        ("Nora", "Heikkinen"),
        ("Diego", "Arancibia"),
        ("Zsófia", "Kertész"),
    ),
    groups=(("Faculty of Science", None), ("Department of Statistics", "Faculty of Science"), ("Humanities", None)),
    courses=(
        SampleCourse(
            "101",
            "STAT-101",
            "<p>Describing data, <strong>probability</strong> and first tests of hypotheses.</p>",
            (-70, 60),
            "Department of Statistics",
            ("teacher",),
            range(16),
            (
                SampleActivity(
                    "quiz",
                    "7001",
                    "Mid-term exam",
                    "<p>Two sittings of 45 minutes; face and typing are checked.</p>",
                    -9,
                    (
                        SampleInstrument("fr", CAMERA),
                        SampleInstrument("vr", CAMERA, instead_of="fr"),
                        SampleInstrument("ks"),
                        SampleInstrument("plag"),
                    ),
                    (
                        "tired",
                        "fine",
                        "stranger",
                        "fine",
                        "fine",
                        "copied",
                        "patchy",
                        "begun",
                        "absent",
                        "distracted",
                        "halfway",
                        "fine",
                        "blocked",
                        "company",
                    ),
                    session_count=2,
                ),
                SampleActivity(
                    "assign",
                    "7002",
                    "Essay: what a p-value is not",
                    "<p>1,500 words, handed in as a document.</p>",
                    -6,
                    (SampleInstrument("plag"), SampleInstrument("fa")),
                    ("fine", "copied", "paraphrased", "fine", "queued", "ghost", "fine", "fine", "absent"),
                ),
                SampleActivity(
                    "quiz", "7003", "Practice quiz", "<p>For practice: nothing is checked.</p>", 14, enabled=False
                ),
            ),
        ),
        SampleCourse(
            "102",
            "DATA-210",
            "<p>Working with data in the laboratory.</p>",
            (-70, 60),
            "Faculty of Science",
            ("teacher2", "teacher"),
            range(6, 20),
            (
                SampleActivity(
                    "quiz",
                    "7101",
                    "Laboratory test",
                    "<p>One sitting in the second week.</p>",
                    -4,
                    (SampleInstrument("fr", CAMERA), SampleInstrument("ks")),
                    ("fine", "fine", "absent", "fine", "tired", "fine", "stranger", "fine"),
                ),
            ),
        ),
        SampleCourse(
            "103",
            "WRIT-150",
            "<p>Academic writing.</p>",
            (20, 140),
            "Humanities",
            ("teacher2",),
            range(12, 24),
            (
                SampleActivity(
                    "assign", "7201", "First draft", "<p>Due in the third week.</p>", 40, (SampleInstrument("plag"),)
                ),
            ),
        ),
    ),
)

MERIDIAN = University(
    acronym="IPM",
    name="Instituto Politécnico Meridional",
    domain="meridional.example.com",
    vle="Aula Meridional",
    languages=("es", "en"),
    switches={"allowed_domains": "aula.meridional.example.com"},
    staff={
        "admin": ("Carmen", "Ibarra"),
        "legal": ("Joaquim", "Serra"),
        "data": ("Pilar", "Echeverría"),
        "send": ("Rui", "Figueiredo"),
        "teacher": ("Gonzalo", "Paredes"),
        "deputy": ("Montse", "Roig"),
    },
    learners=(
        ("Valentina", "Osorio"),
        ("Bruno", "Cardoso"),
        ("Irene", "Galindo"),
        ("Youssef", "El Amrani"),
        ("Camila", "Restrepo"),
        ("Iker", "Zubiri"),
        ("Martina", "Colombo"),
        ("Samuel", "Nkemelu"),
        ("Alba", "Rius"),
        ("Tiago", "Valente"),
        ("Wei", "Zhang"),
        ("Noa", "Peretz"),
        ("Emilio", "Barrios"),
        ("Greta", "Hoffmann"),
        ("Joana", "Teixeira"),
        ("Nicolás", "Urrutia"),
    ),
    groups=(("Escuela de Ingeniería", None), ("Departamento de Informática", "Escuela de Ingeniería")),
    courses=(
        SampleCourse(
            "11",
            "PROG-1",
            "<p>Programación: fundamentos.</p>",
            (-60, 50),
            "Departamento de Informática",
            ("teacher",),
            range(12),
            (
                SampleActivity(
                    "quiz",
                    "501",
                    "Examen parcial",
                    "<p>Una sesión de 45 minutos.</p>",
                    -7,
                    (SampleInstrument("fr", CAMERA), SampleInstrument("ks")),
                    ("fine", "stranger", "fine", "patchy", "fine", "tired", "absent", "fine"),
                ),
            ),
        ),
        SampleCourse(
            "12",
            "RED-2",
            "<p>Redes y sistemas distribuidos.</p>",
            (-60, 50),
            "Escuela de Ingeniería",
            ("teacher",),
            range(7, 16),
            (
                SampleActivity(
                    "assign",
                    "601",
                    "Memoria de prácticas",
                    "<p>Documento de diez páginas.</p>",
                    -3,
                    (SampleInstrument("plag"), SampleInstrument("fa")),
                    ("fine", "copied", "fine", "paraphrased", "queued"),
                ),
            ),
        ),
    ),
)

UNIVERSITIES = (NORTHLAKE, MERIDIAN)


def learner_uid(position: int) -> str:
    return f"s{1001 + position}"

"""Providers at work: each with a learner's samples, a model, a request and a reminder. What they send, typed by hand.

The provider "desk" works for bob of the world's own institution, "next desk" for bob of the other one: providers are no
institution's, and what is assigned to one is nothing to the other.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from courses.models import Activity, ActivityInstrument
from files.models import Kind, StoredFile
from institutions.models import Provider, ProviderNotification
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation, Learner
from reports.models import Request, RequestProviderResult
from rights.services.figures import figures_of, usual_months
from tests.contract.document import Key, _keys
from tests.world import Home, World

DESK, NEXT_DESK, FR = "desk", "next desk", 1
TASK, OTHER_TASK = UUID(int=7), UUID(int=8)
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WRITTEN = "created_at:instant updated_at:instant"

DESK_IDS = {"desk", "bob_uuid", "sample", "validation", "errand", "reminder"}  # what only providers' addresses name

METADATA = {"task_id": str(TASK), "percentage": 0.75, "can_analyse": True, "used_samples": []}
VALIDATION = {
    "status": 2, "error_message": "Two people.", "validation_info": {"faces": 2},
    "message_code_id": "PROVIDER_MULTIPLE_PEOPLE", "contribution": None,
}  # fmt: skip
RESULT = {
    "status": 1, "error_message": None, "result": 0.9, "code": 1, "message_code": None, "audit_data": {"faces": 1},
}  # fmt: skip
REMINDER = {"key": "later", "when": "2026-01-02T03:04:05.678901", "info": {"a": 1}}

INSTRUMENT = _keys(
    "id:integer options_schema:object? name:string acronym:string queue:string enabled:boolean "
    "requires_enrolment:boolean description:string? identity:boolean originality:boolean authorship:boolean "
    f"integrity:boolean {WRITTEN}"
)
SELF_KEYS = (
    *_keys("id:integer"),
    Key("instrument", "object", nullable=True, keys=INSTRUMENT),
    *_keys(
        "name:string queue:string description:string? url:string? version:string acronym:string "
        "allow_validation:boolean inverted_polarity:boolean image:string has_service:boolean service_port:integer? "
        "options_schema:object? options:object? credentials:nothing? enabled:boolean validation_active:boolean "
        "warning_below:number? alert_below:number?"
    ),
)
ENROLMENT_KEYS = _keys(
    "id:integer learner_id:uuid model:uri? is_locked:boolean model_upload_url:object? percentage:number "
    "can_analyse:boolean model_total_samples:integer"
)
SAMPLE_KEYS = _keys("id:integer learner_id:uuid data:uri?")
VALIDATION_KEYS = (
    *_keys("id:integer status:integer info:uri?"),
    Key("sample", "object", keys=SAMPLE_KEYS),
    *_keys(f"error_message:string? message_code:string? contribution:number? {WRITTEN}"),
)
REQUEST_KEYS = (
    *_keys("id:integer learner_id:uuid"),
    Key("request", "object", keys=_keys("id:integer data:uri?")),
    *_keys(f"status:integer result:number? code:integer error_message:string? message_code:string? {WRITTEN}"),
)
REMINDER_KEYS = _keys(f"id:integer key:string when:instant info:object? {WRITTEN}")


def provider(acronym: str = DESK, instrument: int = FR, **values: Any) -> Provider:
    """A provider of this instrument that validates; switched off, so that learners' enrolment is not of it."""
    values = {"name": acronym.title(), "version": "1", "queue": acronym, "instrument_id": instrument} | values
    return Provider.objects.get_or_create(acronym=acronym, defaults=values)[0]


def consented(home: Home, name: str) -> Learner:
    Learner.objects.filter(user=home.people[name]).update(
        consent=home.newer_consent, consent_accepted=timezone.now(), consent_rejected=None
    )
    return Learner.objects.get(user=home.people[name])


def stored_file(learner: Learner, kind: Kind, name: str) -> StoredFile:
    return StoredFile.objects.create(
        institution_id=learner.institution_id, owner_id=learner.pk, kind=kind.value, media_type="application/json",
        size=2, sha256="0" * 64, storage_key=f"{learner.pk}-{kind.value}-{name}.json",
    )  # fmt: skip


class Desk:
    """What is assigned to a provider, all of it of one learner of one institution: made unless it is there."""

    def __init__(self, home: Home, acronym: str = DESK) -> None:
        self.home, self.provider, self.learner = home, provider(acronym), Learner.objects.get(user=home.people["bob"])
        self.own = {"institution": home.institution, "learner": self.learner}
        enrolment = Enrolment.objects.filter(**self.own, provider=self.provider).first()
        self.enrolment = enrolment or self._begun()

    def _begun(self) -> Enrolment:
        consented(self.home, "bob")
        ActivityInstrument.objects.create(activity=self.activity(), instrument_id=self.provider.instrument_id)
        model = stored_file(self.learner, Kind.MODEL, self.provider.acronym)
        made = Enrolment.objects.create(**self.own, provider=self.provider, percentage="0.5", model=model)
        self.validated("a")
        made.model_samples.add(self.validated("b").sample)
        self.asked("a")
        if not ProviderNotification.objects.filter(provider=self.provider, key="a").exists():
            self.reminded("a")
        return made

    def activity(self) -> Activity:
        """One of its own, in the course that no learner of the world attends: no other answer shows it."""
        place = {"institution": self.home.institution, "vle": self.home.vle, "course": self.home.other_course}
        named = {"vle_activity_type": "desk", "vle_activity_id": self.provider.acronym}
        return Activity.objects.get_or_create(**place, **named)[0]

    def validated(self, name: str, **values: Any) -> EnrolmentSampleValidation:
        name = f"{self.provider.acronym}-{name}"
        data = stored_file(self.learner, Kind.SAMPLE, name)
        sample = EnrolmentSample.objects.create(**self.own, status=1, data=data)
        sample.instruments.add(self.provider.instrument_id)
        values = {
            "status": 1,
            "contribution": "0.25",
            "info": stored_file(self.learner, Kind.VALIDATION, name),
        } | values
        return EnrolmentSampleValidation.objects.create(sample=sample, provider=self.provider, **values)

    def asked(self, name: str, **values: Any) -> RequestProviderResult:
        data = stored_file(self.learner, Kind.REQUEST, f"{self.provider.acronym}-{name}")
        request = Request.objects.create(**self.own, activity=self.activity(), data=data)
        request.instruments.add(self.provider.instrument_id)
        return RequestProviderResult.objects.create(request=request, provider=self.provider, **values)

    def reminded(self, key: str, **values: Any) -> ProviderNotification:
        return ProviderNotification.objects.create(provider=self.provider, key=key, **{"when": WHEN, **values})

    def fill(self, rows: int) -> None:
        """More of everything that is listed."""
        for n in range(rows):
            self.validated(f"available{n}", error_message="dark" if n % 2 else None)
            self.enrolment.model_samples.add(self.validated(f"used{n}").sample)
            self.reminded(f"key{n}", when=WHEN + timedelta(days=n % 4), info={"n": n} if n % 2 else None)

    def ids(self, names: set[str] | None) -> dict[str, Any]:
        """The rows that addresses name: the first of each kind; 0 for one that was deleted."""
        own = {"provider": self.provider}
        validations = EnrolmentSampleValidation.objects.filter(**own, sample__learner=self.learner)
        found = {
            "desk": lambda: self.provider.pk,
            "bob_uuid": lambda: self.learner.learner_id,
            "sample": lambda: _first(validations, "sample"),
            "validation": lambda: _first(validations),
            "errand": lambda: _first(
                RequestProviderResult.objects.filter(**own, request__learner=self.learner), "request"
            ),
            "reminder": lambda: _first(ProviderNotification.objects.filter(**own)),
        }
        return {name: find() for name, find in found.items() if names is None or name in names}


def _first(rows: QuerySet, column: str = "pk") -> int:
    return rows.order_by("pk").values_list(column, flat=True).first() or 0


def stand(world: World) -> None:
    """Let both providers have their rows."""
    if _is_at_work(DESK, world.home) and _is_at_work(NEXT_DESK, world.away):
        return
    Desk(world.home)
    Desk(world.away, NEXT_DESK)


def ids_of_desk(world: World, home: Home, names: set[str] | None = None) -> dict[str, Any]:
    """Of the provider that works for this home; empty while there is none."""
    acronym = DESK if home is world.home else NEXT_DESK
    return Desk(home, acronym).ids(names) if _is_at_work(acronym, home) else {}


def _is_at_work(acronym: str, home: Home) -> bool:
    return Enrolment.objects.filter(provider__acronym=acronym, institution=home.institution).exists()


def fill_desk(world: World, rows: int) -> None:
    stand(world)
    Desk(world.home).fill(rows)
    key = world.home.institution.pk
    for months in ((), usual_months("UTC")):  # of transparency and of fairness: as once counted
        figures_of(key, *months)


def locked_by_task(world: World) -> None:
    stand(world)
    Enrolment.objects.filter(provider__acronym=DESK).update(locked_by=TASK, locked_at=timezone.now())


def answers_of_desk(world: World) -> dict[str, Any]:
    """An answer to the request of the first desk."""
    errand = ids_of_desk(world, world.home, {"errand"}).get("errand", 1)
    return {"results": [RESULT | {"request": errand, "audit_data": None}]}

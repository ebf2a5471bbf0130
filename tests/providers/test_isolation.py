"""A provider sees what is assigned to it, of learners whom it knows by pseudonyms: nobody's names, and nothing else."""

import json
from dataclasses import dataclass

import pytest
from django.utils import timezone

from courses.models import ActivityInstrument
from files.links import Links
from files.models import Kind
from institutions.models import Credential, User
from kernel.caller import Caller, CallerKind
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation, Learner
from pipeline.running import run_due
from reports.models import Request, RequestProviderResult
from tests.captures import FR, content_of
from tests.contract.calls import CALLS, names, send
from tests.contract.desk import Desk
from tests.lines import files_read
from tests.providers.conftest import SITE, TASK, Worker, captured, consented, content, file_of, followed
from tests.world import Home, rewritten

READS = [name for name in names("provider", method="get") if CALLS[name].status == 200]


@dataclass
class Assigned:
    learner: Learner
    sample: EnrolmentSample
    validation: EnrolmentSampleValidation
    request: Request

    def paths(self) -> list[str]:
        of_learner = f"enrolment/{self.learner.learner_id}/"
        of_sample = f"{of_learner}sample/{self.sample.pk}/"
        return [
            of_learner, f"{of_learner}available_samples/", f"{of_learner}used_samples/", of_sample,
            f"{of_sample}validation/", f"{of_sample}validation/{self.validation.pk}/", f"request/{self.request.pk}/",
        ]  # fmt: skip


def assigned(home: Home, name: str, worker: Worker) -> Assigned:
    """A sample, a model and a request of one learner, for one provider."""
    consented(home, name)
    learner = home.learners[name]
    own = {"institution": home.institution, "learner": learner}
    sample = EnrolmentSample.objects.create(**own, status=1, data=file_of(learner, Kind.SAMPLE))
    sample.instruments.add(FR)
    validation = EnrolmentSampleValidation.objects.create(
        sample=sample, provider=worker.row, status=1, info=file_of(learner, Kind.VALIDATION)
    )
    Enrolment.objects.get_or_create(**own, provider=worker.row)
    ActivityInstrument.objects.get_or_create(activity=home.activity, instrument_id=FR)
    request = Request.objects.create(**own, activity=home.activity, data=file_of(learner, Kind.REQUEST))
    RequestProviderResult.objects.create(request=request, provider=worker.row)
    return Assigned(learner, sample, validation, request)


@pytest.fixture
def places(world, face, other_face) -> list[Assigned]:
    """bob's of both institutions for the one provider, and bob's for the other."""
    return [
        assigned(world.home, "bob", face), assigned(world.away, "bob", face), assigned(world.home, "bob", other_face)
    ]  # fmt: skip


def statuses(worker: Worker, paths: list[str]) -> list[int]:
    return [worker.get(path).status_code for path in paths]


def test_a_provider_works_for_all_institutions(face, places):
    for place in places[:2]:
        assert {*statuses(face, place.paths())} == {200}


def test_what_is_assigned_to_another_provider_of_the_instrument_is_404(face, other_face, places):
    mine, _, theirs = places
    of_learner = [path for path in theirs.paths() if not path.startswith(f"enrolment/{mine.learner.learner_id}/sample")]
    assert statuses(face, of_learner) == [200, 200, 200, 404]  # the learner is assigned to both
    assert {*statuses(face, theirs.paths()[3:])} == {404}
    assert {*statuses(other_face, places[1].paths())} == {404}
    for path in theirs.paths()[5:6]:
        assert face.put(path, {"status": 2}).status_code == 404
        assert face.post(f"{path}status/", {"status": 2}).status_code == 404
    path = f"request/{theirs.request.pk}/"
    assert face.put(path, {"status": 2}).status_code == 404
    assert face.post(f"{path}status/", {"status": 2}).status_code == 404
    assert {row.status for row in RequestProviderResult.objects.all()} == {0}


def test_lists_hold_the_own_rows_alone(face, places):
    mine = places[0]
    page = face.get(f"enrolment/{mine.learner.learner_id}/available_samples/").json()
    assert [row["id"] for row in page["results"]] == [mine.sample.pk]


def test_rows_below_another_learner_or_sample_are_404(face, places):
    mine, away, _ = places
    wrong = [
        f"enrolment/{away.learner.learner_id}/sample/{mine.sample.pk}/",
        f"enrolment/{away.learner.learner_id}/sample/{mine.sample.pk}/validation/",
        f"enrolment/{mine.learner.learner_id}/sample/{away.sample.pk}/validation/{mine.validation.pk}/",
        f"enrolment/{mine.learner.learner_id}/sample/{mine.sample.pk}/validation/{away.validation.pk}/",
    ]
    assert {*statuses(face, wrong)} == {404}


def test_another_providers_id_is_403(face, other_face, places):
    for path in ("", "notification/", *places[2].paths()):
        assert face.client.get(other_face.url(path)).status_code == 403
    lock = {"learner_id": str(places[2].learner.learner_id), "task_id": str(TASK)}
    assert face.client.post(other_face.url("enrolment/"), lock, format="json").status_code == 403


def links_of(worker: Worker, place: Assigned) -> list[str]:
    row = worker.get(place.paths()[5]).json()
    return [row["sample"]["data"], row["info"], worker.get(place.paths()[6]).json()["request"]["data"]]


def test_links_are_followed_by_the_rights_of_their_provider(face, other_face, places):
    mine, _, theirs = places
    of_both = [
        (link, worker) for worker, place in ((face, mine), (other_face, theirs)) for link in links_of(worker, place)
    ]
    assert {followed(link).status_code for link, _ in of_both} == {200}
    readers = [(read.reader_kind, read.reader) for read in files_read()]
    assert readers == [("provider", worker.row.pk) for _, worker in of_both]
    Credential.objects.filter(provider=face.row).update(revoked_at=timezone.now())
    assert [followed(link).status_code for link, _ in of_both] == [404] * 3 + [200] * 3


def test_links_of_a_provider_to_anothers_files_lead_nowhere(face, places):
    """Also if somebody could make one."""
    theirs = places[2]
    links = Links(base=f"{SITE}/files/", caller=Caller(CallerKind.PROVIDER, face.row.pk), seconds=300)
    for file in (theirs.sample.data_id, theirs.validation.info_id, theirs.request.data_id):
        assert followed(links(file, "x.json")).status_code == 404
    own = places[0]
    for file in (own.sample.data_id, own.validation.info_id, own.request.data_id):
        assert followed(links(file, "x.json")).status_code == 200


@pytest.mark.parametrize("kind", [kind for kind in CallerKind if kind is not CallerKind.PROVIDER])
def test_nobody_else_may_follow_links_to_samples_validations_and_models(kind, world, face, places):
    """Neither the learner, nor administrators, nor a VLE whose id is the provider's."""
    mine = places[0]
    model = file_of(mine.learner, Kind.MODEL)
    Enrolment.objects.filter(learner=mine.learner, provider=face.row).update(model=model)
    for caller_id in (face.row.pk, mine.learner.pk, world.people["admin"].pk, world.home.vle.pk):
        links = Links(base=f"{SITE}/files/", caller=Caller(kind, caller_id), seconds=300)
        for file in (mine.sample.data_id, mine.validation.info_id, model.pk):
            assert followed(links(file, "x.json")).status_code == 404


def test_link_leads_nowhere_when_the_assignment_ends(world, face, bob):
    sample = captured(world.home)
    run_due()
    link = face.get(f"enrolment/{bob.learner_id}/sample/{sample.pk}/").json()["data"]
    assert followed(link).status_code == 200
    sample.validations.all().delete()
    assert followed(link).status_code == 404


@pytest.mark.parametrize("context", [{"a": 1}, {"a": 1, "data": "data:text/plain,x"}, {"a": "x" * 70_000}])
def test_samples_have_names_that_say_their_type_alone(context, world, face, bob):
    """Whatever the learner's browser, or the learning platform, has called the file."""
    file = captured(world.home, filename="Bob.Home.jpeg", context=context).data
    run_due()
    (asked,) = EnrolmentSampleValidation.objects.all()
    url = f"enrolment/{bob.learner_id}/sample/{asked.sample_id}/"
    answer = followed(face.get(url).json()["data"])
    stored, seen = content_of(file), json.loads(content(answer))
    assert (stored["metadata"].pop("filename"), seen["metadata"].pop("filename")) == ("Bob.Home.jpeg", "sample.jpg")
    assert ([*seen], seen) == ([*stored], stored)
    assert answer["Content-Length"] == str(len(answer.read))


@pytest.mark.parametrize("name", READS)
def test_no_answer_holds_names_of_people(name, world):
    desk = Desk(world.home)
    person = desk.learner.user
    rewritten(
        User.objects.filter(pk=person.pk), first_name="Qfirst", last_name="Qlast", email="q@qmail.org", uid="quid"
    )
    answer = send(Worker(desk.provider).client, CALLS[name], world)
    assert answer.status_code == 200
    text = json.dumps(answer.json()).lower()
    assert not [word for word in ("qfirst", "qlast", "qmail", "quid", person.username) if word in text]
    assert str(desk.learner.learner_id) in text or name.startswith(("provider_self", "provider_notification"))

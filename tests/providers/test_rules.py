"""What providers may work with is asked in SQL, and says the same as the functions that everything else goes by."""

import itertools
import random
from datetime import timedelta

import pytest
from django.utils import timezone

from courses.models import ActivityInstrument
from institutions.models import InformedConsent, Institution, Instrument
from learners.models import Learner, SENDCategory, SENDLearner
from learners.queries import instruments_applying, learner_state
from learners.row_rules import consents
from reports.models import Request, RequestProviderResult
from reports.providing import results_of
from tests.contract.desk import provider
from tests.world import FUTURE, PAST

NUMBERS = (1, 2, 3, 4, 5)


@pytest.mark.parametrize("seed", range(40))
def test_instruments_apply_to_a_learner_as_elsewhere(world, bob, seed):
    chosen, home = random.Random(seed), world.home
    own = {"institution": home.institution}
    Instrument.objects.update(requires_enrolment=False)
    Instrument.objects.filter(pk__in=chosen.sample(NUMBERS, chosen.randint(0, 2))).update(enabled=False)
    ActivityInstrument.objects.filter(activity=home.activity).delete()
    rows: list[ActivityInstrument] = []
    for number in chosen.sample(NUMBERS, 4):
        replaced = chosen.choice([None, *rows])
        rows.append(
            ActivityInstrument.objects.create(
                activity=home.activity, instrument_id=number, active=chosen.random() < 0.8, alternative_to=replaced
            )
        )
    for n in range(2):
        data = {"disabled_instruments": chosen.sample(NUMBERS, chosen.randint(0, 2))}
        need = SENDCategory.objects.create(**own, description=str(n), data=data)
        ends = chosen.choice([None, FUTURE, timezone.now() - timedelta(minutes=1)])
        SENDLearner.objects.create(**own, learner=bob, category=need, expires_at=ends)
    request = Request.objects.create(**own, learner=bob, activity=home.activity)
    workers = {number: provider(f"of{number}", number) for number in NUMBERS}
    for worker in workers.values():
        RequestProviderResult.objects.create(request=request, provider=worker)
    used = ActivityInstrument.objects.filter(activity=home.activity).select_related("instrument")
    applying = {row.instrument_id for row in instruments_applying(bob.pk, used)}
    assert {number for number in NUMBERS if results_of(workers[number].pk).exists()} == applying


def test_consents_are_valid_as_elsewhere(world, bob):
    """Accepted versions, rejections, versions that are valid and one day will be, with and without external consent."""
    home = world.home
    versions = [
        InformedConsent.objects.create(
            institution=home.institution, version=f"{major}.{minor}.{patch}", major=major, minor=minor, patch=patch,
            valid_from=PAST,
        )
        for major, minor, patch in ((3, 0, 0), (3, 0, 1), (3, 1, 0), (4, 0, 0))
    ]  # fmt: skip
    found = set()
    for accepted, rejected, future, external in itertools.product(
        [None, home.newer_consent, *versions], [None, PAST], [0, 1, 2, 3, 4], [False, True]
    ):
        Learner.objects.filter(pk=bob.pk).update(consent=accepted, consent_accepted=PAST, consent_rejected=rejected)
        for n, version in enumerate(versions):
            InformedConsent.objects.filter(pk=version.pk).update(valid_from=FUTURE if n >= future else PAST)
        Institution.objects.filter(pk=home.institution.pk).update(external_ic=external)
        state = learner_state(Learner.objects.filter(pk=bob.pk))
        is_valid = state.ic_status.startswith("VALID")
        rows = RequestProviderResult.objects.filter(request__learner=bob)
        if not rows.exists():
            request = Request.objects.create(institution=home.institution, learner=bob, activity=home.activity)
            RequestProviderResult.objects.create(request=request, provider=provider())
        assert rows.filter(consents("request__learner")).exists() == is_valid, (state.ic_status, accepted, future)
        found.add(state.ic_status)
    assert found >= {
        "VALID", "VALID_NEED_UPDATE", "NOT_VALID", "NOT_VALID_YET", "VALID_EXTERNAL", "NOT_VALID_REJECTED",
        "NOT_VALID_MISSING",
    }  # fmt: skip

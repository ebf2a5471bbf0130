"""Which requests a provider may work on: those with a result of its own, like samples in learners/row_rules.py."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from courses.models import ActivityInstrument
from files.models import Kind, StoredFile
from files.permissions import readable
from kernel.caller import Caller, CallerKind
from kernel.domain import Unknown
from learners.row_rules import consents, needs_disabling
from learners.validating import learners_locked
from reports.models import RequestProviderResult

_LEARNER, _INSTRUMENT = OuterRef("request__learner"), OuterRef("provider__instrument")


def may_verify() -> Q:
    """The learner's consent is valid, and no special need takes the provider's instrument away.

    But for an instrument that stands in for one which is taken away: special needs do not disable that again.
    """
    disabled = needs_disabling(_LEARNER, _INSTRUMENT)
    primary_disabled = needs_disabling(OuterRef(OuterRef("request__learner")), OuterRef("alternative_to__instrument"))
    stands_in = ActivityInstrument.objects.filter(
        Q(alternative_to__instrument__enabled=False) | Exists(primary_disabled),
        activity=OuterRef("request__activity"),
        instrument=_INSTRUMENT,
        active=True,
        alternative_to__active=True,
        alternative_to__alternative_to=None,
    )
    return consents("request__learner") & (~Q(Exists(disabled)) | Q(Exists(stands_in)))


def own_result(me) -> Q:
    return Q(provider=me.id) & may_verify()


def results_of(provider_id: int) -> QuerySet[RequestProviderResult]:
    return RequestProviderResult.objects.filter(may_verify(), provider=provider_id)


@readable(Kind.REQUEST)
def request_readable(caller: Caller, file: StoredFile) -> bool:
    """For providers. For people: visibility.py."""
    return caller.kind is CallerKind.PROVIDER and results_of(caller.id).filter(request__data=file).exists()


def result_locked(row: RequestProviderResult) -> RequestProviderResult:
    """The row as stored, locked with the learner. Unknown if the provider may not work on the request any more."""
    learners_locked([row.request.learner_id])
    rows = results_of(row.provider_id).select_related(
        "audit", "provider__instrument", "request__learner__user", "request__learner__institution"
    )
    found = rows.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if found is None:
        raise Unknown("There is no such request any more.")
    return found

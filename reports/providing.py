"""Which requests a provider may work on: those with a result of its own, like samples in learners/row_rules.py."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from courses.models import ActivityInstrument
from files.models import Kind, StoredFile
from files.permissions import readable
from kernel.caller import Caller, CallerKind
from kernel.fast.prepared import Prepared
from learners.models import Enrolment
from learners.row_rules import consents, needs_disabling
from reports.models import RequestProviderResult

_LEARNER, _INSTRUMENT = OuterRef("request__learner"), OuterRef("provider__instrument")


def may_verify() -> Q:
    """The learner's consent is valid, the instrument applies to the learner in the activity, and there is the model
    that it needs. As `obstacles` says it before anything is stored (services/verifying.py)."""
    needs_no_model = Q(provider__instrument=None) | Q(provider__instrument__requires_enrolment=False)
    model = Enrolment.objects.filter(learner=_LEARNER, provider=OuterRef("provider"))
    return consents("request__learner") & (needs_no_model | Q(Exists(model))) & _applies()


def _applies() -> Q:
    """As `instruments_applying` says it, in SQL.

    Special needs take an instrument away, but not where it stands in for one that they take away, or that is off.
    """
    learner = OuterRef(OuterRef("request__learner"))
    own, replaced = OuterRef("instrument"), OuterRef("alternative_to__instrument")
    primary = Q(alternative_to=None) & ~Q(Exists(needs_disabling(learner, own)))
    stands_in = Q(alternative_to__active=True, alternative_to__alternative_to=None) & (
        Q(alternative_to__instrument__enabled=False) | Q(Exists(needs_disabling(learner, replaced)))
    )
    rows = ActivityInstrument.objects.filter(
        primary | stands_in,
        activity=OuterRef("request__activity"),
        instrument=_INSTRUMENT,
        instrument__enabled=True,
        active=True,
    )
    without_activity = Q(request__activity=None) & ~Q(Exists(needs_disabling(_LEARNER, _INSTRUMENT)))
    return without_activity | Q(Exists(rows))


def own_result(me) -> Q:
    return Q(provider=me.id) & may_verify()


def results_of(provider_id: int) -> QuerySet[RequestProviderResult]:
    return RequestProviderResult.objects.filter(may_verify(), provider=provider_id)


@readable(Kind.REQUEST)
def request_readable(caller: Caller, file: StoredFile) -> bool:
    """For providers. For people: visibility.py."""
    return caller.kind is CallerKind.PROVIDER and any(_WITH_SAMPLE(provider=caller.id, file=file.pk))


# Each sample that a provider reads asks it, and compiling takes several times as long as asking.
_WITH_SAMPLE = Prepared(
    lambda provider, file: results_of(provider).filter(request__data_id=file).values_list("pk"), "provider", "file"
)

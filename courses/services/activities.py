"""Activities, and the instruments that check who does them."""

import uuid
from typing import Any

from courses.models import Activity, ActivityEditor, ActivityInstrument, Course
from files.services import files_erase_unreferenced
from institutions.models import Instrument
from institutions.services.options import options_wrong
from kernel.domain import Invalid, Unknown
from kernel.locks import Lock, cascade_locked, locking
from kernel.writes import one_transaction, save_values, set_values
from pipeline.jobs import enqueue

MANUAL = "manual"  # type of the activities that no VLE has sent


@one_transaction()
def activity_create(*, course: Course, by_id: int | None = None, **values: Any) -> Activity:
    """An activity that no VLE knows, with an id of its own. `by_id`, here and below: the person who does it."""
    _course_kept(course)
    identity = {"vle_activity_type": MANUAL, "vle_activity_id": str(uuid.uuid4())}
    activity = _new_activity(course, **identity, **values)
    _refuse_end_before_start(activity)
    activity.save()
    _edited(activity, by_id)
    return activity


@one_transaction()
def activity_update(*, activity: Activity, by_id: int | None = None, **values: Any) -> None:
    """Writes only these values."""
    is_changed = set_values(activity, values)
    if values.keys() & {"start", "end"}:
        _refuse_end_before_start(activity)
    if is_changed:
        activity.save(update_fields=(*values, "updated_at"))
        _edited(activity, by_id)


def _edited(activity: Activity, by_id: int | None) -> None:
    """Who has set up an activity does not decide contests of its reports."""
    if by_id is not None:
        ActivityEditor.objects.bulk_create([ActivityEditor(activity=activity, person_id=by_id)], ignore_conflicts=True)


@one_transaction()
def activity_register(*, course: Course, **values: Any) -> Activity:
    """An activity that the course's VLE sends, under the VLE's own type and id. Its dates are stored unchecked."""
    _course_kept(course)
    activity = _new_activity(course, **values)
    activity.save()
    return activity


def activity_refresh(*, activity: Activity, **values: Any) -> None:
    """Takes over what the VLE sends now. Writes only these values."""
    save_values(activity, values)


def _course_kept(course: Course) -> None:
    """Neither the course nor its VLE is deleted until the transaction ends. Unknown if it has been."""
    rows = Course.objects.select_related("vle").filter(pk=course.pk)
    if not locking(rows, vle=Lock.REFERENCE, self=Lock.REFERENCE):
        raise Unknown("There is no such course any more.")


def _new_activity(course: Course, **values: Any) -> Activity:
    return Activity(institution_id=course.institution_id, vle_id=course.vle_id, course=course, **values)


@one_transaction()
def activity_delete(*, activity: Activity) -> None:
    """The activity with its instruments, sessions, requests, reports and their files."""
    cascade_locked(activity)
    activity.delete()
    files_erase_unreferenced(institution=activity.institution)


def _refuse_end_before_start(activity: Activity) -> None:
    if activity.start is not None and activity.end is not None and activity.end < activity.start:
        raise Invalid(end="The end is before the start.")


@one_transaction()
def activity_instrument_create(
    *,
    activity: Activity,
    instrument: Instrument,
    alternative_to: ActivityInstrument | None = None,
    by_id: int | None = None,
    **values: Any,
) -> ActivityInstrument:
    """An instrument for the activity, a primary one or the alternative of a primary one."""
    activity_locked(activity=activity)
    row = ActivityInstrument(activity=activity, instrument=instrument, alternative_to=alternative_to, **values)
    _refuse_disabled(instrument)
    _refuse_wrong_options(row)
    _refuse_wrong_primary(row)
    row.save()
    _edited(activity, by_id)
    return row


@one_transaction()
def activity_instrument_update(*, row: ActivityInstrument, by_id: int | None = None, **values: Any) -> None:
    """Writes only these values. A new instrument must be enabled; the present one may be disabled."""
    activity_locked(activity=row.activity)
    before = ActivityInstrument.objects.filter(pk=row.pk).first()
    if before is None:
        raise Unknown("There is no such instrument in the activity any more.")
    is_changed = set_values(row, values)
    if row.instrument_id != before.instrument_id:
        _refuse_disabled(row.instrument)
    if values.keys() & {"instrument", "options"}:
        _refuse_wrong_options(row)
    if row.alternative_to_id != before.alternative_to_id:
        _refuse_wrong_primary(row)
    if is_changed:
        row.save(update_fields=(*values, "updated_at"))
        _edited(row.activity, by_id)
        enqueue("reports.activity", [row.activity_id])  # what is not used any more is not verified


@one_transaction()
def activity_instrument_delete(*, activity: Activity, row: ActivityInstrument, by_id: int | None = None) -> None:
    """Of this activity, with its alternatives."""
    row.delete()
    _edited(activity, by_id)


def activity_locked(*, activity: Activity) -> None:
    """Lock the activity: its instruments change one after the other, so that a primary one stays primary meanwhile."""
    if not Activity.objects.filter(pk=activity.pk).select_for_update(no_key=True).values_list("pk"):
        raise Unknown("There is no such activity any more.")


def _refuse_disabled(instrument: Instrument) -> None:
    if not instrument.enabled:
        raise Invalid(instrument="This instrument is not available.")


def _refuse_wrong_options(row: ActivityInstrument) -> None:
    """Invalid if the options do not fit the instrument's schema. Without options the schema's defaults hold."""
    if row.options is None or row.instrument.options_schema is None:
        return
    try:
        wrong = options_wrong(row.instrument.options_schema, row.options)
    except ValueError as error:
        raise Invalid(options="They cannot be checked: the instrument's own schema is broken.") from error
    if wrong is not None:
        raise Invalid(options=wrong)


def _refuse_wrong_primary(row: ActivityInstrument) -> None:
    """An alternative replaces a primary instrument of the same activity: not itself, and not another alternative."""
    primary = row.alternative_to
    if primary is None:
        return
    if primary.pk == row.pk:
        raise Invalid(alternative_to="An instrument is no alternative to itself.")
    if primary.activity_id != row.activity_id:
        raise Invalid(alternative_to="This instrument is not in the same activity.")
    next_primary = ActivityInstrument.objects.filter(pk=primary.pk).values_list("alternative_to_id", flat=True).first()
    if next_primary is not None:
        raise Invalid(alternative_to="This instrument is an alternative itself.")
    if row.pk is not None and row.alternatives.exists():
        raise Invalid(alternative_to="This instrument has alternatives itself.")

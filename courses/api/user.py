"""/institution/{parent_lookup_institution_id}/user/{id}/: users as institutions know them, and their activities/.

The resource is mounted from here because `activities` reads courses; everything else is in the base class.
"""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action

from courses import queries
from courses.api.activity import InstitutionCourseActivitySerializer
from courses.api.activity_instrument import InstitutionCourseActivityInstrumentSerializer
from courses.api.course import role_names
from courses.models import ActivityInstrument, Course
from institutions.api.shared.users import BaseUserViewSet
from institutions.row_rules import own
from kernel.access import grant
from kernel.caller import Role
from kernel.serializers import Batch, ResourceSerializer
from learners import arithmetic
from learners.queries import NO_SEND, send_summaries

DRAWN = frozenset({"fr", "ks", "vr", "fa", "plag"})  # existing dashboards crash on other instruments


def course_roles(courses: Sequence[int], view) -> dict[int, list[str]]:
    return {course: role_names(*view.memberships[course]) for course in courses}


def activity_instruments(activities: Sequence[int], view) -> dict[int, list[dict[str, Any]]]:
    """All active instruments in courses that the person teaches; in others those that apply with the special needs."""
    plan = view.plan(InstitutionCourseActivityInstrumentSerializer)
    instruments = ActivityInstrument.objects.filter(activity__in=activities).order_by("activity", "pk")
    rows = list(instruments.values_list("activity_id", "activity__course_id", *plan.columns))
    grouped: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for (activity, course, *_), values in zip(rows, plan([row[2:] for row in rows], view), strict=True):
        grouped.setdefault((activity, course), []).append(values)
    disabled = send_summaries([view.person_id]).get(view.person_id, NO_SEND)["send"]["disabled_instruments"]
    return {
        activity: [row for row in _applying(values, view.memberships[course], disabled) if _is_drawn(row)]
        for (activity, course), values in grouped.items()
    }


def _applying(rows: list[dict[str, Any]], membership: tuple[bool, bool], disabled: list[int]) -> list[dict[str, Any]]:
    _, teaches = membership
    if teaches:
        return [row for row in rows if row["active"]]
    values = [
        arithmetic.ActivityInstrument(
            r["id"], r["instrument_id"], r["active"], r["alternative_to"], r["instrument"]["enabled"]
        )
        for r in rows
    ]
    chosen = {row.id for row in arithmetic.learner_instruments(values, disabled)}
    return [row for row in rows if row["id"] in chosen]


def _is_drawn(row: dict[str, Any]) -> bool:
    return row["instrument"]["acronym"] in DRAWN


class InstrumentsField(Batch):
    """The instruments of an activity that apply to the person, each as in the activity's own list."""


class InstrumentsFieldSchema(OpenApiSerializerFieldExtension):
    target_class = InstrumentsField

    def map_serializer_field(self, auto_schema, direction):
        component = auto_schema.resolve_serializer(InstitutionCourseActivityInstrumentSerializer, direction)
        return {"type": "array", "items": component.ref}


class UserCourseSerializer(ResourceSerializer):
    """`user_roles` are the person's, who need not be the caller."""

    user_roles = Batch(course_roles)

    class Meta:
        model = Course
        fields = ("id", "code", "start", "end", "description", "user_roles")


class UserActivitySerializer(InstitutionCourseActivitySerializer):
    """An activity with its course, and the instruments that apply to the person there."""

    course = UserCourseSerializer(read_only=True)
    user_instruments = InstrumentsField(activity_instruments, missing=[])

    class Meta(InstitutionCourseActivitySerializer.Meta):
        fields = (*InstitutionCourseActivitySerializer.Meta.fields, "course", "user_instruments")


class UserViewSet(BaseUserViewSet):
    access = BaseUserViewSet.access | {
        Role.GLOBAL | Role.ADMIN | Role.DATA: grant("activities"),
        Role.INSTRUCTOR | Role.LEARNER | Role.MEMBER: grant("activities", rows=own),
    }

    memberships: dict[int, tuple[bool, bool]]  # course of the page -> whether the person attends it, and teaches it

    @property
    def person_id(self) -> int:
        return self.kwargs[self.lookup_url_kwarg]

    @extend_schema(responses=UserActivitySerializer(many=True))
    @action(detail=True, filter_backends=[])
    def activities(self, request, **_):
        """The activities of the courses that the person teaches or attends."""
        self.get_object()
        plan = self.plan(UserActivitySerializer)
        rows = queries.activities_of(self.person_id, self.caller.vle_id).order_by("pk")
        page: Any = self.paginate_queryset(rows.values_list("course_id", "attended", "taught", *plan.columns))
        self.memberships = {course: (attended, taught) for course, attended, taught, *_ in page}
        self.seen({"id": self.person_id}, len(page))
        return self.get_paginated_response(plan([row[3:] for row in page], self))

"""/institution/{parent_lookup_institution_id}/contest/{id}/: contests, assigned to and decided by people."""

from typing import Any, TypedDict

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from courses.queries import ActivityNamed, activity_name, activity_named
from institutions.models import Institution, User
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import IntegerFilter, MomentFilter, TenantFilter
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import Batch, BodySerializer, Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from reports.arithmetic import Level
from rights.api.contest import LONGEST, files_of, levels_told
from rights.api.report import COURSE, CourseDescribed, course_described
from rights.models import DECIDED, Contest, Kind, State
from rights.services import contests


class ContestingLearner(TypedDict):
    id: int
    uid: str
    first_name: str
    last_name: str
    email: str


class Assignee(TypedDict):
    id: int
    first_name: str
    last_name: str


def learner_of(
    key: int | None, uid: str, first_name: str, last_name: str, email: str | None
) -> ContestingLearner | None:
    if key is None:
        return None
    return ContestingLearner(id=key, uid=uid, first_name=first_name, last_name=last_name, email=email or "")


def assignee_of(key: int | None, first_name: str, last_name: str) -> Assignee | None:
    return None if key is None else Assignee(id=key, first_name=first_name, last_name=last_name)


def activity_if(key: int | None, name: str, kind: str) -> ActivityNamed | None:
    return None if key is None else activity_named(key, name, kind)


def course_if(key: int | None, *named: Any) -> CourseDescribed | None:
    return None if key is None else course_described(key, *named)


_USER, _COURSE = "report__learner__user__", "report__activity__course__"


class ContestSerializer(ResourceSerializer):
    """Learner, activity and course are null where the report is gone: the outcome stays."""

    report = serializers.IntegerField(source="report_id", read_only=True, allow_null=True)
    learner = Computed(
        learner_of, "report__learner_id", *(f"{_USER}{n}" for n in ("uid", "first_name", "last_name", "email"))
    )
    activity = Computed(
        activity_if,
        "report__activity_id",
        lambda me: activity_name("report__activity__"),
        "report__activity__vle_activity_type",
    )
    course = Computed(course_if, "report__activity__course_id", *(f"{_COURSE}{name}" for name in COURSE))
    level = serializers.ChoiceField(Kind.choices, read_only=True, allow_null=True, help_text="Null: the whole report.")
    state = serializers.ChoiceField(State.choices, read_only=True)
    machine_levels = Computed(levels_told, "machine_levels", help_text="The contested levels when it was contested.")
    human_levels = Computed(levels_told, "human_levels", help_text="Those that a person gave instead.")
    assignee = Computed(assignee_of, "assignee_id", "assignee__first_name", "assignee__last_name")
    files = Batch(files_of, missing=())

    class Meta:
        model = Contest
        fields = (
            "id", "report", "learner", "activity", "course", "level", "machine_levels", "reason", "state", "deadline",
            "assignee", "answer", "human_levels", "decided_at", "decided_by_id", "files", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class AssignBodySerializer(BodySerializer):
    assignee = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The id of a person.")


class HumanLevelsSerializer(BodySerializer):
    def get_fields(self):
        levels = [(int(level), level.name) for level in Level]
        return {kind: serializers.ChoiceField(levels, required=False) for kind in Kind.values}


class DecideBodySerializer(BodySerializer):
    outcome = serializers.ChoiceField([(state.value, state.label) for state in DECIDED])
    answer = serializers.CharField(
        max_length=LONGEST, style={"base_template": "textarea.html"}, help_text="The reasons, which the learner reads."
    )
    levels = HumanLevelsSerializer(required=False, help_text="By kind, where the outcome is that they are changed.")


class ContestFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=State.choices)
    assignee = TenantFilter(queryset=User.objects.all(), none=0)
    report = IntegerFilter("report_id")
    deadline__gte = MomentFilter("deadline", "gte")
    deadline__lte = MomentFilter("deadline", "lte")


class ContestViewSet(ResourceViewSet):
    queryset = Contest.objects.all()
    serializer_class = ContestSerializer
    filterset_class = ContestFilter
    search_fields = ("report__learner__user__search_text", "report__activity__search_text", "reason", "answer")
    orderable = {name: name for name in ("id", "state", "deadline", "created_at", "assignee")}
    shows_people = True
    conflicts = True
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.ADMIN | Role.DATA: grant(READ, "assign", "decide")}

    @extend_schema(request=AssignBodySerializer, responses={200: ContestSerializer, **problems(400, 404, 409)})
    @action(detail=True, methods=["post"])
    def assign(self, request, **_):
        """Let a person decide: a data administrator or an administrator who did not set up the activity."""
        contest, values = self.get_object(), self.body(AssignBodySerializer)
        with contests.one_transaction():
            saved = contests.contest_assign(contest=contest, assignee_id=values["assignee"])
            self.recorded("assign", saved, assignee=values["assignee"])
        return Response(self.read_one(pk=saved.pk))

    @extend_schema(request=DecideBodySerializer, responses={200: ContestSerializer, **problems(400, 403, 404, 409)})
    @action(detail=True, methods=["post"])
    def decide(self, request, **_):
        """The decision of the person to whom it is assigned; the machine's levels stay beside it."""
        contest, values = self.get_object(), self.body(DecideBodySerializer)
        with contests.one_transaction():
            saved = contests.contest_decide(contest=contest, by_id=self.caller.id, **values)
            self.recorded("decide", saved, outcome=saved.state, levels=saved.human_levels)
        return Response(self.read_one(pk=saved.pk))

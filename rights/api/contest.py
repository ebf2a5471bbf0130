"""/me/contest/{id}/: the caller contests a report, or one level of it, and reads what became of it."""

from collections.abc import Collection
from typing import Any, TypedDict

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from courses.queries import activity_name, activity_named
from files.links import evidence_links
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.schema import problems
from kernel.serializers import Batch, BodySerializer, Computed, IdToLookUpField, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from reports.models import Report
from rights.api.report import COURSE, are_shown, course_described
from rights.models import Contest, ContestFile, Kind, State
from rights.row_rules import own_contests, own_reports
from rights.services import contests

LONGEST = 10_000  # letters
FILE_NAME = "contest"


class ContestFileTold(TypedDict):
    id: int
    name: str
    size: int
    media_type: str
    url: str  # signed anew in each answer; opening it is recorded


def files_of(keys: Collection[int], view: Any) -> dict[int, list[ContestFileTold]]:
    links, found = view.per_request(evidence_links), dict[int, list[ContestFileTold]]()
    for row in ContestFile.objects.filter(contest__in=keys).select_related("file").order_by("pk"):
        extension = contests.EXTENSIONS.get(row.file.media_type, "bin")
        told = ContestFileTold(
            id=row.pk, name=row.name, size=row.file.size, media_type=row.file.media_type,
            url=str(links(row.file_id, f"{FILE_NAME}.{extension}")),
        )  # fmt: skip
        found.setdefault(row.contest_id, []).append(told)
    return found


def levels_told(levels: dict[str, int]) -> dict[str, int]:
    return {kind: levels[kind] for kind in Kind.values if kind in levels}


def levels_if(levels: dict[str, int], shown: bool) -> dict[str, int]:
    return levels_told(levels) if shown else {}


def is_assigned(assignee: int | None) -> bool:
    return assignee is not None


class OwnContestSerializer(ResourceSerializer):
    report = IdToLookUpField(source="report_id", min_value=1, max_value=2**63 - 1, allow_null=True)
    level = serializers.ChoiceField(Kind.choices, allow_null=True, required=False, help_text="Null: the whole report.")
    reason = serializers.CharField(max_length=LONGEST, style={"base_template": "textarea.html"})
    activity = Computed(
        activity_named,
        "report__activity_id",
        lambda me: activity_name("report__activity__"),
        "report__activity__vle_activity_type",
    )
    course = Computed(
        course_described, "report__activity__course_id", *(f"report__activity__course__{name}" for name in COURSE)
    )
    state = serializers.ChoiceField(State.choices, read_only=True)
    machine_levels = Computed(
        levels_if,
        "machine_levels",
        per_request=are_shown,
        help_text="The contested levels when it was contested; empty where the institution shows learners none.",
    )
    human_levels = Computed(levels_told, "human_levels", help_text="Those that a person gave instead.")
    is_assigned = Computed(is_assigned, "assignee_id")
    files = Batch(files_of, missing=())

    class Meta:
        model = Contest
        fields = (
            "id", "report", "activity", "course", "level", "machine_levels", "reason", "state", "deadline",
            "is_assigned", "answer", "human_levels", "decided_at", "files", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("deadline", "answer", "decided_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The service looks whether another contest is open, under its lock: that is no wrong value of the body."""
        return attrs

    def validate_report(self, value: int | None) -> int:
        """Null only where it is read: the report of a contest may be gone."""
        if value is None:
            self.fields["report"].fail("null")
        return value  # type: ignore[return-value] # not null by now


class ContestFileBodySerializer(BodySerializer):
    file = serializers.FileField(max_length=250)


class OwnContestViewSet(ResourceViewSet):
    root = "me"
    queryset = Contest.objects.all()
    serializer_class = OwnContestSerializer
    search_fields = ("reason", "answer")
    orderable = {name: name for name in ("id", "state", "deadline", "created_at")}
    shows_people = True
    conflicts = True
    access = {Role.LEARNER: grant(READ, "create", "withdraw", "file", rows=own_contests)}

    @property
    def body_bytes(self) -> int:
        form = str(self.request.content_type).startswith("multipart/")
        return settings.REQUEST_BODY_BYTES + (settings.CONSENT_PDF_BYTES if form else 0)

    def existing_row(self, values: dict[str, Any]) -> Contest | None:
        return contests.contest_repeated(learner_id=self.caller.id, **values)

    def perform_create(self, serializer):
        serializer.instance = contests.contest_create(
            reports=Report.objects.filter(own_reports(self.caller)),
            learner_id=self.caller.id,
            **serializer.validated_data,
        )

    @extend_schema(request=None, responses={200: OwnContestSerializer, **problems(404, 409)})
    @action(detail=True, methods=["post"])
    def withdraw(self, request, **_):
        """Give the contest up: the levels are final again."""
        with contests.one_transaction():
            contest = contests.contest_withdraw(contest=self.get_object())
            self.recorded("withdraw", contest)
        return Response(self.read_one(pk=contest.pk))

    @extend_schema(
        request={"multipart/form-data": ContestFileBodySerializer},
        responses={200: OwnContestSerializer, **problems(400, 404, 409, 413, 415)},
    )
    @action(detail=True, methods=["post"])
    def file(self, request, **_):
        """Add a file to an open contest: PDF, picture, text or document."""
        contest = self.get_object()
        sent = self.body(ContestFileBodySerializer)["file"]
        with contests.one_transaction():
            added = contests.contest_file_add(
                contest=contest,
                learner_id=self.caller.id,
                content=sent,
                name=sent.name,
                media_type=sent.content_type or "",
            )
            self.recorded("add file", added.contest)
        return Response(self.read_one(pk=contest.pk))

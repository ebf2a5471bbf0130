"""/institution/{parent_lookup_institution_id}/user/{id}/merge/: two accounts of one person become one.

The resource is mounted from here because a merge moves rows of all apps; everything else is in the base class.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from courses.api.user import UserViewSet
from institutions.api.shared.people import refuse_sent
from institutions.api.shared.users import OF_UIDS
from institutions.models import User
from institutions.services.person_values import is_guarded
from kernel.access import READ, WRITE, grant
from kernel.caller import CallerKind, Role
from kernel.schema import problems
from kernel.serializers import BodySerializer
from reports.services.merging import merge_preview, people_merge


class MergeSerializer(BodySerializer):
    """Whose account goes: `from`, an id. With `dry_run` nothing changes, and the answer says what would move."""

    dry_run = serializers.BooleanField(default=False)
    state = serializers.CharField(required=False, help_text="Of a dry run: refused if it is no longer so.")

    def get_fields(self):
        gone = serializers.IntegerField(
            min_value=1, max_value=2**63 - 1, source="gone", help_text="Whose account goes."
        )
        return {"from": gone, **super().get_fields()}


class MergedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="The person who is kept.")
    dry_run = serializers.BooleanField()
    state = serializers.CharField(help_text="Of both accounts and of what moves, before the merge.")
    moved = serializers.DictField(child=serializers.IntegerField(), help_text="Numbers of rows, by kind.")
    joined = serializers.DictField(
        child=serializers.IntegerField(), help_text="Of these the rows that both people have: the two become one."
    )

    def get_fields(self):
        return {"id": (fields := super().get_fields())["id"], "from": serializers.IntegerField(), **fields}


class MergingUserViewSet(UserViewSet):
    access = UserViewSet.access | {Role.ADMIN: grant(READ, WRITE, "merge", *OF_UIDS)}

    @extend_schema(request=MergeSerializer, responses={200: MergedSerializer, **problems(409, 412)})
    @action(detail=True, methods=["post"])
    def merge(self, request, **_):
        """Everything of another account of the same person moves to this one, and the other account is deleted.

        Where both have a row of which there can be one only (a course, a report on an activity), the two become one.
        With the `state` of a dry run nothing is merged that the dry run has not shown.
        """
        kept = self.get_object()
        body = self.body(MergeSerializer)
        gone = body["gone"]
        ids = {"institution": self.tenant, "kept_id": kept.pk, "gone_id": gone, "by_id": self.caller.id}
        self.refuse_launched_merge(kept, gone)
        merged = merge_preview(**ids) if body["dry_run"] else people_merge(**ids, state=body.get("state"))
        answer = {"id": kept.pk, "from": gone, "dry_run": body["dry_run"]}
        return Response(answer | {"state": merged.state, "moved": merged.moved, "joined": merged.joined})

    def refuse_launched_merge(self, kept: User, gone_id: int) -> None:
        """The rights and the way to sign in of one of the two may become the other's."""
        if self.caller.kind is CallerKind.LAUNCHED:
            gone = User.objects.filter(institution=self.tenant_id, pk=gone_id).first()
            if is_guarded(kept) or (gone is not None and is_guarded(gone)):
                refuse_sent(self, "merges accounts with rights or a way to sign in")

"""/me/bundle/{id}/: everything that is held about the caller, made in the background to be taken away."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rest_framework import serializers

from files.links import evidence_links
from files.models import Made
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from rights.models import Bundle, BundleState
from rights.row_rules import own_bundles
from rights.services import bundles

NAME = "bundle-{}.zip"  # with the session in which the link was made: it ends with that session


def linked(view: Any) -> Callable[[int, bool], str | None]:
    """Makes links for the caller's own sign-in. None for what a VLE's link must not open: see leaving.py."""
    links, caller = view.per_request(evidence_links), view.caller

    def link(key: int, with_captures: bool) -> str | None:
        if not bundles.may_take(caller, with_captures):
            return None
        return links(key, NAME.format(caller.session_id or 0), Made.BUNDLE.value)

    return link


def url_of(
    key: int, state: str, with_captures: bool, expires_at: datetime | None, link: Callable[[int, bool], str | None]
) -> str | None:
    return link(key, with_captures) if bundles.is_ready(state, expires_at) else None


class OwnBundleSerializer(ResourceSerializer):
    state = serializers.ChoiceField(BundleState.choices, read_only=True)
    url = Computed(
        url_of, "pk", "state", "with_captures", "expires_at", per_request=linked,
        help_text="Of a ZIP archive; signed anew in each answer, and for this sign-in alone.",
    )  # fmt: skip

    class Meta:
        model = Bundle
        fields = (
            "id", "state", "done", "total", "size", "with_captures", "url", "ready_at", "expires_at", "created_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class OwnBundleViewSet(ResourceViewSet):
    root = "me"
    queryset = Bundle.objects.all()
    serializer_class = OwnBundleSerializer
    search_fields = ("state",)
    orderable = {name: name for name in ("id", "state", "created_at")}
    conflicts = True
    access = {Role.MEMBER: grant(READ, "create", "destroy", rows=own_bundles)}

    def perform_create(self, serializer):
        """Who came by a VLE's link has shown no password: see `may_take`."""
        caller = self.caller
        serializer.instance = bundles.bundle_create(
            person_id=caller.id,
            vle_id=caller.vle_id,
            with_captures=bundles.may_take(caller, with_captures=True),
            is_sent=caller.sent_by is not None,
        )

    def perform_destroy(self, instance):
        bundles.bundle_delete(bundle=instance)

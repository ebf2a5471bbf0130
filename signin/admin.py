"""Sessions, which can be ended here, and sign-in failures, which can be forgotten."""

from django.contrib import admin, messages
from django.utils import timezone

from kernel.admin import BaseAdmin, ReadOnlyAdmin
from signin.models import CallerSession, Launcher, SignInCounter
from signin.services.sessions import session_end


@admin.register(CallerSession)
class CallerSessionAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "user", "credential", "address", "created_at", "expires_at", "ended_at", "is_live")
    list_select_related = ("user", "credential")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=user__username", "=user__email", "=address", "=user__institution__acronym")
    search_help_text = "Number, username, e-mail, address, or acronym of the institution"
    ordering = ("-pk",)
    actions = ("end",)

    @admin.display(boolean=True, description="live")
    def is_live(self, session: CallerSession) -> bool:
        return session.ended_at is None and session.expires_at > timezone.now()

    @admin.action(description="End the selected sessions")
    def end(self, request, queryset) -> None:
        live = list(queryset.filter(ended_at=None).values_list("pk", "user__institution", "user"))
        for pk, home, person in live:
            session_end(session_id=pk, institution_id=home, person_id=person)
        self.message_user(request, f"{len(live)} sessions have ended; their tokens are refused.", messages.SUCCESS)


@admin.register(SignInCounter)
class SignInCounterAdmin(BaseAdmin):
    """Rows can be deleted, which unlocks an account or address. Keys are hashes: rows differ by count and time only."""

    list_display = ("key", "failures", "last_failure_at")
    ordering = ("-last_failure_at", "key")

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Launcher)
class LauncherAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "vle", "target", "created_at", "expires_at", "used_at")
    list_select_related = ("user", "vle")
    exclude = ("token_hash",)
    search_fields = ("=id", "=user__username", "=user__email")
    ordering = ("-pk",)

"""Procedures: one POST below the row that the first id of a URL names, for what is no row and no list of rows."""

from typing import Any, ClassVar

from rest_framework.views import APIView

from kernel.access import Grant
from kernel.caller import Role
from kernel.rooted import Rooted
from kernel.serializers import BodySerializer

_SEALED = {"permission_classes", "get_permissions", "authentication_classes", "get_authenticators", "initial"}


# Subclasses declare root and access and answer post(). Who may call is decided as for resources, in the same order.
# No docstring: the schema would show it as the description of every operation.
class ProcedureView(Rooted, APIView):
    access: ClassVar[dict[Role, Grant]] = {}
    http_method_names = ["options", "post"]
    action_map = {"post": "post"}  # the browsable API asks for it
    action: str | None = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in _SEALED & cls.__dict__.keys():
            raise TypeError(f"{cls.__name__}.{name} is sealed: declare access")

    def initialize_request(self, request, *args, **kwargs):
        self.action = "post" if request.method == "POST" else None
        return super().initialize_request(request, *args, **kwargs)

    def read(self, serializer: type[BodySerializer]) -> dict[str, Any]:
        """The body, checked."""
        body = serializer(data=self.request.data, context={"view": self})
        body.is_valid(raise_exception=True)
        return body.validated_data

    def enter(self) -> None:
        """Nothing lies above but the root's own row, which the caller's roles have judged."""

    @property
    def grants(self) -> tuple[Grant, ...]:
        return tuple(g for who, g in self.access.items() if who & self.roles and self.action in g.actions)

"""The seal: resources cannot override what the kernel's base classes define, except their declarations and hooks."""

from typing import Any, ClassVar
from weakref import WeakSet

from rest_framework.authentication import BaseAuthentication

from kernel.recording import caller_known

KERNEL = __name__.partition(".")[0]
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
# Names that every class defines itself.
_OF_CLASSES = frozenset({
    "__module__", "__qualname__", "__doc__", "__annotations__", "__dict__", "__weakref__", "__orig_bases__",
    "__parameters__", "__static_attributes__", "__firstlineno__",
})  # fmt: skip
# Options that `@action(...)` and a URL may set.
_OF_ACTIONS = frozenset({
    "basename", "name", "description", "detail", "suffix", "schema", "serializer_class", "filterset_class",
    "renderer_classes",
})  # fmt: skip
_EXAMINED: WeakSet[type] = WeakSet()
_LEFT_OUT = frozenset({"filter_backends", "pagination_class"})  # may be switched off, but not replaced


class KnownCaller(BaseAuthentication):
    """For requests made in this process: the caller was authenticated by another view and is set on the request."""

    def authenticate(self, request):
        caller_known(request._request.known_caller)
        return request._request.known_caller, None


# Subclasses outside the kernel, and their mixins, may define the names in `declarations` and new ones. Every other name
# of the nearest base class of the kernel is sealed, including those from Django and the REST framework, and optional
# ones that these look up without defining them. Overriding one raises TypeError when the class is created.
# No docstring: the schema would show it as the description of every operation.
class Sealed:
    declarations: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        refuse_overrides(cls)
        _EXAMINED.add(cls)

    @classmethod
    def as_view(cls, *args: Any, **initkwargs: Any) -> Any:
        """Options that could bypass access or scope are refused, both of actions and of URLs."""
        refuse_options(cls.__name__, initkwargs)
        return super().as_view(*args, **initkwargs)  # type: ignore[misc] # the view's

    @classmethod
    def as_view_for_known_caller(cls, *args: Any, **initkwargs: Any) -> Any:
        """The view for requests that this process makes, each with a `known_caller`."""
        refuse_options(cls.__name__, initkwargs)
        return super().as_view(*args, authentication_classes=[KnownCaller], **initkwargs)  # type: ignore[misc]


def refuse_overrides(cls: type[Sealed]) -> None:
    base = _kernel_base(cls)
    for name, value in _own_names(cls, base):
        if _is_sealed(name, value, base):
            raise TypeError(f"{cls.__name__}.{name} is sealed: declare {', '.join(sorted(base.declarations))}")


def refuse_unexamined(cls: type) -> None:
    """Called for each class of the tree: a mixin could have replaced `__init_subclass__` and so skipped the checks."""
    if issubclass(cls, Sealed) and cls not in _EXAMINED:
        raise TypeError(f"{cls.__name__}.__init_subclass__ is sealed")


def refuse_options(name: str, options: dict[str, Any]) -> None:
    for option, value in options.items():
        is_left_out = option in _LEFT_OUT and not value
        if option not in _OF_ACTIONS and not is_left_out:
            raise TypeError(f"{name}: {option} is sealed, for one action and one URL, too")


def _is_of_kernel(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == KERNEL


def _own_names(cls: type, base: type):
    """(name, value) of all attributes that this class and its mixins define.

    Base classes with the same base in the kernel were examined when they were created.
    """
    for owner in cls.__mro__:
        was_examined = owner is not cls and issubclass(owner, Sealed) and _kernel_base(owner) is base
        if not was_examined and owner not in base.__mro__ and not _is_of_kernel(owner):
            yield from vars(owner).items()


def _kernel_base(cls: type[Sealed]) -> type[Sealed]:
    return next(each for each in cls.__mro__ if _is_of_kernel(each) and issubclass(each, Sealed))


def _is_sealed(name: str, value: Any, base: type[Sealed]) -> bool:
    if name in base.declarations or name in _OF_CLASSES:
        return False
    if name in _LEFT_OUT and not value:
        return False
    return hasattr(base, name) or name in VERBS or name.startswith("__")

"""The seal: what the kernel's bases define, no resource defines again, unless it is something to declare."""

from typing import Any, ClassVar
from weakref import WeakSet

from rest_framework.authentication import BaseAuthentication

KERNEL = __name__.partition(".")[0]
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
# What every class has of its own.
_OF_CLASSES = frozenset({
    "__module__", "__qualname__", "__doc__", "__annotations__", "__dict__", "__weakref__", "__orig_bases__",
    "__parameters__", "__static_attributes__", "__firstlineno__",
})  # fmt: skip
# What `@action(...)` and a URL may say of a view.
_OF_ACTIONS = frozenset({
    "basename", "name", "description", "detail", "suffix", "schema", "serializer_class", "filterset_class",
})  # fmt: skip
_EXAMINED: WeakSet[type] = WeakSet()
_LEFT_OUT = frozenset({"filter_backends", "pagination_class"})  # may be switched off, and never exchanged


class KnownCaller(BaseAuthentication):
    """Who asks was authenticated by another view in this process, which says so on the request that it makes."""

    def authenticate(self, request):
        return request._request.known_caller, None


# Subclasses outside the kernel, and whatever they mix in, may give the names in `declarations` and new ones. Every
# other name that the nearest base of the kernel has, from Django and the REST framework too, is sealed, and so are the
# names that those look for without having them: whoever overrides one is refused when the class is made.
# No docstring: the schema would show it as the description of every operation.
class Sealed:
    declarations: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        refuse_overrides(cls)
        _EXAMINED.add(cls)

    @classmethod
    def as_view(cls, *args: Any, **initkwargs: Any) -> Any:
        """Arguments that would open a door are refused, whether an action's or a URL's."""
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
    """For the tree: a class that is mixed in could keep Python from asking when the class is made."""
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
    """What this class and the classes that it mixes in define.

    Its bases that stand on the same base of the kernel were examined when they were made.
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

"""Mounting of the declared URL tree on drf-nested-routers: one chain of routers per line of the tree."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from django.urls import include, path, register_converter
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet
from rest_framework_nested.routers import NestedSimpleRouter

from kernel.procedures import ProcedureView
from kernel.seal import refuse_unexamined
from kernel.viewsets import ResourceViewSet


class IdConverter:
    """A positive 64-bit integer: anything else is 404 before it can reach the database."""

    regex = "[1-9][0-9]{0,17}"
    to_python = int
    to_url = str


class LanguageConverter:
    """A language code: what no document can have is 404."""

    regex = "[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}"
    to_python = to_url = str


register_converter(IdConverter, "id")
register_converter(LanguageConverter, "language")


class _Parent(GenericViewSet):
    """Placeholder for a parent in a chain of routers: has its id converter, but no routes."""

    lookup_field = "id"
    lookup_value_converter = "id"


class _ParentByUUID(_Parent):
    lookup_field = lookup_value_converter = "uuid"


def _parent_of(kwarg: str) -> type[_Parent]:
    """`learner_uuid` is a UUID, every other id a number."""
    return _ParentByUUID if kwarg.endswith("_uuid") else _Parent


@dataclass(frozen=True)
class Resource:
    url: str  # below /api/v2/, word for word as in the contract
    viewset: type[ResourceViewSet]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(\w+/)*?(\w+/\{\w+\}/)+", self.url):
            raise ValueError(f"{self.url} is no URL of the tree: words and {{ids}} in turn, a slash at the end")
        refuse_unexamined(self.viewset)

    @property
    def segments(self) -> list[tuple[str, str]]:
        return re.findall(r"(\w+)/\{(\w+)\}/", self.url)

    @property
    def root(self) -> str:
        return self.url.partition("/")[0]

    @property
    def prefix(self) -> str:
        """The part before the word of the first id: "admin/" of "admin/user/{id}/"."""
        return self.url[: re.search(r"\w+/\{", self.url).start()]  # type: ignore[union-attr] # every URL has an id

    @property
    def kwargs(self) -> list[str]:
        return [kwarg for _, kwarg in self.segments]

    @property
    def name(self) -> str:
        return "-".join([*self.prefix.split("/")[:-1], *(segment for segment, _ in self.segments)])

    def urls(self) -> list:
        router = SimpleRouter(use_regex_path=False)
        for (segment, kwarg), _ in pairwise(self.segments):
            parent = _parent_of(kwarg)
            router.register(segment, parent, basename=f"{self.name}-{segment}")
            # The routers name a parent's id lookup + "_" + its lookup_field ("id").
            lookup = kwarg.removesuffix(f"_{parent.lookup_field}")
            router = NestedSimpleRouter(router, segment, lookup=lookup, use_regex_path=False)
        router.register(self.segments[-1][0], self.viewset, basename=self.name)
        return [path(self.prefix, include(router.urls))] if self.prefix else router.urls


@dataclass(frozen=True)
class Call(Resource):
    """Actions {verb: action} at an address that is neither a list nor a row. Its last word is any text."""

    actions: Mapping[str, str] = field(default_factory=dict)

    def urls(self) -> list:
        *above, own = self.segments
        parents = "".join(f"{segment}/<id:{kwarg}>/" for segment, kwarg in above)
        view = self.viewset.as_view(dict(self.actions), basename=self.name, detail=True)
        return [path(f"{self.prefix}{parents}{own[0]}/<str:{own[1]}>/", view, name=self.name)]


@dataclass(frozen=True)
class Procedure:
    """Procedure("vle/{vle_id}/launcher/", LauncherView): a word behind the id of the root's own row, if it has one."""

    url: str  # below /api/v2/
    view: type[ProcedureView]

    def __post_init__(self) -> None:
        match = re.fullmatch(r"(\w+)/(?:\{(\w+)\}/)?\w+/", self.url)
        if match is None or match.groups() != (self.view.root, self.view.root_kwarg):
            raise ValueError(f"{self.url} is no URL of {self.view.__name__}: {{root}}/{{its id}}/word/")
        refuse_unexamined(self.view)

    def urls(self) -> list:
        root, *kwargs, word = re.findall(r"\w+", self.url)
        ids = "".join(f"<id:{kwarg}>/" for kwarg in kwargs)
        return [path(f"{root}/{ids}{word}/", self.view.as_view(), name=f"{root}-{word}")]


def mount(tree) -> list:
    return [url for entry in tree for url in entry.urls()]

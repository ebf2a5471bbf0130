"""Forms that are made from the API's serializers: type, choices, lengths and what is required are the serializer's.

Django's forms read what browsers send and show it again; everything else is validated by the API, whose errors stand at
their fields. Rows are chosen by what they are called, never by a number: from a select while there are few, else from
what a search has found, which works without script.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.utils import timezone
from rest_framework import serializers

from kernel.http.client import ApiClient, texts_of

FEW = 40  # so many rows are offered in a select
FOUND = 10  # so many rows of a search are offered
CHOOSE = "Choose one"
Row = Mapping[str, Any]
Choices = Sequence[tuple[Any, str]]


@dataclass(frozen=True)
class Pick:
    """A field that names a row of a list of the API; `path` as in `Listing`; `none` stands for no row."""

    path: str
    label: Callable[[Row], str]
    ordering: str = ""
    none: str = ""


@dataclass(frozen=True)
class Input:
    """A field of a form: its name in the body, what it is called, and what the serializer does not say.

    A name with a dot is a key of an object in the body. `choices` are offered instead of a field to type into.
    """

    name: str
    label: str
    help: str = ""
    pick: Pick | None = None
    choices: Choices | None = None
    many: bool = False
    optional: bool = False
    required: bool = False
    is_sent: bool = True  # False: the page itself does something with it
    made: Callable[..., forms.Field] | None = None  # where no serializer has such a field
    attributes: Mapping[str, str] = field(default_factory=dict)
    group: str = ""  # the heading above it, for this field and those after it

    @property
    def id(self) -> str:
        """Its name in the page."""
        return self.name.replace(".", "-")

    @property
    def root(self) -> str:
        return self.name.partition(".")[0]

    def of(self, row: Row) -> Any:
        value: Any = row
        for name in self.name.split("."):
            value = value[name]
        return value

    def put(self, body: dict[str, Any], value: Any) -> None:
        *above, name = self.name.split(".")
        for each in above:
            body = body.setdefault(each, {})
        body[name] = value


class MomentField(forms.DateTimeField):
    """An instant to the minute, typed in the time zone of the page, which the label names."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
        super().__init__(widget=widget, **kwargs)
        self.label = f"{self.label} ({timezone.get_current_timezone_name()})"

    @staticmethod
    def of_row(value: Any) -> datetime | None:
        if value is None:
            return None
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        return at.replace(second=0, microsecond=0)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != initial
        except forms.ValidationError:
            return True


class PickField(forms.ChoiceField):
    """The key of a row. Which rows are offered depends on their number, so the form says so before it is shown."""

    def __init__(self, pick: Pick, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pick = pick
        self.is_searched = False
        self.search = ""
        self.found: int | None = None  # of how many the first are offered

    def offer(self, api: ApiClient, ids: Mapping[str, Any], chosen: Any, search: str) -> None:
        """Ask for the rows: all of them if they are few, else what the search finds and the one that is chosen."""
        path = self.pick.path.format(**ids)
        order = {"ordering": self.pick.ordering} if self.pick.ordering else {}
        page = api.page(path, {"limit": FEW, **order})
        if page is None:
            raise PermissionDenied
        rows = page["results"]
        if page["count"] > FEW:
            self.is_searched, self.search, rows = True, search, []
            if search and (page := api.page(path, {"search": search, "limit": FOUND, **order})) is not None:
                self.found, rows = page["count"], page["results"]
            if str(chosen or "").isdecimal() and str(chosen) not in {str(row["id"]) for row in rows}:
                answer = api.get(f"{path}{chosen}/")
                rows = [answer.data, *rows] if answer.status == 200 else rows
        self.widget = forms.RadioSelect() if self.is_searched else forms.Select()
        none = [] if self.required and self.is_searched else [("", CHOOSE if self.required else self.pick.none)]
        self.choices = [*none, *((str(row["id"]), self.pick.label(row)) for row in rows)]
        self.widget.is_required = self.required

    def valid_value(self, value: Any) -> bool:
        return str(value).isdecimal()  # the API knows which rows there are

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        return int(text) if text else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(initial or "") != str(data or "")


def field_of(given: Input, declared: Any) -> forms.Field:
    """The field of a form for one of a serializer; a switch for what only the page knows."""
    required = declared is not None and declared.required and not given.optional
    required = required and not (declared.allow_null or getattr(declared, "allow_blank", False))
    required = required or given.required
    common: dict[str, Any] = {"label": given.label, "help_text": given.help, "required": required}
    if given.pick is not None and not given.many:
        return PickField(given.pick, **common)
    made = given.made(**common) if given.made else _typed(given, declared, common)
    made.widget.attrs |= given.attributes
    return made


def _typed(given: Input, declared: Any, common: dict[str, Any]) -> forms.Field:
    choices = given.choices or [*getattr(declared, "choices", {}).items()]
    if given.many:
        coerce = int if given.pick is not None else str
        return forms.TypedMultipleChoiceField(
            choices=choices, coerce=coerce, widget=forms.CheckboxSelectMultiple, **common
        )
    match declared:
        case serializers.BooleanField() | None if not choices:
            return forms.BooleanField(**common | {"required": False})
        case serializers.DateTimeField():
            return MomentField(**common)
        case serializers.DateField():
            return forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **common)
        case _ if choices:
            return forms.TypedChoiceField(choices=choices, coerce=_coerced(choices), **common)
        case serializers.IntegerField():
            return forms.IntegerField(min_value=declared.min_value, max_value=declared.max_value, **common)
        case serializers.EmailField():
            return forms.CharField(max_length=declared.max_length, widget=forms.EmailInput, **common)
    longest = getattr(declared, "max_length", None)
    lines = declared.style.get("base_template") == "textarea.html"
    return forms.CharField(max_length=longest, widget=forms.Textarea(attrs={"rows": 4}) if lines else None, **common)


def _coerced(choices: Choices) -> Callable[[str], Any]:
    """From what a browser sends to a value of the API."""
    kind: Callable[[str], Any] = type(choices[0][0])
    return kind


class WorkForm(forms.Form):
    """The fields of a page, over a row of the API or empty."""

    def __init__(
        self,
        inputs: Sequence[Input],
        serializer: type[serializers.Serializer[Any]] | None,
        api: ApiClient,
        ids: Mapping[str, Any],
        row: Row | None = None,
        data: QueryDict | None = None,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        declared: Mapping[str, Any] = serializer().fields if serializer else {}
        self.inputs = {given.id: given for given in inputs}
        self.declared: dict[str, Any] = {given.id: declared.get(given.name) for given in inputs}
        made = {name: field_of(given, self.declared[name]) for name, given in self.inputs.items()}
        initial = {} if row is None else {name: _initial(made[name], given, row) for name, given in self.inputs.items()}
        super().__init__(data=data, initial=initial | dict(typed or {}))
        self.fields.update(made)
        source: Mapping[str, Any] = data if data is not None else self.initial
        self.sent = data if data is not None else QueryDict()
        for name, each in made.items():
            if isinstance(each, PickField):
                search = typed.get(f"{name}-search", "") if typed else self.sent.get(f"{name}-search", "")
                each.offer(api, ids, source.get(name), search.strip())
            elif (pick := self.inputs[name].pick) is not None:  # a box for each row
                rows = api.rows(pick.path.format(**ids), {"limit": 1000}) or []
                names = {row["id"]: pick.label(row) for row in rows}
                # What is not offered any more is kept until somebody takes it away.
                names |= {key: f"Number {key}, not in use" for key in self.initial.get(name) or () if key not in names}
                each.choices = [*names.items()]  # type: ignore[attr-defined] # a field of boxes

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields below their headings."""
        found: list[tuple[str, list[forms.BoundField]]] = [("", [])]
        for bound in self:
            if heading := self.inputs[bound.name].group:
                found.append((heading, []))
            found[-1][1].append(bound)
        return [(heading, bound) for heading, bound in found if bound]

    @property
    def has_picker(self) -> bool:
        return any(getattr(each, "is_searched", False) for each in self.fields.values())

    @property
    def is_searching(self) -> bool:
        """Whether it was sent to search for rows: by the button, or because something else is searched for now."""
        texts = {name: self.sent.get(f"{name}-search", "").strip() for name in self.fields}
        return self.sent.get("find") in self.fields or any(
            text and text != self.sent.get(f"{name}-searched", "") for name, text in texts.items()
        )

    def typed(self) -> dict[str, Any]:
        """What was sent, for a form that shows it again without judging it."""
        values = {bound.name: bound.value() for bound in self}
        return values | {f"{name}-search": self.sent.get(f"{name}-search", "") for name in self.fields}

    def body(self, *, changes: bool) -> dict[str, Any]:
        """The body for the API. With `changes` what differs from the row; else what was filled in."""
        body: dict[str, Any] = {}
        for name, given in self.inputs.items():
            declared, value = self.declared[name], self.cleaned_data[name]
            if not given.is_sent or (changes and name not in self.changed_data):
                continue
            if value in ("", None):
                if not changes:
                    continue
                value = None if getattr(declared, "allow_null", False) else ""
            given.put(body, value.isoformat() if isinstance(value, date) else value)
        return body

    def refuse(self, errors: Any) -> None:
        """Show the errors of the API: those of a field there, all others above the form."""
        named = errors if isinstance(errors, Mapping) else {"": errors}
        for key, value in named.items():
            fields = [name for name, given in self.inputs.items() if given.root == key]
            texts = texts_of(value)
            # Of several parts of one object the one whose key the text begins with.
            place = next((n for n in fields if any(n.rpartition("-")[2] in text for text in texts)), None)
            self.add_error(place or (fields[0] if fields else None), texts)

    def differences(self) -> list[tuple[str, str, str]]:
        """(label, what was typed, what is stored) of the fields whose values differ."""
        return [
            (str(bound.label), said(bound, bound.value()), said(bound, bound.initial))
            for bound in self
            if bound.name in self.changed_data and not isinstance(bound.field.widget, forms.PasswordInput)
        ]


def _initial(made: forms.Field, given: Input, row: Row) -> Any:
    value = given.of(row)
    return made.of_row(value) if isinstance(made, MomentField) else value


def said(bound: forms.BoundField, value: Any) -> str:
    """A value in words."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d, %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(bound.field, MomentField) and value:
        return str(value).replace("T", ", ")
    names = {str(key): str(word) for key, word in getattr(bound.field, "choices", ())}
    if isinstance(value, list):
        return ", ".join(names.get(str(each), str(each)) for each in value) or "none"
    if value in (None, ""):
        return "nothing"
    return names.get(str(value), str(value))[:200]

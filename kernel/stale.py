"""Forms of Django's admin that undo no change which was made after they were opened."""

from functools import cache
from typing import Any

from django import forms
from django.forms.models import model_to_dict

from kernel.locks import Lock, locking

LONGEST = 200  # characters of a value in a message
CHANGED = "Somebody else has changed this since the page was opened. Save again to overwrite it with what is here."


class StateCheckedForm(forms.ModelForm):
    """A form that sends, beside each value, the one that it was opened with, and is refused where another is stored.

    The refusal shows what is stored; the form then stands for having seen that. A request without the values that the
    form was opened with is not compared, as a request to the API without If-Match.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            for field in self._stored_fields():
                self.fields[field].show_hidden_initial = True

    def row_locked(self) -> Any:
        """The row as it is stored, which nobody changes until the form has done so; None if it is gone."""
        rows = type(self.instance)._base_manager.filter(pk=self.instance.pk)
        return locking(rows, self=Lock.CHANGE).first()

    def clean(self) -> dict[str, Any]:
        if self.instance.pk is not None:
            self._refuse_other_states()
        return self.cleaned_data if self.errors else super().clean() or self.cleaned_data

    def _stored_fields(self) -> list[str]:
        columns = {field.name for field in self.instance._meta.concrete_fields}
        return [name for name, field in self.fields.items() if name in columns and not field.disabled]

    def _refuse_other_states(self) -> None:
        opened = {name: self._opened_with(name) for name in self._stored_fields()}
        opened = {name: text for name, text in opened.items() if text is not None}
        row = self.row_locked() if opened else None
        if row is None:
            return
        stored = model_to_dict(row, fields=opened)
        for name, text in opened.items():
            present = self._sent(name, stored[name])
            if text != present and self._sent(name, self.cleaned_data.get(name)) != present:
                self._refuse(name, present)

    def _opened_with(self, name: str) -> str | None:
        bound = self[name]
        text = bound.field.hidden_widget().value_from_datadict(self.data, self.files, bound.html_initial_name)
        return text if text is None else _lines(text)

    def _sent(self, name: str, value: Any) -> str:
        """The value as the hidden field sends it."""
        field = self.fields[name]
        value = field.hidden_widget().format_value(field.prepare_value(getattr(value, "pk", value)))
        return "" if value is None else _lines(str(value))

    def _refuse(self, name: str, present: str) -> None:
        shown = {"True": "yes", "False": "no", "": "nothing"}.get(present, present)
        shown = f"{shown[:LONGEST]}…" if len(shown) > LONGEST else shown
        self.add_error(name, f"{CHANGED} It is now: {shown}")
        data: Any = self.data.copy()  # type: ignore[attr-defined] # a form that was sent
        data[self[name].html_initial_name] = present
        self.data = data


class StateCheckedRow(StateCheckedForm):
    """The same of a row inside another one's page. One that was not touched is not written, whatever is stored."""

    def clean(self) -> dict[str, Any]:
        return super().clean() if self.has_changed() else self.cleaned_data


@cache
def state_checked(form: type[forms.ModelForm]) -> type[forms.ModelForm]:
    """The form as one that is refused where its row has changed meanwhile."""
    if issubclass(form, StateCheckedForm):
        return form
    return type(form.__name__, (StateCheckedForm, form), {"__doc__": form.__doc__})


def _lines(text: str) -> str:
    """Browsers send line ends as two characters."""
    return text.replace("\r\n", "\n")

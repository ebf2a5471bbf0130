"""Database constraints that Django does not have, and the messages of violated constraints."""

from collections.abc import Iterable

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, CheckConstraint, F, Model, Q, UniqueConstraint

from kernel.fields import Derived

TAKEN = "This value is already taken."
REFUSED = "These values do not go together."


class Tied(BaseConstraint):
    """A foreign key over several columns: one row of another table must have these values together.

    Tied(fields=("course", "vle"), to_fields=("id", "vle"), name=...) makes an activity whose VLE is not its course's
    VLE impossible. The first field is the foreign key to that other table, whose columns need a
    unique constraint. Nothing is validated in forms: the columns come from the URL's parents, and the database refuses
    programming errors.
    """

    def __init__(self, *, fields: Iterable[str], to_fields: Iterable[str], name: str) -> None:
        self.fields, self.to_fields = tuple(fields), tuple(to_fields)
        super().__init__(name=name)

    def _definition(self, model, schema_editor) -> str:
        target = model._meta.get_field(self.fields[0]).remote_field.model
        quote = schema_editor.quote_name

        def columns(owner, names: tuple[str, ...]) -> str:
            return ", ".join(quote(owner._meta.get_field(name).column) for name in names)

        return (
            f"FOREIGN KEY ({columns(model, self.fields)}) REFERENCES {quote(target._meta.db_table)} "
            f"({columns(target, self.to_fields)}) DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model, schema_editor) -> str:
        return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._definition(model, schema_editor)}"

    def create_sql(self, model, schema_editor) -> Statement:  # type: ignore[override] # what Django itself answers
        return Statement(
            "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s %(definition)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            name=schema_editor.quote_name(self.name),
            definition=self._definition(model, schema_editor),
        )

    def remove_sql(self, model, schema_editor) -> Statement:  # type: ignore[override]
        return schema_editor._delete_constraint_sql(schema_editor.sql_delete_fk, model, self.name)

    def validate(self, model, instance, exclude=None, using=None) -> None:
        """Nothing: see the class."""

    def deconstruct(self):
        path, _, _ = super().deconstruct()
        return path, (), {"fields": self.fields, "to_fields": self.to_fields, "name": self.name}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tied) and self.deconstruct() == other.deconstruct()

    __hash__ = BaseConstraint.__hash__


def tied_to_institution(name: str, field: str, to_pk: str = "id") -> Tied:
    """The row that the foreign key `field` names must be of this row's own institution."""
    return Tied(fields=(field, "institution"), to_fields=(to_pk, "institution"), name=name)


def fraction(field: str, name: str) -> CheckConstraint:
    """The column is null or a fraction from 0 to 1."""
    return CheckConstraint(condition=Q(**{f"{field}__gte": 0, f"{field}__lte": 1}), name=name)


def one_of(field: str, values: Iterable[int], name: str) -> CheckConstraint:
    """The column holds one of an enumeration's values."""
    return CheckConstraint(condition=Q(**{f"{field}__in": [int(value) for value in values]}), name=name)


def constrained_fields(constraint: BaseConstraint, model: type[Model]) -> set[str]:
    """Field names of a constraint, looking into expressions such as Lower("email") and into conditions.

    A derived column stands for those that it is derived from: these are what a body can change.
    """
    if isinstance(constraint, CheckConstraint):
        return _written({*constraint.condition.referenced_base_fields}, model)  # type: ignore[union-attr] # a Q
    parts = getattr(constraint, "expressions", ())
    inner = (leaf for e in parts for leaf in ([e] if isinstance(e, F) else e.flatten()) if isinstance(leaf, F))
    return _written({*getattr(constraint, "fields", ()), *(leaf.name for leaf in inner)}, model)  # type: ignore[attr-defined]


def _written(names: set[str], model: type[Model]) -> set[str]:
    derived = {field.name: {*field.sources} for field in model._meta.concrete_fields if isinstance(field, Derived)}
    return {written for name in names for written in derived.get(name, {name})}


def blamed(fields: set[str], writable: Iterable[str]) -> str:
    """The field under which a violation is reported: the only writable one of the constraint, else the whole row."""
    candidates = fields & set(writable)
    return candidates.pop() if len(candidates) == 1 else NON_FIELD_ERRORS


def refuse_violations(row: Model, writable: Iterable[str]) -> None:
    """Raise django's ValidationError, by field, for every constraint that saving `row` would violate.

    `writable` names the fields of the body; see `blamed`.
    """
    errors: dict[str, list[str]] = {}
    for constraint in row._meta.constraints:
        fields = constrained_fields(constraint, type(row))
        if row._meta.pk.name in fields:
            continue  # constraints with the key cannot be violated, or are checked by the service that has both rows
        try:
            constraint.validate(type(row), row)
        except ValidationError:
            text = TAKEN if isinstance(constraint, UniqueConstraint) else REFUSED
            errors.setdefault(blamed(fields, writable), []).append(text)
    if errors:
        raise ValidationError(errors)


def violated_fields(error: IntegrityError) -> set[str]:
    """Names of the fields of the unique constraint that the database reported as violated."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:  # PostgreSQL names the constraint
        return _fields_of_constraint(diagnosis.constraint_name or "")
    text = str(error).partition("UNIQUE constraint failed: ")[2]  # SQLite names an index, or the columns
    if text.startswith("index "):
        return _fields_of_constraint(text.removeprefix("index ").strip("'"))
    columns = {tuple(part.split(".", 1)) for part in text.split(", ") if "." in part}
    return {
        name
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if (model._meta.db_table, field.column) in columns
        for name in _written({field.name}, model)
    }


def _fields_of_constraint(name: str) -> set[str]:
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return constrained_fields(constraint, model) if isinstance(constraint, UniqueConstraint) else set()
        for field in model._meta.concrete_fields:  # a column's own index: <table>_<column>_<hash>_uniq or _key
            if field.unique and name.startswith(f"{model._meta.db_table}_{field.column}_"):
                return _written({field.name}, model)
    return set()

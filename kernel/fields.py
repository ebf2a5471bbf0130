"""Model fields: encrypted texts, columns that are derived from others, and identifiers."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.checks import Error
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Contains, Exact, IExact, In
from django.db.models.query_utils import DeferredAttribute

from kernel.text import as_identifier, search_form


@lru_cache(maxsize=1)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database. The first of ENCRYPTION_KEYS encrypts, all of them decrypt.

    It cannot be searched. The empty text stays empty.
    """

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value, expression, connection):
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(value.encode()).decode() if value else value


class _Computed(DeferredAttribute):
    """Reading the attribute computes the value; what is set, or was read from the database, is not looked at."""

    field: "Derived"

    def __get__(self, instance, cls=None):
        return self if instance is None else self.field.value_of(instance)

    def __set__(self, instance, value) -> None:
        instance.__dict__[self.field.attname] = value  # so that Django knows that the column was read


class _PlainInMigrations(models.Field):
    """Migrations know the column as Django's own field: what is computed, they compute themselves."""

    in_migrations: type[models.Field]

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, f"django.db.models.{self.in_migrations.__name__}", args, kwargs

    def clone(self):
        _, _, args, kwargs = self.deconstruct()
        return self.in_migrations(*args, **kwargs)


class Derived(_PlainInMigrations, models.TextField):
    """A stored text: other columns of the row, joined by blanks, as `fold` answers them. With null=True "" is null.

        search_text = Derived(search_form, "first_name", "last_name")

    It is written whenever one of the columns is. The model must inherit `kernel.models.Deriving`. Look-ups fold the
    value that they are given; so folding a folded text must change nothing.
    """

    in_migrations = models.TextField
    descriptor_class = _Computed

    def __init__(self, fold: Callable[[str], str], *sources: str, **kwargs: Any) -> None:
        self.fold, self.sources = fold, sources
        super().__init__(**{"editable": False} | ({} if kwargs.get("null") else {"default": ""}) | kwargs)

    def value_of(self, row: models.Model) -> str | None:
        return self.folded([getattr(row, name) for name in self.sources])

    def value_from(self, values: dict[str, Any]) -> str | None:
        """The value of a row with these values. TypeError if they are not all that it is derived from."""
        if any(name not in values or hasattr(values[name], "resolve_expression") for name in self.sources):
            raise TypeError(f"{self.name} is derived from {', '.join(self.sources)}: save the rows instead")
        return self.folded([values[name] for name in self.sources])

    def folded(self, sources: Sequence[Any]) -> str | None:
        """The value for these values of the columns that it is derived from."""
        return self.fold(" ".join(str(text) for text in sources if text not in (None, ""))) or self._empty

    @property
    def _empty(self) -> str | None:
        return None if self.null else ""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return self.fold(value) if isinstance(value, str) else value

    def check(self, **kwargs):
        from kernel.models import Deriving, DerivingQuerySet

        wrong = []
        columns = {field.name: field for field in self.model._meta.concrete_fields}
        if not issubclass(self.model, Deriving):
            wrong.append("its model does not inherit kernel.models.Deriving")
        elif not isinstance(self.model._default_manager.all(), DerivingQuerySet):
            wrong.append("its model's manager is not made from kernel.models.DerivingQuerySet")
        unwritten = [name for name in self.sources if name not in columns or isinstance(columns[name], Derived)]
        wrong += [f"{name} is no column of the model that could be written" for name in unwritten]
        return [*super().check(**kwargs), *(Error(text, obj=self, id="tesla.E007") for text in wrong)]


class FoldedContains(Contains):
    """`icontains`: the given text is folded like the stored one, so that an index for LIKE serves.

    To the database its name is `contains`: for `icontains` Django compares UPPER(column), of which there is no index.
    """

    def get_prep_lookup(self):
        return self.rhs if hasattr(self.rhs, "resolve_expression") else self.lhs.output_field.fold(str(self.rhs))

    def as_postgresql(self, compiler, connection):
        """Of two letters, such as the name Li, an index of trigrams knows nothing.

        Where the planner reads the rows anyway, LIKE is the cheaper condition and is looked at first.
        """
        contained, values = self.as_sql(compiler, connection)
        field = self.lhs.output_field
        if isinstance(field, SearchText) and field.has_pairs and isinstance(self.rhs, str) and len(self.rhs) == 2:
            column, of_column = compiler.compile(self.lhs)
            contained = f"({contained} AND {pairs_of(column)} @> ARRAY[%s]::text[])"
            values = (*values, *of_column, *of_column, self.rhs)
        return contained, values


def pairs_of(column: str) -> str:
    """PostgreSQL's expression for all that two neighbouring letters of a column's text are: from abc, ab and bc."""
    halves = (f"string_to_array(regexp_replace({text}, '(..)', E'\\\\1\\n', 'g'), E'\\n')"
              for text in (column, f"substr({column}, 2)"))  # fmt: skip
    return f"({' || '.join(halves)})"


Derived.register_lookup(FoldedContains, "icontains")


class SearchText(Derived):
    """What a list's `search=` looks into: the texts of these columns in the form of `kernel.text.search_form`.

    PostgreSQL has an index of it, which `kernel.migrating.add_search_text` makes. With `has_pairs=True`, for tables of
    many rows, it has another one for words of two letters, which `kernel.migrating.add_pairs` makes.
    """

    def __init__(self, *sources: str, has_pairs: bool = False, **kwargs: Any) -> None:
        self.has_pairs = has_pairs
        super().__init__(search_form, *sources, **kwargs)


def with_derived(model: type[models.Model], names: Iterable[str]) -> list[str]:
    """The names of these fields, and those of the derived columns that are computed from them."""
    names = list(names)
    columns = {column for field in model._meta.concrete_fields if field.name in names or field.attname in names
               for column in (field.name, field.attname)}  # fmt: skip
    derived = (field for field in model._meta.concrete_fields if isinstance(field, Derived))
    return names + [field.name for field in derived if field.name not in names and columns & {*field.sources}]


class Identifier(_PlainInMigrations):
    """Stored as `as_identifier`, and compared so.

    If the texts are compared in another form than the stored one, `compared_in` names the derived column that has it:
    `exact`, `iexact` and `in` look into that column.
    """

    def __init__(self, *args: Any, compared_in: str | None = None, **kwargs: Any) -> None:
        self.compared_in = compared_in
        super().__init__(*args, **kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        return as_identifier(value) if isinstance(value, str) else value

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return as_identifier(value) if isinstance(value, str) else value

    def pre_save(self, model_instance, add):
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = as_identifier(value)
            setattr(model_instance, self.attname, value)  # the row in memory is as the stored one
        return value


class IdentifierField(Identifier, models.CharField):
    """An identifier."""

    in_migrations = models.CharField


class EmailIdentifierField(Identifier, models.EmailField):
    """An e-mail address that identifies somebody."""

    in_migrations = models.EmailField


class _InComparedColumn:
    """A look-up of a given value by an identifier. Other columns and subqueries are compared with the stored form."""

    def __init__(self, lhs, rhs) -> None:
        compared_in = getattr(getattr(lhs, "target", None), "compared_in", None)
        if compared_in is not None and isinstance(lhs, Col) and not hasattr(rhs, "resolve_expression"):
            column: Any = lhs.target.model._meta.get_field(compared_in)
            lhs = Col(lhs.alias, column)
        super().__init__(lhs, rhs)  # type: ignore[call-arg] # of the look-up


@Identifier.register_lookup
class _ComparedExact(_InComparedColumn, Exact):
    pass


@Identifier.register_lookup
class _ComparedIExact(_InComparedColumn, IExact):
    prepare_rhs = True


@Identifier.register_lookup
class _ComparedIn(_InComparedColumn, In):
    pass

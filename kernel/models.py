"""Abstract base models of all apps."""

from typing import Any

from django.db import models

from kernel.fields import with_derived


class Timestamped(models.Model):
    """Rows with the times of their creation and of their last save, in UTC."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class DerivingQuerySet(models.QuerySet[Any]):
    """Writes derived columns together with those that they are derived from (see `kernel.fields.Derived`)."""

    def bulk_create(self, objs, *args, **kwargs):
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = with_derived(self.model, kwargs["update_fields"])
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs, fields, batch_size=None):
        return super().bulk_update(objs, with_derived(self.model, fields), batch_size)

    def update(self, **values):
        """TypeError if a derived column would be left behind: if it is derived from more than these values."""
        for name in with_derived(self.model, values):
            if name not in values:
                values[name] = self.model._meta.get_field(name).value_from(values)
        return super().update(**values)


class Deriving(models.Model):
    """Base class of models with derived columns."""

    objects = DerivingQuerySet.as_manager()

    class Meta:
        abstract = True

    def save_base(self, *args, **kwargs):
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = frozenset(with_derived(type(self), kwargs["update_fields"]))
        super().save_base(*args, **kwargs)


class RecordError(TypeError):
    """An attempt to change or delete a record."""


class _WrittenOnce(models.QuerySet):
    def delete(self):
        raise RecordError(f"{self.model.__name__} is a record: it is never deleted")

    def update(self, **values):
        raise RecordError(f"{self.model.__name__} is a record: it is never changed")

    def bulk_update(self, objs, fields, batch_size=None):
        return self.update()


class Record(models.Model):
    """A row that documents an event: written once, never changed or deleted."""

    objects = _WrittenOnce.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise RecordError(f"{type(self).__name__} is a record: it is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise RecordError(f"{type(self).__name__} is a record: it is never deleted")

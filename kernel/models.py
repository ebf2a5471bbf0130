"""Abstract base models of all apps."""

from django.db import models


class Timestamped(models.Model):
    """Rows with the times of their creation and of their last save, in UTC."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


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

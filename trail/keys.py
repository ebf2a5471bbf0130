"""The keys of sealed texts, by the people of whom these tell."""

from trail.models import Key


def keys_moved(gone_id: int, kept_id: int) -> None:
    """What tells of one account belongs to another one of the same person: it can be read as long as that is there."""
    Key.objects.filter(person_id=gone_id).update(person_id=kept_id)

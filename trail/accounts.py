"""What lines tell of one person under the numbers of several accounts: merged ones stay in the lines as they were."""

from collections.abc import Collection

from trail.models import Key, MergedAccount


def account_merged(gone_id: int, kept_id: int) -> None:
    """What tells of the account that goes is found, and can be read, as long as the one that is kept is there."""
    Key.objects.filter(person_id=gone_id).update(person_id=kept_id)
    MergedAccount.objects.filter(person_id=gone_id).update(person_id=kept_id)
    MergedAccount.objects.create(account_id=gone_id, person_id=kept_id)


def person_of(account_id: int) -> int:
    """The account into which this one was merged, or itself."""
    found = MergedAccount.objects.filter(account_id=account_id).values_list("person_id", flat=True).first()
    return account_id if found is None else found


def merged_into(people: Collection[int]) -> list[int]:
    """The numbers of the accounts that were merged into these."""
    return [*MergedAccount.objects.filter(person_id__in=people).values_list("account_id", flat=True)]

"""Pages by limit and offset, as the contract counts them."""

from rest_framework.pagination import LimitOffsetPagination

LARGEST = 2**63 - 1 - 1000  # what a database can still skip


class Pages(LimitOffsetPagination):
    """Nonsense falls back: a limit to the default, an offset to the start."""

    default_limit = 10
    max_limit = 1000

    def get_offset(self, request) -> int:
        return min(super().get_offset(request), LARGEST)

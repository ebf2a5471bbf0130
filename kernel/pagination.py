"""Pages by limit and offset, as the contract counts them."""

from rest_framework.pagination import LimitOffsetPagination

from kernel.fast.prepared import Listed, Rows, Searched

LARGEST = 2**63 - 1 - 1000  # the largest offset that databases accept, less the largest page


class Pages(LimitOffsetPagination):
    """Invalid values are ignored: the limit is then the default, the offset 0."""

    default_limit = 10
    max_limit = 1000

    def paginate_queryset(self, queryset, request, view=None):
        if not isinstance(queryset, Rows | Searched | Listed):
            return super().paginate_queryset(queryset, request, view)
        self.request, self.limit, self.offset = request, self.get_limit(request), self.get_offset(request)
        self.count, page = queryset.page(self.offset, self.limit or self.default_limit)
        return page

    def get_offset(self, request) -> int:
        return min(super().get_offset(request), LARGEST)

"""Rights of a database role that signs in for the service and owns no table, as the document for operators has them."""

import re
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from tests.trail.test_chain import _own_transaction, faults, lines_written, sealed  # noqa: F401
from tests.trail.test_cutting import aged, cut
from trail.models import Cut

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles"),
]
DOCUMENT = Path(__file__).parents[2] / "docs" / "operator.md"
REFUSED = (
    "UPDATE {} SET id = 0", "TRUNCATE {}", "ALTER TABLE {} DISABLE TRIGGER USER", "DROP TABLE {} CASCADE",
    "SET session_replication_role = replica",
)  # fmt: skip
TABLES = ("trail_line", "trail_link", "trail_head", "trail_cut")


def told() -> list[str]:
    return re.findall(r"^    ((?:GRANT|REVOKE) .*;)$", DOCUMENT.read_text(), re.MULTILINE)


@pytest.fixture
def service():
    """From now on in this test the service is a role of its own."""
    aged(1, 1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE trail_service")
        for statement in told():
            cursor.execute(statement.replace(" tesla_service", " trail_service"))
        cursor.execute("SET LOCAL ROLE trail_service")


def test_it_writes_seals_verifies_and_cuts(service):
    assert len(told()) == 4
    lines_written(1, 1)
    assert sealed(sign_now=True) == (2, 1)
    assert cut() == (2, 0, "")
    assert Cut.objects.count() == 1
    assert faults() == []


def test_it_cannot_change_what_is_written_nor_delete_what_is_signed(service):
    statements = [each.format(table) for each in REFUSED for table in TABLES]
    with connection.cursor() as cursor:
        for statement in (*statements, "DELETE FROM trail_head", "DELETE FROM trail_cut"):
            refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner")
            with refused, transaction.atomic():
                cursor.execute(statement)

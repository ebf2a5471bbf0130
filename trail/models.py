"""The trail: what was done and seen. Lines are written once; chains of digests and signed heads prove it.

Nothing has a foreign key: lines outlive what they are about, and writing one locks no other row.
"""

from django.db import models

from kernel.models import Record

NO_INSTITUTION = 0  # the chain of what concerns the whole installation
YOUNGEST_CUT = 90  # days: the database lets nobody delete lines that are younger, see migrations/0005_cuts.py
# What global administrators and commands have done, and what concerns the whole installation.
OF_SERVICE = models.Q(actor_kind__in=("admin", "command")) | models.Q(institution=NO_INSTITUTION)
# Pages that show a report with its reasons. Lists, which show the levels alone, are not among them.
OPENED_REPORTS = ("institution/course/activity/report", "console/report", "console/report-pdf")


class Line(Record):
    """What one request did with one row, or what it has seen.

    Lines are inserted into the view `trail_entry` (see writing.py), which adds the database's clock and puts the keys
    of sealed texts into the table of keys. The database refuses to change or delete lines.
    """

    institution = models.ForeignKey(
        "institutions.Institution",
        default=NO_INSTITUTION,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # lines outlive it, and none waits for it
        db_index=False,
        related_name="+",
    )
    written_at = models.DateTimeField()
    written_in = models.BigIntegerField(help_text="PostgreSQL's transaction; 0 on SQLite.")
    actor_kind = models.CharField(max_length=20, help_text="Kind of caller, command, or empty: nobody.")
    actor_id = models.BigIntegerField(null=True, help_text="Of the account, the VLE or the provider.")
    signed_in = models.CharField(max_length=20, help_text="How the actor was signed in.")
    signed_in_by = models.BigIntegerField(null=True, help_text="The VLE that sent the person.")
    origin = models.TextField(help_text="JSON: name and address of the actor. Of people it is sealed.")
    request_id = models.CharField(max_length=36)
    verb = models.CharField(max_length=20)
    resource = models.CharField(max_length=100, help_text="The words of its address, without ids.")
    row_key = models.CharField(max_length=100, help_text="What names the row in its address; empty: a list.")
    person_id = models.BigIntegerField(null=True, help_text="The account of the person whom it concerns.")
    details = models.TextField(help_text="JSON: what was changed, or asked for. Sealed if it tells of a person.")

    class Meta:
        indexes = [
            models.Index(fields=("institution", "id"), name="trail_line_of_institution"),
            models.Index(fields=("institution", "written_at"), name="trail_line_in_time"),
            models.Index(fields=("institution", "actor_id", "id"), name="trail_line_by_actor"),
            models.Index(fields=("resource", "row_key", "id"), condition=OF_SERVICE, name="trail_line_of_service"),
            models.Index(
                fields=("person_id", "id"), condition=models.Q(person_id__isnull=False), name="trail_line_of_person"
            ),
            models.Index(
                fields=("institution", "written_at"),
                condition=models.Q(person_id__isnull=True, verb__in=("read", "export")),
                name="trail_line_of_lists",
            ),
            models.Index(
                fields=("row_key", "written_at"),
                condition=models.Q(resource__in=OPENED_REPORTS),
                name="trail_line_of_opened_report",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.row_key} by {self.actor_kind} {self.actor_id}"


class Part(models.IntegerChoices):
    """Of a line: which of its texts is sealed with a key."""

    ORIGIN = 1
    DETAILS = 2


class Key(models.Model):
    """The key of one text of a line. It goes with the account of the person of whom the text tells.

    Then nobody can read the text any more, in no copy of the line; the chain is of sealed texts and stays valid.
    """

    pk = models.CompositePrimaryKey("line_id", "part")
    line_id = models.BigIntegerField()
    part = models.SmallIntegerField(choices=Part.choices)
    person_id = models.BigIntegerField(db_index=True)
    key = models.BinaryField()

    def __str__(self) -> str:
        return f"of line {self.line_id} for {self.person_id}"


class MergedAccount(models.Model):
    """The number of an account that was merged into another one: lines about it are about that person.

    It goes with the account of the person, in whatever way this is deleted.
    """

    account_id = models.BigIntegerField(primary_key=True)
    person_id = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.account_id} is {self.person_id}"


class Link(Record):
    """The place of a line in the chain of its institution. `digest` is of the digest before and of the line."""

    institution_id = models.BigIntegerField()
    position = models.BigIntegerField()
    line_id = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("institution_id", "position"), name="trail_link_position")]

    def __str__(self) -> str:
        return f"{self.institution_id}: {self.position}"


class Head(Record):
    """The last link of a chain at a moment, signed: up to it no line can go unnoticed."""

    institution_id = models.BigIntegerField()
    position = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    key_name = models.CharField(max_length=16)
    signature = models.CharField(max_length=128)

    class Meta:
        indexes = [models.Index(fields=("institution_id", "position"), name="trail_head_of_institution")]

    def __str__(self) -> str:
        return f"{self.institution_id}: {self.position} at {self.signed_at}"


class Cut(Record):
    """A signed record of lines that were deleted when their time was over: the chain goes on behind it.

    Cuts of an institution follow each other without a gap. The heads that were signed up to its place stay.
    """

    institution_id = models.BigIntegerField()
    first_position = models.BigIntegerField(help_text="The place of the first line that it has deleted.")
    position = models.BigIntegerField(help_text="The place of the last one.")
    digest = models.CharField(max_length=64, help_text="Of the link at this place.")
    first_at = models.DateTimeField(help_text="When the first of the lines was written.")
    last_at = models.DateTimeField(help_text="When the last one was written.")
    heads = models.CharField(max_length=64, help_text="Digest of the heads of these places: see chain.py.")
    days = models.PositiveIntegerField(help_text="The period for which lines were kept.")
    by = models.CharField(max_length=150, help_text="Kind and name of who has cut.")
    made_at = models.DateTimeField()
    key_name = models.CharField(max_length=16)
    signature = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution_id", "first_position"), name="trail_cut_begins_once"),
            models.CheckConstraint(
                condition=models.Q(position__gte=models.F("first_position"), first_position__gte=1),
                name="trail_cut_of_lines",
            ),
        ]
        indexes = [models.Index(fields=("institution_id", "position"), name="trail_cut_of_institution")]

    def __str__(self) -> str:
        return f"{self.institution_id}: {self.first_position} to {self.position}"

    @property
    def lines(self) -> int:
        return self.position - self.first_position + 1


class Sealing(models.Model):
    """How far lines are in the chains: one row, which whoever seals has locked."""

    up_to = models.BigIntegerField(default=0, help_text="PostgreSQL's oldest transaction then; SQLite: the last line.")
    unsigned = models.JSONField(default=list, help_text="The institutions whose chains have grown since their heads.")

    def __str__(self) -> str:
        return f"up to {self.up_to}"

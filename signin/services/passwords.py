"""Passwords that people set themselves: by a link that is mailed, or after the present one.

Whoever asks for a link learns nothing: an address without an account, one that may not sign in, and one with five
accounts cause the same answer after the same work, and the mail is sent later. How often may be asked is counted as
failed attempts to sign in are, for each address and each place.
"""

import secrets
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.core.mail import send_mail
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from institutions.models import User
from institutions.services.passwords import refuse_unproven
from institutions.services.people import person_update
from kernel.domain import Conflict, Counted
from kernel.recording import Entry, record
from kernel.text import identifier_key
from kernel.writes import one_transaction
from pipeline.jobs import add
from pipeline.models import Job
from signin.services.attempts import failure_counted
from signin.services.people import MAY_SIGN_IN, password_recorded

JOB = "signin.password_links"
ACCOUNTS = 10  # of one address that get a link, the last used first
OFFERED_SECONDS = 60  # from one link that an administrator has sent to a person to the next
REQUESTS = 5  # for one address, from everywhere, until there is a wait


def link_requested(*, email: str, institution: str, address: str | None, service: str) -> None:
    """Send links to the accounts of this e-mail that may sign in; those of `institution` (its acronym) if it is given.

    `service` is the service's own address, which the links begin with. Raises LockedOut after too many requests.
    """
    key = identifier_key(email)
    failure_counted(what="password link", who=key, address=address, per_account=REQUESTS)
    rows = people_with_links().filter(email=key)
    if institution:
        rows = rows.filter(institution__acronym=institution)
    accounts = list(rows.order_by(F("last_login").desc(nulls_last=True), "pk").values_list("pk", flat=True)[:ACCOUNTS])
    # Also without an account: the work must be the same.
    add([Job(name=JOB, key=secrets.token_hex(8), arguments=[service, accounts])])


@one_transaction()
def link_offered(*, institution_id: int, person_id: int, service: str) -> None:
    """The same for one person of an institution, whose administrator asks for it: there is nothing to keep from these.

    Raises Conflict for whoever may not sign in or has no address, and within a minute of the last link for the same
    person. Global administrators are nobody's to invite.
    """
    person = people_with_links().filter(pk=person_id, institution=institution_id, is_staff=False).first()
    if person is None:
        raise Conflict("This person has no e-mail address, or may not sign in.")
    key = f"password-link:{person.pk}"
    if not cache.add(key, True, OFFERED_SECONDS):
        raise Conflict("A link was sent to this person less than a minute ago.")
    try:
        add([Job(name=JOB, key=secrets.token_hex(8), arguments=[service, [person.pk]])])
        record(Entry("password link", "institution/user", f"{institution_id}/{person.pk}", institution_id, person.pk))
    except Exception:  # the view is called again
        cache.delete(key)
        raise


def people_with_links() -> QuerySet[User]:
    """Who may sign in, with a password or not yet."""
    return User.objects.filter(MAY_SIGN_IN, email__isnull=False)


def links_sent(service: str, accounts: list[int]) -> None:
    """One mail to the address of these accounts. Whoever may not sign in any more gets none."""
    people = list(people_with_links().filter(pk__in=accounts).select_related("institution").order_by("pk"))
    if not people:
        return
    links = "\n\n".join(f"{_name(person)}\n{urljoin(service, _path(person))}" for person in people)
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    send_mail(
        "Set your password",
        f"Somebody, you or an administrator, has asked for a link to set your password.\n\n{links}\n\n"
        f"A link works once, for {hours} hours. If you have not asked for it, do nothing: nothing has changed.\n",
        None,
        [str(people[0].email)],
    )


def _name(person: User) -> str:
    return person.institution.name if person.institution else "The service as a whole"


def _path(person: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("new-password", kwargs={"uidb64": uid, "token": default_token_generator.make_token(person)})


@one_transaction()
def password_set(*, person: User, password: str, session_id: int | None = None) -> User:
    """The person's new password: all sessions end, but for the one in which it was set."""
    saved = person_update(person=person, may={"password"}, session_id=session_id, password=password)
    password_recorded(saved)
    return saved


def own_password_set(*, person: User, given: str, password: str, address: str | None, session_id: int | None) -> User:
    """The same after the present password. Raises Counted if that is wrong, LockedOut after too many wrong ones."""
    try:
        refuse_unproven(person=person, given=given, address=address, session_id=session_id)
    except Counted as error:
        error.count()
        raise
    return password_set(person=person, password=password, session_id=session_id)

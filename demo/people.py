"""The people of the sample data: the ones who may sign in, and the many who may not."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from demo.cast import ROLES, Named, University, learner_uid
from demo.secret_file import Kept
from institutions.models import Institution, User
from institutions.services.people import instructor_add, instructor_create, person_create, person_update
from learners.models import Learner
from learners.services import learner_add, learner_create

ROOT = "demo-root"
ROOT_EMAIL = "root@demo.example.org"
FLAGS = {uid: flag for uid, flag in ROLES.values() if flag}
ACCOUNTS = {uid for uid, _ in ROLES.values()}
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss"})
_PLAIN = re.compile(r"[^a-z.]")


@dataclass
class Staff:
    """Makes people and keeps accounts working; `kept` holds the one password of all accounts."""

    kept: Kept

    def values_of(self, university: University, uid: str, **values: Any) -> dict[str, Any]:
        """What is known of a person before there is an account."""
        named = university.staff.get(uid) or university.learners[int(uid[1:]) - 1001]
        values |= {
            "uid": uid,
            "first_name": named[0],
            "last_name": named[1],
            "email": _free(_address(named, university)),
        }
        return values | ({"password": self.kept.password} if uid in ACCOUNTS else {})

    def root(self) -> User:
        person = User.objects.filter(username=ROOT).first()
        if person is None:
            with transaction.atomic():
                person = User.objects.create_superuser(ROOT, _free(ROOT_EMAIL), self.kept.password)
                person = person_update(person=person, first_name="Demo", last_name="Administrator")
            self.kept.prove(person)
        return self.opened(person, ROOT_EMAIL, is_staff=True)

    def employed(self, institution: Institution, university: University) -> dict[str, User]:
        """Everybody who works there, by uid."""
        return {uid: self._employed(institution, university, uid) for uid in university.staff}

    def _employed(self, institution: Institution, university: University, uid: str) -> User:
        with transaction.atomic():
            person = User.objects.filter(institution=institution, uid=uid).first()
            flag = FLAGS.get(uid) or ("inst_admin" if uid == "deputy" else None)
            if person is None:
                values = self.values_of(university, uid, locale=university.languages[0])
                values |= {flag: True} if flag else {}
                make = person_create if flag else _instructor
                person = make(institution=institution, **values)
                if "password" in values:
                    self.kept.prove(person)
            elif flag is None:
                instructor_add(person=person)
            if uid in ACCOUNTS:
                address = _address(university.staff[uid], university)
                person = self.opened(person, address, **({flag: True} if flag else {}))
        return person

    def taught(self, institution: Institution, university: University) -> list[Learner]:
        """All learners, in the order of the cast."""
        uids = [learner_uid(position) for position in range(len(university.learners))]
        known = {person.uid: person for person in User.objects.filter(institution=institution, uid__in=uids)}
        for position, uid in enumerate(uids):
            if uid not in known:
                values = self.values_of(university, uid, locale=university.languages[position % 2])
                learner_create(institution=institution, **values)
            elif not Learner.objects.filter(user=known[uid]).exists():
                learner_add(person=known[uid])
        account = User.objects.get(institution=institution, uid=uids[0])
        self.opened(account, _address(university.learners[0], university))
        found = Learner.objects.filter(institution=institution, user__uid__in=uids).select_related(
            "user", "institution"
        )
        rows = {learner.user.uid: learner for learner in found}
        return [rows[uid] for uid in uids]

    def opened(self, person: User, address: str, **rights: bool) -> User:
        """The account with the printed password; what somebody has taken from it is given back."""
        right = self.kept.is_proved(person) or person.check_password(self.kept.password)
        values: dict[str, Any] = {"is_active": True, **rights}
        if not person.is_staff:
            values["login_allowed"] = True
        if not person.email:
            values["email"] = _free(address)
        if not right:
            values["password"] = self.kept.password
        if any(name == "password" or getattr(person, name) != value for name, value in values.items()):
            person = person_update(person=person, **values)
        self.kept.prove(person)
        return person


def _instructor(**values: Any) -> User:
    return instructor_create(**values).user


def _address(named: Named, university: University) -> str:
    """amina.diallo@northlake.example.org: letters beyond ASCII are written with plain ones."""
    plain = _PLAIN.sub("", unicodedata.normalize("NFKD", ".".join(named).lower().translate(_LETTERS)))
    return f"{plain}@{university.domain}"


def _free(address: str) -> str:
    """The address, or a numbered one when it is somebody's already."""
    name, _, domain = address.partition("@")
    candidates = (address, *(f"{name}.{number}@{domain}" for number in range(2, 100)))
    return next(found for found in candidates if not User.objects.filter(email__iexact=found).exists())

"""Creates the people of the sample data; those in ACCOUNTS can sign in."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from demo.secret_file import DemoSecrets
from demo.universities import ROLES, Name, University, learner_uid
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
class PeopleSeeder:
    """Creates people, and restores accounts that somebody has changed. All accounts have the password in `secrets`."""

    secrets: DemoSecrets

    def values_of(self, university: University, uid: str, **values: Any) -> dict[str, Any]:
        """The values with which a person is created."""
        name = university.staff.get(uid) or university.learners[int(uid[1:]) - 1001]
        values |= {
            "uid": uid,
            "first_name": name[0],
            "last_name": name[1],
            "email": _free(_address(name, university)),
        }
        return values | ({"password": self.secrets.password} if uid in ACCOUNTS else {})

    def root(self) -> User:
        person = User.objects.filter(institution=None, username=ROOT).first()
        if person is None:
            with transaction.atomic():
                person = User.objects.create_superuser(ROOT, _free(ROOT_EMAIL), self.secrets.password)
                person = person_update(person=person, first_name="Demo", last_name="Administrator")
            self.secrets.prove(person)
        return self.ensure_account(person, ROOT_EMAIL, is_staff=True)

    def ensure_staff(self, institution: Institution, university: University) -> dict[str, User]:
        """The staff of the university, by uid."""
        return {uid: self._ensure_employee(institution, university, uid) for uid in university.staff}

    def _ensure_employee(self, institution: Institution, university: University, uid: str) -> User:
        with transaction.atomic():
            person = User.objects.filter(institution=institution, uid=uid).first()
            flag = FLAGS.get(uid) or ("inst_admin" if uid == "deputy" else None)
            if person is None:
                values = self.values_of(university, uid, locale=university.languages[0])
                values |= {flag: True} if flag else {}
                create = person_create if flag else _instructor
                person = create(institution=institution, **values)
                if "password" in values:
                    self.secrets.prove(person)
            elif flag is None:
                instructor_add(person=person)
            if uid in ACCOUNTS:
                address = _address(university.staff[uid], university)
                person = self.ensure_account(person, address, **({flag: True} if flag else {}))
        return person

    def ensure_learners(self, institution: Institution, university: University) -> list[Learner]:
        """All learners of the university, in their declared order."""
        uids = [learner_uid(position) for position in range(len(university.learners))]
        known = {person.uid: person for person in User.objects.filter(institution=institution, uid__in=uids)}
        for position, uid in enumerate(uids):
            if uid not in known:
                values = self.values_of(university, uid, locale=university.languages[position % 2])
                learner_create(institution=institution, **values)
            elif not Learner.objects.filter(user=known[uid]).exists():
                learner_add(person=known[uid])
        account = User.objects.get(institution=institution, uid=uids[0])
        self.ensure_account(account, _address(university.learners[0], university))
        learners = Learner.objects.filter(institution=institution, user__uid__in=uids).select_related(
            "user", "institution"
        )
        rows = {learner.user.uid: learner for learner in learners}
        return [rows[uid] for uid in uids]

    def ensure_account(self, person: User, address: str, **rights: bool) -> User:
        """Restore rights, e-mail and the printed password of an account, if somebody has changed them."""
        has_password = self.secrets.is_proved(person) or person.check_password(self.secrets.password)
        values: dict[str, Any] = {"is_active": True, **rights}
        if not person.is_staff:
            values["login_allowed"] = True
        if not person.email:
            values["email"] = _free(address)
        if not has_password:
            values["password"] = self.secrets.password
        if any(name == "password" or getattr(person, name) != value for name, value in values.items()):
            person = person_update(person=person, **values)
        self.secrets.prove(person)
        return person


def _instructor(**values: Any) -> User:
    return instructor_create(**values).user


def _address(name: Name, university: University) -> str:
    """For example amina.diallo@northlake.example.org; other letters are replaced by ASCII ones."""
    plain = _PLAIN.sub("", unicodedata.normalize("NFKD", ".".join(name).lower().translate(_LETTERS)))
    return f"{plain}@{university.domain}"


def _free(address: str) -> str:
    """The address, or a numbered one if somebody has it already."""
    name, _, domain = address.partition("@")
    candidates = (address, *(f"{name}.{number}@{domain}" for number in range(2, 100)))
    return next(email for email in candidates if not User.objects.filter(email__iexact=email).exists())

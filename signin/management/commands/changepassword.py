"""Django's command, which expects usernames to be unique: here they are so within an institution."""

import getpass

from django.contrib.auth.management.commands import changepassword
from django.core.management import CommandError
from django.db import transaction
from django.db.models import F

from institutions.models import User
from signin.services.people import password_recorded


class Command(changepassword.Command):
    def handle(self, *args, **options):
        try:
            answer = super().handle(*args, **options)
        except User.MultipleObjectsReturned as error:
            raise CommandError("Several institutions have this username: set the password in /admin/.") from error
        person = User.objects.get(username=options["username"] or getpass.getuser())
        with transaction.atomic():
            # Whoever knew the old password is out: Django's command ends the sessions of browsers only.
            User.objects.filter(pk=person.pk).update(session_generation=F("session_generation") + 1)
            password_recorded(person)
        return answer

"""Django's command, which expects usernames to be unique: here they are so within an institution."""

from django.contrib.auth.management.commands import changepassword
from django.core.management import CommandError

from institutions.models import User


class Command(changepassword.Command):
    def handle(self, *args, **options):
        try:
            return super().handle(*args, **options)
        except User.MultipleObjectsReturned as error:
            raise CommandError("Several institutions have this username: set the password in /admin/.") from error

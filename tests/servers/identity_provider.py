"""An identity provider, as a process: python -m tests.servers.identity_provider PORT FOLDER RETURN_TO < people.json

It is django-oauth-toolkit, with Django's page to sign in and its own to allow, on a database in FOLDER. `people` is
{user name: claims}; all have the same PASSWORD. One client may ask, CLIENT with SECRET, and leads back to RETURN_TO.
"""

import json
import sys
from pathlib import Path
from wsgiref.simple_server import make_server

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

CLIENT, SECRET, PASSWORD = "trust", "client-secret", "correct horse battery"

PEOPLE: dict[str, dict] = {}
urlpatterns: list = []


def configure(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.sqlite3"}},
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGIN_URL="/admin/login/",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "SCOPES": {name: name for name in ("openid", "email", "profile")},
            "PKCE_REQUIRED": True,
        },
    )


def claims(self, request) -> dict:
    name = request.user.get_username()
    return {"sub": name, **PEOPLE[name]}


def fill(return_to: str) -> None:
    from django.contrib.auth.models import User
    from oauth2_provider.models import Application
    from oauth2_provider.oauth2_validators import OAuth2Validator

    methods = {"oidc_claim_scope": None, "get_additional_claims": claims}
    settings.OAUTH2_PROVIDER["OAUTH2_VALIDATOR_CLASS"] = type("Validator", (OAuth2Validator,), methods)
    call_command("migrate", verbosity=0)
    for name in PEOPLE:
        User.objects.create_superuser(name, password=PASSWORD)  # the page of the admin lets no one else in
    Application.objects.create(
        client_id=CLIENT,
        client_secret=SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=return_to,
    )


def main(port: str, folder: str, return_to: str) -> None:
    PEOPLE.update(json.load(sys.stdin))
    configure(Path(folder))
    django.setup()
    from django.contrib import admin

    urlpatterns.extend([path("admin/", admin.site.urls), path("o/", include("oauth2_provider.urls"))])
    fill(return_to)
    make_server("127.0.0.1", int(port), get_wsgi_application()).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

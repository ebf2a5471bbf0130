"""Which mail domains an institution accepts."""

import re

from django.core.validators import validate_domain_name

from institutions.models import Institution


def mail_domains(declared: str | None) -> list[str]:
    """The domains of `Institution.mail_domain`, lower case: "@x.org, y.org" -> ["x.org", "y.org"]. Empty: all."""
    return [part.lstrip("@.").lower() for part in re.split(r"[,;\s]+", declared or "") if part.strip("@.")]


def mail_domains_checked(declared: str | None) -> str | None:
    """The text to store, null when it names no domain. Raises ValidationError when a part is no domain."""
    domains = mail_domains(declared)
    for domain in domains:
        validate_domain_name(domain)
    return declared if domains else None


def mail_domain_refuses(institution: Institution, email: str | None) -> bool:
    """Whether the address is outside the institution's mail domains. Whole domains are compared, ignoring case."""
    domains = mail_domains(institution.mail_domain)
    return bool(email and domains and email.rpartition("@")[2].lower() not in domains)

"""Institutions and what belongs to them."""

from hashlib import sha256

from benchmarks.pages.shared import CONSENT_PDF_SECONDS, Call, Institution, Object, Records, Rows, Sql, links, page

SETTINGS = (
    "contest_days", "time_zone", "withdrawal_models", "withdrawal_models_reason", "withdrawal_evidence",
    "withdrawal_evidence_reason", "publishes_transparency", "allow_own_names",
)  # fmt: skip
INSTITUTIONS = Sql(
    ", ".join(f"i.{name}" for name in (*Institution._fields, *SETTINGS)),
    "institutions_institution i",
    "i.id = %(home)s",
    "i.id",
    order="i.created_at, i.id",
)


def institutions(call: Call, is_list: bool) -> Rows:
    records, first = INSTITUTIONS(call, is_list), 1 + len(Institution._fields)
    settings = (dict(zip(SETTINGS, row[first:], strict=True)) for row in records)
    rows = (Institution(*row[1:first])._asdict() for row in records)
    return page(records, [row | more for row, more in zip(rows, settings, strict=True)])


VLES = Sql(
    "id, type, lti, lti <> '{}'::jsonb, name, url, client_id",
    "institutions_vle",
    "institution_id = %(home)s",
    "id",
)


def vles(call: Call, is_list: bool) -> Rows:
    records = VLES(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "type": kind, "lti": lti if filled else None, "name": name, "credentials": None, "url": url,
                "client_id": client,
            }
            for _, id, kind, lti, filled, name, url, client in records
        ],
    )  # fmt: skip


OPTIONS = Sql(
    "id, route, enabled, roles, user_id, institution_id IS NULL",
    "institutions_uioption",
    "(institution_id = %(home)s OR institution_id IS NULL)",
    "id",
)


def options(call: Call, is_list: bool) -> Rows:
    records = OPTIONS(call, is_list)
    return page(
        records,
        [
            {"id": id, "route": route, "enabled": enabled, "roles": roles, "user": user, "is_global": is_global}
            for _, id, route, enabled, roles, user, is_global in records
        ],
    )


CONSENTS = Sql(
    "id, version, valid_from, created_at, updated_at",
    "institutions_informedconsent",
    "institution_id = %(home)s",
    "id",
)


CURRENT = """
SELECT 1, id, version, valid_from, created_at, updated_at FROM institutions_informedconsent
 WHERE institution_id = %(home)s AND valid_from <= statement_timestamp()
 ORDER BY major DESC, minor DESC, patch DESC LIMIT 1"""


def current(call: Call) -> Object:
    count, rows = of_consents(call, call.run(CURRENT))
    return {"count": count, "next": None, "previous": None, "results": rows} | (rows[0] if rows else {})


def consents(call: Call, is_list: bool) -> Rows:
    return of_consents(call, CONSENTS(call, is_list))


def of_consents(call: Call, records: Records) -> Rows:
    institution = call.institution._asdict()
    return page(
        records,
        [
            {
                "id": id, "institution": institution, "version": version, "valid_from": valid_from,
                "created_at": created, "updated_at": updated,
            }
            for _, id, version, valid_from, created, updated in records
        ],
    )  # fmt: skip


DOCUMENTS = Sql(
    """c.id, c.version, c.valid_from, c.created_at, c.updated_at,
       d.id, d.language, d.html, d.pdf_id, f.sha256, d.created_at, d.updated_at""",
    """institutions_informedconsentdocument d JOIN institutions_informedconsent c ON c.id = d.consent_id
       LEFT JOIN files_storedfile f ON f.id = d.pdf_id""",
    "c.id = %(first)s AND c.institution_id = %(home)s",
    "lower(d.language)",
    order="d.id",
)


def text_hash(html: str | None, pdf_sha256: str | None) -> str:
    html_sha256 = sha256(html.encode()).hexdigest() if html else ""
    return sha256(f"{html_sha256}\n{pdf_sha256 or ''}\n".encode()).hexdigest()


def documents(call: Call, is_list: bool) -> Rows:
    if not is_list:
        call.ids[-1] = call.ids[-1].lower()
    records = DOCUMENTS(call, is_list)
    if not records:
        return 0, []
    _, id, version, valid_from, created, updated, *_ = records[0]
    link = links(call, CONSENT_PDF_SECONDS)
    consent = {
        "id": id, "institution": call.institution._asdict(), "version": version, "valid_from": valid_from,
        "created_at": created, "updated_at": updated,
    }  # fmt: skip
    return page(
        records,
        [
            {
                "id": id, "consent": consent, "language": language, "html": html,
                "pdf": None if pdf is None else link(pdf, f"consent-{language}.pdf"), "created_at": created,
                "updated_at": updated, "sha256": text_hash(html, pdf_sha256), "removed": None,
            }
            for _, _, _, _, _, _, id, language, html, pdf, pdf_sha256, created, updated in records
        ],
    )  # fmt: skip


INSTRUMENTS = Sql(
    """id, options_schema, name, acronym, queue, enabled, requires_enrolment, description, identity, originality,
       authorship, integrity, created_at, updated_at""",
    "institutions_instrument",
    "enabled",
    "id",
    order="acronym, id",
)


def instruments(call: Call, is_list: bool) -> Rows:
    records = INSTRUMENTS(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "options_schema": schema, "name": name, "acronym": acronym, "queue": queue,
                "enabled": enabled, "requires_enrolment": enrolment, "description": description, "identity": identity,
                "originality": originality, "authorship": authorship, "integrity": integrity, "created_at": created,
                "updated_at": updated,
            }
            for _, id, schema, name, acronym, queue, enabled, enrolment, description, identity, originality, authorship,
            integrity, created, updated in records
        ],
    )  # fmt: skip

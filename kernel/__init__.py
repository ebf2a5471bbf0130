"""The kernel: everything that resources have in common. It knows none of them.

Whoever adds a resource reads these three, under 400 lines together; the steps are in docs/developer.md:

    access.py         which role may do what: grants, and the roots of URLs with their callers
    scope.py          what each id of a URL filters, and how rows hang from their parent
    viewsets.py       what a resource declares, its hooks, and how rows are written

Deciding:

    caller.py         who asks, with which roles
    row_rules.py      the rules of grants as SQL
    rooted.py         what every view has in common: caller, roles, institution, grants
    seal.py           refuses what would decide otherwise than these files
    tenancy.py        the way from a row to its institution
    procedures.py     answers at addresses that are no rows
    routing.py        addresses, from the declared tree
    declared.py       finds the declared tree
    checks.py         what `manage.py check` says about the declarations

Reading and writing rows:

    reading.py        how the rows of a resource are read
    fast/rows.py      serializers compiled to rows of plain values
    fast/prepared.py  statements that are compiled once
    fast/whole.py     the same, for model instances
    filters.py        what a query string may ask of a list
    pagination.py     pages of a list
    serializers.py    serializers and their fields
    constraints.py    constraints of the database, and how they are told
    errors.py         errors as answers
    domain.py         errors that services raise
    writes.py         one transaction, inserts that ask nothing before, answers from memory
    commit.py         effects after the commit
    batches.py        many values in parts

Values and tables:

    ids.py            ids as they arrive
    text.py           what text may be
    nesting.py        how deep JSON may be
    fields.py         columns that are encrypted
    models.py         tables with instants, and tables that are only added to

HTTP:

    http/parsers.py   bodies of requests
    http/spooled.py   large bodies, of which one string goes to a file
    http/renderers.py JSON
    http/metadata.py  answers to OPTIONS
    http/paths.py     middleware: slashes, proxies, public address
    http/address.py   the client's address

For people and for tools:

    schema.py                     OpenAPI
    browsable/renderer.py         the browsable API
    browsable/navigation.py       where its pages lead to
    templatetags/browsable.py     filters of its templates
    admin.py                      what pages of Django's admin have in common
    apps.py                       the Django app
    management/commands/rows.py   prints the compiled rows
    postgres/base.py              Django's PostgreSQL backend with fewer questions
"""

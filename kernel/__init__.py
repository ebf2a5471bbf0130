"""The kernel: everything that resources have in common. It imports none of them.

To add a resource, read these three files, under 400 lines together; the steps are in docs/developer.md:

    access.py         which role may do what: grants, and the roots of URLs with their callers
    scope.py          what each id of a URL filters, and how rows are related to their parent
    viewsets.py       what a resource declares, its hooks, and how rows are written

Access:

    caller.py         the caller of a request, with roles
    row_rules.py      the rules of grants as SQL
    rooted.py         base of every view: caller, roles, institution, grants
    seal.py           keeps resources from overriding these files
    tenancy.py        the path from a row to its institution
    procedures.py     views at addresses that are neither rows nor lists
    routing.py        addresses, from the declared tree
    declared.py       finds the declared tree
    checks.py         checks of the declarations, for `manage.py check`

Reading and writing rows:

    reading.py        how the rows of a resource are read
    fast/rows.py      serializers compiled to rows of plain values
    fast/prepared.py  statements that are compiled once
    fast/whole.py     the same, for model instances
    fast/once.py      a page asks the same once
    fast/together.py  several queries as one statement
    filters.py        filters, search and ordering of lists
    pagination.py     pages of a list
    serializers.py    serializers and their fields
    constraints.py    constraints of the database, and their messages
    errors.py         errors as answers
    domain.py         errors that services raise
    writes.py         one transaction, inserts without a query before, answers from memory
    many.py           many rows, or many values, in one statement
    commit.py         effects after the commit
    locks.py          the order in which rows are locked
    repeats.py        work that is repeated when other transactions were in the way
    batches.py        many values in parts
    recording.py      the trail: what resources and services tell of a request, and who acts
    told.py           what resources tell the trail: who reads rows of people, and what is changed
    changes.py        what a change has changed, without secrets
    commands.py       names management commands as actors
    migrating.py      what migrations call: filling derived columns, indexes of PostgreSQL
    states.py         entity tags: ETag, If-Match, If-None-Match

Values and tables:

    ids.py            validation of ids
    zones.py          time zones, by name
    text.py           validation of texts, and the forms in which they are compared and searched
    folding.py        the form in which texts are searched, in statements
    nesting.py        how deep JSON may be nested
    spreadsheets.py   CSV without formulas, in parts
    hashing.py        password hashing, bounded
    fields.py         encrypted columns, columns derived from others, identifiers
    models.py         base classes: tables with instants, with derived columns, and records that are never changed

HTTP:

    http/parsers.py   bodies of requests
    http/spooled.py   large bodies, of which one string is written to a file
    http/repeats.py   middleware that repeats views
    http/local.py     requests that this process makes of its own views
    http/client.py    the same for pages, which ask as the person who is signed in
    http/renderers.py JSON
    http/metadata.py  answers to OPTIONS
    http/paths.py     middleware: slashes, proxies, public address
    http/address.py   the client's address
    http/logs.py      what is left out of the log
    http/browser.py   the session of a browser

For people and for tools:

    schema.py                     OpenAPI
    wording.py                    its groups, summaries and descriptions
    examples.py                   its examples
    browsable/renderer.py         the browsable API
    browsable/navigation.py       titles, breadcrumbs and links of its pages
    browsable/differences.py      what a change that came too late would have changed
    templatetags/browsable.py     filters of its templates
    templatetags/frame.py         what the frame of all pages shows
    admin.py                      base classes for Django's admin
    stale.py                      its forms, refused where the row has changed since they were opened
    apps.py                       the Django app
    management/commands/rows.py   prints the compiled rows
    postgres/plans.py             statements that a connection has prepared
    postgres/base.py              Django's PostgreSQL backend with fewer health checks
    postgres/limits.py            how long statements of web requests may take
"""

"""What administrators change in the console. Forms are made from the API's serializers and sent to the API's own views.

forms.py          fields of forms, derived from serializers; errors of the API at their fields
pages.py          pages that create, edit and delete a row of the API
undo.py           the way back after a change by which nothing is lost
people.py         people: their values, roles, passwords by mail
vles.py           VLEs and their credentials
groups.py         groups and their courses
courses.py        who is in a course, and its deletion
needs.py          categories of special needs, and whose they are
activities.py     activities and their instruments
schemas.py        forms of options that a JSON Schema describes
consents.py       informed consents: versions, texts with a preview, publishing
differences.py    what differs between two texts
institution.py    settings of the institution, and the parts of its dashboard
oidc.py           the institution's identity provider
holds.py          legal holds
erasures.py       erasing a learner's data, or the enrolment alone
retention.py      how long each kind of data is kept
deletion.py       deleting in bulk
"""

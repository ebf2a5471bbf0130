"""What administrators change in the console. Forms are made from the API's serializers and sent to the API's own views.

forms.py          fields of forms, derived from serializers; errors of the API at their fields
pages.py          pages that create, edit and delete a row of the API
people.py         people: their values, roles, passwords by mail
vles.py           VLEs and their credentials
groups.py         groups and their courses
needs.py          categories of special needs, and whose they are
activities.py     activities and their instruments
schemas.py        forms of options that a JSON Schema describes
consents.py       informed consents: versions, texts with a preview, publishing
differences.py    what differs between two texts
institution.py    settings of the institution, and the parts of its dashboard
"""

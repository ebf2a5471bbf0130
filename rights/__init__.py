"""The rights of people: what is held about them, why a report has its levels, who looked, and contests of reports.

models.py      contests of reports, with their files; bundles of own data, corrections
queries.py     what is held about a person, and which instruments are off
row_rules.py   the person's own rows, as rules for tables of rights
taking.py      what is in a bundle, kind by kind
archive.py     a ZIP archive that is made in parts
services/      contests, and the mails about them; bundles, corrections
leaving.py     what becomes of contests and bundles when something else goes, and who reads their files
jobs.py        what is done in the background
told.py        the trail as the person is told it
words.py       the words for kinds of data and for lines of the trail
api/           /api/v2/me/... and institution/{id}/contest/
pages.py       /me/...
"""

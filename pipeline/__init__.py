"""Background work: jobs are written with the change that causes them, and done after its commit. It imports no app.

models.py    the outbox: one table of jobs that wait, are being done, or have been parked
jobs.py      what other apps call: declaring handlers, and enqueueing jobs
running.py   taking due jobs, doing them, and what happens when one fails
"""

"""Background work: jobs are written with the change that causes them, and done after its commit. It imports no app.

models.py          the outbox: one table of jobs that wait, are being done, or have been parked
jobs.py            what other apps call: declaring handlers, and enqueueing jobs
running.py         taking due jobs, doing them, and what happens when one fails
turns.py           which of several processes has the turn
loop.py            the loop of a process that carries jobs: the server's thread, or `manage.py work`
sharing.py         how a thread of a serving process gives way to requests
relay.py           carrying jobs and messages to a broker
broker.py          the Celery application, and publishing
tasks.py           what a Celery worker does
accounts.py        providers' accounts at RabbitMQ
management_api.py  RabbitMQ's management API
tallies.py         counting what was sent again, and what was given up
status.py          what waits, what providers have not answered, and what is stuck
depths.py          what the broker's queues hold
"""

"""The built-in providers take the messages of their queues, in a demo alone."""

from django.conf import settings

from pipeline.jobs import consumer


def declare() -> None:
    if settings.DEMO:
        from demo.measuring import MEASURES, queue_of  # nobody else needs to load it
        from demo.provider import consumer_of

        for acronym in MEASURES:
            consumer(queue_of(acronym))(consumer_of(acronym))


declare()

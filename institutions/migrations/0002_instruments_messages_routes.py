"""What every installation has: the five instruments, the message codes and the global routes of the dashboard."""

from django.core.management.color import no_style
from django.db import migrations

import kernel.constraints


def _online_offline(sensor):
    """Options of an instrument that works during a session (online) or on uploaded documents (offline)."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "online": {"type": "boolean", "title": f"Use the {sensor} during the session", "default": True},
            "offline": {"type": "boolean", "title": "Check uploaded documents", "default": False},
        },
        "additionalProperties": False,
    }


INSTRUMENTS = (
    (1, "fr", "Face recognition", {"requires_enrolment": True, "identity": True, "options_schema": _online_offline("camera")}),
    (2, "ks", "Keystroke dynamics", {"requires_enrolment": True, "identity": True}),
    (3, "vr", "Voice recognition", {"requires_enrolment": True, "identity": True, "options_schema": _online_offline("microphone")}),
    (4, "fa", "Forensic analysis", {"requires_enrolment": True, "identity": True, "authorship": True}),
    (5, "plag", "Plagiarism detection", {"originality": True}),
)  # fmt: skip
MESSAGES = {
    "OK": "Everything is as it should be.",
    "ERROR": "Something went wrong.",
    "WARNING": "Something needs attention.",
    "ALERT": "Something needs attention now.",
    "PROVIDER_MULTIPLE_PEOPLE": "More than one person was seen.",
    "PROVIDER_INCOMPLETE_ENROLMENT": "The learner's enrolment is not complete.",
    "PROVIDER_NO_FACE_DETECTED": "No face was found.",
    "PROVIDER_INVALID_MIMETYPE": "The media type of the sample is not supported.",
    "PROVIDER_BLACK_IMAGE": "The image is black.",
    "PROVIDER_INVALID_SAMPLE_DATA": "The sample cannot be read.",
    "PROVIDER_MISSING_MIMETYPE": "The sample does not say its media type.",
    "PROVIDER_EXTERNAL_SERVICE_DOWN": "An external service does not answer.",
    "PROVIDER_EXTERNAL_SERVICE_TIMEOUT": "An external service did not answer in time.",
    "SENSOR_CAMERA_NO_GRANT": "The camera may not be used.",
    "SENSOR_CAMERA_MISSING": "There is no camera.",
    "SENSOR_CAMERA_APP_BLOCKING": "Another program uses the camera.",
    "SENSOR_CAMERA_STARTED": "The camera is on.",
    "SENSOR_CAMERA_BLACK_IMAGE": "The camera gives a black image.",
    "SENSOR_MICROPHONE_NO_GRANT": "The microphone may not be used.",
    "SENSOR_MICROPHONE_MISSING": "There is no microphone.",
    "SENSOR_MICROPHONE_APP_BLOCKING": "Another program uses the microphone.",
    "SENSOR_MICROPHONE_STARTED": "The microphone is on.",
    "SENSOR_BROWSER_NOT_SUPPORTED": "The browser cannot be used for this.",
    "INTEGRITY_OTHER_WINDOW": "Another window was opened.",
}
ROUTES = {
    "dashboard": None,
    "administration": "LEGAL,ADMIN,SEND,DATA,GLOBAL_ADMIN",
    "administration-ic": "LEGAL,ADMIN,GLOBAL_ADMIN",
    "administration-users": "GLOBAL_ADMIN,ADMIN",
    "administration-settings": "GLOBAL_ADMIN,ADMIN",
    "administration-send": "GLOBAL_ADMIN,ADMIN,SEND",
    "administration-send-categories": "GLOBAL_ADMIN,ADMIN,SEND",
    "administration-send-users": "GLOBAL_ADMIN,ADMIN,SEND",
    "course": "ADMIN,GLOBAL_ADMIN,INSTRUCTOR,LEARNER,DATA",
    "system": "GLOBAL_ADMIN",
    "system-user": "GLOBAL_ADMIN",
    "system-institutions": "GLOBAL_ADMIN",
    "system-instruments": "GLOBAL_ADMIN",
}


def install(apps, schema_editor):
    instruments = apps.get_model("institutions", "Instrument")
    for pk, acronym, name, properties in INSTRUMENTS:
        values = {"acronym": acronym, "name": name, "queue": f"tesla_{acronym}", "enabled": True, **properties}
        instruments.objects.get_or_create(pk=pk, defaults=values)
    # The numbers were given, not drawn: let the next instrument draw one behind them.
    for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [instruments]):
        schema_editor.execute(statement)
    messages, texts = apps.get_model("institutions", "Message"), apps.get_model("institutions", "MessageLocale")
    for code, text in MESSAGES.items():
        message, _ = messages.objects.get_or_create(code=code, defaults={"description": text})
        texts.objects.get_or_create(code=message, locale="en", defaults={"message": text})
    options = apps.get_model("institutions", "UIOption")
    for route, roles in ROUTES.items():
        options.objects.get_or_create(
            route=route, institution=None, user=None, defaults={"enabled": True, "roles": roles}
        )


class Migration(migrations.Migration):
    dependencies = [("files", "0002_initial"), ("institutions", "0001_initial")]
    operations = [
        # Not in the first migration, because files need institutions and documents need files. Tables first, then rows:
        # PostgreSQL does not alter a table while rows of the same transaction wait to be checked.
        migrations.AddConstraint(
            model_name="informedconsentdocument",
            constraint=kernel.constraints.Tied(
                fields=("pdf", "institution"), name="document_pdf_institution", to_fields=("id", "institution")
            ),
        ),
        # Undoing keeps the rows: others may refer to them by then, and installing again changes nothing.
        migrations.RunPython(install, migrations.RunPython.noop),
    ]

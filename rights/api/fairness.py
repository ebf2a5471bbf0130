"""/institution/{institution_id}/fairness/ and transparency/: how often instruments raise, fail and are wrong."""

from datetime import date
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from kernel.access import grant
from kernel.caller import Role
from kernel.procedures import ProcedureView
from kernel.schema import problems
from rights import shown
from rights.fairness import MINIMUM
from rights.services.figures import usual_months

EARLIEST, LATEST = 2000, 2999  # years


class ShareSerializer(serializers.Serializer[Any]):
    learners = serializers.IntegerField(help_text="Rounded to a multiple of 5.")
    of = serializers.IntegerField(help_text="What the share is of, rounded to a multiple of 5.")
    share = serializers.FloatField(help_text="From 0 to 1.")
    low = serializers.FloatField(help_text="Of the interval for 95 %.")
    high = serializers.FloatField()


class MeasureSerializer(serializers.Serializer[Any]):
    all = ShareSerializer(allow_null=True, help_text="Null where there are too few learners.")
    with_send = ShareSerializer(allow_null=True, help_text="Null where one of the two groups is too small.")
    without_send = ShareSerializer(allow_null=True)
    differs = serializers.BooleanField(help_text="Whether the two intervals lie apart.")
    as_of = serializers.DateTimeField(help_text="It stays until it would differ by enough learners.")


class NamedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class ResultRatesSerializer(serializers.Serializer[Any]):
    instrument = NamedSerializer(allow_null=True)
    provider = NamedSerializer()
    is_demonstration = serializers.BooleanField(help_text="Its results say nothing about anybody.")
    failures = MeasureSerializer(help_text="Of all results: those that ended without one.")
    warnings = MeasureSerializer(help_text="Of the others, by the provider's code and its thresholds of today.")
    alerts = MeasureSerializer()


class ContestRatesSerializer(serializers.Serializer[Any]):
    instrument = NamedSerializer()
    contested = MeasureSerializer(help_text="Of the reports: those contested because of the instrument.")
    wrong = MeasureSerializer(help_text="Of the decided ones: changed or set aside.")
    upheld = MeasureSerializer()
    changed = MeasureSerializer()
    set_aside = MeasureSerializer()


class FairnessSerializer(serializers.Serializer[Any]):
    first_month = serializers.CharField()
    last_month = serializers.CharField()
    minimum = serializers.IntegerField(help_text="Groups of fewer learners are not shown.")
    as_of = serializers.DateTimeField(
        allow_null=True, help_text="When it was last counted. Null: for the first time now; ask again in a minute."
    )
    results = ResultRatesSerializer(many=True)
    contests = ContestRatesSerializer(many=True)


class ContestOutcomesSerializer(serializers.Serializer[Any]):
    contested = serializers.IntegerField(
        allow_null=True, help_text="Rounded to a multiple of 5; null where there are too few learners."
    )
    decided = serializers.IntegerField(allow_null=True)
    wrong = ShareSerializer(allow_null=True, help_text="Of the decided ones: changed or set aside.")
    upheld = ShareSerializer(allow_null=True)
    changed = ShareSerializer(allow_null=True)
    set_aside = ShareSerializer(allow_null=True)


class InstrumentUsedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    checks = serializers.ListField(child=serializers.CharField(), help_text="identity, originality and so on.")
    since = serializers.DateTimeField(help_text="When it was first switched on in an activity that there still is.")
    outcomes = ContestOutcomesSerializer()


class TransparencySerializer(serializers.Serializer[Any]):
    institution = serializers.CharField(help_text="Its name.")
    is_published = serializers.BooleanField(help_text="Whether everybody can read it.")
    contest_days = serializers.IntegerField()
    minimum = serializers.IntegerField(help_text="Groups of fewer learners are not shown.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When it was last counted. Null: not yet.")
    instruments = InstrumentUsedSerializer(many=True)
    outcomes = ContestOutcomesSerializer(help_text="Of all contests, whatever the instrument.")


def month_of(text: str, name: str) -> date:
    """The first day of "2026-09"."""
    year, _, month = text.partition("-")
    is_one = len(year) == 4 and len(month) == 2 and text.isascii() and (year + month).isdigit()
    if not (is_one and EARLIEST <= int(year) <= LATEST and 1 <= int(month) <= 12):
        raise ValidationError({name: ['A month, such as "2026-09".']})
    return date(int(year), int(month), 1)


class FairnessView(ProcedureView):
    root_kwarg = "institution_id"
    access = {Role.ADMIN | Role.DATA | Role.SEND: grant("get")}

    @extend_schema(
        operation_id="institution_fairness",
        parameters=[
            OpenApiParameter("from", str, description='The first month, such as "2026-01". Without it: 12 months.'),
            OpenApiParameter("to", str, description="The last month, itself included. Without it: the present one."),
        ],
        responses={200: FairnessSerializer, **problems(400, 401, 403, 404)},
    )
    def get(self, request, **_):
        """No line of the trail: it tells of no person."""
        asked = request.query_params
        first, last = usual_months(self.tenant.time_zone, month_of(asked["to"], "to") if asked.get("to") else None)
        first = month_of(asked["from"], "from") if asked.get("from") else first
        if first > last:
            raise ValidationError({"from": ["It begins after it ends."]})
        answer = {
            "first_month": f"{first:%Y-%m}",
            "last_month": f"{last:%Y-%m}",
            "minimum": MINIMUM,
            **shown.rates(self.tenant.pk, first, last),
        }
        return Response(FairnessSerializer(answer).data)


class TransparencyView(ProcedureView):
    root_kwarg = "institution_id"
    access = {Role.GLOBAL | Role.MEMBER: grant("get")}

    @extend_schema(
        operation_id="institution_transparency",
        responses={200: TransparencySerializer, **problems(401, 403, 404)},
    )
    def get(self, request, **_):
        """No line of the trail: it tells of no person."""
        answer = shown.transparency(self.tenant) | {"minimum": MINIMUM}
        return Response(TransparencySerializer(answer).data)

"""The whole URL tree of /api/v2/, word for word as in the contract. Read this file first.

One line, one resource, one chain of nested routers: the same parent has another name on another branch.
What each name filters is said by the viewset's `scope`; `manage.py check` compares the two.
"""

from courses.api.activity import ActivityViewSet
from courses.api.activity_instrument import ActivityInstrumentViewSet
from courses.api.course import CourseViewSet
from courses.api.course_instructor import CourseInstructorViewSet
from courses.api.course_learner import CourseLearnerViewSet
from courses.api.group import GroupViewSet
from courses.api.group_course import GroupCourseViewSet
from courses.api.institution_activity import InstitutionActivityViewSet
from courses.api.learner_membership import LearnerMembershipViewSet
from courses.api.vle_activity import VLEActivityViewSet
from courses.api.vle_activity_instrument import VLEActivityInstrumentViewSet
from courses.api.vle_activity_learner import VLEActivityLearnerViewSet
from courses.api.vle_assessment import AssessmentView
from courses.api.vle_course import VLECourseViewSet
from courses.api.vle_course_instructor import VLECourseInstructorViewSet
from courses.api.vle_course_learner import VLECourseLearnerViewSet
from courses.api.vle_launcher import LauncherView
from institutions.api.admin_institution import AdminInstitutionViewSet
from institutions.api.admin_instrument import AdminInstrumentViewSet
from institutions.api.admin_provider import AdminProviderViewSet
from institutions.api.admin_ui import AdminUIOptionViewSet
from institutions.api.admin_user import AdminUserViewSet
from institutions.api.document import InformedConsentDocumentViewSet
from institutions.api.ic import InformedConsentViewSet
from institutions.api.institution import InstitutionViewSet
from institutions.api.instructor import InstructorViewSet
from institutions.api.instrument import InstrumentViewSet
from institutions.api.oidc import OIDCConnectionViewSet
from institutions.api.provider_notification import ProviderNotificationViewSet
from institutions.api.provider_self import ProviderSelfViewSet
from institutions.api.trail import LineViewSet
from institutions.api.ui import UIOptionViewSet
from institutions.api.vle import VLEViewSet
from institutions.api.vle_instrument import VLEInstrumentViewSet
from institutions.api.vle_self import VLESelfViewSet
from kernel.routing import Call, Procedure, Resource
from learners.api.learner import LearnerViewSet
from learners.api.learner_decision import LearnerDecisionViewSet
from learners.api.learner_send import LearnerSENDViewSet
from learners.api.provider_enrolment import ProviderEnrolmentViewSet
from learners.api.provider_sample import AvailableSampleViewSet, ProviderSampleViewSet, UsedSampleViewSet
from learners.api.provider_validation import ProviderValidationViewSet
from learners.api.send import SENDCategoryViewSet
from reports.api.audit import ReportAuditViewSet
from reports.api.institution_report import InstitutionReportViewSet
from reports.api.provider_answers import ProviderAnswersView
from reports.api.provider_request import ProviderRequestViewSet
from reports.api.report import ReportViewSet
from reports.api.request import ReportRequestViewSet
from reports.api.user import MergingUserViewSet
from reports.api.vle_attachment import AttachmentViewSet
from reports.api.vle_report import VLEReportViewSet
from reports.api.vle_request import VLERequestViewSet
from retention.api.deletion import DeletionViewSet
from retention.api.retention import RetentionPeriodViewSet
from rights.api.bundle import OwnBundleViewSet
from rights.api.contest import OwnContestViewSet
from rights.api.correction import OwnCorrectionViewSet
from rights.api.decision import OwnDecisionViewSet
from rights.api.erasure import OwnErasureViewSet
from rights.api.fairness import FairnessView, TransparencyView
from rights.api.held import HeldView
from rights.api.hold import LegalHoldViewSet
from rights.api.institution_contest import ContestViewSet
from rights.api.institution_correction import CorrectionViewSet
from rights.api.institution_erasure import ErasureViewSet
from rights.api.report import OwnReportViewSet
from rights.api.trail import OwnLineViewSet
from rights.api.withdrawal import WithdrawalView

TREE = (
    Resource("institution/{institution_id}/", InstitutionViewSet),
    Resource("institution/{parent_lookup_institution_id}/vle/{id}/", VLEViewSet),
    Resource("institution/{parent_lookup_institution_id}/oidc/{id}/", OIDCConnectionViewSet),
    Resource("institution/{parent_lookup_institution_id}/group/{id}/", GroupViewSet),
    Resource("institution/{parent_lookup_institution_id}/group/{parent_lookup_id}/course/{id}/", GroupCourseViewSet),
    Resource("institution/{parent_lookup_institution_id}/ic/{id}/", InformedConsentViewSet),
    Resource(
        "institution/{parent_lookup_institution_id}/ic/{parent_lookup_informed_consent_id}/document/{language}/",
        InformedConsentDocumentViewSet,
    ),
    Resource("institution/{parent_lookup_institution_id}/instrument/{id}/", InstrumentViewSet),
    Resource("institution/{parent_lookup_institution_id}/ui/{id}/", UIOptionViewSet),
    Resource("institution/{parent_lookup_institution_id}/user/{id}/", MergingUserViewSet),
    Resource("institution/{parent_lookup_institution_id}/instructor/{id}/", InstructorViewSet),
    Resource("institution/{parent_lookup_institution_id}/learner/{id}/", LearnerViewSet),
    Resource("institution/{parent_lookup_institution_id}/send/{id}/", SENDCategoryViewSet),
    Resource(
        "institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/send/{id}/",
        LearnerSENDViewSet,
    ),
    Resource(
        "institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/decision/{id}/",
        LearnerDecisionViewSet,
    ),
    Resource(
        "institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/membership/{id}/",
        LearnerMembershipViewSet,
    ),
    Resource("institution/{parent_lookup_vle__institution_id}/course/{id}/", CourseViewSet),
    Resource(
        "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/instructor/{id}/",
        CourseInstructorViewSet,
    ),
    Resource(
        "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/learner/{id}/",
        CourseLearnerViewSet,
    ),
    Resource(
        "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_course_id}/activity/{id}/",
        ActivityViewSet,
    ),
    Resource(
        "institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/"
        "activity/{parent_lookup_activity_id}/instrument/{id}/",
        ActivityInstrumentViewSet,
    ),
    Resource(
        "institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/"
        "activity/{parent_lookup_activity_id}/report/{id}/",
        ReportViewSet,
    ),
    Resource(
        "institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/"
        "activity/{parent_lookup_activity_id}/report/{parent_lookup_id}/request/{id}/",
        ReportRequestViewSet,
    ),
    Resource(
        "institution/{parent_lookup_report__activity__vle__institution_id}/"
        "course/{parent_lookup_report__activity__course_id}/activity/{parent_lookup_report__activity_id}/"
        "report/{parent_lookup_report_id}/audit/{instrument_id}/",
        ReportAuditViewSet,
    ),
    Resource("institution/{parent_lookup_institution_id}/activity/{id}/", InstitutionActivityViewSet),
    Resource("institution/{parent_lookup_institution_id}/report/{id}/", InstitutionReportViewSet),
    Resource("institution/{parent_lookup_institution_id}/contest/{id}/", ContestViewSet),
    Resource("institution/{parent_lookup_institution_id}/correction/{id}/", CorrectionViewSet),
    Resource("institution/{parent_lookup_institution_id}/hold/{id}/", LegalHoldViewSet),
    Resource("institution/{parent_lookup_institution_id}/erasure/{id}/", ErasureViewSet),
    Resource("institution/{parent_lookup_institution_id}/trail/{id}/", LineViewSet),
    Resource("institution/{parent_lookup_institution_id}/retention/{kind}/", RetentionPeriodViewSet),
    Resource("institution/{parent_lookup_institution_id}/deletion/{id}/", DeletionViewSet),
    Resource("admin/user/{id}/", AdminUserViewSet),
    Resource("admin/institution/{id}/", AdminInstitutionViewSet),
    Resource("admin/instrument/{id}/", AdminInstrumentViewSet),
    Resource("admin/instrument/{parent_lookup_instrument_id}/provider/{id}/", AdminProviderViewSet),
    Resource("admin/ui/{id}/", AdminUIOptionViewSet),
    # What is held about the caller.
    Resource("me/report/{id}/", OwnReportViewSet),
    Resource("me/decision/{id}/", OwnDecisionViewSet),
    Resource("me/contest/{id}/", OwnContestViewSet),
    Resource("me/erasure/{id}/", OwnErasureViewSet),
    Resource("me/trail/{id}/", OwnLineViewSet),
    Resource("me/bundle/{id}/", OwnBundleViewSet),
    Resource("me/correction/{id}/", OwnCorrectionViewSet),
    # What VLEs tell and read: below the id of the one that asks.
    Resource("vle/{vle_id}/", VLESelfViewSet),
    Resource("vle/{vle_id}/instrument/{id}/", VLEInstrumentViewSet),
    Resource("vle/{vle_id}/course/{id}/", VLECourseViewSet),
    Resource("vle/{vle_id}/course/{course_id}/instructor/{id}/", VLECourseInstructorViewSet),
    Resource("vle/{vle_id}/course/{course_id}/learner/{id}/", VLECourseLearnerViewSet),
    Resource("vle/{vle_id}/course/{course_id}/activity/{id}/", VLEActivityViewSet),
    Resource("vle/{vle_id}/course/{course_id}/activity/{activity_id}/instrument/{id}/", VLEActivityInstrumentViewSet),
    Resource("vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{id}/", VLEActivityLearnerViewSet),
    Resource(
        "vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{learner_id}/request/{id}/",
        VLERequestViewSet,
    ),
    Resource("vle/{vle_id}/course/{course_id}/activity/{activity_id}/report/{id}/", VLEReportViewSet),
    # What providers are asked and answer: learners are named by their pseudonyms.
    Resource("provider/{provider_id}/", ProviderSelfViewSet),
    Resource("provider/{provider_id}/notification/{id}/", ProviderNotificationViewSet),
    Resource("provider/{provider_id}/enrolment/{learner_uuid}/", ProviderEnrolmentViewSet),
    Resource("provider/{provider_id}/enrolment/{learner_uuid}/available_samples/{id}/", AvailableSampleViewSet),
    Resource("provider/{provider_id}/enrolment/{learner_uuid}/used_samples/{id}/", UsedSampleViewSet),
    Resource("provider/{provider_id}/enrolment/{learner_uuid}/sample/{id}/", ProviderSampleViewSet),
    Resource(
        "provider/{provider_id}/enrolment/{learner_uuid}/sample/{sample_id}/validation/{id}/",
        ProviderValidationViewSet,
    ),
    Resource("provider/{provider_id}/request/{id}/", ProviderRequestViewSet),
)

# What is no page of rows: answers about one learner, and procedures of a VLE.
CALLS = (
    Call(
        "vle/{parent_lookup_activity__vle_id}/course/{parent_lookup_activity__course_id}/"
        "activity/{parent_lookup_activity_id}/attachment/{learner_id}/",
        AttachmentViewSet,
        {"get": "wanted", "post": "send"},
    ),
)
PROCEDURES = (
    Procedure("institution/{institution_id}/fairness/", FairnessView),
    Procedure("institution/{institution_id}/transparency/", TransparencyView),
    Procedure("me/held/", HeldView),
    Procedure("me/withdrawal/", WithdrawalView),
    Procedure("vle/{vle_id}/assessment/", AssessmentView),
    Procedure("vle/{vle_id}/launcher/", LauncherView),
    Procedure("provider/{provider_id}/answers/", ProviderAnswersView),
)

"""The URLs of the console."""

from django.urls import path

from console import contests, corrections, evidence, fairness, imports, merging, paper, trail, views
from console.listings import ALL_ACTIVITIES, ALL_REPORTS, COURSES, LEARNERS, LISTINGS, PEOPLE
from console.work import (
    activities,
    consents,
    courses,
    deletion,
    erasures,
    groups,
    holds,
    institution,
    needs,
    oidc,
    people,
    retention,
    undo,
    vles,
)

COURSE = "<id:institution>/courses/<id:course>/"
ACTIVITY = f"{COURSE}activities/<id:activity>/"
REPORT = f"{ACTIVITY}reports/<id:report>/"
GROUP = "<id:institution>/groups/<id:group>/"
LEARNER = "<id:institution>/learners/<id:learner>/"
NEED = "<id:institution>/send/<id:need>/"
CONSENT = "<id:institution>/consents/<id:consent>/"
CONSENT_TEXT = f"{CONSENT}documents/<language:language>/"
app_name = "console"
urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("<id:institution>/", views.OverviewView.as_view(), name="overview"),
    path("<id:institution>/people/", merging.PeopleView.as_view(), name="people"),
    path("<id:institution>/people/new/", people.NewPerson.as_view(), name="person-new"),
    path("<id:institution>/people/<id:person>/", people.PersonView.as_view(), name="person"),
    path("<id:institution>/people/<id:person>/edit/", people.EditPerson.as_view(), name="person-edit"),
    path("<id:institution>/people/<id:person>/delete/", people.DeletePerson.as_view(), name="person-delete"),
    path("<id:institution>/people/<id:person>/roles/<slug:role>/", people.RolePage.as_view(), name="person-role"),
    path("<id:institution>/people/<id:person>/password/", people.PasswordPage.as_view(), name="person-password"),
    path("<id:institution>/people/<id:person>/former-uids/", people.FormerUidsPage.as_view(), name="former-uids"),
    path("<id:institution>/people/<id:person>/merge/", merging.MergeView.as_view(), name="merge"),
    *(
        path(
            f"<id:institution>/{listing.word}/",
            views.ListView.as_view(listing=listing, open_to=views.open_to(listing)),
            name=listing.word,
        )
        for listing in LISTINGS
        if listing not in (ALL_ACTIVITIES, ALL_REPORTS, COURSES, LEARNERS, PEOPLE)
    ),
    path("<id:institution>/fairness/", fairness.FairnessView.as_view(), name="fairness"),
    path("<id:institution>/courses/", views.CoursesView.as_view(), name="courses"),
    path("<id:institution>/attention/", views.AttentionView.as_view(), name="attention"),
    path("<id:institution>/failing/", views.FailingView.as_view(), name="failing"),
    path("<id:institution>/learners/", views.LearnersView.as_view(), name="learners"),
    path("<id:institution>/activities/", views.ActivitiesView.as_view(), name="activities"),
    path("<id:institution>/reports/", views.ReportsView.as_view(), name="reports"),
    path("<id:institution>/trail/", trail.TrailView.as_view(), name="trail"),
    path("<id:institution>/imports/", imports.ImportsView.as_view(), name="imports"),
    path("<id:institution>/imports/<id:import>/", imports.ImportView.as_view(), name="import"),
    path("<id:institution>/imports/template.csv", imports.ImportTemplateView.as_view(), name="import-template"),
    path("<id:institution>/imports/<id:import>/result.csv", imports.ImportResultView.as_view(), name="import-result"),
    path("<id:institution>/imports/<id:import>/errors.csv", imports.ImportErrorsView.as_view(), name="import-errors"),
    path("<id:institution>/contests/<id:contest>/", contests.ContestView.as_view(), name="contest"),
    path("<id:institution>/corrections/<id:correction>/", corrections.CorrectionView.as_view(), name="correction"),
    path("<id:institution>/deletion/", deletion.Deletions.as_view(), name="deletion"),
    path("<id:institution>/retention/", retention.Retention.as_view(), name="retention"),
    path("<id:institution>/erasures/new/", erasures.NewErasure.as_view(), name="erasure-new"),
    path("<id:institution>/erasures/<id:erasure>/", erasures.ErasureView.as_view(), name="erasure"),
    path("<id:institution>/holds/new/", holds.NewHold.as_view(), name="hold-new"),
    path("<id:institution>/holds/<id:hold>/", holds.HoldView.as_view(), name="hold"),
    path("<id:institution>/holds/<id:hold>/release/", holds.ReleaseHold.as_view(), name="hold-release"),
    path("<id:institution>/undo/", undo.UndoPage.as_view(), name="undo"),
    path("<id:institution>/settings/", institution.Settings.as_view(), name="settings"),
    path("<id:institution>/settings/oidc/", oidc.Connection.as_view(), name="oidc"),
    path("<id:institution>/settings/oidc/delete/", oidc.DeleteConnection.as_view(), name="oidc-delete"),
    path("<id:institution>/settings/dashboard/", institution.Dashboard.as_view(), name="dashboard"),
    path("<id:institution>/settings/dashboard/people/new/", institution.NewClosing.as_view(), name="closing-new"),
    path(
        "<id:institution>/settings/dashboard/people/<id:option>/delete/",
        institution.DeleteClosing.as_view(),
        name="closing-delete",
    ),
    path("<id:institution>/groups/new/", groups.NewGroup.as_view(), name="group-new"),
    path(f"{GROUP}edit/", groups.EditGroup.as_view(), name="group-edit"),
    path(f"{GROUP}delete/", groups.DeleteGroup.as_view(), name="group-delete"),
    path(f"{GROUP}courses/new/", groups.AddCourse.as_view(), name="group-course-new"),
    path(f"{GROUP}courses/<id:course>/delete/", groups.RemoveCourse.as_view(), name="group-course-delete"),
    path("<id:institution>/send/new/", needs.NewNeed.as_view(), name="need-new"),
    path(NEED, needs.NeedView.as_view(), name="need"),
    path(f"{NEED}edit/", needs.EditNeed.as_view(), name="need-edit"),
    path(f"{NEED}delete/", needs.DeleteNeed.as_view(), name="need-delete"),
    path(f"{NEED}learners/", needs.NeedLearners.as_view(), name="need-learners"),
    path(f"{LEARNER}send/new/", needs.NewAssignment.as_view(), name="learner-need-new"),
    path(f"{LEARNER}send/<id:assignment>/edit/", needs.EditAssignment.as_view(), name="learner-need-edit"),
    path(f"{LEARNER}send/<id:assignment>/delete/", needs.DeleteAssignment.as_view(), name="learner-need-delete"),
    path("<id:institution>/consents/new/", consents.NewConsent.as_view(), name="consent-new"),
    path(CONSENT, consents.ConsentView.as_view(), name="consent"),
    path(f"{CONSENT}edit/", consents.EditConsent.as_view(), name="consent-edit"),
    path(f"{CONSENT}publish/", consents.PublishConsent.as_view(), name="consent-publish"),
    path(f"{CONSENT}delete/", consents.DeleteConsent.as_view(), name="consent-delete"),
    path(f"{CONSENT}compare/", consents.CompareConsents.as_view(), name="consent-compare"),
    path(f"{CONSENT}documents/new/", consents.NewText.as_view(), name="consent-text-new"),
    path(f"{CONSENT_TEXT}edit/", consents.EditText.as_view(), name="consent-text-edit"),
    path(f"{CONSENT_TEXT}delete/", consents.DeleteText.as_view(), name="consent-text-delete"),
    path(GROUP, views.GroupView.as_view(), name="group"),
    path(LEARNER, views.LearnerView.as_view(), name="learner"),
    path(f"{LEARNER}enrolment/delete/", erasures.EraseEnrolment.as_view(), name="enrolment-delete"),
    path(f"{LEARNER}decisions/<id:decision>/", views.DecisionView.as_view(), name="decision"),
    path("<id:institution>/vles/new/", vles.NewVLE.as_view(), name="vle-new"),
    path("<id:institution>/vles/<id:vle>/", views.VLEView.as_view(), name="vle"),
    path("<id:institution>/vles/<id:vle>/edit/", vles.EditVLE.as_view(), name="vle-edit"),
    path("<id:institution>/vles/<id:vle>/credentials/", vles.RotateVLE.as_view(), name="vle-credentials"),
    path("<id:institution>/vles/<id:vle>/delete/", vles.DeleteVLE.as_view(), name="vle-delete"),
    path(COURSE, views.CourseView.as_view(), name="course"),
    path(f"{COURSE}instructors/", views.CourseInstructorsView.as_view(), name="course-instructors"),
    path(f"{COURSE}learners/", views.CourseLearnersView.as_view(), name="course-learners"),
    path(f"{COURSE}delete/", courses.DeleteCourse.as_view(), name="course-delete"),
    *(
        path(f"{COURSE}{of.word}s/{page}", view.as_view(of=of), name=f"membership-{of.word}-{name}")
        for of in (courses.INSTRUCTORS, courses.LEARNERS)
        for page, view, name in (
            ("new/", courses.NewMember, "new"),
            ("<id:person>/delete/", courses.RemoveMember, "delete"),
        )
    ),
    path(f"{COURSE}activities/new/", activities.NewActivity.as_view(), name="activity-new"),
    path(f"{ACTIVITY}edit/", activities.EditActivity.as_view(), name="activity-edit"),
    path(f"{ACTIVITY}delete/", activities.DeleteActivity.as_view(), name="activity-delete"),
    path(f"{ACTIVITY}instruments/", activities.ChooseInstrument.as_view(), name="activity-instrument-choose"),
    path(
        f"{ACTIVITY}instruments/<id:instrument>/new/",
        activities.NewInstrument.as_view(),
        name="activity-instrument-new",
    ),
    path(f"{ACTIVITY}instruments/<id:row>/edit/", activities.EditInstrument.as_view(), name="activity-instrument-edit"),
    path(
        f"{ACTIVITY}instruments/<id:row>/delete/",
        activities.DeleteInstrument.as_view(),
        name="activity-instrument-delete",
    ),
    path(ACTIVITY, views.ActivityView.as_view(), name="activity"),
    path(f"{ACTIVITY}reports.pdf", paper.ActivityPaper.as_view(), name="activity-pdf"),
    path(f"{ACTIVITY}unsettled/", views.UnsettledView.as_view(), name="unsettled"),
    path(f"{ACTIVITY}captures/", views.ActivityCapturesView.as_view(), name="activity-captures"),
    path(REPORT, views.ReportView.as_view(), name="report"),
    path(f"{REPORT}report.pdf", paper.ReportPaper.as_view(), name="report-pdf"),
    path(f"{REPORT}captures/", views.ReportCapturesView.as_view(), name="report-captures"),
    path(f"{REPORT}evidence/<id:instrument>/", evidence.EvidenceView.as_view(), name="evidence"),
    path(f"{REPORT}requests/<id:capture>/", evidence.RequestView.as_view(), name="request"),
    path(f"{REPORT}requests/", views.RequestsView.as_view(), name="requests"),
]

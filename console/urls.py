"""The URLs of the console."""

from django.urls import path

from console import imports, merging, trail, views
from console.listings import LISTINGS, PEOPLE

COURSE = "<id:institution>/courses/<id:course>/"
ACTIVITY = f"{COURSE}activities/<id:activity>/"
REPORT = f"{ACTIVITY}reports/<id:report>/"
app_name = "console"
urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("<id:institution>/", views.OverviewView.as_view(), name="overview"),
    path("<id:institution>/people/", merging.PeopleView.as_view(), name="people"),
    path("<id:institution>/people/<id:person>/merge/", merging.MergeView.as_view(), name="merge"),
    *(
        path(f"<id:institution>/{listing.word}/", views.ListView.as_view(listing=listing), name=listing.word)
        for listing in LISTINGS
        if listing is not PEOPLE
    ),
    path("<id:institution>/trail/", trail.TrailView.as_view(), name="trail"),
    path("<id:institution>/imports/", imports.ImportsView.as_view(), name="imports"),
    path("<id:institution>/imports/<id:import>/", imports.ImportView.as_view(), name="import"),
    path("<id:institution>/imports/<id:import>/errors.csv", imports.ImportResultView.as_view(), name="import-errors"),
    path("<id:institution>/groups/<id:group>/", views.GroupView.as_view(), name="group"),
    path("<id:institution>/learners/<id:learner>/", views.LearnerView.as_view(), name="learner"),
    path("<id:institution>/vles/<id:vle>/", views.VLEView.as_view(), name="vle"),
    path(COURSE, views.CourseView.as_view(), name="course"),
    path(f"{COURSE}instructors/", views.CourseInstructorsView.as_view(), name="course-instructors"),
    path(f"{COURSE}learners/", views.CourseLearnersView.as_view(), name="course-learners"),
    path(ACTIVITY, views.ActivityView.as_view(), name="activity"),
    path(f"{ACTIVITY}captures/", views.ActivityCapturesView.as_view(), name="activity-captures"),
    path(REPORT, views.ReportView.as_view(), name="report"),
    path(f"{REPORT}captures/", views.ReportCapturesView.as_view(), name="report-captures"),
    path(f"{REPORT}requests/", views.RequestsView.as_view(), name="requests"),
]

"""Addresses of the console: words, and ids after them."""

from django.urls import path

from console import pages
from console.listings import LISTINGS

COURSE = "<id:institution>/courses/<id:course>/"
ACTIVITY = f"{COURSE}activities/<id:activity>/"
REPORT = f"{ACTIVITY}reports/<id:report>/"
app_name = "console"
urlpatterns = [
    path("", pages.HomeView.as_view(), name="home"),
    path("<id:institution>/", pages.OverviewView.as_view(), name="overview"),
    *(
        path(f"<id:institution>/{listing.word}/", pages.ListView.as_view(listing=listing), name=listing.word)
        for listing in LISTINGS
    ),
    path("<id:institution>/groups/<id:group>/", pages.GroupView.as_view(), name="group"),
    path("<id:institution>/learners/<id:learner>/", pages.LearnerView.as_view(), name="learner"),
    path(COURSE, pages.CourseView.as_view(), name="course"),
    path(f"{COURSE}instructors/", pages.CourseInstructorsView.as_view(), name="course-instructors"),
    path(f"{COURSE}learners/", pages.CourseLearnersView.as_view(), name="course-learners"),
    path(ACTIVITY, pages.ActivityView.as_view(), name="activity"),
    path(REPORT, pages.ReportView.as_view(), name="report"),
    path(f"{REPORT}requests/", pages.RequestsView.as_view(), name="requests"),
]

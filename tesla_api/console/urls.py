"""Addresses of the console: words, and ids after them."""

from django.urls import path

from tesla_api.console import pages
from tesla_api.console.listings import LISTINGS

app_name = "console"
urlpatterns = [
    path("", pages.HomeView.as_view(), name="home"),
    path("<id:institution>/", pages.OverviewView.as_view(), name="overview"),
    *(
        path(f"<id:institution>/{listing.word}/", pages.ListView.as_view(listing=listing), name=listing.word)
        for listing in LISTINGS
    ),
    path("<id:institution>/learners/<id:learner>/", pages.LearnerView.as_view(), name="learner"),
    path("<id:institution>/courses/<id:course>/", pages.CourseView.as_view(), name="course"),
]

"""The addresses of the pages below /me/."""

from django.urls import path

from rights import pages

app_name = "me"
urlpatterns = [
    path("", pages.HeldView.as_view(), name="held"),
    path("reports/", pages.ReportsView.as_view(), name="reports"),
    path("reports/<id:id>/", pages.ReportView.as_view(), name="report"),
    path("consents/", pages.DecisionsView.as_view(), name="decisions"),
    path("consents/<id:id>/", pages.DecisionView.as_view(), name="decision"),
    path("consents/current/", pages.ConsentPage.as_view(), name="consent"),
    path("consents/withdraw/", pages.WithdrawalPage.as_view(), name="withdrawal"),
    path("erasure/", pages.ErasuresPage.as_view(), name="erasures"),
    path("contests/", pages.ContestsView.as_view(), name="contests"),
    path("contests/<id:id>/", pages.ContestView.as_view(), name="contest"),
    path("transparency/", pages.TransparencyView.as_view(), name="transparency"),
    path("corrections/", pages.CorrectionsView.as_view(), name="corrections"),
    path("bundle/", pages.BundleView.as_view(), name="bundle"),
    path("trail/", pages.TrailView.as_view(), name="trail"),
]

"""/institution/: the rules beyond what the contract tests ask of every resource."""

import pytest

from institutions.models import Institution
from institutions.services.institutions import institution_update
from institutions.services.mail import mail_domain_refuses, mail_domains
from tests.world import rewritten


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/"


def test_members_list_their_own_and_global_admins_all(as_, world):
    assert [row["acronym"] for row in as_("ann").get("/api/v2/institution/").json()["results"]] == ["HOME"]
    assert [row["acronym"] for row in as_("global").get("/api/v2/institution/").json()["results"]] == ["HOME", "AWAY"]


def test_filters_and_search_never_leave_the_own_institution(as_, world):
    for query in ({"acronym": "AWAY"}, {"name": "University away"}, {"search": "away"}):
        assert as_("admin").get("/api/v2/institution/", query).json()["count"] == 0
        assert as_("global").get("/api/v2/institution/", query).json()["count"] == 1


def test_admin_and_global_admin_change_switches(as_, url):
    for name in ("admin", "global"):
        answer = as_(name).put(url, {"allow_learner_report": True, "acronym": "X", "name": "X"}).json()
        assert (answer["allow_learner_report"], answer["acronym"]) == (True, "HOME")
    assert as_("legal").put(url, {"allow_learner_report": False}).status_code == 403
    assert as_("admin").delete(url).status_code == 405
    assert as_("global").post("/api/v2/institution/", {}).status_code == 405


@pytest.mark.parametrize("wrong", [None, "maybe", 5, [], {}])
def test_switches_are_booleans(as_, url, wrong):
    answer = as_("admin").patch(url, {"external_ic": wrong})
    assert (answer.status_code, list(answer.json())) == (400, ["external_ic"])


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("mail_domain", "not a domain!"),
        ("mail_domain", "x" * 256),
        ("mail_domain", "x.org\x00"),
        ("mail_domain", ["x.org"]),
        ("allowed_domains", "a\x1b"),
        ("allowed_domains", "x.org,\ny.org"),
        ("allowed_domains", "x.org," * 334),
        ("allowed_domains", "javascript:alert(1)"),
        ("allowed_domains", "data:text/html,x"),
        ("allowed_domains", "ftp://x.org"),
        ("allowed_domains", "//x.org"),
        ("allowed_domains", "x.org, <script>"),
        ("allowed_domains", "x.org y.org"),
        ("allowed_domains", "user@x.org"),
    ],
)
def test_bad_values_are_400_under_the_field(as_, url, field, wrong):
    answer = as_("admin").patch(url, {field: wrong})
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_no_restriction_is_stored_as_null(as_, url):
    assert as_("admin").patch(url, {"mail_domain": "@x.org, y.org"}).json()["mail_domain"] == "@x.org, y.org"
    assert as_("admin").patch(url, {"mail_domain": ""}).json()["mail_domain"] is None


@pytest.mark.parametrize("nothing", [None, "", " "])
@pytest.mark.parametrize("verb", ["put", "patch"])
def test_no_allowed_domains_are_an_empty_text(as_, url, world, verb, nothing):
    Institution.objects.filter(pk=world.home.institution.pk).update(allowed_domains="x.org")
    answer = getattr(as_("admin"), verb)(url, {"allowed_domains": nothing})
    assert (answer.status_code, answer.json()["allowed_domains"]) == (200, "")
    assert Institution.objects.get(pk=world.home.institution.pk).allowed_domains == ""
    as_("admin").put(url, {"allowed_domains": "x.org"})
    assert getattr(as_("admin"), verb)(url, {}).json()["allowed_domains"] == "x.org"


@pytest.mark.parametrize("nothing", ["", " ", ",;", "@", " ; .,", None])
def test_mail_domains_that_name_none_are_no_restriction(as_, url, world, nothing):
    for verb in ("put", "patch"):
        Institution.objects.filter(pk=world.home.institution.pk).update(mail_domain="x.org")
        assert getattr(as_("admin"), verb)(url, {"mail_domain": nothing}).json()["mail_domain"] is None
        assert Institution.objects.get(pk=world.home.institution.pk).mail_domain is None


@pytest.mark.parametrize(
    "given",
    [
        "", "moodle.x.org", "*.x.org", "*", "http://localhost:8080", "https://x.org/moodle/*, 10.0.0.1:81,[::1]:80/",
        "\u00fcni.example/a-b_c?d=e", ("x.org," * 334)[:2000],
    ],
)  # fmt: skip
def test_domains_to_return_to_are_patterns_of_addresses(as_, url, given):
    assert as_("admin").patch(url, {"allowed_domains": given}).json()["allowed_domains"] == given


def test_a_change_keeps_what_it_leaves_out(as_, url, world):
    assert as_("admin").patch(url, {"mail_domain": "x.org", "allow_valid_audit": True}).status_code == 200
    before = Institution.objects.get(pk=world.home.institution.pk)
    answer = as_("admin").put(url, {"allowed_domains": "https://x.org"}).json()
    assert (answer["mail_domain"], answer["allow_valid_audit"]) == ("x.org", True)
    assert answer["allowed_domains"] == "https://x.org"
    assert Institution.objects.get(pk=before.pk).updated_at > before.updated_at


def test_a_stale_institution_does_not_undo_another_change(world):
    stale = Institution.objects.get(pk=world.home.institution.pk)
    institution_update(institution=world.home.institution, allow_learner_audit=True)
    institution_update(institution=stale, mail_domain="y.org, ;")
    stored = Institution.objects.get(pk=stale.pk)
    assert (stored.allow_learner_audit, stored.mail_domain) == (True, "y.org, ;")


def test_what_is_not_given_is_not_looked_at(as_, url, world):
    rewritten(Institution.objects.filter(pk=world.home.institution.pk), name="two\nlines")
    assert as_("admin").patch(url, {"external_ic": True}).json()["external_ic"] is True


def test_a_mail_domain_is_compared_whole_and_without_case(world):
    institution = world.home.institution
    institution.mail_domain = "@Uni.example; .lab.uni.example campus.example"
    assert mail_domains(institution.mail_domain) == ["uni.example", "lab.uni.example", "campus.example"]
    assert not mail_domain_refuses(institution, "ann@UNI.example")
    assert not mail_domain_refuses(institution, None)
    for address in ("ann@evil-uni.example", "ann@uni.example.evil.org", "ann@sub.uni.example", "ann@xuni.example"):
        assert mail_domain_refuses(institution, address), address
    institution.mail_domain = None
    assert not mail_domain_refuses(institution, "ann@anywhere.example")

"""The whole URL tree of /api/v2/, word for word as in the contract. Read this file first.

One line, one resource, one chain of nested routers: the same parent has another name on another branch.
What each name filters is said by the viewset's `scope`; `manage.py check` compares the two.
"""

from courses.api.course import CourseViewSet
from institutions.api.institution import InstitutionViewSet
from institutions.api.instrument import InstrumentViewSet
from institutions.api.vle import VLEViewSet
from tesla_api.api.routing import Resource

TREE = (
    Resource("institution/{institution_id}/", InstitutionViewSet),
    Resource("institution/{parent_lookup_institution_id}/vle/{id}/", VLEViewSet),
    Resource("institution/{parent_lookup_institution_id}/instrument/{id}/", InstrumentViewSet),
    Resource("institution/{parent_lookup_vle__institution_id}/course/{id}/", CourseViewSet),
)

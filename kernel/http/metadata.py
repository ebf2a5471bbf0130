"""What OPTIONS answers: name and formats. The fields are in the OpenAPI schema; here they would repeat it per role."""

from rest_framework.metadata import BaseMetadata


class Description(BaseMetadata):
    def determine_metadata(self, request, view) -> dict:
        return {
            "name": view.get_view_name(),
            "description": view.get_view_description(),
            "renders": [renderer.media_type for renderer in view.renderer_classes],
            "parses": [parser.media_type for parser in view.parser_classes],
        }

"""Answers to OPTIONS: name and formats. The fields are described in the OpenAPI schema only."""

from rest_framework.metadata import BaseMetadata


class Description(BaseMetadata):
    def determine_metadata(self, request, view) -> dict:
        return {
            "name": view.get_view_name(),
            "description": view.get_view_description(),
            "renders": [renderer.media_type for renderer in view.renderer_classes],
            "parses": [parser.media_type for parser in view.parser_classes],
        }

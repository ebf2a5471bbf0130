"""A correction of an account that a person asks for."""

from typing import Any

from console.asked import AskedView
from rights.models import Correction


class CorrectionView(AskedView):
    template_name = "console/correction.html"
    word = "correction"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        state = Correction.State(self.row["state"])
        values = {
            "state": state.label,
            "field": Correction.Field(self.row["field"]).label,
            "is_open": state == Correction.State.OPEN,
        }
        return super().get_context_data(**values, **context)

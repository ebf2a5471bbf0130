"""What the service does in the background for the trail."""

from pipeline.jobs import periodic
from pipeline.sharing import rest
from trail.sealing import seal


@periodic("trail.seal", seconds=60)
def sealing() -> None:
    seal(between=rest)

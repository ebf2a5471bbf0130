"""Generates short tones in place of voices."""

import math
import wave
from io import BytesIO

from demo.pictures import data_url

RATE, LENGTH = 8000, 800  # samples in a second, and in a tone


def tone(voice: int, turn: int = 0) -> str:
    """A WAV as data URL: a tenth of a second of the voice of this number, a little higher at each turn."""
    pitch = 110 + voice % 40 * 4 + turn % 50
    content = BytesIO()
    with wave.open(content, "wb") as written:
        written.setparams((1, 1, RATE, LENGTH, "NONE", ""))
        written.writeframes(bytes(int(128 + 100 * math.sin(math.tau * pitch * i / RATE)) for i in range(LENGTH)))
    return data_url("audio/wav", content.getvalue())

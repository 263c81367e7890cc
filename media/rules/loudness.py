"""Loudness: one linear gain per video, so lessons sound alike (EBU R 128, ITU-R BS.1770)."""

import re

TARGET_LUFS = -16.0
PEAK_DBTP = -1.5
MAX_GAIN_DB = 20.0
SILENCE_LUFS = -60.0
_LOUDNESS = re.compile(r"I:\s+(-?[\d.]+) LUFS")
_PEAK = re.compile(r"Peak:\s+(-?[\d.]+|-inf) dBFS")


def gain_db(summary: str) -> float:
    """Gain in dB from the summary that ffmpeg's ``ebur128`` filter prints.

    Brings the sound to −16 LUFS but never above −1.5 dBTP; silence and unreadable summaries
    stay as they are.
    """
    loudness, peaks = _LOUDNESS.findall(summary), _PEAK.findall(summary)
    if not loudness or float(loudness[-1]) < SILENCE_LUFS:
        return 0.0
    wanted = TARGET_LUFS - float(loudness[-1])
    if peaks and peaks[-1] != "-inf":
        wanted = min(wanted, PEAK_DBTP - float(peaks[-1]))
    return round(max(-MAX_GAIN_DB, min(MAX_GAIN_DB, wanted)), 2)

"""Personal facts as they may be shown: masked."""

import re

from school.core.scrub import scrub

# The province and the city an address begins with; what follows leads to a door.
_CITY = re.compile(r"(?:[^省市区]{2,5}(?:省|自治区))?(?:[^省市]{2,6}?市)?")
# A number of so many digits in a text people wrote is personal, mistyped or not.
_LONG_NUMBER = re.compile(r"\d{15,}[Xx]?")


def mask_name(name: str) -> str:
    """张** for 张建国: the family name stays."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_mobile(number: str) -> str:
    """138****8000; anything shorter than seven digits is hidden whole."""
    if len(number) < 7:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def mask_identity(number: str) -> str:
    """110***************: the first three digits; anything of another length is hidden whole.

    Birth date and sex stand in clear beside the number, and the home tells the six digits of the
    region; so the mask must hold without them. What is left are the 500 sequence numbers of the
    sex. Each digit of the sequence would divide them by ten, and the check character by eleven
    (GB 11643), which is why nothing of the tail is shown.
    """
    return number[:3] + "*" * (len(number) - 3) if len(number) == 18 else "*" * len(number)


def mask_address(address: str) -> str:
    """山西省长治市****: province and city, where the address begins with them; never more."""
    return f"{_CITY.match(address)[0]}****" if address else ""


def mask_numbers(text: str) -> str:
    """A text people wrote, without the identity and mobile numbers in it, also mistyped ones."""
    return _LONG_NUMBER.sub(lambda found: found[0][:3] + "*" * 8, scrub(text))

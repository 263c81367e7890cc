"""Personal facts as they may be shown: masked."""


def mask_name(name: str) -> str:
    """张** for 张建国: the family name stays."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_mobile(number: str) -> str:
    """138****8000; anything shorter than seven digits is hidden whole."""
    if len(number) < 7:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def mask_identity(number: str) -> str:
    """110101********1234; anything of another length is hidden whole."""
    if len(number) != 18:
        return "*" * len(number)
    return f"{number[:6]}********{number[-4:]}"


def mask_address(address: str) -> str:
    """山西省长治市****: the first six characters; a shorter address is hidden whole."""
    return f"{address[:6]}****" if len(address) > 6 else "*" * len(address)

"""One-time codes: what they are made of, how they are typed and printed."""

# Without 0/O, 1/I/L, 2/Z, 5/S, 8/B: a code is read aloud and copied from paper.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTUVWXY"
CODE_LENGTH = 10


def normalise_code(typed: str) -> str:
    """A typed one-time code without case, spaces and dashes (also the full-width ones)."""
    folded = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in typed)
    return "".join(c for c in folded.upper() if c in CODE_ALPHABET)


def printed_code(code: str) -> str:
    """A code in two groups, as it is shown and printed: ABCDE-FGHJK."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"

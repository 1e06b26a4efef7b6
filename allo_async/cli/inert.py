"""Hostile text made inert: whatever a file, a server or an argument says, a screen shows it and obeys none of it."""


def inert(text: object) -> str:
    r"""Return *text* with everything that a screen would obey written out, such as an escape as `\x1b`.

    Line breaks, control and format characters, marks of direction, and halves of surrogate pairs are written out; every
    kind of space becomes a plain one.
    """
    told = str(text)
    return told if told.isprintable() else "".join(map(_shown, told))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    # French headers have no-break spaces, which are harmless. What is left of `isspace` moves the cursor.
    if character.isspace() and ord(character) >= _NO_BREAK_SPACE and character not in _LINE_BREAKS:
        return " "
    return character.encode("unicode_escape").decode("ascii")


_NO_BREAK_SPACE = 0xA0
_LINE_BREAKS = "\u2028\u2029"

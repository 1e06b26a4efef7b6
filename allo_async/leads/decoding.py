"""Bytes into text, in any of the encodings that spreadsheets write."""

import codecs


def decoded(content: bytes) -> str:
    """Decode *content*: UTF-16 by its BOM, else UTF-8, else Windows-1252 in those lines that are no UTF-8."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode()
    except UnicodeDecodeError:
        # Exports glued together mix encodings: one bad byte must not garble the accents of all other lines.
        return "".join(_line(line) for line in content.splitlines(keepends=True))


def _line(line: bytes) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")

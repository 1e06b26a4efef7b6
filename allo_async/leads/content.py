"""The content of a file by its first bytes, whatever its name says."""

import codecs
import io
import re
import zipfile
from enum import Enum


class NotAListError(Exception):
    """A file of another kind; the text says of which, and what to do about it."""


class Kind(Enum):
    """How the rows of a file are kept."""

    TEXT = "text"
    WORKBOOK = "workbook"


_SAVE_AS = "save it as CSV or XLSX"
_SIGNATURES = (
    (codecs.BOM_UTF32_LE, "is UTF-32 text: save it as UTF-8"),
    (codecs.BOM_UTF32_BE, "is UTF-32 text: save it as UTF-8"),
    (b"%PDF", f"is a PDF: open the list that it was made from, and {_SAVE_AS}"),
    (b"\x89PNG", "is a picture (PNG): the leads have to come as CSV or XLSX"),
    (b"\xff\xd8\xff", "is a picture (JPEG): the leads have to come as CSV or XLSX"),
    (b"GIF8", "is a picture (GIF): the leads have to come as CSV or XLSX"),
    (b"RIFF", "is a picture or a sound: the leads have to come as CSV or XLSX"),
    (b"\x1f\x8b", "is compressed (gzip): unpack it first"),
    (b"BZh", "is compressed (bzip2): unpack it first"),
    (b"\xfd7zXZ\x00", "is compressed (xz): unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd): unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it, and load the file inside"),
    (b"Rar!", "is a RAR archive: unpack it, and load the file inside"),
    (b"{\\rtf", f"is a text document (RTF): {_SAVE_AS}"),
    (b"SQLite format 3\x00", "is a database (SQLite): export the leads as CSV"),
    (b"\x7fELF", "is a program, and not a text file: the leads have to come as CSV or XLSX"),
    (b"MZ\x90", "is a program, and not a text file: the leads have to come as CSV or XLSX"),
    (b"PAR1", "is a Parquet file: export the leads as CSV"),
    (b"BEGIN:VCARD", "holds contact cards (vCard): export the contacts as CSV instead"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SPREADSHEET_ML = re.compile(rb"<\?xml.{0,2000}urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL)
_HTML = re.compile(
    rb"\s*(?:<!--.{0,500}-->\s*)?<(?:!doctype html|html|head|body|table|meta|style|div)\b", re.IGNORECASE | re.DOTALL
)
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)
_MANY_NULS = 0.05
_FEW = 4
_HALF = 0.4
_HEAD = 4096


def kind_of(content: bytes) -> Kind:
    """Return what *content* is to be read as.

    Raises:
        NotAListError: It is something else than text or a workbook.
    """
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(content)
    if content.startswith(_OLE):
        return _ole(content)
    told = next((told for signature, told in _SIGNATURES if content.startswith(signature)), None) or _markup(content)
    if told is not None:
        raise NotAListError(told)
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _refuse_binary(content)
    return Kind.TEXT


def _zipped(content: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype") if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise NotAListError(f"is a damaged Excel workbook or ZIP archive: get it again, or {_SAVE_AS}") from error
    if any(name.startswith("xl/workbook") for name in names) or b"opendocument.spreadsheet" in mimetype:
        return Kind.WORKBOOK
    if any(name.startswith("word/") for name in names) or b"opendocument.text" in mimetype:
        raise NotAListError("is a text document: copy its table into a spreadsheet, and save that as CSV or XLSX")
    if any(name.endswith(".iwa") for name in names):
        raise NotAListError("is a document of Apple's Numbers or Pages: export it as CSV or Excel")
    raise NotAListError("is a ZIP archive: unpack it, and load the file inside")


def _ole(content: bytes) -> Kind:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if has("EncryptedPackage"):
        raise NotAListError("is protected with a password: save it without one")
    if has("WordDocument"):
        raise NotAListError("is a Word document: copy its table into a spreadsheet, and save that as CSV or XLSX")
    if has("Workbook") or has("Book"):
        return Kind.WORKBOOK
    raise NotAListError(f"is an old Office document, and no workbook: {_SAVE_AS}")


def _markup(content: bytes) -> str | None:
    head = content[:_HEAD].removeprefix(codecs.BOM_UTF8)
    if _SPREADSHEET_ML.match(head):
        return "is an XML table of Excel 2003: open it in a spreadsheet, and save it as CSV or XLSX"
    if _HTML.match(head):
        return "is a web page (HTML), whatever its name says: open it in a spreadsheet, and save it as CSV or XLSX"
    return f"is XML: open it in a spreadsheet, and {_SAVE_AS}" if _XML.match(head) else None


def _refuse_binary(content: bytes) -> None:
    head = content[:_HEAD]
    if (encoding := _wide(head)) is not None:
        raise NotAListError(f"is {encoding} text without its byte order mark: save it as UTF-8")
    # The remains of a crash at the end of a file are no sign of another kind.
    told = head.rstrip(b"\0")
    nuls = told.count(0)
    controls = sum(byte < ord(" ") and byte not in b"\t\n\r\f\v\x1a\0" for byte in told)
    many = _MANY_NULS * len(told)
    if nuls > max(1, many) or controls > max(_FEW, many) or (content and not told):
        raise NotAListError("is not a text file")


def _wide(head: bytes) -> str | None:
    even, odd = head[0::2], head[1::2]
    if not odd:
        return None
    low, high = even.count(0) / len(even), odd.count(0) / len(odd)
    if max(low, high) < _HALF or min(low, high) > _MANY_NULS:
        return None
    return "UTF-16 (little-endian)" if high > low else "UTF-16 (big-endian)"

"""PDFs made by hand: their pages are lines of text."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF whose pages have these lines."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    kids = []
    for lines in pages:
        shown = "".join(f"({line.replace('(', '').replace(')', '')}) Tj T* " for line in lines)
        content = f"BT /F1 11 Tf 14 TL 50 780 Td {shown}ET"
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        page = f"<< /Type /Page /Parent 2 0 R /Resources {font} /MediaBox [0 0 600 800]"
        objects.append(f"{page} /Contents {len(objects)} 0 R >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return _file([each.encode() for each in objects])


def bomb(size: int) -> bytes:
    """A PDF of one page whose content unpacks to `size` bytes of spaces."""
    packed = _spaces(size)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>"
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed)
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return _file([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, stream])


def encrypted(content: bytes, password: str) -> bytes:
    """The PDF under a password; an empty one opens it for everybody."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _spaces(size: int) -> bytes:
    """So many spaces, packed: one block again and again, as packing them all would take 9 s."""
    block = 1_000_000
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(b" " * block) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(b" " * (size % block)) + packer.flush()
    total = (1 + 32 * size) % 65521, (size + 16 * size * (size + 1)) % 65521  # Adler-32
    return b"\x78\xda" + packed * (size // block) + rest + (total[1] << 16 | total[0]).to_bytes(4, "big")


def _file(objects: Sequence[bytes]) -> bytes:
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)

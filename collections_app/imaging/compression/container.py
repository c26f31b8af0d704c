"""The stored file of an image taken apart: a small head, the packed rest, the encoded samples.

byte 0      the format of the original, a key of FORMATS in codec.py
byte 1      the number of channels
varint      the length of what follows
rest        raw DEFLATE with the dictionary below
samples     WebP or JPEG XL up to the end

The dictionary is part of this layout: files are stored that need it, so it must never change.
"""

import zlib

from collections_app.imaging.compression import varint
from collections_app.imaging.compression.errors import NotRestorable

DICTIONARY = (
    b"II*\x00\x08\x00\x00\x00MM\x00*\x00\x00\x00\x08Exif\x00\x00"
    b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00\x21\xf9\x04GIF87aGIF89a"
    b"GRAYRGB XYZ acspAPPLdescmntrrXYZgXYZbXYZrTRCgTRCbTRCwtptcprttextsRGB IEC61966-2.1"
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 5.4.0">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    b' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    b"tEXtAuthor\x00tEXtCopyright\x00tEXtTitle\x00tEXtDescription\x00tEXtCreation Time\x00"
    b"tEXtSource\x00tEXtComment\x00Created with GIMPtEXtSoftware\x00Adobe ImageReady"
    b"\x1atEXtSoftware\x00www.inkscape.org\x9b\xee\x3c\x1azTXticcpiCCPICC Profile\x00\x00eXIf"
    b"iTXtXML:com.adobe.xmp\x00\x00\x00\x00\x00"
    b"\x03sBIT\x08\x08\x08\x04sBIT\x08\x08\x08\x08\x07tIME\x07\xe6\x01tRNSbKGD\x06bKGD\x00\xff"
    b"PLTE\x00\x00\x00\xff\xff\xff\x06PLTE\x00\x00\x00\xff\xff\xff"
    b"BM\x00\x00\x00\x00\x00\x006\x00\x00\x00(\x00\x00\x00\x01\x00\x18\x00\x13\x0b\x00\x00"
    b"\x20cHRM\x00\x00z&\x00\x00\x80\x84\x00\x00\xfa\x00\x00\x00\x80\xe8"
    b"\x00\x00u0\x00\x00\xea`\x00\x00:\x98\x00\x00\x17p"
    b"\x04gAMA\x00\x01\x86\xa0\x01sRGB\x00\x04gAMA\x00\x00\xb1\x8f\x0b\xfca\x05"
    b"\x09pHYs\x00\x00\x0b\x13\x00\x00\x0b\x13\x01\x09pHYs\x00\x00\x0e\xc4\x00\x00\x0e\xc4\x01"
    b"\x09pHYs\x00\x00\x0e\xc3\x00\x00\x0e\xc3\x01"
    b"\x00\x00\x00 \x00\x00\x00 \x08\x03\x00\x00\x00\x00\x00\x00 \x00\x00\x00 \x08\x06\x00\x00\x00"
    b"\x00\x00\x01\x00\x00\x00\x01\x00\x08\x02\x00\x00\x00\x00IDAT\x00IEND"
)
HEAD_BYTES = 2


def pack(form: int, channels: int, rest: bytes, samples: bytes) -> bytes:
    """The stored file."""
    deflate = zlib.compressobj(9, wbits=-15, memLevel=9, zdict=DICTIONARY)
    packed = deflate.compress(rest) + deflate.flush()
    return b"".join((bytes((form, channels)), varint.write(len(packed)), packed, samples))


def unpack(data: bytes) -> tuple[int, int, bytes, bytes]:
    """The format, the number of channels, the rest and the encoded samples.

    Raises NotRestorable.
    """
    try:
        length, start = varint.read(data, HEAD_BYTES)
        inflate = zlib.decompressobj(-15, zdict=DICTIONARY)
        rest = inflate.decompress(data[start : start + length]) + inflate.flush()
    except (IndexError, zlib.error) as error:
        raise NotRestorable(f"The stored file is damaged: {error}.") from error
    if not inflate.eof:
        raise NotRestorable("The stored file ends too early.")
    return data[0], data[1], rest, data[start + length :]

#!/usr/bin/env python3
"""The inputs of a fuzzer as one file, a line of hexadecimal digits each, and as the folder that libFuzzer works on.

usage: corpus.py unpack FILE FOLDER
       corpus.py pack FOLDER FILE
"""

import hashlib
import sys
from pathlib import Path


def unpack(file, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for line in file.read_text(encoding="ascii").splitlines():
        data = bytes.fromhex(line)
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def pack(folder, file):
    lines = sorted({path.read_bytes().hex() for path in folder.iterdir()})
    file.write_text("".join(line + "\n" for line in lines), encoding="ascii")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
        sys.exit(__doc__)
    {"pack": pack, "unpack": unpack}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))


if __name__ == "__main__":
    main()

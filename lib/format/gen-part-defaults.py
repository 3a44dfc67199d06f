#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""partition-defaults.tsv -> C table of PartDefault (part-defaults.h)."""
import sys

CLASSES = {
    "table": "CLASS_TABLE", "device-identity": "CLASS_IDENTITY", "lock-state": "CLASS_LOCK",
    "loader": "CLASS_LOADER", "firmware": "CLASS_FIRMWARE", "scratch": "CLASS_SCRATCH",
    "user": "CLASS_USER",
}


def rows(path):
    """A row a name; "name_AB" stands for both slots, the second of which is not downloaded."""
    for number, line in enumerate(open(path, encoding="ascii"), 1):
        if line.startswith("#") or not line.strip():
            continue
        cells = line.rstrip("\n").split("\t")
        if len(cells) != 8 or cells[7] not in CLASSES:
            sys.exit("%s:%d: bad row" % (path, number))
        name, _, kind, operation, download, image, reserved, klass = cells
        image = "" if image == "NONE" else image
        if name.endswith("_AB"):
            yield name[:-2] + "a", kind, operation, download, image, reserved, klass
            yield name[:-2] + "b", kind, "INVISIBLE", "false", "", reserved, klass
        else:
            yield name, kind, operation, download, image, reserved, klass


def main():
    out = ['/* generated from partition-defaults.tsv */', '#include "format/part-defaults.h"', "",
           "const PartDefault part_defaults[] = {"]
    count = 0
    for name, kind, operation, download, image, reserved, klass in rows(sys.argv[1]):
        out.append('        { "%s", "%s", "%s", "%s", %s, %s, %s },' % (
            name, kind, operation, image, download, reserved, CLASSES[klass]))
        count += 1
    out += ["};", "const size_t n_part_defaults = %d;" % count, ""]
    open(sys.argv[2], "w", encoding="ascii").write("\n".join(out))


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""chips.csv -> C tables: the chips, and every name that one of them goes by."""
import csv
import re
import sys

FAMILIES = {"legacy": "DA_LEGACY", "xflash": "DA_XFLASH", "xml": "DA_XML"}


def names_of(text):
    """ "MT6755/MT6750/M/T" -> MT6755 MT6750 MT6750M MT6750T; "MT6583/6589" -> MT6583 MT6589 """
    names = []
    for token in re.split("[/,]", text):
        word = token.split()[0]
        if word.isdigit():
            word = "MT" + word
        elif names and re.fullmatch("[A-Z]{1,2}", word):
            word = re.match(r"MT\d{4}", names[-1]).group() + word
        names.append(word)
    return names


def number(text):
    return text if text else "0"


def quote(text):
    if not text.isascii() or '"' in text or "\\" in text:
        sys.exit("cannot quote %r" % text)
    return '"%s"' % text


def main():
    chips, aliases, codes = [], [], set()
    with open(sys.argv[1], encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            names = names_of(row["name"])
            if row["hw_code"] in codes:
                sys.exit("code %s is there twice" % row["hw_code"])
            codes.add(row["hw_code"])
            aliases += [(name, len(chips), i) for i, name in enumerate(names)]
            marketing = "" if row["marketing"] == "container code only" else row["marketing"]
            chips.append("        { %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s }," % (
                row["hw_code"], quote(names[0]), quote(row["name"].replace(",", "/")),
                quote(marketing), row["da_code"], FAMILIES[row["da_mode"]],
                number(row["wdt_addr"]), number(row["wdt_width"]), number(row["wdt_off_value"]),
                row["has64bit"], row["skip_wdt"], row["iot"]))
    # a chip that has the name as its first one comes before one that has it among others
    aliases.sort(key=lambda a: (a[0].lower(), a[2] > 0, a[1]))
    out = ["/* generated from chips.csv */", '#include "profile/chip-table.h"', "",
           "const Chip chip_table[] = {"] + chips + [
               "};", "const size_t n_chip_table = %d;" % len(chips), "",
               "const ChipAlias chip_aliases[] = {"]
    out += ["        { %s, %d }," % (quote(name), index) for name, index, _ in aliases]
    out += ["};", "const size_t n_chip_aliases = %d;" % len(aliases), ""]
    with open(sys.argv[2], "w", encoding="ascii") as target:
        target.write("\n".join(out))


main()

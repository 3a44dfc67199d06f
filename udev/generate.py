#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the udev rule, the daemon's table or the AppStream metadata out of ids.tsv.

usage: generate.py rules|table|metainfo ids.tsv OUTPUT
The metadata goes into the template METAINFO beside this program.
"""
import os
import re
import sys

METAINFO = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        'org.mtkbackup1.mtkbackup.metainfo.xml.in')

RULES_HEAD = """\
# SPDX-License-Identifier: GPL-3.0-or-later
# Phones in MediaTek download mode. Generated from udev/ids.tsv.
#
# The node belongs to the service's group, and programs that probe new ports keep their hands off:
# ModemManager's first bytes make a preloader give up and start Android. Only download-mode
# identities are named here, so that modems, MTP and USB serial adapters stay as they are.

ACTION=="remove", GOTO="mtkbackup_end"
SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", GOTO="mtkbackup_device"
SUBSYSTEM=="tty", SUBSYSTEMS=="usb", GOTO="mtkbackup_port"
GOTO="mtkbackup_end"
"""

SET_DEVICE = ('GROUP="mtkbackup", MODE="0660", ENV{ID_MM_DEVICE_IGNORE}="1", '
              'ENV{ID_MM_PORT_IGNORE}="1", ENV{MTP_NO_PROBE}="1"')
SET_PORT = 'ENV{ID_MM_DEVICE_IGNORE}="1", ENV{ID_MM_PORT_IGNORE}="1"'

TABLE_HEAD = """\
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Generated from udev/ids.tsv. */
"""


def read_ids(path):
    ids = []
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            if line.startswith('#') or not line.strip():
                continue
            fields = line.rstrip('\n').split('\t')
            if (len(fields) != 5 or not re.fullmatch('[0-9a-f]{4}', fields[0])
                    or not re.fullmatch('[0-9a-f]{4}', fields[1])
                    or fields[2] not in ('brom', 'preloader', 'agent')
                    or '"' in fields[3]):
                sys.exit(f'{path}:{number}: expected vendor, product, mode, name, comment')
            vendor, product, mode, name, comment = fields
            ids.append((vendor, product, mode, None if name == '-' else name, comment))
    keys = [(vendor, product) for vendor, product, *_ in ids]
    if len(set(keys)) != len(keys):
        sys.exit(f'{path}: an identity stands there twice')
    return ids


def rules(ids):
    def lines(attr, setting):
        for vendor, product, _, name, comment in ids:
            match = f'{attr}{{idVendor}}=="{vendor}", {attr}{{idProduct}}=="{product}", '
            if name:
                match += f'{attr}{{product}}=="{name}", '
            yield f'# {comment}\n{match}{setting}\n'

    yield RULES_HEAD
    yield '\nLABEL="mtkbackup_device"\n'
    yield from lines('ATTR', SET_DEVICE)
    yield 'GOTO="mtkbackup_end"\n'
    yield '\nLABEL="mtkbackup_port"\n'
    yield from lines('ATTRS', SET_PORT)
    yield '\nLABEL="mtkbackup_end"\n'


def table(ids):
    yield TABLE_HEAD
    for vendor, product, mode, name, comment in ids:
        text = f'"{name}"' if name else 'NULL'
        yield f'{{ 0x{vendor}, 0x{product}, "{mode}", {text} }}, /* {comment} */\n'


def metainfo(ids):
    """Ids that need a name beside them stand for other devices, too: no offer for those."""
    aliases = ''.join(f'    <modalias>usb:v{vendor.upper()}p{product.upper()}d*</modalias>\n'
                      for vendor, product, _, name, _ in ids if not name)
    with open(METAINFO, encoding='utf-8') as file:
        yield file.read().replace('@MODALIASES@\n', aliases)


def main():
    makers = {'rules': rules, 'table': table, 'metainfo': metainfo}
    if len(sys.argv) != 4 or sys.argv[1] not in makers:
        sys.exit(__doc__)
    ids = read_ids(sys.argv[2])
    with open(sys.argv[3], 'w', encoding='utf-8') as out:
        out.writelines(makers[sys.argv[1]](ids))


if __name__ == '__main__':
    main()

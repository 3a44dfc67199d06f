#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's memory does not depend on the size of the phone."""
import os
import sys

import harness as h
from harness import MIB, SLOT

LONG = os.environ.get('MTKBACKUP_TEST_LONG') == '1'
GIB = 1024 * MIB
# together with the worker it is 64 MiB, of which the ring counts on both sides
LIMIT_KIB = 42 * 1024


class EmptyPhone(h.Worker):
    """A huge flash, zero but for one chunk in 256 MiB; serves it without touching the zeros."""

    def serve(self, m):
        tag, region = m['TAG'], m['REGION']
        offset, end = int(m['OFFSET']), int(m['OFFSET']) + int(m['LENGTH'])
        while offset < end:
            while not self.free:
                if not self.listen('slot'):
                    return False
            if not self.listen(False):
                return False
            n = min(end - offset, SLOT)
            slot = self.free.pop()
            dirty = offset % (256 * MIB) == 8 * MIB
            if dirty or slot in self.dirty:
                self.ring[slot * SLOT:slot * SLOT + n] = h.noise(offset, n) if dirty else bytes(n)
                (self.dirty.add if dirty else self.dirty.discard)(slot)
            self.chunk(tag, slot, offset, n)
            offset += n
        self.say('READ_DONE', TAG=tag)
        return True


def peak(path, size):
    """KiB the keeper had at most, over a backup of a phone of this size."""
    store = f'{path}/{size}'
    h.make_store(store)
    phone = h.Phone({'EMMC_USER': b''}, [('nvram', 'EMMC_USER', 8 * MIB, MIB),
                                         ('userdata', 'EMMC_USER', 16 * MIB, size - 32 * MIB)])
    phone.sizes['EMMC_USER'] = size
    w = EmptyPhone(phone)
    w.dirty = set()
    seen = [0]

    def look(k, m):
        try:
            with open(f'/proc/{k.pid}/status', encoding='ascii') as file:
                for line in file:
                    if line.startswith('VmHWM'):
                        seen[0] = max(seen[0], int(line.split()[1]))
        except (FileNotFoundError, ProcessLookupError):
            pass

    k = h.backup(store, phone, worker=w, on_message=look)
    assert k.result == 'complete', k.messages[-1]
    parts = h.manifest(store, k.done['BACKUP'])['parts']
    assert sum(p['size'] for p in parts) == size
    index = h.folder(store, k.done['BACKUP']) + '/index/userdata.caibx'
    assert os.path.getsize(index) == 104 + 40 * ((size - 32 * MIB) // MIB)
    v = h.Keeper(store, 'verify', BACKUP=k.done['BACKUP'], LEVEL='structure')
    assert v.result == 'done', v.fail
    return seen[0]


def test_peak(path):
    if 'asan' in h.KEEPER or 'clang' in h.KEEPER:
        return 'skip a sanitizer has memory of its own'
    small = peak(path, 4 * GIB)
    large = peak(path, (256 if LONG else 16) * GIB)
    assert large <= LIMIT_KIB, large
    assert abs(large - small) <= 4096, (small, large)
    return f'{small} KiB and {large} KiB'


if __name__ == '__main__':
    h.main(sys.modules[__name__], memory=True)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: memory.py BUILD SIZE SIZE (in MiB)

Peak memory of worker and keeper together must be the same for a small and a large phone, and under
the budget. Whole phones are read, over USB."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Rig  # noqa: E402

BUDGET, SPREAD = 64, 4
RING = 16       # shared by both and so in the peak of each, but there only once


def main():
    sizes = [int(s) for s in sys.argv[2:]]
    peaks = []
    print(f'1..{len(sizes) + 1}', flush=True)
    with Rig(sys.argv[1]) as rig:
        for number, size in enumerate(sizes, 1):
            # answers in pairs of packets: the wire is not what is measured
            r = rig.chain('usb', rig.flash(size), 'packets=pairs')
            assert r['BYTES'] >= size << 20, r
            peaks.append(r['WORKER_MIB'] + r['KEEPER_MIB'] - RING)
            good = peaks[-1] <= BUDGET
            print(f'{"ok" if good else "not ok"} {number} - {size} MiB: {peaks[-1]:.1f} MiB',
                  flush=True)
    spread = max(peaks) - min(peaks)
    print(f'{"ok" if spread <= SPREAD else "not ok"} {len(sizes) + 1} - they differ by '
          f'{spread:.1f} MiB')


main()

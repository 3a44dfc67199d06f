#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: families.py BUILD [MIB]

How fast a phone of each family goes through worker and keeper, as a ratio to a bare loop that speaks
the same protocol and only drains the same phone; and how often the wire turns round for a MiB, which
is what each USB round trip of a real host costs. As a table, over the socket: unpaced, and with the
wire paced to 40 MB/s. The best of a few alternating runs counts on each side."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Rig  # noqa: E402

RUNS, PACE, AIM = 2, 40, 0.95
CHIPS = (('mt6577', 'legacy, one stage', ()), ('mt6572', 'legacy, one space', ()),
         ('mt6735', 'legacy', ()), ('mt6765', 'XFlash', ()), ('mt6785', 'XFlash, USB 3', ()),
         ('mt6893', 'XFlash, UFS', ('--ufs',)), ('mt6781', 'XML of 2021', ()),
         ('mt6895', 'XML, UFS', ('--ufs',)))


def rate(result):
    return result['BYTES'] / result['SECONDS'] / 1e6


def best(rig, flash, size, runs, *settings):
    chain, bare = [], []
    for _ in range(runs):
        chain.append(rig.chain('stream', flash, *settings))
        bare.append(rig.bare('stream', flash, size, *settings))
    return max(chain, key=rate), max(bare, key=rate)


def main():
    mib = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    print(f'{"chip":8} {"family":18} {"MB/s":>6} {"bare":>6} {"ratio":>6} '
          f'{f"ratio at {PACE}":>12} {"turns/MiB":>10} {"bare":>6}', flush=True)
    for chip, family, options in CHIPS:
        with Rig(sys.argv[1], chip) as rig:
            flash = rig.flash(mib, *options)
            # the last bytes of an area go another way in some builds
            size = (mib << 20) - (64 << 10)
            chain, bare = best(rig, flash, size, RUNS)
            slow, slow_bare = best(rig, flash, size, 1, f'pace={PACE}')
            ratio = rate(slow) / rate(slow_bare)
            print(f'{chip:8} {family:18} {rate(chain):6.0f} {rate(bare):6.0f} '
                  f'{rate(chain) / rate(bare):6.2f} {ratio:12.3f} {chain["TURNS"]:10.2f} '
                  f'{bare["TURNS"]:6.2f}'
                  f'{"" if ratio >= AIM else f"  below the aim of {AIM}"}', flush=True)


main()

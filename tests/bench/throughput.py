#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: throughput.py BUILD [MIB]

How fast a whole phone goes through worker and keeper, as a ratio to a bare loop that only drains
as many bytes from the same phone, over the socket and over USB, unpaced and with the wire paced to
40 MB/s; what the processor does meanwhile; and how long a plugged-in phone waits for the first
byte. The best of a few alternating runs counts on each side."""
import os
import re
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Rig  # noqa: E402

RUNS, PACE, AIM, PLUGS, AIM_MS = 3, 40, 0.95, 20, 20


def rate(result):
    return result['BYTES'] / result['SECONDS'] / 1e6


def compare(rig, front, flash, *settings, runs=RUNS):
    chain, bare = 0, 0
    size = os.path.getsize(os.path.join(flash, 'user.img'))
    for _ in range(runs):
        chain = max(chain, rate(rig.chain(front, flash, *settings)))
        bare = max(bare, rate(rig.bare(front, flash, size, *settings)))
    return chain, bare


def costs(rig, front, flash):
    r = rig.chain(front, flash, costs=True)
    gib = r['BYTES'] / 2**30
    known = sum(r[k] for k in ('HASH', 'COMPRESS', 'DECODE', 'WRITE'))
    print(f'CPU seconds per GiB ({front}): read {r["WORKER_CPU"] / gib:.2f}, '
          f'hash {r["HASH"] / gib:.2f}, compress {r["COMPRESS"] / gib:.2f}, '
          f'check {r["DECODE"] / gib:.2f}, write {r["WRITE"] / gib:.2f}, '
          f'rest of the keeper {(r["KEEPER_CPU"] - known) / gib:.2f}')
    print(f'peak memory: worker {r["WORKER_MIB"]:.1f} MiB, keeper {r["KEEPER_MIB"]:.1f} MiB, '
          'each with the ring of 16 MiB', flush=True)


def first_byte(rig):
    """From the add event to the first OUT transfer, with the real daemon."""
    state = os.path.join(rig.top, 'station')
    script = f'''
        for i in $(seq {PLUGS}); do
            mtkbackupctl queue --profile identity --no-wait >/dev/null
            $STATION_PLUG
            for k in $(seq 400); do
                [ "$(grep -c first-out "$STATION_EVENTS")" -ge $i ] && break
                [ $k = 400 ] && exit 1
                sleep 0.01
            done
            $STATION_UNPLUG
            sleep 0.2
        done'''
    done = subprocess.run([rig.program('station'), '--state', state, '--import-agent', '--phone',
                           'mt6765,user=16M', '--', 'sh', '-c', script], capture_output=True,
                          text=True, timeout=300, check=False)
    with open(os.path.join(state, 'log/events.log'), encoding='utf-8') as file:
        times = [int(us) / 1000 for us in re.findall(r'first-out (\d+) us', file.read())]
    if len(times) < PLUGS // 2:
        print(f'first byte: only {len(times)} of {PLUGS} plugs were spoken to\n{done.stderr[-1000:]}')
        return
    median = statistics.median(times)
    print(f'add event to first byte: median {median:.1f} ms, worst {max(times):.1f} ms of '
          f'{len(times)}{"" if median <= AIM_MS else f"  above the aim of {AIM_MS} ms"}')


def main():
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 512
    with Rig(sys.argv[1]) as rig:
        flash = rig.flash(size)
        for front in ('stream', 'usb'):
            chain, bare = compare(rig, front, flash)
            print(f'{front}, unpaced: {chain:.0f} MB/s against {bare:.0f} MB/s, {chain / bare:.2f}',
                  flush=True)
            chain, bare = compare(rig, front, flash, f'pace={PACE}', runs=1)
            print(f'{front}, {PACE} MB/s: {chain:.1f} MB/s against {bare:.1f} MB/s, '
                  f'{chain / bare:.3f}{"" if chain / bare >= AIM else f"  below the aim of {AIM}"}',
                  flush=True)
            costs(rig, front, flash)
        first_byte(rig)


main()

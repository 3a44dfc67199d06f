#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the offline verbs are, as ratios to programs that do the same work on the same file in
the same run: 1.0 is as fast, 2.0 twice as fast. Both sides read from the page cache and end with
their result on the disk; the best of a few alternating runs counts on each side.

usage: tests/bench/toolbox.py [MIB]"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../toolbox'))
from toolbox import CLIENT, example, read  # noqa: E402

RUNS = 5
AIM = 0.8


def timed(command, folder):
    for name in ('out', 'ref'):
        shutil.rmtree(f'{folder}/{name}', ignore_errors=True)
        os.mkdir(f'{folder}/{name}')
    os.sync()
    start = time.monotonic()
    subprocess.run(command, shell=True, check=True, cwd=folder, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def compare(name, ours, theirs, folder):
    best = [float('inf'), float('inf')]
    for _ in range(RUNS):
        best = [min(b, timed(c, folder)) for b, c in zip(best, (ours, theirs))]
    ratio = best[1] / best[0]
    print(f'{name}: {ratio:.2f} ({best[0]:.3f} s against {best[1]:.3f} s)'
          f'{"" if ratio >= AIM else f"  below the aim of {AIM}"}', flush=True)


def make_dump(path, mib):
    """A flash with a table, noise, text-like bytes and a few zeros."""
    rng = random.Random(1)
    with open(path, 'wb') as file:
        file.write(read(example('gpt-ufs-4096-primary.bin')))
        file.seek(2**20)
        for i in range(1, mib):
            block = rng.randbytes(2**20) if i % 4 else bytes(2**19) + rng.randbytes(2**19)
            file.write(block)


def main():
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 384
    folder = tempfile.mkdtemp(prefix='mtkbackup-bench-', dir=os.environ.get('BENCH_DIR'))
    try:
        make_dump(folder + '/dump', mib)
        os.makedirs(folder + '/rom')
        os.link(folder + '/dump', folder + '/rom/system.img')
        read(folder + '/dump')
        print(f'{mib} MiB')
        compare('split / dd', f'{CLIENT} split dump -o out || [ $? = 3 ]',
                'dd if=dump of=ref/dump bs=1M conv=fsync', folder)
        compare('sparse / img2simg', f'{CLIENT} sparse dump -o out/simg',
                'img2simg dump ref/simg && sync ref/simg', folder)
        compare('sparse without checksum / img2simg', f'{CLIENT} sparse --no-crc dump -o out/simg',
                'img2simg dump ref/simg && sync ref/simg', folder)
        subprocess.run([CLIENT, 'sparse', folder + '/dump', '-o', folder + '/simg'], check=True,
                       stdout=subprocess.DEVNULL)
        compare('unsparse / simg2img', f'{CLIENT} unsparse simg -o out/dump',
                'simg2img simg ref/dump && sync ref/dump', folder)
        compare('checksum / md5sum', f'{CLIENT} checksum rom --write --force', 'md5sum rom/*.img',
                folder)
        compare('checksum with MD5 / md5sum', f'{CLIENT} checksum rom --write --md5 --force',
                'md5sum rom/*.img', folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is full before a backup, and one that fills up during it. Earlier backups stay whole,
and with room again the next one works.

The disk is a small tmpfs in a mount namespace of this test."""
import errno
import os
import subprocess
import sys
import tempfile

import scene
from scene import rig

MIB = 1 << 20
# the store keeps 16 MiB free; one backup of such a phone takes about seven
DISK_MIB = 48
OUTSIDE = 'FAULT_DISK'


def with_disk():
    """This script again, with a disk of its own that goes when the script does."""
    enter = ['unshare', '--mount', '--propagation', 'private']
    if os.getuid():
        enter += ['--map-root-user']
    with tempfile.TemporaryDirectory(prefix='mtkbackup-disk.') as folder:
        os.chmod(folder, 0o755)
        mount = f'mount -t tmpfs -o size={DISK_MIB}m,mode=755 none {folder} && exec "$@"'
        if subprocess.run([*enter, 'sh', '-c', mount, 'sh', 'true'], check=False,
                          stderr=subprocess.DEVNULL).returncode:
            print('1..0 # SKIP no mount namespace to be had')
            return 0
        return subprocess.run([*enter, 'sh', '-c', mount, 'sh', sys.executable, *sys.argv],
                              env=dict(os.environ, **{OUTSIDE: folder}), check=False).returncode


if OUTSIDE not in os.environ:
    sys.exit(with_disk())
DISK = os.environ[OUTSIDE]
CONFIG = os.path.join(DISK, 'mtkbackupd.yaml')
if 'STATION_CALL' not in os.environ:
    with open(CONFIG, 'w', encoding='utf-8') as config:
        config.write(f'store: {DISK}/store\n')
scene.enter([f'mt6765,{scene.SMALL},pace=20'] * 4, '--config', CONFIG)
s = scene.Scene()
s.store = os.path.join(DISK, 'store')
FILLER = os.path.join(DISK, 'filler')
earlier = set()


def left():
    fs = os.statvfs(DISK)
    return fs.f_bavail * fs.f_frsize


def fill(leave):
    """The store goes on writing meanwhile."""
    with open(FILLER, 'wb', buffering=0) as file:
        while left() > leave:
            try:
                file.write(bytes(min(left() - leave, MIB)))
            except OSError as e:
                assert e.errno == errno.ENOSPC, e
                return


def nothing_lost():
    assert earlier <= set(s.backups()), (earlier, s.backups())
    s.all_verify()
    s.no_left_overs()


def test_room():
    s.use(1)
    earlier.add(s.complete(s.run_job(1))['Backup'])
    nothing_lost()


def test_full_before():
    """Refused at once; the phone does not even have to be there."""
    fill(leave=MIB)
    name, text = rig.error_of(s.backup, 2)
    assert name == 'StoreFull' and 'room' in text, (name, text)
    _, said = scene.client('queue', '--profile', 'mt6765', '--wait', code=1)
    assert 'room' in said, said
    os.unlink(FILLER)
    nothing_lost()


def full_during(n, leave):
    s.use(n)
    job = s.backup(n)
    s.plug(n)
    rig.until(lambda: s.ended(job)() or s.get(job, rig.PROGRESS, 'BytesDone') > MIB, 'bytes')
    fill(leave)
    rig.until(s.ended(job), 'the end')
    p = s.failed(job, 'StoreFull')
    assert 'full' in p['ErrorMessage'] or 'room' in p['ErrorMessage'], p['ErrorMessage']
    # the phone had nothing to do with it
    rig.until(s.saw(n, 'booted'), 'the phone to start')
    os.unlink(FILLER)
    nothing_lost()


def test_full_during():
    """Less than what has to stay free."""
    full_during(2, leave=8 * MIB)


def test_full_to_the_last_byte():
    full_during(3, leave=0)


def test_room_again():
    s.use(4)
    p = s.complete(s.run_job(4))
    s.is_whole(4, p['Backup'])
    nothing_lost()
    s.no_breaches()


rig.run(test_room, test_full_before, test_full_during, test_full_to_the_last_byte, test_room_again)

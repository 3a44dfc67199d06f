#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that fills up, for real: the store lies on a small tmpfs of its own."""
import os
import subprocess
import sys

import harness as h
from harness import MIB


def mounted(test):
    """Runs the test with its folder on a tmpfs of 40 MiB, where that is allowed."""
    def run(path):
        mount = ['mount', '-t', 'tmpfs', '-o', 'size=40m,mode=0700', 'mtkbackup-test', path]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return 'skip no file system may be mounted here'
        try:
            return test(path)
        finally:
            subprocess.run(['umount', '-l', path], check=True)
    run.__name__ = test.__name__
    return run


def full_phone():
    """32 MiB that do not compress: more than the disk has."""
    phone = h.medium_phone(2)
    phone.data['EMMC_USER'][:] = h.noise('full', len(phone.data['EMMC_USER']))
    return phone


@mounted
def test_filled_while_reading(path):
    """The job fails with the right name; what was there before stays, and works again with room."""
    store = path + '/store'
    h.make_store(store)
    good = h.backup(store, h.small_phone()).done['BACKUP']
    k = h.backup(store, full_phone())
    assert k.error == 'StoreFull' and k.fail['TEXT'] and k.fail['HINT'], k.messages[-1]
    assert os.listdir(store + '/incoming') == []
    critical = [m['BACKUP'] for m in k.all('COMMITTED')]
    assert set(h.backups(store)) == {good, *critical}
    v = h.verify_all(store)
    assert v.result == 'done', v.messages
    # more room: what is stored already is not stored again
    subprocess.run(['mount', '-o', 'remount,size=100m', path], check=True)
    phone = full_phone()
    k = h.backup(store, phone)
    assert k.result == 'complete', k.fail
    assert int(k.all('COMMITTED')[-1]['NEW_BYTES']) < 32 * MIB
    h.check_equal(store, k.done['BACKUP'], phone)


@mounted
def test_full_from_the_start(path):
    """No byte is read from the phone when nothing can be stored."""
    store = path + '/store'
    h.make_store(store)
    good = h.backup(store, h.small_phone()).done['BACKUP']
    with open(path + '/big', 'wb') as out:
        out.write(bytes(26 * MIB))
    k = h.backup(store, full_phone())
    assert k.error == 'StoreFull' and k.worker.reads == 0, k.messages
    assert h.backups(store) == [good]
    assert h.verify_all(store).result == 'done'
    assert h.export(store, good, 'boot')[1].result == 'done'


if __name__ == '__main__':
    h.main(sys.modules[__name__])

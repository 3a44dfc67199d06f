#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers that cannot lock themselves in, and how a person allows that."""
import ctypes
import os
import struct
import sys
import tempfile

import scene
from scene import rig


def exhaust_landlock():
    """Sixteen layers are all a process may have; a helper's own is one too many."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    # making block devices, which nobody does, and renaming between folders, allowed everywhere:
    # a layer that does not mention it forbids it
    make_block, refer = 1 << 11, 1 << 13
    attributes = struct.pack('=Q', make_block | refer)
    top = os.open('/', os.O_PATH)
    rule = struct.pack('=Qi', refer, top)
    for _ in range(16):
        ruleset = libc.syscall(444, attributes, ctypes.c_size_t(len(attributes)), 0)
        if ruleset < 0 or libc.syscall(445, ruleset, 1, rule, 0) < 0 or \
                libc.syscall(446, ruleset, 0) < 0:
            print('1..0 # SKIP no Landlock to run out of')
            sys.exit(0)
        os.close(ruleset)
    os.close(top)


if 'STATION_CALL' not in os.environ:
    exhaust_landlock()
    folder = tempfile.mkdtemp(prefix='mtkbackup-cage.')
    os.environ['FAULT_CONFIG'] = os.path.join(folder, 'mtkbackupd.yaml')
    open(os.environ['FAULT_CONFIG'], 'w', encoding='utf-8').close()
    try:
        scene.enter([f'mt6765,{scene.SMALL}'] * 2, '--config', os.environ['FAULT_CONFIG'])
    finally:
        os.unlink(os.environ['FAULT_CONFIG'])
        os.rmdir(folder)
s = scene.Scene()


def test_refused():
    """Neither is the store touched nor a phone spoken to."""
    name, text = rig.error_of(s.backup, 1)
    assert name == 'NoCage' and 'cage: optional' in text, (name, text)
    job = s.queue('detect', device='1-1')[1]
    s.use(1)
    s.plug(1)
    rig.until(s.ended(job), 'the end')
    p = s.failed(job, 'NoCage')
    assert 'cage: optional' in p['ErrorHint'], dict(p)
    s.boot(1)
    assert not s.saw(1, 'first A0', 'handshake')(), s.events(1)
    s.no_left_overs()


def test_allowed():
    with open(os.environ['FAULT_CONFIG'], 'w', encoding='utf-8') as file:
        file.write('cage: optional\n')
    s.do('daemon', 'restart')
    s.use(2)
    p = s.complete(s.run_job(2))
    s.is_whole(2, p['Backup'])
    assert 'without a cage' in s.log(), s.log()
    s.no_breaches()


rig.run(test_refused, test_allowed)

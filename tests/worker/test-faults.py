#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker makes of phones, agents and machines that are not as they should be: always one
failure with a name and a sentence, and a phone left as well as its state allows."""
import ctypes
import os
import struct
import subprocess
import sys

from rig import MKAGENT, run

READ = ('EMMC_USER', 0, 5 << 20)
STEPS = 64  # of a session with one read of 5 MiB


def check(t, *options, agent=None, read=READ, flash=('--user', '16M')):
    phone = t.phone(*options, flash=flash)
    worker = t.worker(phone)
    result = worker.run(agent or t.agent, read)
    t.clear()
    return result


def unplugged_at_every_step(t):
    for step in range(1, STEPS):
        failure, left = check(t, '--fault', 'unplug@#%d' % step)
        if failure is None:  # the phone was being let go already
            assert step >= STEPS - 2 and left in ('gone', 'rebooted'), (step, left)
            continue
        assert failure['ERROR'] == 'DeviceGone' and left == 'gone', (step, failure, left)
        assert failure['HINT'] and failure['PHASE']


def unplugged_inside_the_data(t):
    for place in (1, 511, 512, 513, 1 << 20, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, (5 << 20) - 1):
        failure, left = check(t, '--fault', 'unplug@%d' % (place + (128 << 10)))
        assert failure['ERROR'] == 'DeviceGone' and left == 'gone', (place, failure, left)


def data_before_the_fault_arrive(t):
    """READ_FAIL says how far the read came, and exactly so much was handed over."""
    phone, worker = t.ready('--fault', 'unplug@%d' % ((3 << 20) + (128 << 10) + 700))
    job = worker.job().learn()
    out = bytearray()
    answer = job.take(job.ask(*READ), 0, out.extend)
    assert answer.kind == 'READ_FAIL' and answer['ERROR'] == 'DeviceGone', answer
    assert int(answer['OFFSET']) == len(out) > 0, (answer, len(out))
    assert out == phone.image('user', 0, len(out))
    failure, left = worker.failure()
    assert failure['ERROR'] == 'DeviceGone' and left == 'gone'


def storage_errors(t):
    """The agent reports them and stays usable: the read fails, the phone is not lost."""
    for place in (0, 2 << 20, 4 << 20):
        phone, worker = t.ready('--fault', 'storage@%d=0xC0040030' % (place + (128 << 10) + 4096))
        job = worker.job().learn()
        out = bytearray()
        answer = job.take(job.ask(*READ), 0, out.extend)
        assert answer.kind == 'READ_FAIL' and answer['ERROR'] == 'DeviceRefused', answer
        assert int(answer['STATUS'], 0) == 0xC0040030 and int(answer['OFFSET']) == len(out)
        assert job.read('EMMC_USER', 0, 4096) == phone.image('user', 0, 4096)
        job.close()
        assert worker.finish() == 'rebooted'
        t.clear()


def nonsense(t):
    """Wrong magic, lengths, statuses, garbage in between."""
    for fault, errors in (
            ('magic@environment', ['ProtocolViolation']),
            ('magic@ctrl:040001', ['ProtocolViolation']),
            ('magic@chunk', ['ProtocolViolation']),
            ('length@ctrl:040001=0xffffffff', ['ProtocolViolation']),
            ('length@chunk#3=0xffffffff', ['ProtocolViolation']),
            ('length@chunk#3=0', ['ProtocolViolation']),
            ('status@cmd:010008=0xC0010003', ['DeviceRefused']),
            ('status@stage2-received=0xC0070004', ['DeviceRefused']),
            ('garbage@chunk#3=64', ['ProtocolViolation']),
            ('garbage@boot:fc=3', ['ProtocolViolation']),
            ('checksum@agent-data', ['ChecksumMismatch']),
            ('reboot@chunk#3', ['DeviceGone']),
            ('reboot@stage1', ['DeviceGone'])):
        failure, left = check(t, '--fault', fault)
        assert failure and failure['ERROR'] in errors, (fault, failure)
        assert left in ('gone', 'stuck', 'rebooted', 'released'), (fault, left)


def harmless_oddities(t):
    """Packets in any pieces, empty ones anywhere, a slow phone: the bytes are the same."""
    for options in (('--set', 'split=7'), ('--set', 'zlps=5'), ('--set', 'split=3', '--set', 'zlps=2'),
                    ('--set', 'packets=pairs'), ('--set', 'packets=bytes'),
                    ('--fault', 'short@300000'), ('--fault', 'zlp@chunk#3'),
                    ('--fault', 'slow@handshake=500'), ('--set', 'optional=0')):
        phone, worker = t.ready(*options)
        job = worker.job().learn()
        assert job.read(*READ) == phone.image('user', 0, READ[2]), options
        job.close()
        assert worker.finish() == 'rebooted', options
        t.clear()


def a_silent_phone_does_not_hold_the_worker(t):
    """Where the phone says nothing any more, an order to end is followed all the same."""
    phone, worker = t.ready('--fault', 'hang@chunk#3')
    job = worker.job().learn()
    job.ask(*READ)
    phone.wait_for('hang')
    worker.control.send('FINISH', ACTION='reboot')
    left = worker.done()
    assert left == 'stuck', (left, [(m.kind, dict(m)) for m in worker.control.seen])
    assert [m for m in worker.control.seen if m.kind == 'ACTION'][0]['TEXT']


# ---- refusals ----

def protected_phone(t):
    failure, left = check(t, '--set', 'target_config=5', '--set', 'refuse_agent=1')
    assert failure['ERROR'] == 'AuthRequired' and left == 'gone', (failure, left)
    assert 'maker' in failure['HINT']


def locked_agent(t):
    failure, left = check(t, '--set', 'sla=1')
    assert failure['ERROR'] == 'AuthRequired', failure
    assert left in ('rebooted', 'stuck'), left


def stages_that_do_not_fit(t):
    agent = os.path.join(t.path, 'wrong.bin')
    subprocess.run([MKAGENT, agent, '--wrong-digest'], check=True)
    phone = t.phone()
    worker = t.worker(phone)
    failure, left = worker.run(agent)
    assert failure['ERROR'] == 'DeviceRefused' and left == 'rebooted', (failure, left)
    assert int(failure['STATUS'], 0) == 0xC0070004
    assert any('belong together' in m.get('TEXT', '') for m in worker.control.seen)


# ---- agents ----

def no_agent(t):
    phone = t.phone()
    worker = t.worker(phone)
    worker.identity()
    worker.control.send('CONNECT')
    need = worker.control.until('NEED_AGENT')
    assert int(need['DA_CODE'], 0) == 0x6765 and need['CHIP'] == 'MT6765'
    worker.control.send('AGENT')
    failure, left = worker.failure()
    assert failure['ERROR'] == 'NoDownloadAgent' and left == 'released', (failure, left)
    assert 'MT6765' in failure['TEXT'] and 'agents import' in failure['HINT']


def bad_agents(t):
    other, cut, empty = (os.path.join(t.path, n) for n in ('other', 'cut', 'empty'))
    subprocess.run([MKAGENT, other, '--chip', '0x6761'], check=True)
    with open(t.agent, 'rb') as file:
        good = file.read()
    with open(cut, 'wb') as file:
        file.write(good[:-1])
    open(empty, 'wb').close()
    for path, error in ((other, 'NoDownloadAgent'), (cut, 'NoDownloadAgent'),
                        (empty, 'InvalidFile'), ('/dev/null', 'InvalidFile')):
        failure, left = check(t, agent=path)
        assert failure['ERROR'] == error and left == 'released', (path, failure, left)


# ---- identities and tables ----

def empty_identities(t):
    for ids in ('zero', 'ff'):
        phone = t.phone('--set', 'ids=' + ids)
        worker = t.worker(phone)
        identity = worker.identity()
        assert 'ME_ID' not in identity and 'SOC_ID' not in identity
        storage, _ = worker.connect(t.agent)
        assert 'CID' not in storage
        assert worker.finish() == 'rebooted'
        t.clear()


def table(t, kind):
    phone = t.phone(flash=('--user', '16M', '--gpt', kind))
    worker = t.worker(phone)
    worker.identity()
    storage, _ = worker.connect(t.agent)
    job = worker.job().learn()
    assert job.read('EMMC_USER', 0, 16 << 20) == phone.image('user')
    job.close()
    assert worker.finish() == 'rebooted'
    t.clear(flash=True)
    return storage['PTABLE'], len(job.parts), {c['NAME']: c['RESULT'] for c in job.checks}


def partition_tables(t):
    """Whatever they are like, the areas can be read, and what is wrong is said."""
    source, parts, checks = table(t, 'good')
    assert source == 'gpt' and parts > 5 and set(checks.values()) == {'pass'}, checks
    source, parts, checks = table(t, 'primary-broken')
    assert source == 'gpt-backup' and parts > 5 and checks['gpt-primary'] == 'fail'
    assert checks['gpt-backup'] == 'pass' and checks['gpt-equal'] == 'skip'
    source, parts, checks = table(t, 'backup-broken')
    assert source == 'gpt' and parts > 5 and checks['gpt-backup'] == 'fail'
    source, parts, checks = table(t, 'both-broken')
    assert source == 'none' and parts == 0 and checks['partition-table'] == 'fail'
    source, parts, checks = table(t, 'none')
    assert source == 'none' and parts == 0 and checks['partition-table'] == 'fail'
    source, parts, checks = table(t, 'different')
    assert source == 'gpt' and checks['gpt-equal'] == 'fail'
    for kind in ('overlap', 'beyond'):
        source, parts, checks = table(t, kind)
        assert source == 'gpt' and checks['layout'] == 'fail', (kind, checks)


# ---- the cage ----

def exhaust_landlock():
    """Sixteen layers are all a process may have; the worker's own is one too many."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    attributes = struct.pack('=Q', 1 << 11)  # MAKE_BLOCK: nobody needs it
    for _ in range(16):
        ruleset = libc.syscall(444, attributes, ctypes.c_size_t(len(attributes)), 0)
        libc.syscall(446, ruleset, 0)
        os.close(ruleset)


def without_a_cage(t):
    phone = t.phone()
    worker = t.worker(phone, before=exhaust_landlock)
    failure, left = worker.failure()
    assert failure['ERROR'] == 'NoCage' and left == 'released', (failure, left)
    assert 'cage: optional' in failure['HINT']
    assert not [m for m in worker.control.seen if m.kind == 'READY']


def an_optional_cage(t):
    phone = t.phone()
    worker = t.worker(phone, '--cage=optional', before=exhaust_landlock)
    worker.identity()
    assert any('without a cage' in m.get('TEXT', '') for m in worker.control.seen)
    worker.control.send('RELEASE')
    assert worker.done() == 'released'


if __name__ == '__main__':
    sys.exit(run([unplugged_at_every_step, unplugged_inside_the_data, data_before_the_fault_arrive,
                  storage_errors, nonsense, harmless_oddities,
                  a_silent_phone_does_not_hold_the_worker, protected_phone, locked_agent,
                  stages_that_do_not_fit, no_agent, bad_agents, empty_identities, partition_tables,
                  without_a_cage, an_optional_cage]))

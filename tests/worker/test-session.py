#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker session with a simulated MT6765, from the handshake to letting it go."""
import sys

from rig import PATIENCE, run


def whole_session(t):
    """Everything at once: identify, start the agent, two jobs, reboot."""
    phone = t.phone()
    worker = t.worker(phone)
    identity = worker.identity()
    assert int(identity['HW_CODE'], 0) == 0x0766
    assert identity['CHIP'] == 'MT6765' and identity['MODE'] == 'preloader'
    assert identity['PROTOCOL'] == 'xflash'
    storage, regions = worker.connect(t.agent)
    assert storage['TYPE'] == 'emmc' and storage['BLOCK_SIZE'] == '512'
    assert storage['PTABLE'] == 'gpt' and len(storage['CID']) == 32
    sizes = {r['REGION']: int(r['SIZE']) for r in regions if r['READABLE'] == '1'}
    assert sizes == {'EMMC_BOOT1': 4 << 20, 'EMMC_BOOT2': 4 << 20, 'EMMC_USER': 16 << 20}

    for slots in (2, 16):
        job = worker.job(slots).learn()
        assert job.facts['AGENT_NAME'] == 'made-up' and job.facts['EQUAL'] == '1'
        assert [r['REGION'] for r in job.regions] == [r['REGION'] for r in regions]
        names = [p['NAME'] for p in job.parts]
        assert 'nvram' in names and 'userdata' in names
        assert {c['NAME']: c['RESULT'] for c in job.checks}['gpt-primary'] == 'pass'
        assert job.read('EMMC_USER', 0, 16 << 20) == phone.image('user')
        assert job.read('EMMC_BOOT1', 0, 4 << 20) == phone.image('boot1')
        assert job.read('EMMC_BOOT2', 4096, 8192) == phone.image('boot2', 4096, 8192)
        assert job.read('EMMC_USER', 512, 0) == b''
        job.close()
        worker.control.until('IDLE')
    assert worker.finish() == 'rebooted'
    assert not phone.breaches()


def several_reads_at_once(t):
    phone, worker = t.ready()
    job = worker.job().learn()
    wanted = [(i * 1536 * 1024, (i + 1) * 512 * 700) for i in range(8)]
    tags = [job.ask('EMMC_USER', offset, length) for offset, length in wanted]
    for tag, (offset, length) in zip(tags, wanted):
        out = bytearray()
        assert job.take(tag, offset, out.extend).kind == 'READ_DONE'
        assert out == phone.image('user', offset, length)
    job.close()
    assert worker.finish('off') == 'off'


def refused_reads(t):
    """A read that cannot be is answered, and the next one works."""
    phone, worker = t.ready()
    job = worker.job().learn()
    for region, offset, length, error in (
            ('EMMC_USER', 0, (16 << 20) + 512, 'OutOfRange'),
            ('EMMC_USER', 1 << 60, 512, 'OutOfRange'),
            ('EMMC_USER', 1, 512, 'OutOfRange'),
            ('EMMC_RPMB', 0, 512, 'OutOfRange'),
            ('EMMC_GP1', 0, 512, 'OutOfRange'),
            ('UFS_LU2', 0, 512, 'OutOfRange'),
            ('nonsense', 0, 512, 'OutOfRange')):
        answer = job.take(job.ask(region, offset, length), offset, None)
        assert answer.kind == 'READ_FAIL' and answer['ERROR'] == error, answer
        assert int(answer['OFFSET']) == offset and answer['TEXT']
    assert job.read('EMMC_USER', 0, 4096) == phone.image('user', 0, 4096)
    job.close()
    assert worker.finish() == 'rebooted'


def abort(t):
    """What was asked before an ABORT is answered Canceled, what is asked behind it is read."""
    phone, worker = t.ready()
    job = worker.job(2).learn()
    tags = [job.ask('EMMC_USER', 0, 16 << 20) for _ in range(3)]
    job.channel.send('ABORT')
    last = job.ask('EMMC_USER', 4096, 4096)
    for tag in tags:
        answer = job.take(tag, 0, lambda data: None)
        assert answer.kind == 'READ_FAIL' and answer['ERROR'] == 'Canceled', answer
    out = bytearray()
    assert job.take(last, 4096, out.extend).kind == 'READ_DONE'
    assert out == phone.image('user', 4096, 4096)
    job.close()
    worker.control.until('IDLE')
    assert worker.finish() == 'rebooted'
    assert not phone.breaches()


def slow_keeper(t):
    """Without free slots nothing is taken from the phone, and the worker stays alive."""
    phone, worker = t.ready()
    job = worker.job(1).learn()
    tag = job.ask('EMMC_USER', 0, 3 << 20)
    first = job.channel.receive()
    assert first.kind == 'CHUNK'
    worker.control.until('ALIVE')
    out = bytearray(job.ring[:1 << 20])
    job.free(0)
    assert job.take(tag, 1 << 20, out.extend).kind == 'READ_DONE'
    assert out == phone.image('user', 0, 3 << 20)
    job.close()
    assert worker.finish() == 'rebooted'


def keeper_vanishes(t):
    """The end of the data channel is the end of the job, not of the phone."""
    phone, worker = t.ready()
    job = worker.job(2).learn()
    job.ask('EMMC_USER', 0, 16 << 20)
    assert job.channel.receive().kind == 'CHUNK'
    job.close()
    worker.control.until('IDLE')
    job = worker.job().learn()
    assert job.read('EMMC_USER', 0, 1 << 20) == phone.image('user', 0, 1 << 20)
    job.close()
    assert worker.finish() == 'rebooted'
    assert not phone.breaches()


def keeper_breaks_the_rules(t):
    phone, worker = t.ready()
    for message in (('FREE', {'SLOT': 0}), ('FREE', {'SLOT': 99}), ('READ', {'TAG': 'x'}),
                    ('READ', {'TAG': 1, 'REGION': 'EMMC_USER', 'OFFSET': -1, 'LENGTH': 512})):
        job = worker.job().learn()
        job.channel.send(message[0], **message[1])
        worker.control.until('IDLE')
        job.close()
    assert worker.finish() == 'rebooted'


def finish_in_mid_read(t):
    phone, worker = t.ready('--set', 'pace=20')
    job = worker.job(16).learn()
    job.ask('EMMC_USER', 0, 16 << 20)
    assert job.channel.receive().kind == 'CHUNK'
    assert worker.finish() == 'rebooted'
    assert not phone.breaches()


def daemon_vanishes(t):
    """Wherever the session stands, the phone is let go and the program ends."""
    for depth in range(4):
        phone = t.phone('--set', 'pace=20')
        worker = t.worker(phone)
        worker.control.until('READY')
        if depth > 0:
            worker.control.until('IDENTITY')
        if depth > 1:
            worker.connect(t.agent)
        if depth > 2:
            job = worker.job(16).learn()
            job.ask('EMMC_USER', 0, 16 << 20)
            assert job.channel.receive().kind == 'CHUNK'
        worker.control.close()
        assert worker.process.wait(PATIENCE) == 0
        assert not phone.breaches()
        with open(phone.log, encoding='utf-8') as log:
            assert 'reset' in log.read() or depth == 0
        t.clear()


def terminated(t):
    """SIGTERM is a wish: the phone is let go first."""
    phone, worker = t.ready('--set', 'pace=20')
    job = worker.job(16).learn()
    job.ask('EMMC_USER', 0, 16 << 20)
    assert job.channel.receive().kind == 'CHUNK'
    worker.process.terminate()
    assert worker.done() == 'rebooted'


def release(t):
    """A phone nobody wants is reset by its watchdog and starts as usual."""
    phone = t.phone()
    worker = t.worker(phone)
    worker.identity()
    worker.control.send('RELEASE')
    assert worker.done() == 'released'
    assert not phone.breaches()


def unknown_arguments(t):
    phone = t.phone()
    worker = t.worker(phone, '--nonsense')
    assert worker.process.wait(PATIENCE) == 2


if __name__ == '__main__':
    sys.exit(run([whole_session, several_reads_at_once, refused_reads, abort, slow_keeper,
                  keeper_vanishes, keeper_breaks_the_rules, finish_in_mid_read, daemon_vanishes,
                  terminated, release, unknown_arguments]))

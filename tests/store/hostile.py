#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that lie, vanish or hang, daemons that cancel or die: whatever they do, the job ends with
one named error and the store is as it was."""
import os
import random
import signal
import socket
import sys
import threading
import time

import harness as h
from harness import MIB, SLOT


def prepared(path):
    """A store with one good backup."""
    store = path + '/store'
    h.make_store(store)
    k = h.backup(store, h.small_phone(1))
    assert k.result == 'complete', k.fail
    return store, k.done['BACKUP']


def assert_untouched(store, backup_id, critical=True):
    """The earlier backup verifies, nothing unfinished is left, and the next job works."""
    for name in h.backups(store):
        if name != backup_id:
            assert critical and h.manifest(store, name)['kind'] == 'critical', name
    assert os.listdir(store + '/incoming') == []
    v = h.verify_all(store)
    assert v.result == 'done', v.messages


class Liar(h.Worker):
    """Calls lie(self, m) instead of serving the n-th request."""

    def __init__(self, phone, lie, number=1):
        super().__init__(phone)
        self.lie, self.number = lie, number

    def serve(self, m):
        if self.reads + 1 == self.number:
            self.reads += 1
            self.lie(self, m)
            # what comes after a lie does not matter any more
            return True
        return super().serve(m)


def chunk(w, m, **keys):
    values = {'TAG': m['TAG'], 'SLOT': 0, 'OFFSET': m['OFFSET'],
              'LENGTH': min(int(m['LENGTH']), SLOT)}
    values.update(keys)
    w.say('CHUNK', **{k: v for k, v in values.items() if v is not None})


LIES = {
    'a wrong tag': lambda w, m: chunk(w, m, TAG=int(m['TAG']) + 1),
    'no tag': lambda w, m: chunk(w, m, TAG=None),
    'a slot that is not there': lambda w, m: chunk(w, m, SLOT=16),
    'a huge slot': lambda w, m: chunk(w, m, SLOT=2**63),
    'a negative slot': lambda w, m: chunk(w, m, SLOT=-1),
    'a slot that is no number': lambda w, m: chunk(w, m, SLOT='zero'),
    'another place': lambda w, m: chunk(w, m, OFFSET=int(m['OFFSET']) + 512),
    'no length': lambda w, m: chunk(w, m, LENGTH=None),
    'an empty piece': lambda w, m: chunk(w, m, LENGTH=0),
    'a piece too long': lambda w, m: chunk(w, m, LENGTH=SLOT + 1),
    'more than was asked for': lambda w, m: chunk(w, m, LENGTH=int(m['LENGTH']) + 512),
    'two short pieces': lambda w, m: (chunk(w, m, LENGTH=512),
                                      chunk(w, m, OFFSET=int(m['OFFSET']) + 512, LENGTH=512)),
    'a short piece and done': lambda w, m: (chunk(w, m, LENGTH=512), w.say('READ_DONE', TAG=m['TAG'])),
    'done too early': lambda w, m: w.say('READ_DONE', TAG=m['TAG']),
    'failed before the start': lambda w, m: w.say('READ_FAIL', TAG=m['TAG'], OFFSET=0, ERROR='DeviceRefused'),
    'failed behind the end': lambda w, m: w.say('READ_FAIL', TAG=m['TAG'], OFFSET=2**64 - 1, ERROR='DeviceRefused'),
    'an unknown message': lambda w, m: w.say('DANCE'),
    'facts again': lambda w, m: w.say('FACTS'),
    'no message at all': lambda w, m: w.sock.send(b'\x00\xff\x01'),
    'an empty type': lambda w, m: w.sock.send(b'\nA=1'),
    'a very long message': lambda w, m: w.sock.send(b'CHUNK\nA=' + b'x' * 60000),
}


def test_lies(path):
    """Each lie, at the first request and in the middle of everything."""
    store, good = prepared(path)
    for name, lie in LIES.items():
        for number in (1, 5):
            phone = h.small_phone(2)
            k = h.backup(store, phone, worker=Liar(phone, lie, number))
            assert k.error == 'ProtocolViolation', (name, number, k.messages[-1])
            assert k.fail['TEXT'] and k.status == 0
    assert_untouched(store, good)


class Teller(h.Worker):
    """Says other things before END."""

    def __init__(self, phone, tell):
        super().__init__(phone)
        self.tell = tell

    def tell_facts(self):
        self.tell(self)


def facts(w):
    w.say('FACTS', **w.phone.facts)


TALES = {
    'end without facts': lambda w: w.say('END'),
    'facts twice': lambda w: (facts(w), facts(w)),
    'an unknown area': lambda w: (facts(w), w.say('REGION', REGION='MOON', SIZE=4096)),
    'an area twice': lambda w: (facts(w), w.say('REGION', REGION='EMMC_USER', SIZE=4096),
                                w.say('REGION', REGION='EMMC_USER', SIZE=4096)),
    'an area of no size': lambda w: (facts(w), w.say('REGION', REGION='EMMC_USER')),
    'an area too large': lambda w: (facts(w), w.say('REGION', REGION='EMMC_USER', SIZE=2**60)),
    'no area': lambda w: (facts(w), w.say('END')),
    'a part without place': lambda w: (facts(w), w.say('PART', NAME='x', REGION='EMMC_USER', SIZE=1)),
    'a part in no area': lambda w: (facts(w), w.say('PART', NAME='x', REGION='MOON', OFFSET=0, SIZE=1)),
    'too many parts': lambda w: (facts(w), [w.say('PART', NAME='x', REGION='EMMC_USER', OFFSET=i, SIZE=1)
                                            for i in range(2000)]),
    'too many checks': lambda w: (facts(w), [w.say('CHECK', NAME='x', RESULT='pass') for _ in range(100)]),
    'a check of no result': lambda w: (facts(w), w.say('CHECK', NAME='x', RESULT='fine')),
    'a chunk at once': lambda w: w.say('CHUNK', TAG=1, SLOT=0, OFFSET=0, LENGTH=SLOT),
}


def test_tales(path):
    store, good = prepared(path)
    for name, tale in TALES.items():
        phone = h.small_phone(2)
        k = h.backup(store, phone, worker=Teller(phone, tale))
        assert k.error == 'ProtocolViolation', (name, k.messages[-1])
    assert_untouched(store, good)


def test_gone(path):
    """The worker closes: at once, between two requests, within one."""
    store, good = prepared(path)
    at_once = Teller(h.small_phone(2), lambda w: w.sock.close())
    k = h.backup(store, at_once.phone, worker=at_once)
    assert k.error == 'Interrupted', k.messages
    for number in range(1, 16):
        for at in (0, 100, MIB):
            phone = h.small_phone(2)

            def fault(n, region, offset, length):
                return {'at': offset + min(at, length - 1), 'close': True} if n == number else None

            k = h.backup(store, phone, worker=h.Worker(phone, fault))
            if k.result == 'complete':
                assert number > k.worker.reads
                h.Keeper(store, 'delete', BACKUP=k.done['BACKUP'])
                continue
            assert k.error == 'Interrupted', k.messages[-1]
    assert_untouched(store, good)
    # what was read before is not stored again
    phone = h.small_phone(2)
    k = h.backup(store, phone)
    assert k.result == 'complete'
    assert int(k.all('COMMITTED')[-1]['NEW_BYTES']) == 0


def test_restless_ring(path):
    """The bytes change while they are looked at: what is stored still is what its name says."""
    store = path + '/store'
    h.make_store(store)
    phone = h.medium_phone()
    w = h.Worker(phone)
    stop = threading.Event()

    def scribble():
        rng = random.Random(1)
        while not stop.is_set():
            at = rng.randrange(0, 16 * SLOT - 8)
            w.ring[at:at + 8] = rng.randbytes(8)

    t = threading.Thread(target=scribble)
    t.start()
    try:
        k = h.backup(store, phone, worker=w)
    finally:
        stop.set()
        t.join()
    assert k.result in ('complete', 'complete-with-errors'), k.fail
    v = h.verify_all(store)
    assert v.result == 'done', v.fail


def test_bad_ring(path):
    """Shared memory that could be cut, or is none."""
    store, good = prepared(path)
    for flags, size, seals in ((0, 16 * SLOT, 0), (os.MFD_ALLOW_SEALING, 16 * SLOT, 0),
                               (os.MFD_ALLOW_SEALING, 1000, 14), (os.MFD_ALLOW_SEALING, 65 * SLOT, 15)):
        w = h.Worker(h.small_phone(2))
        os.close(w.ring_fd)
        w.ring_fd = os.memfd_create('ring', flags)
        os.ftruncate(w.ring_fd, size)
        if seals:
            import fcntl
            fcntl.fcntl(w.ring_fd, fcntl.F_ADD_SEALS, seals & 7 | 1)
        k = h.backup(store, w.phone, worker=w)
        assert k.error == 'Failed', k.messages
    assert_untouched(store, good)


class Slow(h.Worker):
    """Takes its time for every piece."""
    pause = 0.01

    def chunk(self, *args):
        time.sleep(self.pause)
        super().chunk(*args)


def test_cancel(path):
    """Cancelled at any moment: one result, no error, nothing half done."""
    store, good = prepared(path)
    rng = random.Random(7)
    for _ in range(15):
        phone = h.medium_phone(2)
        w = Slow(phone)
        k = h.backup(store, phone, worker=w, wait=False)
        time.sleep(rng.random() * 0.45)
        k.cancel()
        start = time.monotonic()
        k.wait()
        w.join()
        # the phone's silence would be waited for much longer
        assert time.monotonic() - start < 60
        assert k.result in ('canceled', 'complete') and not k.fail, k.messages
        if k.result == 'complete':
            h.Keeper(store, 'delete', BACKUP=k.done['BACKUP'])
    assert_untouched(store, good)


def test_cancel_while_silent(path):
    """The phone says nothing, and still the cancel is heard at once."""
    store, good = prepared(path)
    phone = h.small_phone(2)

    def say_nothing(w, m):
        while w.sock.recv(65536):
            pass

    w = Liar(phone, say_nothing, number=3)
    k = h.backup(store, phone, worker=w, wait=False)
    while not k.receive().kind == 'ITEM':
        pass
    time.sleep(0.2)
    start = time.monotonic()
    k.cancel()
    k.wait()
    assert k.result == 'canceled' and time.monotonic() - start < 60
    assert_untouched(store, good)


def test_cancel_too_late(path):
    """After the commit there is nothing to cancel."""
    store, _ = prepared(path)

    def on_message(k, m):
        if m.kind == 'COMMITTED' and m['KIND'] == 'full':
            k.cancel()

    k = h.backup(store, h.medium_phone(2), on_message=on_message)
    assert k.result == 'complete' and k.all('BACKUP')[-1]['VERIFIED'] == 'ok', k.messages


def test_terminated(path):
    """SIGTERM is a cancel; after the commit it ends the reading back, and the backup stays."""
    store, good = prepared(path)
    phone = h.medium_phone(2)
    k = h.backup(store, phone, worker=Slow(phone), wait=False)
    while not k.receive().kind == 'ITEM':
        pass
    os.kill(k.pid, signal.SIGTERM)
    k.wait()
    assert k.result == 'canceled' and k.status == 0
    assert_untouched(store, good)

    def on_message(k, m):
        if m.kind == 'COMMITTED' and m['KIND'] == 'full':
            os.kill(k.pid, signal.SIGTERM)

    k = h.backup(store, phone, on_message=on_message)
    assert k.result == 'complete', k.messages
    h.check_equal(store, k.done['BACKUP'], phone)


def test_daemon_gone(path):
    """The daemon dies: the keeper ends by itself and tidies up."""
    store, good = prepared(path)
    phone = h.medium_phone(2)
    w = Slow(phone)
    k = h.backup(store, phone, worker=w, wait=False)
    while not k.receive().kind == 'ITEM':
        pass
    k.sock.close()
    assert os.waitstatus_to_exitcode(os.waitpid(k.pid, 0)[1]) == 0
    w.join()
    assert_untouched(store, good)


def test_signs_of_life(path):
    """A worker that is busy with its phone for longer than the daemon's patience."""
    store = path + '/store'
    h.make_store(store)
    phone = h.small_phone(2)
    w = Liar(phone, lambda w, m: time.sleep(6.5) or h.Worker.serve(w, m))
    alive = []
    k = h.backup(store, phone, worker=w, on_message=lambda k, m: alive.append(m.kind == 'ALIVE'))
    assert k.result == 'complete' and any(alive)


# ---- a flash with bad places ----

def bad_blocks(*blocks):
    """A fault for requests that touch one of these blocks of USER."""
    def fault(n, region, offset, length):
        for block in blocks:
            if region == 'EMMC_USER' and offset < (block + 1) * 512 and offset + length > block * 512:
                return {'at': max(block * 512, offset)}
        return None
    return fault


def test_bad_blocks(path):
    """What cannot be read is zero, listed, and everything around it is there."""
    store, good = prepared(path)
    phone = h.medium_phone(2)
    blocks = [6 * MIB // 512 + 7, 6 * MIB // 512 + 8, 20 * MIB // 512]
    k = h.backup(store, phone, worker=h.Worker(phone, bad_blocks(*blocks)))
    assert k.result == 'complete-with-errors', k.messages[-1]
    m = h.manifest(store, k.done['BACKUP'])
    bad = {p['name']: p['bad'] for p in m['parts'] if p['status'] == 'bad-ranges'}
    assert [(b['offset'], b['size']) for b in bad['boot']] == [(MIB + 7 * 512, 1024)], bad
    assert [(b['offset'], b['size']) for b in bad['userdata']] == [(2 * MIB, 512)], bad
    assert m['totals']['bad_bytes'] == 1536
    assert bad['boot'][0]['tries'] == 3 and 'DeviceRefused' in bad['boot'][0]['error']
    for block in blocks:
        phone.data['EMMC_USER'][block * 512:(block + 1) * 512] = bytes(512)
    user, e = h.export(store, k.done['BACKUP'], 'EMMC_USER', 'rom')
    assert e.result == 'complete-with-errors' and user == bytes(phone.data['EMMC_USER'])
    assert h.verify_all(store).result == 'done'


def test_passing_fault(path):
    """A request that fails twice and then works leaves no trace."""
    store, good = prepared(path)
    phone = h.medium_phone(2)
    left = {4 * MIB: 2, 20 * MIB: 2, 0: 1}

    def fault(n, region, offset, length):
        for at in left:
            if region == 'EMMC_USER' and offset <= at < offset + length and left[at]:
                left[at] -= 1
                return {'at': at, 'error': 'ChecksumMismatch'}
        return None

    k = h.backup(store, phone, worker=h.Worker(phone, fault))
    assert k.result == 'complete', k.messages[-1]
    h.check_equal(store, k.done['BACKUP'], phone)


def test_refused_part(path):
    """A part that the phone does not give away at all."""
    store, good = prepared(path)
    for start, size, name in ((0x20000, 0x8000, 'proinfo'), (0x40000, 0x120000, 'boot')):
        phone = h.small_phone(2)

        def fault(n, region, offset, length):
            inside = region == 'EMMC_USER' and start <= offset < start + size
            return {'at': offset} if inside else None

        k = h.backup(store, phone, worker=h.Worker(phone, fault))
        assert k.result == 'complete-with-errors', k.messages[-1]
        parts = {p['name']: p for p in h.check_equal(store, k.done['BACKUP'], phone)}
        assert parts[name]['status'] == 'unreadable' and 'DeviceRefused' in parts[name]['error']
        m = h.manifest(store, k.done['BACKUP'])
        assert [r['coverage'] for r in m['storage']['regions']] == ['all', 'part']
        _, e = h.export(store, k.done['BACKUP'], name)
        assert e.error == 'InvalidOption'
        assert h.verify_all(store).result == 'done'


def test_dead_flash(path):
    """Faults without end: the job gives up with the phone's error."""
    store, good = prepared(path)
    phone = h.medium_phone(2)

    def fault(n, region, offset, length):
        return {'at': offset} if region == 'EMMC_USER' and offset % 4096 and length <= 4096 or (
            length > 4096 and offset >= 5 * MIB) else None

    k = h.backup(store, phone, worker=h.Worker(phone, fault))
    assert k.error == 'DeviceRefused' and k.fail['STATUS'] == '0xc0040004', k.messages[-1]
    assert_untouched(store, good)


def test_phone_gone(path):
    """The worker says that the phone went away: that is the job's error, without more tries."""
    store, good = prepared(path)
    phone = h.medium_phone(2)

    def fault(n, region, offset, length):
        return {'at': offset, 'error': 'DeviceGone'} if n == 8 else None

    k = h.backup(store, phone, worker=h.Worker(phone, fault))
    assert k.error == 'DeviceGone', k.messages[-1]
    assert k.worker.reads <= 8 + 8
    assert_untouched(store, good)


if __name__ == '__main__':
    h.main(sys.modules[__name__], memory=True)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker on (simulated) usbfs: real libusb, a passed descriptor, the cage; every fault of the bus.

Each case is a function that runs in a process of its own, for which its phone is plugged in."""
import glob
import os
import subprocess
import sys
import time

import rig

PLUG = os.environ['SIM_PLUG']
SIZE = 16 << 20


class Node:
    """The usbfs node, in the form of a socket as the rig wants it."""

    def __init__(self):
        deadline = time.monotonic() + rig.PATIENCE
        while not (nodes := glob.glob('/dev/bus/usb/001/0*')):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        self.fd = os.open(nodes[0], os.O_RDWR)

    def fileno(self):
        return self.fd

    def close(self):
        os.close(self.fd)


def image(flash, area, offset=0, size=-1):
    with open(os.path.join(flash, area + '.img'), 'rb') as file:
        file.seek(offset)
        return file.read(size)


# ---- cases: name, phone, what has to happen ----

def whole_session(worker, flash, agent):
    worker.identity()
    worker.connect(agent)
    job = worker.job(16).learn()
    assert job.read('EMMC_USER', 0, SIZE) == image(flash, 'user')
    assert job.read('EMMC_BOOT1', 512, 17408) == image(flash, 'boot1', 512, 17408)
    job.close()
    worker.control.until('IDLE')
    assert worker.finish() == 'rebooted'


def released(worker, flash, agent):
    worker.identity()
    worker.control.send('RELEASE')
    assert worker.done() == 'released'


def canceled(worker, flash, agent):
    worker.identity()
    worker.connect(agent)
    job = worker.job(2).learn()
    tag = job.ask('EMMC_USER', 0, SIZE)
    job.channel.send('ABORT')
    assert job.take(tag, 0, lambda data: None)['ERROR'] == 'Canceled'
    assert job.read('EMMC_USER', 4096, 4096) == image(flash, 'user', 4096, 4096)
    job.close()
    worker.control.until('IDLE')
    assert worker.finish() == 'rebooted'


def slow_keeper(worker, flash, agent):
    """Transfers stay complete and unread while there is no slot; nothing is lost."""
    worker.identity()
    worker.connect(agent)
    job = worker.job(1).learn()
    out = bytearray()
    tag = job.ask('EMMC_USER', 0, 8 << 20)
    assert job.take(tag, 0, out.extend, hold=lambda: time.sleep(0.05)).kind == 'READ_DONE'
    assert out == image(flash, 'user', 0, 8 << 20)
    job.close()
    assert worker.finish() == 'rebooted'


def breaks(*errors):
    """The session ends in one of these, and the phone is gone or stuck."""
    def case(worker, flash, agent):
        failure, left = worker.run(agent, ('EMMC_USER', 0, SIZE))
        assert failure and failure['ERROR'] in errors and failure['HINT'], (failure, left)
        assert left in ('gone', 'stuck'), left
    return case


def busy(worker, flash, agent):
    failure, left = worker.failure()
    assert 'plug the phone in again' in failure['HINT'], failure
    assert failure['ERROR'] == 'DeviceBusy' and left == 'released', (failure, left)


GONE = breaks('DeviceGone')
CASES = [
    ('session', '', whole_session),
    ('other_descriptors', ',layout=captured', whole_session),
    ('answers_in_pairs', ',packets=pairs', whole_session),
    ('any_packets', ',split=11', whole_session),
    ('empty_packets', ',zlps=3', whole_session),
    ('short_packet', ',fault=short@3000000', whole_session),
    ('no_kernel_driver', ',cdc_acm_ms=0', whole_session),
    ('release', '', released),
    ('cancel', '', canceled),
    ('slow_keeper', '', slow_keeper),
    ('stall_is_cleared', ',fault=stall@chunk#3', whole_session),
    ('unplugged_in_the_handshake', ',fault=unplug@tokens', GONE),
    ('unplugged_identifying', ',fault=unplug@boot:fc', GONE),
    ('unplugged_under_the_agent', ',fault=unplug@agent-data', GONE),
    ('unplugged_under_stage_2', ',fault=unplug@stage2-data', GONE),
    ('unplugged_asking', ',fault=unplug@ctrl:040001', GONE),
    ('unplugged_at_a_border', ',fault=unplug@4325376', GONE),
    ('unplugged_in_a_transfer', ',fault=unplug@4325377', GONE),
    ('overflow', ',fault=babble@3000000', breaks('ProtocolViolation')),
    ('line_error', ',fault=line@3000000', breaks('DeviceGone', 'ProtocolViolation')),
    ('reset', ',fault=reboot@chunk#3', GONE),
    ('interface_busy', ',port=claim-busy', busy),
]


def inside(name, folder):
    case = next(function for n, _, function in CASES if n == name)
    worker = rig.Worker(Node())
    try:
        case(worker, os.path.join(folder, 'flash'), os.path.join(folder, 'agent.bin'))
    finally:
        worker.close()


def outside(name, phone):
    def test(t):
        subprocess.run([rig.MKFLASH, os.path.join(t.path, 'flash'), '--user', str(SIZE)],
                       check=True)
        spec = 'mt6765,flash=%s/flash,strict=1%s' % (t.path, phone)
        result = subprocess.run([PLUG, '--phone', spec, '--', sys.executable, __file__,
                                 '--inside', name, t.path], timeout=300, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert result.returncode == 0, result.stdout
    test.__name__ = name
    return test


if __name__ == '__main__':
    if sys.argv[1:2] == ['--inside']:
        inside(*sys.argv[2:])
    else:
        sys.exit(rig.run([outside(name, phone) for name, phone, _ in CASES]))

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: faults.py FAMILY [WORD...]

Every phone of a family times every fault of the bus, over USB with the real daemon: what is wrong
and does no harm brings the same bytes, the rest ends the job once, by name, and what is not lost
is backed up at the next try. MTKBACKUP_TEST_LONG=1 tries all of them with each phone, otherwise
each phone has its share and each fault some phones. With words only cases with all of them in their
name ("reset", "mt6895") are tried."""
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../fault'))

FAMILIES = {
    'xflash': ('mt6761 mt6765 mt6785 mt6785-ufs mt6893 mt6765-brom mt6765-unknown mt6765-new '
               'mt6781-v5 mt6765-fused mt6768-sla mt6765-brom-locked'),
    'legacy': ('mt6577 mt6572 mt6572-nand mt6572-nor mt6571 mt6580 mt6582 mt6589 mt6592 mt6735 mt6795 mt8127 '
               'mt8135 mt8590 mt6580-brom mt6589-brom mt6735-brom mt6577-new mt6735-new'),
    'xml': ('mt6781 mt6781-ufs mt6895 mt6895-emmc mt6886 mt6835 mt6895-brom mt6886-brom '
            'mt6781-new mt6835-sla'),
}
# these want their maker's signature whatever happens
LOCKED = {'mt6765-fused', 'mt6768-sla', 'mt6765-brom-locked', 'mt6835-sla'}
UFS = {'mt6785-ufs', 'mt6893', 'mt6781-ufs', 'mt6895', 'mt6886', 'mt6895-brom', 'mt6886-brom'}
family, words = sys.argv[1], sys.argv[2:]
phones = FAMILIES[family].split()

import dbus  # noqa: E402
import scene  # noqa: E402
from scene import rig  # noqa: E402


def outside():
    """Makes what the phones need, and runs this program in a station with them."""
    known = subprocess.run([os.environ['PHONE'], '--list'], capture_output=True, text=True,
                           check=True).stdout
    missing = {line.split()[0] for line in known.splitlines()} - set(
        ' '.join(FAMILIES.values()).split())
    assert not missing, missing
    with tempfile.TemporaryDirectory(prefix='mtkbackup-families.') as folder:
        os.chmod(folder, 0o755)
        config = os.path.join(folder, 'chips.yaml')
        with open(config, 'w', encoding='utf-8') as file:
            file.write('chips: [0x4321=MT6765]\n')
        # a small one: its pages are fetched one by one
        for area, size in (('user', 4 << 20), ('boot1', 4096), ('boot2', 4096), ('rpmb', 4096)):
            with open(os.path.join(folder, f'{area}.img'), 'wb') as file:
                file.write(random.Random(size).randbytes(size))
        scene.enter(
            # it comes back by itself only where that is what is tried
            [f'{name},user=16M,boot=512K,reboot_ms=600000' +
             (f',flash={folder}' if name.endswith('-nand') else '') for name in phones],
            '--config', config)


if 'STATION_CALL' not in os.environ:
    outside()

s = scene.Scene()
PLACE = 5000000  # bytes of data that were sent: in the middle of an area
NAND_PLACE = 1000000
LIMIT = 4        # sessions at a time
REGIONS = {
    'emmc': {'EMMC_USER': 'user', 'EMMC_BOOT1': 'boot1', 'EMMC_BOOT2': 'boot2'},
    'ufs': {'UFS_LU0': 'lu0', 'UFS_LU1': 'lu1', 'UFS_LU2': 'lu2'},
    'nand': {'NAND_WHOLE': 'user'},
    'nor': {'NOR_WHOLE': 'user'},
}


def name_of(n):
    return phones[n - 1]


def regions(n):
    name = name_of(n)
    kind = name.rsplit('-', 1)[-1]
    return REGIONS['ufs' if name in UFS else kind if kind in REGIONS else 'emmc']


def settle(n):
    """The cable out; and what the daemon remembers of a phone it let go is used up."""
    s.unplug_if_there(n)
    yield lambda: not s.device(f'1-{n}')
    s.use(n, 'reboot_ms=600000')
    s.plug(n)
    yield lambda: s.device(f'1-{n}')
    s.unplug(n)
    yield lambda: not s.device(f'1-{n}')


def ends_well(n, job):
    yield s.ended(job)
    if name_of(n) in LOCKED:
        s.failed(job, 'AuthRequired')
    else:
        # a NAND without a table of partitions is read whole, and that is said
        result = 'complete-with-errors' if name_of(n).endswith('-nand') else 'complete'
        s.is_whole(n, s.complete(job, result)['Backup'], regions(n))


def start(n):
    job = s.backup(n, 'full')
    s.plug(n)
    return job


# ---- outcomes: generator functions of a port ----

def same(n):
    yield from ends_well(n, start(n))


def broken(*names):
    def outcome(n):
        job = start(n)
        yield s.ended(job)
        s.failed(job, *names, *(('AuthRequired',) if name_of(n) in LOCKED else ()))
    return outcome


def returns(n):
    """It resets itself, comes back as a loader and is not spoken to again."""
    yield from broken('DeviceGone')(n)
    if name_of(n) in LOCKED:
        return
    yield s.saw(n, 'detached reset')

    def since():
        return s.events(n)[s.events(n).index('detached reset'):]
    yield lambda: [e for e in since() if e.startswith('add')]
    # on a busy machine its window may be over before anybody looks
    yield lambda: (s.device(f'1-{n}') or {}).get('State') == 'attached' or 'booted 1' in since()
    s.unplug_if_there(n)
    yield lambda: not s.device(f'1-{n}')
    assert not [e for e in since() if 'first-out' in e], since()


def canceled(n):
    """Silent for ever; a person has had enough."""
    job = start(n)
    if name_of(n) not in LOCKED:
        yield s.saw(n, 'fault hang')
        s.call(job, rig.JOB, 'Cancel', dbus.Dictionary({}, signature='sv'))
    yield s.ended(job)
    assert name_of(n) in LOCKED or s.job(job)['State'] == 'canceled', dict(s.job(job))


def once(n):
    """Two events are one phone and one session."""
    yield from same(n)
    assert len([e for e in s.events(n) if e.startswith('handshake')]) == 1, s.events(n)


def unheard(n):
    """Nobody learns of it: the job waits for the next time it is plugged in."""
    job = start(n)
    yield s.saw(n, 'add')
    assert not s.device(f'1-{n}')
    yield from next_time(n, job)


def unreachable(n):
    job = start(n)
    yield lambda: (s.device(f'1-{n}') or {}).get('State') == 'failed'
    assert s.device(f'1-{n}')['Message'].endswith(('.', '"')), dict(s.device(f'1-{n}'))
    yield from next_time(n, job)


def next_time(n, job):
    assert not s.ended(job)()
    s.unplug(n)
    yield lambda: not s.device(f'1-{n}')
    s.use(n)
    s.plug(n)
    yield from ends_well(n, job)


def idle(n):
    """There, wanted by nobody, and gone."""
    s.plug(n)
    yield lambda: (s.device(f'1-{n}') or {}).get('State') == 'attached'
    s.unplug(n)
    yield lambda: not s.device(f'1-{n}')
    assert not [e for e in s.events(n) if 'first-out' in e], s.events(n)


GONE = broken('DeviceGone')
LOST = broken('ProtocolViolation', 'DeviceGone')
FAULTS = {
    'nothing': ([], same),
    'unplug idle': ([], idle),
    'unplug at a step': (['fault=unplug@stage1'], broken('DeviceGone', 'AuthRequired')),
    'unplug mid': (['fault=unplug@PLACE'], GONE),
    'slow remove': (['fault=unplug@PLACE', 'port=slow-remove'], GONE),
    'stall': (['fault=stall@PLACE'], same),
    'short packet': (['fault=short@PLACE=100'], same),
    'empty packet': (['fault=zlp@PLACE'], same),
    'no empty packets': (['no_zlps=1'], same),
    'strewn empty packets': (['zlps=5'], same),
    'babble': (['fault=babble@PLACE'], LOST),
    'line error': (['fault=line@PLACE'], LOST),
    'hang': (['fault=hang@PLACE'], canceled),
    'pause': (['fault=hang@PLACE=300'], same),
    'slow': (['fault=slow@PLACE=200'], same),
    'reset': (['fault=reboot@PLACE', 'reboot_ms=300'], returns),
    'claim fails': (['port=claim-busy'], unreachable),
    'open fails': (['port=no-access'], unreachable),
    'gone before open': (['port=no-node'], unreachable),
    'lost event': (['port=lost-add'], unheard),
    'doubled event': (['port=double-add'], once),
    'full speed': (['speed=full'], same),
    'super speed': (['speed=super'], same),
    'other descriptors': (['layout=captured'], same),
}
# half a minute of silence each
SLOW_FAULTS = {
    'lost bytes': (['fault=lose@PLACE=16'], LOST),
    'hang for ever': (['fault=hang@PLACE'], LOST),
}
if scene.LONG:
    FAULTS.update(SLOW_FAULTS)
SHARE = 2  # faults of a phone in the short form, beside none


failures = []


def steps(port, fault):
    settings, outcome = FAULTS[fault]
    yield from settle(port)
    place = NAND_PLACE if name_of(port).endswith('-nand') else PLACE
    s.use(port, 'reboot_ms=600000',
          *(word.replace('PLACE', str(place)) for word in settings))
    yield from outcome(port)


def attempt(port, fault):
    for condition in steps(port, fault):
        end = time.monotonic() + rig.PATIENCE
        yield lambda: condition() or time.monotonic() > end
        assert time.monotonic() < end, 'waited in vain'


def case(n, fault):
    """One that fails does not stop the others."""
    def scenario(port):
        try:
            yield from attempt(port, fault)
        except (AssertionError, dbus.DBusException) as error:
            tell(port, error)

    def tell(port, error):
        failures.append(scenario.__name__)
        print(f'# {scenario.__name__}: {str(error)[:600]}\n#   {s.events(port)[-8:]}\n'
              f'#   {str(s.device(f"1-{port}"))[:400]}', flush=True)
    scenario.__name__ = f'{fault}, {name_of(n)}'
    scenario.port = n
    return scenario


def shares():
    """In turn, so that the faults go round: each of them with some phones, each phone with some."""
    every = range(1, len(phones) + 1)
    if scene.LONG:
        return [(n, fault) for fault in FAULTS for n in every]
    names = [name for name in FAULTS if name != 'nothing']
    free = [n for n in every if name_of(n) not in LOCKED]
    count = max(SHARE, -(-len(names) // len(free)))
    return [(n, 'nothing') for n in every] + [
        (free[i % len(free)], names[i % len(names)]) for i in range(count * len(free))]


def test_all():
    if words:
        todo = [(n, fault) for fault in FAULTS for n in range(1, len(phones) + 1)
                if all(w in f'{fault}, {name_of(n)}' for w in words)]
    else:
        todo = shares()
        assert {fault for _, fault in todo} == set(FAULTS)
    print(f'# {len(todo)} of {len(phones) * len(FAULTS)} cases')
    if any('brom' in name for name in phones):
        preloader = os.path.join(os.environ['STATION_STATE'], 'preloader_demo.bin')
        subprocess.run([os.environ['MKPRELOADER'], preloader], check=True)
        scene.client('agents', 'import', preloader)
    s.play([case(n, fault) for n, fault in todo], range(1, len(phones) + 1), LIMIT)
    assert not failures, failures


def test_what_is_left():
    s.no_left_overs()
    s.no_breaches()


del sys.argv[1:]
rig.run(test_all, test_what_is_left)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worker sessions with phones of every family and mode."""
import os
import subprocess
import sys

from rig import MKAGENT, PHONE, run

MKPRELOADER = os.environ['SIM_MKPRELOADER']


def made(t, chip, ufs=False, options=()):
    """Phone and agent of a chip."""
    subprocess.run([MKAGENT, t.agent, '--chip', chip], check=True)
    flash = ('--user', '16M', '--boot', '1M') + (('--ufs',) if ufs else ())
    return t.phone('--keep', *options, chip=chip, flash=flash)


def give_preloader(t, worker, *words):
    path = os.path.join(t.path, 'preloader.bin')
    subprocess.run([MKPRELOADER, path, *words], check=True)
    worker.give_agent(path)


def start(t, phone):
    """From the loader to IDLE, whatever the agent wants on the way."""
    worker = t.worker(phone)
    identity = worker.identity()
    regions, storage, asked = [], None, []
    worker.control.send('CONNECT')
    while True:
        message = worker.control.until('NEED_AGENT', 'NEED_REPLUG', 'STORAGE', 'REGION', 'IDLE')
        asked.append(message.kind + message.get('KIND', ''))
        if message.kind == 'NEED_AGENT' and message['KIND'] == 'agent':
            worker.give_agent(t.agent)
        elif message.kind == 'NEED_AGENT':
            give_preloader(t, worker)
        elif message.kind == 'NEED_REPLUG':
            phone.wait_for('detached speed switch')
            back = phone.connect()
            worker.control.send('REPLUG', [back.fileno()])
            back.close()
        elif message.kind == 'STORAGE':
            storage = message
        elif message.kind == 'REGION':
            regions.append(message)
        else:
            return worker, identity, storage, regions, asked


def offer(t, chip):
    """As far as the agent, which is given."""
    phone = made(t, chip)
    worker = t.worker(phone)
    identity = worker.identity()
    worker.control.send('CONNECT')
    worker.control.until('NEED_AGENT')
    worker.give_agent(t.agent)
    return phone, worker, identity


def offer_in_boot_rom(t, chip):
    """As far as the preloader file, which is asked for."""
    phone, worker, identity = offer(t, chip)
    assert worker.control.until('NEED_AGENT')['KIND'] == 'preloader'
    return phone, worker, identity


def areas(storage):
    return {'emmc': {'EMMC_BOOT1': 'boot1', 'EMMC_BOOT2': 'boot2', 'EMMC_USER': 'user'},
            'ufs': {'UFS_LU0': 'lu0', 'UFS_LU1': 'lu1', 'UFS_LU2': 'lu2'},
            'nand': {'NAND_WHOLE': 'user'}, 'nor': {'NOR_WHOLE': 'user'}}[storage]


def whole(t, chip, kind):
    """Identification, storage, every byte of every area."""
    phone = made(t, chip, kind == 'ufs')
    worker, identity, storage, regions, asked = start(t, phone)
    assert storage['TYPE'] == kind, storage
    assert ('PAGE_SIZE' in storage) == (kind == 'nand'), storage
    job = worker.job().learn()
    read = 0
    for region in regions:
        if region['READABLE'] == '1':
            name, size = region['REGION'], int(region['SIZE'])
            assert job.read(name, 0, size) == phone.image(areas(kind)[name]), (chip, name)
            read += 1
    assert read == len(areas(kind)), (chip, regions)
    job.close()
    worker.control.until('IDLE')
    assert worker.finish() == 'rebooted', chip
    assert not phone.breaches(), (chip, phone.breaches())
    return identity, storage, job.parts, asked


# Test, chip, protocol and storage.
CHIPS = [
    ('legacy', 'mt6735', 'legacy', 'emmc'),
    ('legacy_linear', 'mt6572', 'legacy', 'emmc'),
    # its old agent knows no restart: it is switched off, which is as well as it can be left
    ('legacy_single_stage', 'mt6577', 'legacy', 'emmc'),
    ('legacy_extra_word', 'mt8590', 'legacy', 'emmc'),
    ('xml', 'mt6781', 'xml', 'emmc'),
    ('xml_ufs', 'mt6895', 'xml', 'ufs'),
    ('xflash_ufs', 'mt6893', 'xflash', 'ufs'),
    ('boot_rom_xml', 'mt6886-brom', 'xml', 'ufs'),
    # with memory settings, and another USB speed in the middle of the session
    ('boot_rom_legacy', 'mt6580-brom', 'legacy', 'emmc'),
    ('boot_rom_xflash', 'mt6765-brom', 'xflash', 'emmc'),
]


def session(name, chip, protocol, kind):
    def test(t):
        identity, storage, parts, asked = whole(t, chip, kind)
        rom = chip.endswith('-brom')
        assert identity['PROTOCOL'] == protocol, identity
        assert identity['MODE'] == ('brom' if rom else 'preloader'), identity
        assert storage['PTABLE'] == 'gpt', storage
        assert 'nvram' in [p['NAME'] for p in parts]
        assert ('NEED_AGENTpreloader' in asked) == (rom and protocol != 'xml'), asked
        assert ('NEED_REPLUG' in asked) == (rom and protocol != 'xml'), asked
    test.__name__ = name
    return test


def every_other(t):
    """All the personalities that there are and no test above has."""
    seen = {chip for _, chip, _, _ in CHIPS}
    locked = {'mt6765-fused', 'mt6768-sla', 'mt6765-brom-locked', 'mt6835-sla'}
    listed = subprocess.run([PHONE, '--list'], capture_output=True, text=True, check=True).stdout
    rest = {line.split()[0]: line for line in listed.splitlines()}
    rest = {chip: line for chip, line in rest.items() if chip not in seen | locked}
    assert len(rest) > 20, rest
    for chip, line in sorted(rest.items()):
        if chip == 'mt6765-unknown':
            continue  # nobody knows its code, and no agent is made for it
        whole(t, chip, 'ufs' if 'UFS' in line else chip[7:] if chip[7:] in ('nand', 'nor') else 'emmc')
        t.clear(flash=True)


def bits_say_nothing(t):
    """A phone whose protection was lifted by other means: its bits are set, it takes what it gets."""
    for chip in ('mt6765', 'mt6735', 'mt6580-brom'):
        phone = made(t, chip, options=('--set', 'target_config=5'))
        worker, identity, storage, _, _ = start(t, phone)
        assert int(identity['TARGET_CONFIG'], 0) == 5, identity
        assert storage['TYPE'] == 'emmc'
        assert worker.finish() == 'rebooted'
        t.clear(flash=True)


def boot_rom_without_settings(t):
    """Nobody has a preloader file: said before anything is sent."""
    for chip in ('mt6580-brom', 'mt6765-brom'):
        phone, worker, _ = offer_in_boot_rom(t, chip)
        worker.control.send('AGENT', KIND='preloader')
        failure, left = worker.failure()
        assert failure['ERROR'] == 'NoDownloadAgent' and 'preloader' in failure['HINT'], failure
        assert left == 'released', left
        phone.close()


def settings_of_another_phone(t):
    _, worker, _ = offer_in_boot_rom(t, 'mt6580-brom')
    give_preloader(t, worker, '--fits', '3')
    failure, _ = worker.failure()
    assert failure['ERROR'] == 'NoDownloadAgent' and 'exactly this model' in failure['HINT'], failure


def a_phone_that_does_not_come_back(t):
    """It changes its speed and stays away: the worker does not wait for ever."""
    _, worker, _ = offer_in_boot_rom(t, 'mt6580-brom')
    give_preloader(t, worker)
    worker.control.until('NEED_REPLUG')
    worker.control.send('FINISH', ACTION='reboot')
    failure, left = worker.failure()
    assert failure['ERROR'] == 'Canceled' and left == 'gone', (failure, left)


def protected_boot_rom(t):
    """SLA, DAA, SBC: named, and what it means."""
    _, worker, identity = offer_in_boot_rom(t, 'mt6765-brom-locked')
    assert int(identity['TARGET_CONFIG'], 0) == 0xe7
    give_preloader(t, worker)
    failure, _ = worker.failure()
    assert failure['ERROR'] == 'AuthRequired' and int(failure['STATUS'], 0) == 0x1d0d, failure
    assert 'no key held' in failure['HINT'], failure
    said = [m['TEXT'] for m in worker.control.seen if m.kind == 'LOG']
    assert any(all(f'{bit} (' in text for bit in ('SBC', 'SLA', 'DAA')) for text in said), said


def locked_xml_agent(t):
    phone, worker, _ = offer(t, 'mt6835-sla')
    failure, left = worker.failure()
    assert failure['ERROR'] == 'AuthRequired', failure
    assert left == 'rebooted', left
    assert not phone.breaches()


sys.exit(run([session(*row) for row in CHIPS] +
             [every_other, bits_say_nothing, boot_rom_without_settings, settings_of_another_phone,
              a_phone_that_does_not_come_back, protected_boot_rom, locked_xml_agent]))

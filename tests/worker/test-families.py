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


def start(t, phone, preloader=()):
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
            if preloader is None:
                worker.control.send('AGENT', KIND='preloader')
                continue
            path = os.path.join(t.path, 'preloader.bin')
            subprocess.run([MKPRELOADER, path, *preloader], check=True)
            worker.give_agent(path)
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


def areas(storage):
    return {'emmc': {'EMMC_BOOT1': 'boot1', 'EMMC_BOOT2': 'boot2', 'EMMC_USER': 'user'},
            'ufs': {'UFS_LU0': 'lu0', 'UFS_LU1': 'lu1', 'UFS_LU2': 'lu2'},
            'nand': {'NAND_WHOLE': 'user'}, 'nor': {'NOR_WHOLE': 'user'}}[storage]


def whole(t, chip, protocol, ufs=False, mode='preloader'):
    phone = made(t, chip, ufs)
    worker, identity, storage, regions, asked = start(t, phone)
    assert identity['PROTOCOL'] == protocol and identity['MODE'] == mode, identity
    assert storage['TYPE'] == ('ufs' if ufs else 'emmc'), storage
    assert storage['PTABLE'] == 'gpt', storage
    job = worker.job().learn()
    assert 'nvram' in [p['NAME'] for p in job.parts]
    for region in regions:
        if region['READABLE'] == '1':
            name, size = region['REGION'], int(region['SIZE'])
            assert job.read(name, 0, size) == phone.image(areas('ufs' if ufs else 'emmc')[name]), name
    job.close()
    worker.control.until('IDLE')
    assert worker.finish() == 'rebooted'
    assert not phone.breaches(), phone.breaches()
    return asked


def legacy(t):
    whole(t, 'mt6735', 'legacy')


def legacy_linear(t):
    whole(t, 'mt6572', 'legacy')


def legacy_single_stage(t):
    # its old agent knows no restart: it is switched off, which is as well as it can be left
    whole(t, 'mt6577', 'legacy')


def legacy_extra_word(t):
    whole(t, 'mt8590', 'legacy')


def xml(t):
    whole(t, 'mt6781', 'xml')


def xml_ufs(t):
    whole(t, 'mt6895', 'xml', ufs=True)


def xflash_ufs(t):
    whole(t, 'mt6893', 'xflash', ufs=True)


def boot_rom_xml(t):
    asked = whole(t, 'mt6886-brom', 'xml', ufs=True, mode='brom')
    assert 'NEED_AGENTpreloader' not in asked


def boot_rom_legacy(t):
    """Memory settings, and another USB speed in the middle of the session."""
    asked = whole(t, 'mt6580-brom', 'legacy', mode='brom')
    assert 'NEED_AGENTpreloader' in asked and 'NEED_REPLUG' in asked, asked


def boot_rom_xflash(t):
    asked = whole(t, 'mt6765-brom', 'xflash', mode='brom')
    assert 'NEED_AGENTpreloader' in asked and 'NEED_REPLUG' in asked, asked


def every_other(t):
    """All the personalities that there are and no test above has: identification, storage, every byte
    of every area."""
    seen = {'mt6735', 'mt6572', 'mt6577', 'mt8590', 'mt6781', 'mt6895', 'mt6893', 'mt6886-brom',
            'mt6580-brom', 'mt6765-brom'}
    locked = {'mt6765-fused', 'mt6768-sla', 'mt6765-brom-locked', 'mt6835-sla'}
    listed = subprocess.run([PHONE, '--list'], capture_output=True, text=True, check=True).stdout
    rest = {line.split()[0] for line in listed.splitlines()} - seen - locked
    assert len(rest) > 20, rest
    for chip in sorted(rest):
        if chip == 'mt6765-unknown':
            continue  # nobody knows its code, and no agent is made for it
        ufs = 'UFS' in next(line for line in listed.splitlines() if line.split()[0] == chip)
        subprocess.run([MKAGENT, t.agent, '--chip', chip], check=True)
        phone = made(t, chip, ufs)
        worker, identity, storage, regions, _ = start(t, phone)
        assert storage['TYPE'] == ('ufs' if ufs else chip[7:] if chip[7:] in ('nand', 'nor') else 'emmc')
        assert ('PAGE_SIZE' in storage) == (storage['TYPE'] == 'nand'), storage
        job = worker.job().learn()
        read = 0
        for region in regions:
            if region['READABLE'] == '1':
                name, size = region['REGION'], int(region['SIZE'])
                assert job.read(name, 0, size) == phone.image(areas(storage['TYPE'])[name]), (chip, name)
                read += 1
        assert read == (1 if storage['TYPE'] in ('nand', 'nor') else 3), (chip, regions)
        job.close()
        worker.control.until('IDLE')
        assert worker.finish() == 'rebooted', chip
        assert not phone.breaches(), (chip, phone.breaches())
        worker.close()
        phone.close()
        t.open.remove(worker)
        t.open.remove(phone)
        subprocess.run(['rm', '-r', phone.flash, phone.log], check=True)


def bits_say_nothing(t):
    """A phone whose protection was lifted by other means: its bits are set, it takes what it gets."""
    for chip in ('mt6765', 'mt6735', 'mt6580-brom'):
        subprocess.run([MKAGENT, t.agent, '--chip', chip], check=True)
        phone = made(t, chip, options=('--set', 'target_config=5'))
        worker, identity, storage, regions, _ = start(t, phone)
        assert int(identity['TARGET_CONFIG'], 0) == 5, identity
        assert storage['TYPE'] == 'emmc'
        assert worker.finish() == 'rebooted'
        worker.close()
        phone.close()
        t.open.remove(worker)
        t.open.remove(phone)
        subprocess.run(['rm', '-r', phone.flash, phone.log], check=True)


def boot_rom_without_settings(t):
    """Nobody has a preloader file: said before anything is sent."""
    for chip in ('mt6580-brom', 'mt6765-brom'):
        phone = made(t, chip)
        worker = t.worker(phone)
        worker.identity()
        worker.control.send('CONNECT')
        worker.control.until('NEED_AGENT')
        worker.give_agent(t.agent)
        assert worker.control.until('NEED_AGENT')['KIND'] == 'preloader'
        worker.control.send('AGENT', KIND='preloader')
        failure, left = worker.failure()
        assert failure['ERROR'] == 'NoDownloadAgent' and 'preloader' in failure['HINT'], failure
        assert left == 'released', left
        phone.close()


def settings_of_another_phone(t):
    phone = made(t, 'mt6580-brom')
    worker = t.worker(phone)
    worker.identity()
    worker.control.send('CONNECT')
    worker.control.until('NEED_AGENT')
    worker.give_agent(t.agent)
    worker.control.until('NEED_AGENT')
    path = os.path.join(t.path, 'preloader.bin')
    subprocess.run([MKPRELOADER, path, '--fits', '3'], check=True)
    worker.give_agent(path)
    failure, left = worker.failure()
    assert failure['ERROR'] == 'NoDownloadAgent' and 'exactly this model' in failure['HINT'], failure


def a_phone_that_does_not_come_back(t):
    """It changes its speed and stays away: the worker does not wait for ever."""
    phone = made(t, 'mt6580-brom')
    worker = t.worker(phone)
    worker.identity()
    worker.control.send('CONNECT')
    worker.control.until('NEED_AGENT')
    worker.give_agent(t.agent)
    worker.control.until('NEED_AGENT')
    path = os.path.join(t.path, 'preloader.bin')
    subprocess.run([MKPRELOADER, path], check=True)
    worker.give_agent(path)
    worker.control.until('NEED_REPLUG')
    worker.control.send('FINISH', ACTION='reboot')
    failure, left = worker.failure()
    assert failure['ERROR'] == 'Canceled' and left == 'gone', (failure, left)


def protected_boot_rom(t):
    """SLA, DAA, SBC: named, and what it means."""
    phone = made(t, 'mt6765-brom-locked')
    worker = t.worker(phone)
    identity = worker.identity()
    assert int(identity['TARGET_CONFIG'], 0) == 0xe7
    worker.control.send('CONNECT')
    worker.control.until('NEED_AGENT')
    worker.give_agent(t.agent)
    worker.control.until('NEED_AGENT')
    path = os.path.join(t.path, 'preloader.bin')
    subprocess.run([MKPRELOADER, path], check=True)
    worker.give_agent(path)
    failure, left = worker.failure()
    assert failure['ERROR'] == 'AuthRequired' and int(failure['STATUS'], 0) == 0x1d0d, failure


def locked_xml_agent(t):
    phone = made(t, 'mt6835-sla')
    worker = t.worker(phone)
    worker.identity()
    worker.control.send('CONNECT')
    worker.control.until('NEED_AGENT')
    worker.give_agent(t.agent)
    failure, left = worker.failure()
    assert failure['ERROR'] == 'AuthRequired', failure
    assert left == 'rebooted', left
    assert not phone.breaches()


sys.exit(run([legacy, legacy_linear, legacy_single_stage, legacy_extra_word, xml, xml_ufs, xflash_ufs,
              boot_rom_xml, boot_rom_legacy, boot_rom_xflash, every_other, bits_say_nothing,
              boot_rom_without_settings,
              settings_of_another_phone, a_phone_that_does_not_come_back, protected_boot_rom,
              locked_xml_agent]))

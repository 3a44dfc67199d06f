#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""checksum against sums of Python, md5sum and xmllint."""
import os
import re
import shutil

from toolbox import (FAILURE, MISMATCH, NOTHING, NOT_FOUND, USAGE, ctl, example, judge, main, noise,
                     read, write)

SCATTER = '''- general: MTK_PLATFORM_CFG
  info:
    - config_version: V1.1.2
      platform: MT6752
      project: demo
      storage: EMMC
      boot_channel: MSDC_0
      block_size: 0x20000
'''


def scatter(folder, files):
    text = SCATTER
    for i, (name, file) in enumerate(files):
        text += (f'- partition_index: SYS{i}\n  partition_name: {name}\n  file_name: {file}\n'
                 f'  is_download: true\n  type: NORMAL_ROM\n'
                 f'  linear_start_addr: 0x{i:x}00000\n  physical_start_addr: 0x{i:x}00000\n'
                 f'  partition_size: 0x100000\n  region: EMMC_USER\n  storage: HW_STORAGE_EMMC\n')
    write(folder + '/MT6752_Android_scatter.txt', text.encode())


def example_folder(folder):
    """The examples' files, named as their own list wants it."""
    scatter(folder, [('preloader', 'preloader_demo.bin'), ('lk', 'img-lk.bin'),
                     ('boot', 'img-boot.img')])
    for name in ('preloader_demo.bin', 'img-lk.bin', 'img-boot.img', 'Checksum.ini',
                 'scatter_checksum.xml'):
        shutil.copy(example(name), folder)


def results(report):
    return {(f['name'], f['result']) for f in report['files']}


def test_example(folder):
    example_folder(folder)
    report = ctl('--json', 'checksum', folder).json
    assert results(report) == {
        ('preloader', 'ok'), ('lk', 'ok'), ('boot', 'ok'), ('preloader_demo.bin', 'ok'),
        ('img-lk.bin', 'ok'), ('img-boot.img', 'ok')}
    assert report['scatter'] == 'MT6752_Android_scatter.txt'


def test_differences(folder):
    example_folder(folder)
    data = bytearray(read(folder + '/img-lk.bin'))
    data[5] += 1
    write(folder + '/img-lk.bin', data)
    os.unlink(folder + '/img-boot.img')
    report = ctl('--json', 'checksum', folder, code=MISMATCH).json
    assert {('lk', 'differs'), ('boot', 'missing'), ('img-lk.bin', 'differs'),
            ('img-boot.img', 'missing'), ('preloader', 'ok')} <= results(report)
    assert len(report['problems']) == 4 and report['problems'][0]['line'] == 9
    assert b'differs' in ctl('checksum', folder, code=MISMATCH).out


def test_write_both_lists(folder):
    files = {'lk': noise(100000, 1), 'boot': noise(3 * 2**20 + 3, 2), 'logo': b''}
    scatter(folder, [('lk', 'lk.bin'), ('lk2', 'lk.bin'), ('boot', 'boot.img'),
                     ('logo', 'logo.bin'), ('recovery', 'recovery.img')])
    for name, data in files.items():
        write(f"{folder}/{name}.{'img' if name == 'boot' else 'bin'}", data)
    report = ctl('--json', 'checksum', folder, '--write', '--md5', '--v6').json
    assert 'recovery' in report['problems'][0]['text']
    ini = read(folder + '/Checksum.ini').decode()
    for name in ('lk', 'lk2', 'boot', 'logo'):
        data = files['lk' if name == 'lk2' else name]
        assert f'\n{name}=0x{sum(data) & 0xFFFF:X}\n' in ini, ini
        path = f"{folder}/{'lk' if name == 'lk2' else name}.{'img' if name == 'boot' else 'bin'}"
        md5 = judge('md5sum', path).split()[0].decode()
        assert f'\n{name}={md5}\n' in ini
    judge('xmllint', '--noout', folder + '/scatter_checksum.xml')
    xml = read(folder + '/scatter_checksum.xml').decode()
    names = re.findall(r'name="(.*?)"', xml)
    assert names == ['lk.bin', 'boot.img', 'logo.bin']
    report = ctl('--json', 'checksum', folder).json
    assert {r for _, r in results(report)} == {'ok'}
    # a changed byte is found by every list
    with open(folder + '/boot.img', 'r+b') as file:
        file.write(b'\x01')
    assert len(ctl('--json', 'checksum', folder, code=MISMATCH).json['problems']) == 2


def test_md5_finds_what_a_sum_cannot(folder):
    write(folder + '/boot.img', b'ab' * 1000)
    ctl('checksum', folder, '--write', '--md5')
    write(folder + '/boot.img', b'ba' * 1000)
    ctl('checksum', folder, code=MISMATCH)
    ctl('checksum', folder, '--write', code=FAILURE)
    ctl('checksum', folder, '--write', '--force')
    write(folder + '/boot.img', b'ab' * 1000)
    ctl('checksum', folder)


def test_verified_variant(folder):
    scatter(folder, [('lk', 'lk.bin')])
    write(folder + '/lk.bin', b'plain')
    write(folder + '/lk-verified.bin', b'signed')
    ini = f'[IsEnableChecksum]\nCHECKSUM_SWITCH=1\n[CheckSum]\nlk=0x{sum(b"signed"):X}\n'
    write(folder + '/Checksum.ini', ini.encode())
    report = ctl('--json', 'checksum', folder).json
    assert report['files'][0]['file'] == 'lk-verified.bin'
    os.unlink(folder + '/lk.bin')
    ctl('checksum', folder)


def test_without_scatter(folder):
    write(folder + '/lk.bin', noise(5000))
    write(folder + '/boot.img', noise(7000))
    report = ctl('--json', 'checksum', folder, '--write').json
    assert results(report) == {('lk', 'listed'), ('boot', 'listed')}
    ctl('checksum', folder)


def test_nothing_outside_the_folder(folder):
    os.mkdir(folder + '/rom')
    secret = write(folder + '/secret', b'secret')
    os.symlink(secret, folder + '/rom/boot.img')
    scatter(folder + '/rom', [('lk', '../secret'), ('boot', 'boot.img')])
    write(folder + '/rom/Checksum.ini', b'[CheckSum]\nlk=0x28B\nboot=0x28B\n')
    report = ctl('--json', 'checksum', folder + '/rom', code=MISMATCH).json
    assert results(report) == {('lk', 'missing'), ('boot', 'missing')}


def test_usage(folder):
    ctl('checksum', code=USAGE)
    ctl('checksum', folder, '--md5', code=USAGE)
    ctl('checksum', folder, code=FAILURE)
    ctl('checksum', folder + '/none', code=NOT_FOUND)
    ctl('checksum', example('img-lk.bin'), code=FAILURE)
    ctl('checksum', folder, '--write', code=NOTHING)
    ctl('checksum', folder, '--scatter', example('img-lk.bin'), code=FAILURE)


def test_damaged_lists(folder):
    for name in ('Checksum.ini', 'scatter_checksum.xml'):
        data = read(example(name))
        for size in range(0, len(data), max(1, len(data) // 25)):
            example_folder(folder)
            write(f'{folder}/{name}', data[:size])
            ctl('checksum', folder, code=None)


if __name__ == '__main__':
    main()

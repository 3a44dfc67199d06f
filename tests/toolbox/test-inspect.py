#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""inspect: every example, every way of cutting one, whole dumps."""
import os
import struct

from toolbox import (EXAMPLES, FAILURE, MISMATCH, NOT_FOUND, ctl, example, judge, main, noise, read,
                     sparse_file, write)

KINDS = {
    'Checksum.ini': 'checksum-ini', 'DEMO61_BB.cfg': 'feature-cfg',
    'MT6572_Android_scatter.txt': 'scatter', 'MT6577_Android_scatter_emmc.txt': 'scatter-legacy',
    'MT6752_Android_scatter.txt': 'scatter', 'MT6893_Android_scatter.txt': 'scatter',
    'MT6893_Android_scatter.xml': 'scatter-xml', 'boot1-emmc.bin': 'boot-area',
    'boot1-ufs.bin': 'boot-area', 'console-readback-v5.xml': 'console-v5',
    'console-readback-v6.xml': 'console-v6', 'ebr1-mt6572.bin': 'mbr',
    'feature-cfg-variants.cfg': 'feature-cfg', 'feature-demo61-head.bin': 'feature-rom',
    'feature-phone-download.cfg': 'feature-cfg', 'feature-phone-dump-wrapped.bin': 'feature-rom',
    'gpt-emmc-ascii-names.bin': 'gpt', 'gpt-emmc-p70a-backup.bin': 'gpt',
    'gpt-emmc-p70a-primary.bin': 'gpt', 'gpt-ufs-4096-backup.bin': 'gpt',
    'gpt-ufs-4096-primary.bin': 'gpt', 'mbr-mt6572.bin': 'mbr',
    'memory-report.txt': 'memory-report', 'pmt-v1.bin': 'pmt', 'pmt-v3.bin': 'pmt',
    'preloader_demo.bin': 'preloader', 'readback-v6.xml': 'readback-v6',
    'readback_ui_bak-v5-emmc.xml': 'readback-v5', 'readback_ui_bak-v5-ufs-v2.xml': 'readback-v5',
    'scatter_checksum.xml': 'checksum-xml', 'sparse-all-kinds.simg': 'sparse',
    'super-metadata-head.bin': 'super',
}
PARTITIONS = {
    'gpt-emmc-p70a-primary.bin': 19, 'gpt-emmc-p70a-backup.bin': 19, 'gpt-emmc-ascii-names.bin': 4,
    'gpt-ufs-4096-primary.bin': 6, 'gpt-ufs-4096-backup.bin': 6, 'pmt-v1.bin': 9, 'pmt-v3.bin': 9,
    'super-metadata-head.bin': 3, 'MT6572_Android_scatter.txt': 9,
    'MT6577_Android_scatter_emmc.txt': 9, 'MT6752_Android_scatter.txt': 22,
    'MT6893_Android_scatter.txt': 16, 'MT6893_Android_scatter.xml': 16,
}


def inspect(path):
    report = ctl('--json', 'inspect', path, code=None).json
    assert isinstance(report['partitions'], list) and isinstance(report['problems'], list)
    assert all('text' in p for p in report['problems'])
    return report


def texts(report):
    return ' | '.join(p['text'] for p in report['problems'])


def test_examples(folder):
    for name, kind in KINDS.items():
        report = inspect(example(name))
        assert report['kind'] == kind, (name, report['kind'])
        if name in PARTITIONS:
            assert len(report['partitions']) == PARTITIONS[name], name
        assert ctl('inspect', example(name), code=None).out.startswith(b'File:')


def test_every_truncation(folder):
    """An error or a problem, never a crash; the whole thing in bounded time."""
    for name in sorted(os.listdir(EXAMPLES)):
        data = read(example(name))
        step = max(1, len(data) // 9)
        for size in range(0, len(data), step):
            inspect(write(folder + '/cut', data[:size]))


def phone(folder):
    lk = struct.pack('<II32sII', 0x58881688, 1000, b'lk', 0xFFFFFFFF, 0).ljust(512, b'\xff')
    boot = b'ANDROID!' + struct.pack('<10I', 5000, 0, 1000, 0, 0, 0, 0, 2048, 0, 0) + bytes(3000)
    tail = read(example('gpt-emmc-p70a-backup.bin'))
    size = 0x3A3E00000
    fs = folder + '/ext4'
    sparse_file(fs, 8 * 2**20)
    judge('mkfs.ext4', '-q', '-F', '-L', 'system', fs)
    pieces = [(0, read(example('gpt-emmc-p70a-primary.bin'))), (size - len(tail), tail),
              (30146560, lk + noise(1000)), (30539776, boot), (47316992, boot),
              (134217728, read(fs))]
    pieces += [(at, noise(4096, at)) for at in (524288, 3670016, 8912896, 19398656)]
    return sparse_file(folder + '/user.img', size, pieces), pieces


def test_whole_dump(folder):
    path, _ = phone(folder)
    report = ctl('--json', 'inspect', path).json
    assert report['kind'] == 'dump' and report['table'] == 'gpt' and not report['problems']
    content = {p['name']: p.get('content') for p in report['partitions']}
    assert content['lk'] == 'mtk-image lk' and content['boot'] == 'boot-image'
    assert content['system'] == 'ext4 system' and content['cache'] == 'empty'
    system = next(p for p in report['partitions'] if p['name'] == 'system')
    assert system['region'] == 'EMMC_USER' and system['offset'] == 134217728
    assert report['primary_ok'] and report['backup_ok'] and report['copies_equal']


def test_dump_that_is_not_good(folder):
    path, _ = phone(folder)
    with open(path, 'r+b') as file:
        for at in (3670016, 30146560, 30539776):
            file.seek(at)
            file.write(bytes(4096))
        file.truncate(200 * 2**20)
    report = ctl('--json', 'inspect', path, code=MISMATCH).json
    for words in ('nvram begins with nothing', 'lk does not begin', 'boot does not begin',
                  'the dump ends before the end of system'):
        assert words in texts(report), texts(report)


def test_dump_as_sparse_image(folder):
    path, _ = phone(folder)
    ctl('sparse', path, '-o', folder + '/simg')
    report = ctl('--json', 'inspect', folder + '/simg').json
    assert report['kind'] == 'sparse' and report['content']['kind'] == 'dump'
    assert len(report['partitions']) == 19
    with open(folder + '/simg', 'r+b') as file:
        file.truncate(os.path.getsize(folder + '/simg') - 3)
    assert 'cut or damaged' in texts(inspect(folder + '/simg'))


def test_broken_tables(folder):
    path, _ = phone(folder)
    with open(path, 'r+b') as file:
        file.seek(512 + 16)
        file.write(b'\0\0\0\0')
    report = inspect(path)
    assert report['used_copy'] == 'backup' and not report['primary_ok'] and report['partitions']
    with open(path, 'r+b') as file:
        file.seek(0x3A3E00000 - 512 + 16)
        file.write(b'\0\0\0\0')
    report = inspect(path)
    assert not report['partitions'] and 'backup table' in texts(report)


def test_file_systems(folder):
    path = sparse_file(folder + '/ext4', 16 * 2**20)
    judge('mkfs.ext4', '-q', '-F', '-L', 'vendor', '-U', '12345678-1234-1234-1234-123456789abc', path)
    report = ctl('--json', 'inspect', path).json
    assert report['filesystem'] == 'ext4' and report['label'] == 'vendor'
    assert report['uuid'] == '12345678-1234-1234-1234-123456789abc'
    assert report['filesystem_size'] == 16 * 2**20
    os.truncate(path, 2**20)
    assert 'ends before' in texts(inspect(path))


def test_wrapped_feature_phone(folder):
    # 1 MiB is the smallest chip that exists: the example stands in it twice
    one = read(example('feature-demo61-head.bin')).ljust(2**20, b'\xff')
    report = inspect(write(folder + '/dump', one * 2))
    assert report['flash_size'] == 2**20 and 'repeats itself' in texts(report)
    assert [f['type'] for f in report['files']] == ['ARM_BL', 'ARM_EXT_BL', 'PRIMARY_MAUI', 'VIVA']
    assert [f['hash'] for f in report['files']] == ['good', 'good', 'none', 'none']


def test_something_else(folder):
    assert inspect(write(folder + '/empty', b''))['kind'] == 'empty'
    assert inspect(write(folder + '/zeros', bytes(5000)))['kind'] == 'empty'
    assert inspect(write(folder + '/noise', noise(5 * 2**20)))['kind'] == 'unknown'
    ctl('inspect', folder + '/none', code=NOT_FOUND)
    ctl('inspect', folder, code=FAILURE)
    ctl('inspect', '/dev/null', code=0)


def test_names_cannot_write_to_the_terminal(folder):
    path = write(folder + '/\x1b[31m.img', noise(100))
    assert b'\x1b' not in ctl('inspect', path).out
    report = ctl('--json', 'inspect', write(os.fsencode(folder) + b'/\xff.img', noise(100))).json
    assert report['file'].endswith('?.img')


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scatter against the examples, sgdisk, parted and xmllint."""
import os
import re

from toolbox import (FAILURE, MISMATCH, NOT_FOUND, OK, USAGE, ctl, example, judge, main, read,
                     sparse_file, write)

V1, V2 = example('MT6752_Android_scatter.txt'), example('MT6893_Android_scatter.txt')
XML, LEGACY = example('MT6893_Android_scatter.xml'), example('MT6577_Android_scatter_emmc.txt')
MBR_PHONE = example('MT6572_Android_scatter.txt')
USER = 0x3A3E00000


def dump(folder, size=USER):
    """A whole dump of the phone behind the first example, nearly all of it holes."""
    return sparse_file(folder + '/user.img', size, [
        (0, read(example('gpt-emmc-p70a-primary.bin'))),
        (USER - 33 * 512, read(example('gpt-emmc-p70a-backup.bin'))), (0x1D20000, b'ANDROID!')])


def places(partitions):
    return [(p['name'], p['offset'], p.get('size')) for p in partitions if 'offset' in p]


def test_same_text(folder):
    for path in (V1, V2):
        assert ctl('scatter', path).out == read(path)


def test_any_to_any(folder):
    for path in (V1, V2, XML, LEGACY, MBR_PHONE):
        for to in ('v1', 'v2', 'xml'):
            storage = ['--storage', 'ufs'] if path in (V2, XML) and to == 'v1' else []
            first, second = f'{folder}/first.{to}', f'{folder}/second.{to}'
            ctl('scatter', '--to', to, *storage, '-o', first, '-f', path)
            ctl('scatter', '--to', to, '-o', second, '-f', first)
            assert read(first) == read(second), (path, to)
            before = ctl('--json', 'scatter', *storage, path).json
            after = ctl('--json', 'scatter', first).json
            assert places(before['partitions']) == places(after['partitions']), (path, to)
            assert after['dialect'] == to
            if to == 'xml':
                judge('xmllint', '--noout', first)


def test_text_and_xml_say_the_same(folder):
    assert ctl('scatter', '--to', 'xml', V2).out == ctl('scatter', '--to', 'xml', XML).out
    ctl('scatter', 'check', V2, XML)


def test_made_from_dump(folder):
    """As other tools see the same table, and as the scatter of the phone says it."""
    image = dump(folder)
    made = folder + '/MT6752_Android_scatter.txt'
    report = ctl('--json', 'scatter', '--chip', 'MT6752', '--project', 'x', '-o', made, image).json
    assert report['kind'] == 'gpt' and 'problems' not in report, report
    ctl('scatter', 'check', made, image)
    ctl('scatter', 'check', V1, made)
    names = [p['name'] for p in report['partitions']]
    assert len(names) == 22 and names[17] == 'system' and names[0] == 'preloader'
    addresses = dict(re.findall(r'name: (\w+)\n.*?physical_start_addr: (\w+)', read(made).decode(),
                                re.S))
    assert addresses['flashinfo'] == '0xFFFF0084' and addresses['sgpt'] == '0xFFFF0004'

    ours = {p['name']: (p['offset'] // 512, (p['offset'] + p['size']) // 512 - 1)
            for p in report['partitions'] if p['name'] not in ('preloader', 'pgpt', 'sgpt')}
    verdict = judge('sgdisk', '-v', image).decode()
    assert 'No problems found' in verdict, verdict
    theirs = {}
    for line in judge('sgdisk', '-p', image).decode().splitlines():
        words = line.split()
        if len(words) >= 7 and words[0].isdigit():
            theirs[words[-1]] = (int(words[1]), int(words[2]))
    assert theirs == ours, theirs
    theirs = {}
    for line in judge('parted', '-sm', image, 'unit', 's', 'print').decode().splitlines():
        words = line.split(':')
        if words[0].isdigit():
            theirs[words[5]] = (int(words[1][:-1]), int(words[2][:-1]))
    assert theirs == ours, theirs


def test_lone_tables(folder):
    for name in ('gpt-emmc-p70a-primary.bin', 'gpt-emmc-p70a-backup.bin'):
        report = ctl('--json', 'scatter', '--chip', 'MT6752', example(name)).json
        assert len(report['partitions']) == 22, name
    report = ctl('--json', 'scatter', example('gpt-ufs-4096-primary.bin')).json
    assert report['storages'] == ['ufs']
    assert any('chip' in p['text'] for p in report['problems'])


def test_mbr_phone(folder):
    """MBR, EBR and PMT of a dump; the pool for bad blocks counts from its end."""
    image = sparse_file(folder + '/user.img', 0x80000000, [
        (0, read(example('mbr-mt6572.bin'))), (0x80000, read(example('ebr1-mt6572.bin'))),
        (0x100000, read(example('pmt-v1.bin')))])
    made = folder + '/made.txt'
    report = ctl('--json', 'scatter', '--chip', 'MT6572', '-o', made, image).json
    assert report['kind'] == 'pmt', report
    ctl('scatter', 'check', made, image)
    ctl('scatter', 'check', MBR_PHONE, made)
    ctl('scatter', 'check', '--user-size', '2G', LEGACY, MBR_PHONE)
    linear = re.findall(r'linear_start_addr: (\w+)', read(made).decode())
    assert linear == ['0x0', '0x1400000', '0x1480000', '0x1500000', '0x1a00000', '0x1a60000',
                      '0x2060000', '0x22060000', '0xFFFF00a8'], linear
    listing = folder + '/dumchar_info'
    write(listing, b''.join(b'%-10s 0x%016x 0x%016x 2 /dev/block/mmcblk0\n' % row for row in (
        (b'preloader', 0x1400000, 0), (b'mbr', 0x80000, 0), (b'ebr1', 0x80000, 0x80000),
        (b'nvram', 0x500000, 0x100000), (b'bmtpool', 0x1500000, 0xFEBF00A8))))
    report = ctl('--json', 'scatter', '--chip', 'MT6572', listing).json
    assert report['kind'] == 'dumchar' and '0xFFFF00a8' in report['text'], report


def test_check(folder):
    def problems(*args):
        return [p['text'] for p in
                ctl('--json', 'scatter', 'check', *args, code=MISMATCH).json['problems']]

    report = ctl('--json', 'scatter', 'check', V1).json
    assert 'problems' not in report and len(report['notes']) == 2
    report = ctl('--json', 'scatter', 'check', '--report', example('memory-report.txt'), V1).json
    assert 'problems' not in report and 'notes' not in report
    assert 'userdata ends at' in problems('--user-size', '8G', V1)[0]
    text = read(V1).decode()
    overlap = write(folder + '/overlap.txt', text.replace(
        'physical_start_addr: 0x380000', 'physical_start_addr: 0x37fe00').encode())
    assert problems(overlap) == ['nvram overlaps proinfo']
    assert 'nvram lies at 0x37fe00 and at 0x380000' in problems(
        overlap, example('gpt-emmc-p70a-primary.bin'))
    zero = write(folder + '/zero.txt', re.sub('physical_start_addr: 0x[1-9a-f][0-9a-f]*',
                                              'physical_start_addr: 0x0', text).encode())
    assert any('physical addresses are missing' in t for t in problems(zero))
    cut = write(folder + '/cut.txt', text[:text.index('- partition_index: SYS3')].encode())
    found = problems(V1, cut)
    assert 'nvram is only in the first' in found, found
    assert 'differ' not in ctl('scatter', 'check', V2, V1, code=MISMATCH).err
    line = [p for p in ctl('--json', 'scatter', 'check', overlap, code=MISMATCH).json['problems']]
    assert text.splitlines()[line[0]['line'] - 1] == '- partition_index: SYS3', line


def test_odd_files(folder):
    """CRLF, byte order mark, tabs, Latin-1 and stray lines change nothing but the complaints."""
    text = read(V1)
    odd = b'\xef\xbb\xbf# h\xe9\r\n' + text.replace(b'\n', b'  \r\n').replace(b'  file_name',
                                                                             b'\tfile_name')
    path = write(folder + '/odd.txt', odd + b'somebody wrote this')
    result = ctl('scatter', path)
    assert result.out == text
    assert 'stray line' in result.err


def test_refusals(folder):
    empty, noise = write(folder + '/empty', b''), write(folder + '/noise', bytes(range(256)) * 99)
    for path in (empty, noise):
        ctl('scatter', path, code=FAILURE)
        assert ctl('--json', 'scatter', path, code=FAILURE).json['type'] == 'error'
    ctl('scatter', folder, code=FAILURE)
    ctl('scatter', folder + '/missing', code=NOT_FOUND)
    ctl('scatter', '--to', 'legacy', V1, code=USAGE)
    ctl('scatter', '--to', 'v1', V2, code=USAGE)
    ctl('scatter', '--storage', 'tape', V2, code=USAGE)
    ctl('scatter', '--storage', 'nand', V2, code=FAILURE)
    ctl('scatter', 'check', code=USAGE)
    ctl('scatter', V1, V2, code=USAGE)
    ctl('scatter', 'check', '-o', folder + '/x', V1, code=USAGE)
    ctl('scatter', '--report', V1, V1, code=FAILURE)
    target = write(folder + '/there', b'mine')
    ctl('scatter', '-o', target, V1, code=FAILURE)
    assert read(target) == b'mine'
    hostile = write(folder + '/x.xml', b'<!DOCTYPE root [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
                    b'<root><partition_index name="SYS0"><partition_name>&a;</partition_name>'
                    b'</partition_index></root>')
    ctl('scatter', hostile, code=FAILURE)
    broken = bytearray(read(example('gpt-emmc-p70a-primary.bin')))
    broken[1030] ^= 1
    ctl('scatter', write(folder + '/broken.bin', broken), code=FAILURE)


def test_cut_anywhere(folder):
    for path in (V1, XML, example('gpt-emmc-p70a-primary.bin'), example('pmt-v3.bin')):
        data = read(path)
        for size in range(0, len(data), len(data) // 17):
            ctl('scatter', write(folder + '/cut', data[:size]), code=None)


def test_service_is_asked_for_backups(folder):
    os.environ['DBUS_SYSTEM_BUS_ADDRESS'] = f'unix:path={folder}/nothing'
    assert ctl('scatter', '20261120T140300Z-0123abcd', code=None).code == 7
    assert ctl('scatter', 'latest', code=None).code == 7
    write(folder + '/latest', read(V1))
    assert ctl('scatter', 'latest', cwd=folder).code == OK


if __name__ == '__main__':
    main()

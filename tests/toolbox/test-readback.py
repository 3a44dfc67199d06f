#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""readback-xml against the examples and the rules of the tool, with xmllint as judge."""
import os
import xml.etree.ElementTree as ElementTree

from toolbox import EXAMPLES, NOTHING, USAGE, ctl, example, judge, main, write

V1, V2 = example('MT6752_Android_scatter.txt'), example('MT6893_Android_scatter.txt')
MBR_PHONE, LEGACY = example('MT6572_Android_scatter.txt'), example('MT6577_Android_scatter_emmc.txt')
REPORT = ['--report', example('memory-report.txt')]
SCHEMA = os.path.join(os.path.dirname(EXAMPLES), 'schema')


def make(folder, *args):
    """A list, checked with the schema of its form."""
    path = folder + '/list.xml'
    ctl('readback-xml', '-f', '-o', path, *args)
    form = '6' if any(a.endswith('6') for a in args if a.startswith(('v', 'console'))) else '5'
    judge('xmllint', '--noout', '--nonet', '--relaxng', f'{SCHEMA}/readback-v{form}.rng', path)
    return ElementTree.parse(path).getroot()


def items(root):
    return [(i.get('part-id'), int(i.get('start-address'), 16), int(i.get('readback-length'), 16),
             i.text) for i in root.iter('readback-rom-item')]


def test_whole_phone(folder):
    """What the known generators leave out: header, loader, boot areas, ends, indices."""
    root = make(folder, *REPORT, '--folder', '/backup', V1)
    assert root.find('general/chip-name').text == 'MT6752'
    assert root.find('general/storage-type').text == 'EMMC'
    found = items(root)
    assert found[0] == ('1', 0, 0x400000, '/backup/preloader.img')
    assert found[1] == ('2', 0, 0x400000, '/backup/preloader_backup.img')
    assert found[2] == ('8', 0, 0x80000, '/backup/pgpt.img')
    assert found[-2] == ('8', 0x3A2D80000, 0x1000000, '/backup/flashinfo.img')
    assert found[-1] == ('8', 0x3A3D80000, 0x80000, '/backup/sgpt.img')
    assert len(found) == 23
    indices = [int(i.get('readback-index')) for i in root.iter('readback-rom-item')]
    assert indices == list(range(23))


def test_like_the_examples(folder):
    def same(a, b):
        return judge('xmllint', '--c14n', '--noblanks', a) == judge('xmllint', '--c14n',
                                                                   '--noblanks', b)

    path = folder + '/list.xml'
    ctl('readback-xml', '--suffix', '', '--folder', '/backup/p70a', '--exclude', 'userdata,sgpt',
        '--user-size', '0x3A3E00000', '-o', path, V1)
    assert same(path, example('readback_ui_bak-v5-emmc.xml'))
    ctl('readback-xml', '--suffix', '', '--folder', '/backup/demo', '--storage', 'ufs',
        '--partitions', 'preloader,pgpt,nvram', '-f', '-o', path, V2)
    assert same(path, example('readback_ui_bak-v5-ufs-v2.xml'))


def test_area_numbers(folder):
    def ids(*args):
        return sorted({i[0] for i in items(make(folder, *args))})

    assert ids('--boot-size', '4M', V1) == ['1', '2', '8']
    assert ids('--storage', 'emmc', V2) == ['32', '33', '34']
    assert ids('--storage', 'ufs', V2) == ['32', '33', '34']
    assert ids('--storage', 'ufs', '--part-id', 'v1', V2) == ['1', '2', '3']
    assert ids('--part-id', 'v2', V1) == ['32', '34']
    assert ids('--part-id', '9', V1) == ['9']
    ctl('readback-xml', '--part-id', 'x', V1, code=USAGE)


def test_windows_folder(folder):
    found = items(make(folder, '--folder', 'D:\\Read & Back', '--partitions', 'boot', V1))
    assert found == [('8', 0x1D20000, 0x1000000, 'D:\\Read & Back\\boot.img')]


def test_selection(folder):
    found = [i[3] for i in items(make(folder, '--partitions', 'nv*,prot*', '--exclude', '*2', V1))]
    assert found == ['nvram.img', 'protect1.img']
    ctl('readback-xml', '--partitions', 'nothing', V1, code=NOTHING)
    ctl('readback-xml', V2, code=USAGE)
    ctl('readback-xml', '--form', 'v7', V1, code=USAGE)
    ctl('readback-xml', '--partitions', ','.join(['x'] * 65), V1, code=USAGE)


def test_left_out_with_reason(folder):
    report = ctl('--json', 'readback-xml', V1).json
    texts = [p['text'] for p in report['problems']]
    assert any(t.startswith('flashinfo is left out') for t in texts), texts
    assert all(i['size'] > 0 for i in report['items'])
    result = ctl('readback-xml', LEGACY)
    assert 'USRDATA is left out: its end is not known' in result.err
    # with the size of the area the open end is closed
    assert 'USRDATA' in ctl('readback-xml', '--user-size', '1G', LEGACY).out.decode()


def test_missing_physical_addresses(folder):
    """A scatter whose physical addresses are all zero does not read sector 0 for everything."""
    with open(MBR_PHONE, encoding='ascii') as file:
        text = '\n'.join('  physical_start_addr: 0x0' if 'physical' in line else line
                         for line in file.read().split('\n'))
    path = write(folder + '/zero.txt', text.encode())
    found = {i[3]: i[1] for i in items(make(folder, path))}
    assert found['ANDROID.img'] == 0xC60000 and found['MBR.img'] == 0, found


def test_version_6(folder):
    root = make(folder, '--form', 'v6', '--storage', 'ufs', V2)
    manual = [i.get('region-text') for i in root.find('readback/manual-readback-list')]
    auto = [i.get('partition-name') for i in root.find('readback/auto-readback-list')]
    assert manual == ['UFS-LUA0', 'UFS-LUA1', 'UFS-LUA2'], manual
    assert auto[0] == 'nvram' and 'userdata' in auto


def test_console_modes(folder):
    root = make(folder, '--form', 'console5', '--agent', '/tool/DA.bin', V1)
    assert root.find('general/download-agent').text == '/tool/DA.bin'
    assert root.find('general/scatter').text == V1
    root = make(folder, '--form', 'console6', '--folder', '/backup', V1)
    first = root.find('commands/READ-PARTITION')
    assert first.get('partition') == 'preloader'
    assert first.find('target-file').get('file_name') == '/backup/preloader.img'


def test_made_from_a_table(folder):
    found = items(make(folder, '--chip', 'MT6752', example('gpt-emmc-p70a-backup.bin')))
    assert found[0][0] == '1' and found[-1][1] == 0x3A3D80000


if __name__ == '__main__':
    main()

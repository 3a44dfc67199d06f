#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""preloader and super."""
import os

from toolbox import (FAILURE, MISMATCH, NOT_FOUND, USAGE, ctl, example, judge, main, noise,
                     parts_left, read, sparse_file, write)


def test_preloader_out_of_an_area(folder):
    for area in ('boot1-emmc.bin', 'boot1-ufs.bin'):
        out = folder + '/' + area
        ctl('preloader', example(area), '-o', out)
        assert read(out) == read(example('preloader_demo.bin'))
        assert ctl('preloader', example(area), '-o', '-').out == read(out)


def test_preloader_into_an_area(folder):
    demo = example('preloader_demo.bin')
    ctl('preloader', demo, '--wrap', 'emmc', '--size', '8K', '-o', folder + '/emmc')
    assert read(folder + '/emmc') == read(example('boot1-emmc.bin'))
    ctl('preloader', demo, '--wrap', 'ufs', '--size', '8K', '--room', '512K', '-o', folder + '/ufs')
    assert read(folder + '/ufs') == read(example('boot1-ufs.bin'))
    # from one kind of area into the other
    ctl('preloader', example('boot1-ufs.bin'), '--wrap', 'emmc', '--size', '8K', '-o',
        folder + '/again')
    assert read(folder + '/again') == read(example('boot1-emmc.bin'))
    ctl('preloader', demo, '--wrap', 'nand', '-o', folder + '/x', code=USAGE)
    ctl('preloader', demo, '--wrap', 'emmc', code=USAGE)
    ctl('preloader', demo, '--wrap', 'emmc', '--size', '1K', '-o', folder + '/x', code=USAGE)
    ctl('preloader', demo, '--wrap', 'emmc', '--room', '16', '-o', folder + '/x', code=USAGE)
    assert not os.path.exists(folder + '/x')


def test_preloader_report(folder):
    report = ctl('--json', 'preloader', example('boot1-emmc.bin')).json
    assert report['health'] == 'good' and report['hash'] == 'good'
    assert report['header'] == 'EMMC_BOOT' and report['length'] == 0x28C
    assert report['emi'] == {'version': '11', 'offset': 0x228, 'length': 0x40}
    assert [b['name'] for b in report['blocks']] == ['FILE_INFO', 'BL_INFO', 'BROM_CFG']
    text = ctl('preloader', example('boot1-emmc.bin')).out.decode()
    assert 'Health:' in text and 'good' in text


def test_damaged_preloader(folder):
    data = bytearray(read(example('boot1-emmc.bin')))
    data[0x900] ^= 1
    area, out = write(folder + '/area', data), folder + '/out'
    assert ctl('--json', 'preloader', area, code=MISMATCH).json['health'] == 'damaged'
    ctl('preloader', area, '-o', out, code=MISMATCH)
    assert not os.path.exists(out) and not parts_left(folder)
    ctl('preloader', area, '-o', out, '--damaged')
    assert read(out) == data[0x800:0x800 + 0x28C]
    cut = write(folder + '/cut', data[:0x900])
    assert ctl('--json', 'preloader', cut, code=MISMATCH).json['health'] == 'cut'
    ctl('preloader', example('img-lk.bin'), code=FAILURE)
    ctl('preloader', folder + '/none', code=NOT_FOUND)


def super_image(folder):
    """The example's table with contents behind it."""
    system, vendor = noise(2048 * 512, 1), noise(512 * 512, 2)
    path = sparse_file(folder + '/super.img', 8 * 2**20,
                       [(0, read(example('super-metadata-head.bin'))), (2048 * 512, system),
                        (8192 * 512, vendor)])
    return path, system + bytes(1024 * 512), vendor


def test_super_list(folder):
    path, system, vendor = super_image(folder)
    listing = ctl('--json', 'super', path).json
    assert [(p['name'], p['size']) for p in listing['partitions']] == [
        ('system_a', len(system)), ('vendor_a', len(vendor)), ('system_b', 0)]
    assert 'problems' not in listing


def test_super_extract(folder):
    path, system, vendor = super_image(folder)
    assert ctl('super', path, 'system_a').out == system
    ctl('super', path, 'vendor_a', '-o', folder + '/v')
    assert read(folder + '/v') == vendor
    ctl('super', path, '--all', '-o', folder + '/all')
    assert sorted(os.listdir(folder + '/all')) == ['system_a.img', 'vendor_a.img']
    assert read(folder + '/all/system_a.img') == system
    ctl('super', path, '--all', '-o', folder + '/all', code=FAILURE)
    ctl('super', path, '--all', '-o', folder + '/all', '--force')
    ctl('super', path, '-a', code=USAGE)
    assert 'empty' in ctl('super', path, 'system_b', code=FAILURE).err
    assert 'no partition' in ctl('super', path, 'odm', code=FAILURE).err


def test_super_in_a_sparse_image(folder):
    path, system, _ = super_image(folder)
    judge('img2simg', path, folder + '/super.simg')
    assert ctl('super', folder + '/super.simg', 'system_a').out == system


def test_damaged_super(folder):
    path, system, _ = super_image(folder)
    data = bytearray(read(path))
    data[4100] ^= 1
    data[12288 + 200] ^= 1
    write(path, data)
    listing = ctl('--json', 'super', path).json
    assert len(listing['problems']) == 2, listing
    assert ctl('super', path, 'system_a').out == system
    ctl('super', path, '--slot', '2', code=USAGE)
    for slot in range(4):
        data[12288 + slot * 4096 + 200] ^= 3
    write(path, data)
    ctl('super', path, code=MISMATCH)
    ctl('super', example('img-lk.bin'), code=FAILURE)
    # only the head: the table is there, the contents are not
    assert 'cut' in ctl('super', example('super-metadata-head.bin'), 'system_a', code=FAILURE).err


def test_every_truncation(folder):
    for name in ('super-metadata-head.bin', 'boot1-emmc.bin', 'preloader_demo.bin'):
        data = read(example(name))
        for size in range(0, len(data), max(1, len(data) // 30)):
            cut = write(folder + '/cut', data[:size])
            for verb in ('super', 'preloader'):
                ctl(verb, cut, code=None)


if __name__ == '__main__':
    main()

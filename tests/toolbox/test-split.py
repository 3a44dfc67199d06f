#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""split and join: together they change nothing."""
import json
import os
import shutil

from toolbox import (FAILURE, INCOMPLETE, MISMATCH, NOT_FOUND, USAGE, ctl, example, judge, main,
                     noise, parts_left, read, sparse_file, write)

USER = 0x3A3E00000
PARTS = {'nvram': (3670016, 5 * 2**20), 'boot': (30539776, 16 * 2**20),
         'userdata': (2726297600, 12890669056)}


def phone(folder, size=USER):
    """A dump of the example phone: tables, some contents, something where no partition is."""
    head, tail = read(example('gpt-emmc-p70a-primary.bin')), read(
        example('gpt-emmc-p70a-backup.bin'))
    pieces = [(0, head), (PARTS['nvram'][0], noise(PARTS['nvram'][1], 1)),
              (PARTS['boot'][0], noise(2**20, 2)), (PARTS['userdata'][0] + 2**33, noise(5000, 3)),
              (0x40000, b'between the table and the first partition'),
              (USER - len(tail), tail)]
    return sparse_file(folder + '/user.img', size,
                       [p for p in pieces if p[0] + len(p[1]) <= size])


def boot_area(folder):
    return write(folder + '/boot1.img', read(example('boot1-emmc.bin')).ljust(4 * 2**20, b'\xff'))


def same(a, b):
    """Compares sparse files by their data alone."""
    assert os.path.getsize(a) == os.path.getsize(b)
    judge('cmp', '-n', str(2**27), a, b)
    for path in (a, b):
        with open(a, 'rb') as x, open(b, 'rb') as y:
            at = 0
            while True:
                try:
                    with open(path, 'rb') as z:
                        at = os.lseek(z.fileno(), at, os.SEEK_DATA)
                        end = os.lseek(z.fileno(), at, os.SEEK_HOLE)
                except OSError:
                    break
                while at < end:
                    x.seek(at)
                    y.seek(at)
                    size = min(2**22, end - at)
                    assert x.read(size) == y.read(size), hex(at)
                    at += size


def test_round_trip(folder):
    user, boot1, out = phone(folder), boot_area(folder), folder + '/out'
    listing = ctl('--json', 'split', user, '--boot1', boot1, '-o', out).json
    assert listing['table'] == 'gpt'
    assert len(listing['parts']) == 22
    sizes = {p['name']: p['size'] for p in listing['parts']}
    assert sizes['userdata'] == PARTS['userdata'][1] and sizes['preloader'] == 4 * 2**20
    assert sum(p['size'] for p in listing['parts']) == USER + 4 * 2**20
    for name, (offset, size) in PARTS.items():
        path = f'{out}/{name}.img'
        assert os.path.getsize(path) == size
        with open(user, 'rb') as file:
            file.seek(offset)
            assert read(path)[:2**21] == file.read(2**21)[:size] if size < 2**30 else True
    assert read(out + '/_gap-0.img')[0x40000:].startswith(b'between the table')
    assert os.stat(out + '/userdata.img').st_blocks * 512 < 2**20, 'holes were filled'
    assert not parts_left(out)

    ctl('join', out, '-o', folder + '/whole')
    same(folder + '/whole/EMMC_USER.img', user)
    assert read(folder + '/whole/EMMC_BOOT1.img') == read(boot1)
    ctl('join', out, '-r', 'BOOT1', '-o', folder + '/b1')
    assert read(folder + '/b1') == read(boot1)
    assert ctl('join', out, '-r', 'LU0').out == read(boot1)
    ctl('join', out, '-r', 'BOOT2', code=USAGE)
    ctl('join', out, code=USAGE)


def test_ufs_and_its_sectors(folder):
    size = 0x80000000
    tail = read(example('gpt-ufs-4096-backup.bin'))
    user = sparse_file(folder + '/lu2', size, [
        (0, read(example('gpt-ufs-4096-primary.bin'))), (0x88000, noise(100000)),
        (size - len(tail), tail)])
    listing = ctl('--json', 'split', user, '-o', folder + '/out').json
    assert listing['storage'] == 'ufs'
    assert {p['name'] for p in listing['parts']} >= {'para', 'nvram', 'boot', 'super', 'userdata'}
    ctl('join', folder + '/out', '-o', folder + '/again')
    same(folder + '/again', user)


def test_sparse_image_as_dump_and_as_piece(folder):
    size = 0x80000000
    user = sparse_file(folder + '/lu2', size, [(0, read(example('gpt-ufs-4096-primary.bin'))),
                                               (0x4088000, noise(2**20))])
    ctl('sparse', user, '-o', folder + '/simg')
    ctl('split', folder + '/simg', '-o', folder + '/out')
    ctl('sparse', folder + '/out/boot.img', '-o', folder + '/boot.simg')
    os.rename(folder + '/boot.simg', folder + '/out/boot.img')
    ctl('join', folder + '/out', '-o', folder + '/again')
    same(folder + '/again', user)


def test_backup_table_alone(folder):
    user = phone(folder)
    with open(user, 'r+b') as file:
        file.write(bytes(17408))
    listing = ctl('--json', 'split', user, '-o', folder + '/out').json
    assert 'boot' in {p['name'] for p in listing['parts']}
    with open(user, 'r+b') as file:
        file.seek(USER - 512)
        file.write(bytes(512))
    assert '--table' in ctl('split', user, '-o', folder + '/no', code=FAILURE).err
    ctl('split', user, '--table', example('gpt-emmc-p70a-primary.bin'), '-o', folder + '/yes')
    assert read(folder + '/yes/boot.img') == read(folder + '/out/boot.img')


def test_by_scatter(folder):
    """What counts from the end gets its place from the dump's size; pgpt and sgpt are parts too."""
    user, boot1, out = phone(folder), boot_area(folder), folder + '/out'
    listing = ctl('--json', 'split', user, '--boot1', boot1, '--table',
                  example('MT6752_Android_scatter.txt'), '-o', out).json
    place = {p['name']: (p['offset'], p['size']) for p in listing['parts']}
    assert place['flashinfo'] == (0x3A2D80000, 0x1000000)
    assert place['sgpt'] == (0x3A3D80000, 0x80000) and place['pgpt'] == (0, 0x80000)
    assert place['preloader'] == (0, 0x40000) and place['_gap-40000'] == (0x40000, 0x3C0000)
    assert len(place) == 23
    ctl('join', out, '-r', 'USER', '-o', folder + '/again')
    same(folder + '/again', user)
    both = example('MT6893_Android_scatter.txt')
    assert '--storage' in ctl('split', user, '--table', both, '-l', code=USAGE).err
    ctl('split', user, '--table', both, '--storage', 'ufs', '-l')
    ctl('split', user, '--table', both, '--storage', 'nand', '-l', code=FAILURE)
    ctl('split', user, '--table', both, '--storage', 'tape', '-l', code=USAGE)


def test_short_dump(folder):
    user, out = phone(folder, 100 * 2**20), folder + '/out'
    listing = ctl('--json', 'split', user, '-o', out, code=INCOMPLETE).json
    absent = [p['name'] for p in listing['parts'] if p.get('present') == 0]
    assert absent == ['system', 'cache', 'userdata', 'flashinfo']
    assert not os.path.exists(out + '/system.img')
    assert os.path.getsize(out + '/metadata.cut.img') == 100 * 2**20 - 100270080
    assert 'ends' in ''.join(p['text'] for p in listing['problems'])
    # what is missing is missing: nothing pretends to be a whole dump
    ctl('join', out, '-o', folder + '/again', code=FAILURE)
    assert not os.path.exists(folder + '/again')


def test_linear_dump(folder):
    """Old tools read boot areas and user area as one."""
    shift = 0x1400000
    user = phone(folder, 60 * 2**20)
    data = read(example('boot1-emmc.bin')).ljust(shift, b'\xff') + read(user)
    dump = write(folder + '/ROM_0', data)
    result = ctl('split', dump, '-o', folder + '/out', code=INCOMPLETE)
    assert '0x1400000' in result.err
    ctl('split', user, '-o', folder + '/direct', code=INCOMPLETE)
    for name in ('nvram', 'lk', 'boot'):
        assert read(f'{folder}/out/{name}.img') == read(f'{folder}/direct/{name}.img')


def test_overlapping_table(folder):
    """A part inside another is cut out as well, and has to agree when they are joined."""
    user = sparse_file(folder + '/user', 64 * 2**20, [(2**20, noise(40 * 2**20))])
    parts = [{'name': 'super', 'file': 'super.img', 'region': 'EMMC_USER', 'offset': 0,
              'size': 48 * 2**20},
             {'name': 'vbmeta', 'file': 'vbmeta.img', 'region': 'EMMC_USER', 'offset': 40 * 2**20,
              'size': 16 * 2**20},
             {'name': '_gap', 'file': 'gap.img', 'region': 'EMMC_USER', 'offset': 56 * 2**20,
              'size': 8 * 2**20}]
    out = folder + '/out'
    os.mkdir(out)
    whole = read(user)
    for p in parts:
        write(f"{out}/{p['file']}", whole[p['offset']:p['offset'] + p['size']])
    with open(out + '/split.json', 'w', encoding='utf-8') as file:
        json.dump({'format': 'mtkbackup-split', 'version': 1, 'storage': 'emmc',
                   'regions': [{'name': 'EMMC_USER', 'size': 64 * 2**20}], 'parts': parts}, file)
    ctl('join', out, '-o', folder + '/again')
    same(folder + '/again', user)
    with open(out + '/vbmeta.img', 'r+b') as file:
        file.seek(7 * 2**20)
        file.write(b'not the same')
    assert 'differ' in ctl('join', out, '-o', folder + '/no', code=MISMATCH).err
    assert not os.path.exists(folder + '/no') and not parts_left(folder)


def test_pieces_that_do_not_fit(folder):
    user, out = phone(folder, 100 * 2**20), folder + '/out'
    ctl('split', user, '-o', out, '--only', 'boot')
    assert os.listdir(out) == ['boot.img']
    shutil.rmtree(out)
    user = sparse_file(folder + '/lu2', 0x80000000, [(0, read(example('gpt-ufs-4096-primary.bin')))])
    ctl('split', user, '-o', out)
    os.truncate(out + '/boot.img', 100)
    assert 'boot.img has 100 bytes' in ctl('join', out, '-o', folder + '/x', code=FAILURE).err
    os.unlink(out + '/boot.img')
    assert 'missing' in ctl('join', out, '-o', folder + '/x', code=FAILURE).err
    ctl('join', out, '-o', folder + '/x', '--fill-missing', code=INCOMPLETE)
    assert os.path.getsize(folder + '/x') == 0x80000000


def test_join_by_table(folder):
    """A folder of another tool, or of export, has no list of ours."""
    user, out = phone(folder), folder + '/out'
    ctl('split', user, '-o', out)
    os.unlink(out + '/split.json')
    assert '--table' in ctl('join', out, '-o', folder + '/x', code=FAILURE).err
    ctl('join', out, '--table', user, '-o', folder + '/again')
    same(folder + '/again', user)


def test_lists_that_lie(folder):
    user, out = phone(folder, 100 * 2**20), folder + '/out'
    ctl('split', user, '-o', out, code=INCOMPLETE)
    good = json.loads(read(out + '/split.json'))
    for key, value in (('file', '../user.img'), ('file', ''), ('offset', -1), ('size', 2**63 - 1),
                       ('region', 'NOWHERE'), ('name', 7), ('present', 2**40)):
        bad = json.loads(json.dumps(good))
        bad['parts'][2][key] = value
        write(out + '/split.json', json.dumps(bad).encode())
        ctl('join', out, '-o', folder + '/x', code=FAILURE)
    for text in (b'', b'{', b'[]', b'{"format": "x"}'):
        write(out + '/split.json', text)
        ctl('join', out, '-o', folder + '/x', code=FAILURE)
    assert not os.path.exists(folder + '/x')


def test_usage_and_files_that_exist(folder):
    user, out = phone(folder, 100 * 2**20), folder + '/out'
    ctl('split', user, code=USAGE)
    ctl('split', folder + '/none', '-o', out, code=NOT_FOUND)
    ctl('split', user, '-o', user, code=FAILURE)
    ctl('split', example('img-lk.bin'), '-o', out, code=FAILURE)
    ctl('split', '--list', user, code=INCOMPLETE)
    os.mkdir(out)
    mine = write(out + '/boot.img', b'mine')
    assert '--force' in ctl('split', user, '-o', out, code=FAILURE).err
    assert os.listdir(out) == ['boot.img'] and read(mine) == b'mine'
    ctl('split', user, '-o', out, '--force', code=INCOMPLETE)
    assert len(read(mine)) == 2**24


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sparse and unsparse against simg2img, img2simg, mkfs.ext4 and dumpe2fs."""
import os
import re
import signal
import struct
import subprocess
import time
import zlib

from toolbox import (CLIENT, FAILURE, MISMATCH, NOT_FOUND, USAGE, ctl, example, judge, main, noise,
                     parts_left, read, sparse_file, write)

BLOCK = 4096


def chunks(path):
    """(type, blocks) of every chunk of a sparse image."""
    data = read(path)
    head, chunk_head, block, total, count = struct.unpack_from('<HHIII', data, 8)
    at, found = head, []
    for _ in range(count):
        kind, _, blocks, size = struct.unpack_from('<HHII', data, at)
        found.append((kind, blocks))
        at += size
    assert at == len(data) and sum(b for _, b in found) == total
    return found


def mixed(folder, name='plain'):
    pieces = [(0, noise(5 * BLOCK)), (20 * BLOCK, b'\xff' * 10 * BLOCK),
              (40 * BLOCK + 100, noise(300, 2)), (2000 * BLOCK, noise(2000 * BLOCK, 3))]
    return sparse_file(os.path.join(folder, name), 4100 * BLOCK, pieces)


def test_simg2img_accepts_ours(folder):
    plain, image, back = mixed(folder), folder + '/image', folder + '/back'
    ctl('sparse', plain, '-o', image)
    judge('simg2img', image, back)
    assert read(back) == read(plain)
    assert os.path.getsize(image) < 9 * 2**20


def test_we_accept_img2simg(folder):
    plain, image, back = mixed(folder), folder + '/image', folder + '/back'
    judge('img2simg', plain, image)
    ctl('unsparse', image, '-o', back)
    assert read(back) == read(plain)
    assert os.stat(back).st_blocks * 512 < 10 * 2**20, 'holes were filled'


def test_example(folder):
    plain = ctl('unsparse', example('sparse-all-kinds.simg')).out
    assert plain == read(example('sparse-source.raw'))
    image = folder + '/image'
    ctl('sparse', '--drop-zeros', '--no-crc', example('sparse-source.raw'), '-o', image)
    assert read(image) == read(example('sparse-all-kinds.simg'))


def test_stream_and_file_are_equal(folder):
    plain, image = mixed(folder), folder + '/image'
    result = ctl('--json', 'sparse', plain, '-o', image).json
    assert result['expanded_size'] == os.path.getsize(plain)
    assert result['chunks'] == len(chunks(image))
    assert ctl('sparse', plain).out == read(image)
    assert ctl('unsparse', image).out == read(plain)


def test_checksum_chunk(folder):
    plain, image = mixed(folder), folder + '/image'
    ctl('sparse', plain, '-o', image)
    assert chunks(image)[-1] == (0xCAC4, 0)
    data = read(image)
    assert struct.unpack('<I', data[-4:])[0] == zlib.crc32(read(plain))
    damaged = write(folder + '/damaged', data[:200] + bytes([data[200] ^ 1]) + data[201:])
    assert 'checksum' in ctl('unsparse', damaged, '-o', folder + '/x', code=MISMATCH).err
    assert not os.path.exists(folder + '/x') and not parts_left(folder)
    ctl('unsparse', '--ignore-checksum', damaged, '-o', folder + '/x')


def test_block_sizes_and_odd_lengths(folder):
    plain = write(folder + '/plain', noise(10000) + bytes(50000) + b'x')
    for block in (4, 512, 4096, 65536):
        image, back = f'{folder}/{block}', f'{folder}/{block}.back'
        ctl('sparse', '--block-size', str(block), plain, '-o', image)
        judge('simg2img', image, back)
        size = -(-60001 // block) * block
        assert read(back) == read(plain).ljust(size, b'\0')
    for block in ('0', '6', '32M', 'x'):
        ctl('sparse', '--block-size', block, plain, '-o', folder + '/no', code=USAGE)


def test_terabyte_of_nothing(folder):
    plain = sparse_file(folder + '/plain', 2**40, [(2**39, b'in the middle')])
    ctl('sparse', plain, '-o', folder + '/image')
    assert os.path.getsize(folder + '/image') < 2**20
    ctl('unsparse', folder + '/image', '-o', folder + '/back')
    assert os.path.getsize(folder + '/back') == 2**40
    with open(folder + '/back', 'rb') as file:
        file.seek(2**39)
        assert file.read(13) == b'in the middle'


def free_blocks(image):
    """Blocks that dumpe2fs calls free."""
    text = judge('dumpe2fs', image).decode()
    free = set()
    for line in re.findall(r'^  Free blocks: (.+)$', text, re.M):
        for stretch in line.split(', '):
            first, _, last = stretch.partition('-')
            free.update(range(int(first), int(last or first) + 1))
    return free


def make_ext4(folder, *options):
    """A file system with old junk in its free blocks, and the tree that is in it."""
    image, tree = folder + '/ext4.img', folder + '/tree'
    os.makedirs(tree + '/deep/er')
    for i in range(40):
        write(f'{tree}/deep/er/{i}', noise(i * 3000, i))
    write(tree + '/zeros', bytes(3 * 2**20))
    write(image, b'\xa5junk' * (64 * 2**20 // 5 + 1))
    os.truncate(image, 64 * 2**20)
    judge('mkfs.ext4', '-q', '-F', '-b', '4096', '-d', tree, *options, image)
    judge('debugfs', '-w', '-R', 'rm /deep/er/7', image)
    return image, tree


def test_ext4_free_blocks(folder):
    image, tree = make_ext4(folder, '-E', 'lazy_itable_init=0')
    sparse, back = folder + '/sparse', folder + '/back'
    ctl('sparse', '--ext4-free', image, '-o', sparse)
    dropped, at = set(), 0
    for kind, blocks in chunks(sparse):
        if kind == 0xCAC3:
            dropped.update(range(at, at + blocks))
        at += blocks
    free = free_blocks(image)
    assert dropped <= free, f'{len(dropped - free)} blocks in use were dropped'
    assert len(dropped) > 0.5 * len(free)
    judge('simg2img', sparse, back)
    judge('e2fsck', '-fn', back)
    for i in (0, 3, 39):
        judge('debugfs', '-R', f'dump /deep/er/{i} {folder}/{i}', back)
        assert read(f'{folder}/{i}') == read(f'{tree}/deep/er/{i}')
    # only when asked
    ctl('sparse', image, '-o', folder + '/whole')
    assert all(kind != 0xCAC3 for kind, _ in chunks(folder + '/whole'))
    assert os.path.getsize(folder + '/whole') > os.path.getsize(sparse)


def test_ext4_that_was_not_unmounted(folder):
    image, _ = make_ext4(folder)
    judge('debugfs', '-w', '-R', 'feature needs_recovery', image)
    assert 'e2fsck' in ctl('sparse', '--ext4-free', image, '-o', folder + '/s', code=FAILURE).err
    assert not os.path.exists(folder + '/s')


def test_ext4_without_bitmaps_that_could_be_trusted(folder):
    image, _ = make_ext4(folder, '-O', 'bigalloc')
    ctl('sparse', '--ext4-free', image, '-o', folder + '/s', code=FAILURE)
    plain = write(folder + '/plain', noise(8192))
    assert 'no ext4' in ctl('sparse', '--ext4-free', plain, '-o', folder + '/s', code=FAILURE).err


def test_every_truncation(folder):
    data = read(example('sparse-all-kinds.simg'))
    for size in [*range(0, 120), *range(120, len(data), 397)]:
        cut = write(folder + '/cut', data[:size])
        result = ctl('unsparse', cut, '-o', folder + '/out', '-f', code=FAILURE)
        assert result.err.count('\n') == 1, result.err
    assert os.listdir(folder) == ['cut']


def test_files_that_exist_stay(folder):
    plain, other = write(folder + '/plain', noise(9000)), write(folder + '/other', b'mine')
    assert '--force' in ctl('sparse', plain, '-o', other, code=FAILURE).err
    assert read(other) == b'mine'
    ctl('sparse', '--force', plain, '-o', other)
    ctl('unsparse', other, '-o', plain, '-f')
    assert not parts_left(folder)


def test_wrong_inputs(folder):
    ctl('sparse', folder + '/none', '-o', folder + '/x', code=NOT_FOUND)
    ctl('sparse', folder, '-o', folder + '/x', code=FAILURE)
    ctl('sparse', code=USAGE)
    assert 'no Android sparse image' in ctl('unsparse', example('img-lk.bin'), code=FAILURE).err
    ctl('sparse', example('img-lk.bin'), '-o', folder + '/no/such/folder/x', code=NOT_FOUND)
    error = ctl('--json', 'unsparse', example('img-lk.bin'), code=FAILURE).json
    assert error['type'] == 'error'
    assert not os.listdir(folder)


def test_interrupted(folder):
    """^C leaves nothing half-written."""
    plain = write(folder + '/plain', noise(2**20) * 600)
    process = subprocess.Popen([CLIENT, 'sparse', plain, '-o', folder + '/image'],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 180
    while not os.path.exists(folder + '/image.part') and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 130 and b'interrupted' in err, (process.returncode, err)
    assert os.listdir(folder) == ['plain']


if __name__ == '__main__':
    main()

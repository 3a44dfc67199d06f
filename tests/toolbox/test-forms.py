#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which a stored backup leaves the store, out of the real keeper."""
import os
import struct
import subprocess
import sys

from toolbox import TOP, ctl, judge, main, read, write

sys.path.insert(0, os.path.join(TOP, 'tests/store'))
import harness  # noqa: E402  pylint: disable=wrong-import-position


def saved(folder, phone=None):
    """A store with one backup: (store, id, phone)."""
    store, phone = folder + '/store', phone or harness.medium_phone()
    harness.make_store(store)
    keeper = harness.backup(store, phone)
    assert keeper.result == 'complete', keeper.fail
    return store, keeper.done['BACKUP'], phone


def part(phone, name):
    _, region, offset, size = next(p for p in phone.parts if p[0] == name)
    return phone.read(region, offset, size)


def piped(store, backup, name, form):
    """The same as harness.export, into a pipe."""
    r, w = os.pipe()
    reader = subprocess.Popen(['cat'], stdin=r, stdout=subprocess.PIPE)
    os.close(r)
    keeper = harness.Keeper(store, 'export', fds=(w,), wait=False, BACKUP=backup, PART=name,
                            FORMAT=form)
    os.close(w)
    data = reader.communicate()[0]
    keeper.wait()
    assert keeper.result == 'done', keeper.fail
    return data


def test_sparse_image(folder):
    store, backup, phone = saved(folder)
    for name in ('nvram', 'boot', 'system', 'userdata'):
        data, keeper = harness.export(store, backup, name, 'simg')
        assert keeper.result == 'done', keeper.fail
        image = write(folder + '/image', data)
        judge('simg2img', image, folder + '/back')
        assert read(folder + '/back') == part(phone, name)
        ctl('unsparse', image, '-o', folder + '/ours', '--force')
        assert read(folder + '/ours') == part(phone, name)
        assert struct.unpack_from('<H', data, len(data) - 16)[0] == 0xCAC4
        assert piped(store, backup, name, 'simg') == data
    data, _ = harness.export(store, backup, 'nvram', 'simg')
    assert len(data) < len(part(phone, 'nvram'))


def test_odd_length(folder):
    user = bytearray(harness.noise('user', 0x100000))
    phone = harness.Phone({'EMMC_USER': user}, [('odd', 'EMMC_USER', 0x200, 0x1200)])
    store, backup, _ = saved(folder, phone)
    data, _ = harness.export(store, backup, 'odd', 'simg')
    judge('simg2img', write(folder + '/image', data), folder + '/back')
    assert read(folder + '/back') == part(phone, 'odd').ljust(0x2000, b'\0')


def test_seekable_zstd(folder):
    store, backup, phone = saved(folder)
    for name in ('nvram', 'boot', 'userdata'):
        data, keeper = harness.export(store, backup, name, 'zst')
        assert keeper.result == 'done', keeper.fail
        assert judge('zstd', '-dqc', write(folder + '/x.zst', data)) == part(phone, name)
        judge('zstd', '-tq', folder + '/x.zst')
        frames, flags, magic = struct.unpack_from('<IBI', data, len(data) - 9)
        assert (flags, magic) == (0, 0x8F92EAB1)
        assert frames == -(-len(part(phone, name)) // 2**20)
        # the table finds any frame: decode the last one alone
        table = struct.unpack_from(f'<{2 * frames}I', data, len(data) - 9 - 8 * frames)
        start = sum(table[0:-2:2])
        last = write(folder + '/last.zst', data[start:start + table[-2]])
        assert judge('zstd', '-dqc', last) == part(phone, name)[(frames - 1) * 2**20:]
        assert piped(store, backup, name, 'zst') == data


def test_map(folder):
    store, backup, phone = saved(folder)
    text = harness.export(store, backup, 'boot', 'map')[0].decode()
    lines = [line.split() for line in text.splitlines() if not line.startswith('#')]
    assert lines == [['0x00000000', '+', '1'], ['0x00000000', '0x00400000', '+']]
    assert piped(store, backup, 'boot', 'map').decode() == text


def test_damage_is_found_in_every_form(folder):
    store, backup, _ = saved(folder)
    for path in harness.chunk_files(store):
        if os.path.getsize(path) > 500000:
            os.chmod(path, 0o600)
            with open(path, 'r+b') as file:
                file.seek(1000)
                file.write(b'damage')
    for form in ('raw', 'simg', 'zst'):
        _, keeper = harness.export(store, backup, 'boot', form)
        assert keeper.error == 'StoreDamaged', (form, keeper.fail)


def test_unknown_names(folder):
    store, backup, _ = saved(folder)
    for form in ('simg', 'zst', 'map'):
        assert harness.export(store, backup, 'nothing', form)[1].error == 'InvalidOption'
    assert harness.export(store, backup, 'boot', 'zip')[1].error == 'InvalidOption'


if __name__ == '__main__':
    main()

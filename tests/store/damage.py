#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that forget: flipped bits, lost files, damaged chunks that a new backup meets, crashes."""
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import harness as h
from harness import MIB

LONG = os.environ.get('MTKBACKUP_TEST_LONG') == '1'


def flip(path, rng):
    """Turns one bit of a file around and says which."""
    mode = os.stat(path).st_mode
    os.chmod(path, 0o600)
    with open(path, 'r+b') as file:
        data = bytearray(file.read())
        bit = rng.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        file.seek(0)
        file.write(data)
    os.chmod(path, mode)
    return bit


def unflip(path, bit):
    os.chmod(path, 0o600)
    with open(path, 'r+b') as file:
        file.seek(bit // 8)
        byte = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def readable(path):
    """What zstd gives for a chunk, or None."""
    run = subprocess.run(['zstd', '-dqc', path], capture_output=True, check=False)
    return run.stdout if run.returncode == 0 else None


def test_flipped_bits(path):
    """One bit of any file: verify names backup, part and place. A bit that means nothing to the
    format (padding of a compressed stream) leaves every image as it was."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    folder = h.folder(store, backup_id)
    files = glob.glob(folder + '/**', recursive=True) + h.chunk_files(store) + [folder + '.state.json']
    files = [f for f in files if os.path.isfile(f) and os.path.getsize(f) > 0]
    rng = random.Random(os.environ.get('MTKBACKUP_TEST_SEED', '4'))
    meaningless = 0
    for n in range(500 if LONG else 60):
        file = files[n % len(files)] if n < len(files) else rng.choice(files)
        before = readable(file) if file.endswith('.cacnk') else None
        bit = flip(file, rng)
        v = h.verify_all(store)
        where = f'{file} bit {bit}'
        if v.error != 'VerifyFailed':
            assert v.result == 'done', (where, v.messages)
            if file.endswith('.state.json'):
                # blanks of its layout
                pass
            else:
                assert before is not None and readable(file) == before, where
            meaningless += 1
        else:
            damaged = v.all('DAMAGED')
            assert damaged and all(m['BACKUP'] == backup_id for m in damaged), where
            if file.endswith(('.cacnk', '.caibx', '.img')):
                assert all(m['PART'] and m['OFFSET'].isdigit() for m in damaged), where
            assert backup_id in v.fail['TEXT'] or v.all('DAMAGED'), where
        unflip(file, bit)
        state = folder + '.state.json'
        if os.path.exists(state) and state != file:
            os.unlink(state)
        elif state == file:
            os.unlink(state)
            h.Keeper(store, 'verify', BACKUP=backup_id, LEVEL='data')
        if state in files and not os.path.exists(state):
            h.Keeper(store, 'verify', BACKUP=backup_id, LEVEL='data')
    assert h.verify_all(store).result == 'done'
    assert meaningless <= n // 8, meaningless
    return f'{n + 1} bits, {meaningless} of them without meaning'


def test_lost_files(path):
    """Any file missing: found by the quick look already."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    folder = h.folder(store, backup_id)
    files = [f for f in glob.glob(folder + '/**', recursive=True) if os.path.isfile(f)]
    for file in files + h.chunk_files(store):
        os.rename(file, path + '/away')
        v = h.verify_all(store, 'structure')
        assert v.error == 'VerifyFailed', file
        assert v.all('DAMAGED')[0]['BACKUP'] == backup_id
        os.rename(path + '/away', file)
        # an empty file where it was is no better
        if file.endswith('.cacnk'):
            os.rename(file, path + '/away')
            open(file, 'w').close()
            assert h.verify_all(store, 'structure').error == 'VerifyFailed', file
            os.rename(path + '/away', file)
    assert h.verify_all(store).result == 'done'


def test_verified_state(path):
    """What was found is remembered and told at the next start; a quick look does not wipe it out."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    file = h.chunk_files(store)[0]
    bit = flip(file, random.Random(1))

    def state():
        return h.Keeper(store, 'open').all('BACKUP')[0]['VERIFIED']

    assert state() == 'ok'
    assert h.verify_all(store).error == 'VerifyFailed' and state() == 'damaged'
    assert h.verify_all(store, 'structure').result == 'done' and state() == 'damaged'
    unflip(file, bit)
    assert h.Keeper(store, 'verify', BACKUP=backup_id, LEVEL='data').result == 'done'
    assert state() == 'ok'


def test_damaged_listing(path):
    """A backup that cannot be read does not hide the others."""
    store = path + '/store'
    h.make_store(store)
    ids = [h.backup(store, h.small_phone(seed)).done['BACKUP'] for seed in (1, 2)]
    flip(h.folder(store, ids[0]) + '/manifest.json', random.Random(1))
    k = h.Keeper(store, 'open')
    assert k.result == 'done'
    assert [m['BACKUP'] for m in k.all('BACKUP')] == [ids[1]]
    assert [m['BACKUP'] for m in k.all('DAMAGED')] == [ids[0]]
    _, e = h.export(store, ids[0], 'boot')
    assert e.error == 'StoreDamaged' and ids[0] in e.fail['TEXT']
    phone = h.small_phone(3)
    k = h.backup(store, phone)
    assert k.result == 'complete'
    h.check_equal(store, k.done['BACKUP'], phone)


def test_export_of_damage(path):
    """An export never gives wrong bytes for right ones: it fails with part and place."""
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    failed = 0
    for file in h.chunk_files(store):
        bit = flip(file, random.Random(len(file)))
        for part in ('nvram', 'boot', 'system', 'userdata'):
            got, k = h.export(store, backup_id, part)
            if k.error:
                assert k.error == 'StoreDamaged' and part in k.fail['TEXT'], k.fail
                assert 'offset 0x' in k.fail['TEXT'] and backup_id in k.fail['TEXT']
                failed += 1
            else:
                p = next(p for p in h.manifest(store, backup_id)['parts'] if p['name'] == part)
                assert got == phone.read('EMMC_USER', p['offset'], p['size'])
        unflip(file, bit)
    assert failed > 5


def test_poisoned_chunks(path):
    """Damaged chunks of an earlier backup: the same phone heals them, and all backups are whole."""
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    h.backup(store, phone)
    rng = random.Random(5)
    chunks = rng.sample(h.chunk_files(store), 8)
    for i, file in enumerate(chunks):
        if i == 0:
            os.unlink(file)
        elif i == 1:
            os.unlink(file)
            open(file, 'w').close()
        elif i == 2:
            # a whole chunk under the wrong name
            os.unlink(file)
            shutil.copy(chunks[7], file)
        else:
            with open(file, 'rb') as old:
                data = bytearray(old.read())
            data[len(data) // 2] ^= 0x10
            os.unlink(file)
            with open(file, 'wb') as new:
                new.write(data)
    assert h.verify_all(store).error == 'VerifyFailed'
    k = h.backup(store, phone)
    assert k.result == 'complete', k.fail
    m = h.manifest(store, k.done['BACKUP'])
    assert m['totals']['chunks_healed'] in (6, 7), m['totals']
    assert m['totals']['chunks_new'] >= 7
    assert h.verify_all(store).result == 'done'
    assert len(os.listdir(store + '/quarantine')) >= 6
    h.check_equal(store, k.done['BACKUP'], phone)


def test_bomb(path):
    """A chunk file that unpacks to gigabytes, or is one: fixed memory, an error in time."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    file = next(f for f in h.chunk_files(store) if os.path.getsize(f) > 4096)
    os.unlink(file)
    with open(file, 'wb') as out:
        zeros = subprocess.Popen(['head', '-c', str(2 * 1024 * MIB), '/dev/zero'], stdout=subprocess.PIPE)
        subprocess.run(['zstd', '-q', '-1', '-c', '--stream-size', str(2 * 1024 * MIB)],
                       stdin=zeros.stdout, stdout=out, check=True)
        zeros.wait()
    v = h.Keeper(store, 'verify', BACKUP=backup_id, LEVEL='data')
    assert v.error == 'VerifyFailed'
    os.truncate(file, 2**40)
    assert h.Keeper(store, 'verify', BACKUP=backup_id, LEVEL='data').error == 'VerifyFailed'
    assert h.backup(store, phone).result == 'complete'
    assert h.verify_all(store).result == 'done'


def session_of(store):
    names = os.listdir(store + '/incoming')
    return names[0] if names else None


def test_killed(path):
    """SIGKILL at random moments: what was committed verifies, the next start tidies up, and what was
    stored is not stored again."""
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    first = h.backup(store, h.small_phone()).done['BACKUP']
    rng = random.Random(3)
    reused = 0
    rounds = 200 if LONG else 25
    for n in range(rounds):
        phone.data['EMMC_USER'][14 * MIB:14 * MIB + 64] = h.noise(n, 64)
        k = h.backup(store, phone, wait=False)
        deadline = time.monotonic() + rng.random() * 0.25
        while time.monotonic() < deadline and not k.done:
            if h.select.select([k.sock], [], [], 0.005)[0] and k.receive() is None:
                break
        try:
            os.kill(k.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        k.wait()
        k.worker.join()
        o = h.Keeper(store, 'open')
        assert o.result == 'done' and os.listdir(store + '/incoming') == [], o.messages
        if n % 5 == 0:
            v = h.verify_all(store)
            assert v.result == 'done', (n, v.messages)
        for m in o.all('BACKUP'):
            if m['KIND'] == 'full' and m['BACKUP'] != first:
                want = dict(phone.data)
                got, e = h.export(store, m['BACKUP'], 'EMMC_BOOT1', 'rom')
                assert got == bytes(want['EMMC_BOOT1'])
                h.Keeper(store, 'delete', BACKUP=m['BACKUP'])
    k = h.backup(store, phone)
    assert k.result == 'complete'
    reused = h.manifest(store, k.done['BACKUP'])['totals']['chunks_reused']
    assert reused > 0
    h.check_equal(store, k.done['BACKUP'], phone)
    assert h.verify_all(store).result == 'done'
    return f'{rounds} kills, {reused} chunks reused'


def test_stale_session(path):
    """The crash came after the rename of the commit, before the session was removed; then the phone
    changed. The next backup is the phone of today."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    k = h.backup(store, phone)
    old = k.done['BACKUP']
    session = f'{store}/incoming/{old}'
    os.makedirs(session + '/stage')
    with open(session + '/journal', 'w') as file:
        file.write('E 1 attach  #00000000\n')
    phone.data['EMMC_USER'][0x50000:0x50100] = h.noise('today', 0x100)
    assert h.Keeper(store, 'open').result == 'done'
    assert os.listdir(store + '/incoming') == []
    k = h.backup(store, phone)
    assert k.result == 'complete' and k.done['BACKUP'] != old
    h.check_equal(store, k.done['BACKUP'], phone)
    assert h.verify_all(store).result == 'done'


def test_foreign_store(path):
    """A folder that is no store, or one of the future: refused with a sentence, nothing is written."""
    store = path + '/store'
    h.make_store(store)
    h.backup(store, h.small_phone())
    text = open(store + '/STORE').read()
    for change, error in ((('"version":1', '"version":2'), 'StoreFailed'),
                          (('"sha256"', '"sha512"'), 'StoreDamaged'), (('{', ''), 'StoreDamaged')):
        os.unlink(store + '/STORE')
        with open(store + '/STORE', 'w') as file:
            file.write(text.replace(*change, 1))
        for op in ('open', 'verify'):
            k = h.Keeper(store, op, BACKUP='', LEVEL='data')
            assert k.error == error and k.fail['TEXT'], k.messages
    os.unlink(store + '/STORE')
    k = h.Keeper(store, 'open')
    assert k.error == 'StoreDamaged' and 'STORE' in k.fail['TEXT']


if __name__ == '__main__':
    h.main(sys.modules[__name__], memory=True)

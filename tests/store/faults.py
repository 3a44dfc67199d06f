#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call that touches the disk fails once, in every operation: no crash, one named error, no
backup that says complete and is not, earlier backups whole, and the next job works."""
import errno
import os
import shutil
import sys

import harness as h

SHIM = os.environ.get('MTKBACKUP_DISK_SHIM')
LONG = os.environ.get('MTKBACKUP_TEST_LONG') == '1'
KINDS = [str(errno.EIO), str(errno.ENOSPC), str(errno.EDQUOT), str(errno.EINTR), 'short']
NAMED = {'StoreFailed', 'StoreFull', 'StoreDamaged', 'Failed', 'VerifyFailed', 'NoSuchBackup',
         'InvalidOption'}


def tiny_phone(seed=2):
    """As little as a backup can consist of and still have everything."""
    user = bytearray(256 * 1024)
    user[0x8000:0x9000] = h.noise('nvram', 0x1000)
    user[0x20000:0x21000] = h.noise(f'{seed} boot', 0x1000)
    return h.Phone({'EMMC_USER': user}, [('nvram', 'EMMC_USER', 0x8000, 0x4000),
                                         ('boot', 'EMMC_USER', 0x20000, 0x8000)])


def environment(n, kind, count=None):
    env = {'LD_PRELOAD': SHIM, 'DISK_FAIL': str(n), 'DISK_ERRNO': kind}
    if count:
        env['DISK_COUNT'] = count
    return env


def count_calls(path, run):
    """How many calls the operation makes when none of them fails."""
    count = path + '/count'
    k = run(environment(0, KINDS[0], count))
    assert k.done, k.messages
    with open(count, encoding='ascii') as file:
        return int(file.read())


def turns(path, run):
    """(n, kind) for every call; each kind of error for each call in the long form."""
    # threads make the number of calls vary a little
    n = count_calls(path, run) + 3
    for i in range(1, n + 1):
        for kind in KINDS if LONG else [KINDS[i % len(KINDS)]]:
            yield i, kind


def check_ended(k, where):
    assert k.status in (0, 1), (where, k.status, k.messages)
    assert bool(k.done) != bool(k.fail), (where, k.messages)
    if k.fail:
        assert k.error in NAMED and k.fail['TEXT'].endswith('.'), (where, k.fail)


def prepared(path):
    store = path + '/first'
    h.make_store(store)
    k = h.backup(store, tiny_phone(1))
    assert k.result == 'complete', k.fail
    return store, k.done['BACKUP']


def fresh(path, store):
    copy = path + '/store'
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(store, copy)
    return copy


def test_backup(path):
    if not SHIM:
        return 'skip there is no shim'
    first, good = prepared(path)
    phone = tiny_phone()
    complete = failed = full = 0

    def run(env):
        return h.backup(fresh(path, first), phone, env=env)

    for n, kind in turns(path, run):
        k = run(environment(n, kind))
        store, where = path + '/store', f'call {n}, {kind}'
        check_ended(k, where)
        full += k.error == 'StoreFull'
        complete += k.result == 'complete'
        failed += bool(k.fail)
        # whatever is there is whole, and what was said to be complete is there
        v = h.verify_all(store)
        assert v.result == 'done', (where, k.messages[-1], v.messages)
        assert good in h.backups(store), where
        if k.result == 'complete':
            assert k.done['BACKUP'] in h.backups(store), where
        told = [m['BACKUP'] for m in k.all('COMMITTED')]
        removed = [m['BACKUP'] for m in k.all('REMOVED')]
        assert set(told) - set(removed) <= set(h.backups(store)), where
        o = h.Keeper(store, 'open')
        assert o.result == 'done' and os.listdir(store + '/incoming') == [], (where, o.messages)
    k = h.backup(store, phone)
    assert k.result == 'complete'
    h.check_equal(store, k.done['BACKUP'], phone)
    assert failed > complete > 0 and full > 0, (failed, complete, full)
    return f'{failed} failed, {complete} were complete all the same'


def test_open(path):
    if not SHIM:
        return 'skip there is no shim'
    first, good = prepared(path)

    def run(env):
        return h.Keeper(fresh(path, first), 'open', env=env)

    for n, kind in turns(path, run):
        k = run(environment(n, kind))
        check_ended(k, f'call {n}, {kind}')
        assert h.verify_all(path + '/store').result == 'done'


def test_make(path):
    """A store whose making was interrupted is completed the next time."""
    if not SHIM:
        return 'skip there is no shim'
    store = path + '/store'

    def run(env):
        shutil.rmtree(store, ignore_errors=True)
        os.mkdir(store)
        return h.Keeper(store, 'open', env=env)

    for n, kind in turns(path, run):
        k = run(environment(n, kind))
        check_ended(k, f'call {n}, {kind}')
        assert h.Keeper(store, 'open').result == 'done', f'call {n}, {kind}'


def test_verify(path):
    """A read error is damage, and nothing else is."""
    if not SHIM:
        return 'skip there is no shim'
    first, good = prepared(path)

    def run(env):
        return h.Keeper(first, 'verify', env=env, BACKUP=good, LEVEL='data')

    for n, kind in turns(path, run):
        check_ended(run(environment(n, kind)), f'call {n}, {kind}')
    assert h.verify_all(first).result == 'done'


def test_export(path):
    """An export is right or an error."""
    if not SHIM:
        return 'skip there is no shim'
    first, good = prepared(path)
    phone = tiny_phone(1)

    def run(env):
        with open(path + '/out', 'wb') as out:
            return h.Keeper(first, 'export', fds=(out.fileno(),), env=env, BACKUP=good,
                            PART='EMMC_USER', FORMAT='rom')

    for n, kind in turns(path, run):
        k = run(environment(n, kind))
        check_ended(k, f'call {n}, {kind}')
        if k.result == 'done':
            assert open(path + '/out', 'rb').read() == bytes(phone.data['EMMC_USER']), (n, kind)


def test_delete(path):
    """It is there, or in the trash, and never in between."""
    if not SHIM:
        return 'skip there is no shim'
    first, good = prepared(path)

    def run(env):
        return h.Keeper(fresh(path, first), 'delete', env=env, BACKUP=good)

    for n, kind in turns(path, run):
        k = run(environment(n, kind))
        store = path + '/store'
        check_ended(k, f'call {n}, {kind}')
        trashed = [name for name in os.listdir(store + '/trash') if name.endswith(good)]
        assert len(trashed) + len(h.backups(store)) == 1
        if k.done:
            assert trashed
        if h.backups(store):
            assert h.verify_all(store).result == 'done'


if __name__ == '__main__':
    h.main(sys.modules[__name__], memory=True)

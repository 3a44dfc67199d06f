#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of made-up phones through the real keeper, and everything that is done with them."""
import hashlib
import os
import re
import stat
import subprocess
import sys
import threading
import time

import harness as h
from harness import MIB


def assert_clean(store):
    assert os.listdir(f'{store}/incoming') == [], os.listdir(f'{store}/incoming')


def test_whole_phone(path):
    """A whole phone becomes one backup that equals it, part by part and area by area."""
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    k = h.backup(store, phone)
    assert k.result == 'complete', k.fail
    assert h.backups(store) == [k.done['BACKUP']]
    parts = h.check_equal(store, k.done['BACKUP'], phone)
    assert sum(p['size'] for p in parts) == sum(map(len, phone.data.values()))
    for region, data in phone.data.items():
        got, e = h.export(store, k.done['BACKUP'], region, 'rom')
        assert e.result == 'done' and got == bytes(data), region
    assert_clean(store)
    assert h.verify_all(store).result == 'done'


def test_messages(path):
    """What the daemon hears, in order."""
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    k = h.backup(store, phone)
    kinds = [m.kind for m in k.messages if m.kind not in ('BYTES', 'ITEM')]
    assert kinds == ['PLAN', 'PHASE', 'COMMITTED', 'BACKUP', 'PHASE', 'COMMITTED', 'PHASE',
                     'BACKUP', 'REMOVED', 'DONE'], kinds
    assert [m['PHASE'] for m in k.all('PHASE')] == ['reading', 'committing', 'verifying']
    critical, full = k.all('COMMITTED')
    assert critical['KIND'] == 'critical' and full['KIND'] == 'full'
    assert int(full['SEQ']) == int(critical['SEQ']) + 1
    assert k.all('REMOVED')[0]['BACKUP'] == critical['BACKUP']
    assert k.all('BACKUP')[-1]['VERIFIED'] == 'ok'
    assert full['PATH'] == f"backups/{full['DEVICE_KEY']}/{full['BACKUP']}"
    assert int(full['SIZE']) == sum(map(len, phone.data.values()))
    assert full['REQUESTED_BY'] == '1000' and full['NAME'] == 'test'
    items = k.all('ITEM')
    assert len(items) == int(k.all('PLAN')[0]['ITEMS'])
    assert [int(m['INDEX']) for m in items] == list(range(len(items)))
    done = [int(m['BYTES']) for m in k.messages[:k.messages.index(full)] if m.kind == 'BYTES']
    assert done == sorted(done) and done[-1] == int(k.all('PLAN')[0]['BYTES'])


def test_second_day(path):
    """The second backup of a phone stores what changed and nothing else."""
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    first = h.backup(store, phone).done['BACKUP']
    before = h.chunk_files(store)
    phone.data['EMMC_USER'][20 * MIB + 5] ^= 1
    k = h.backup(store, phone)
    assert len(h.chunk_files(store)) == len(before) + 1
    m = h.manifest(store, k.done['BACKUP'])
    assert m['parent'] == first
    assert [p['name'] for p in m['parts'] if not p['same_as_parent']] == ['userdata']
    assert m['totals']['chunks_new'] == 1 and int(k.all('COMMITTED')[-1]['NEW_BYTES']) == MIB
    h.check_equal(store, k.done['BACKUP'], phone)
    assert h.verify_all(store).result == 'done'


def test_manifest(path):
    """Keys that others read; every file of the folder is in SHA256SUMS and read-only."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    k = h.backup(store, phone)
    m = h.manifest(store, k.done['BACKUP'])
    for key in ('format', 'version', 'id', 'seq', 'kind', 'result', 'consistency', 'profile', 'device',
                'storage', 'ptable', 'store', 'parts', 'checks', 'tool', 'time', 'totals'):
        assert key in m, key
    assert m['device']['hw_code'] == '0x0766' and m['device']['key_from'] == ['soc_id', 'cid']
    assert m['storage']['regions'][1]['coverage'] == 'all'
    nvram = next(p for p in m['parts'] if p['name'] == 'nvram')
    assert nvram['plain'] == 'plain/nvram.img' and nvram['reads'] == 2
    assert m['totals']['bytes_read'] == int(k.all('PLAN')[0]['BYTES'])
    folder = h.folder(store, k.done['BACKUP'])
    text = open(folder + '/manifest.json', encoding='utf-8').read()
    assert not re.search(r'[0-9]\.[0-9]+[,\n]', text)
    listed = {line.split('  ')[1] for line in open(folder + '/SHA256SUMS').read().splitlines()}
    found = {os.path.relpath(os.path.join(d, f), folder) for d, _, fs in os.walk(folder) for f in fs}
    assert found == listed | {'SHA256SUMS'}
    for d, folders, files in os.walk(store):
        for name in folders:
            assert stat.S_IMODE(os.stat(f'{d}/{name}').st_mode) == 0o700, name
        for name in files:
            mode = stat.S_IMODE(os.stat(f'{d}/{name}').st_mode)
            assert mode in (0o400, 0o600), (name, oct(mode))
    subprocess.run(['sha256sum', '--quiet', '--strict', '-c', 'SHA256SUMS'], cwd=folder, check=True)


def test_device_key(path):
    """The key is what the format says, made with other tools."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    key = h.backup(store, phone).all('COMMITTED')[0]['DEVICE_KEY']
    text = 'mtkbackup-device-1\n0x0766\n' + '22' * 32 + '\n150100' + '33' * 13
    assert key == 'mt6765-' + hashlib.sha256(text.encode()).hexdigest()[:12]


def test_phone_without_ids(path):
    """A phone that says nothing about itself is saved, and never taken for another one."""
    store = path + '/store'
    phone = h.small_phone()
    phone.facts.update(ME_ID='00' * 16, SOC_ID='ff' * 32, CID='')
    h.make_store(store)
    a, b = h.backup(store, phone), h.backup(store, phone)
    keys = {k.all('COMMITTED')[-1]['DEVICE_KEY'] for k in (a, b)}
    assert len(keys) == 2 and all(key.startswith('anon-') for key in keys)
    assert 'parent' not in h.manifest(store, b.done['BACKUP'])
    assert any('no id' in m['TEXT'] for m in a.all('LOG'))


def test_critical_only(path):
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    k = h.backup(store, phone, KIND='critical')
    assert [m['KIND'] for m in k.all('COMMITTED')] == ['critical']
    names = [p['name'] for p in h.check_equal(store, k.done['BACKUP'], phone)]
    assert names == ['preloader', 'preloader_backup', 'nvram']
    assert k.all('BACKUP')[-1]['VERIFIED'] == 'ok'
    assert sorted(os.listdir(h.folder(store, k.done['BACKUP']) + '/plain')) == [
        'nvram.img', 'preloader.img', 'preloader_backup.img']


def test_selection(path):
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    k = h.backup(store, phone, KIND='selection', PARTITIONS='boot,nv*', EXCLUDE='logo')
    assert [m['KIND'] for m in k.all('COMMITTED')] == ['selection']
    assert [p['name'] for p in h.check_equal(store, k.done['BACKUP'], phone)] == ['nvram', 'boot']
    k = h.backup(store, phone, KIND='selection', PARTITIONS='nothing')
    assert k.error == 'InvalidOption', k.messages
    assert_clean(store)


def test_without_userdata(path):
    """Kind full with a part left out: listed as skipped, and no whole area to be had."""
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    k = h.backup(store, phone, EXCLUDE='userdata')
    parts = {p['name']: p for p in h.check_equal(store, k.done['BACKUP'], phone)}
    assert parts['userdata']['status'] == 'skipped' and 'index' not in parts['userdata']
    m = h.manifest(store, k.done['BACKUP'])
    assert [r['coverage'] for r in m['storage']['regions']] == ['all', 'all', 'part']
    _, e = h.export(store, k.done['BACKUP'], 'EMMC_USER', 'rom')
    assert e.error == 'InvalidOption' and 'userdata' in e.fail['TEXT']
    _, e = h.export(store, k.done['BACKUP'], 'userdata')
    assert e.error == 'InvalidOption'


def test_no_reading_back(path):
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    k = h.backup(store, phone, VERIFY=0)
    assert k.result == 'complete' and not k.all('BACKUP')
    assert h.backups(store) == [k.done['BACKUP']]
    assert Opened(store)[k.done['BACKUP']]['VERIFIED'] == ''
    # a look at the structure does not make it verified, reading it does
    assert h.verify_all(store, 'structure').result == 'done'
    assert Opened(store)[k.done['BACKUP']]['VERIFIED'] == ''
    assert h.verify_all(store, 'data').result == 'done'
    assert Opened(store)[k.done['BACKUP']]['VERIFIED'] == 'ok'


def Opened(store):
    k = h.Keeper(store, 'open')
    assert k.result == 'done', k.fail
    return {m['BACKUP']: m for m in k.all('BACKUP')}


def test_open_lists(path):
    """Opening a store tells what is in it, oldest first, and does it again."""
    store = path + '/store'
    h.make_store(store)
    assert Opened(store) == {}
    ids = [h.backup(store, h.small_phone(seed)).done['BACKUP'] for seed in (1, 2)]
    for _ in range(2):
        listed = Opened(store)
        assert sorted(listed) == sorted(ids) == h.backups(store)
    m = listed[ids[1]]
    assert m['VERIFIED'] == 'ok' and m['KIND'] == 'full' and int(m['VERIFIED_AT']) > 10**15


def test_hostile_names(path):
    """Whatever partitions are called, files stay in their folder and every part can be named."""
    store, phone = path + '/store', h.small_phone()
    names = ['../../../../etc/passwd', 'a/b', '.hidden', 'boot', 'boot', 'caf\udce9', '%2e%2e', 'x' * 72,
             '~2', ' ', 'ゲーム']
    phone.parts = [(name, 'EMMC_USER', 0x40000 + 0x1000 * i, 0x1000) for i, name in enumerate(names)]
    h.make_store(store)
    k = h.backup(store, phone)
    assert k.result == 'complete', k.fail
    parts = h.check_equal(store, k.done['BACKUP'], phone)
    files = [p['file'] for p in parts]
    assert len(set(files)) == len(files) and {'boot', 'boot~2', 'a%2Fb', '%2Ehidden'} <= set(files)
    told = h.Keeper(store, 'parts', BACKUP=k.done['BACKUP']).all('PART')
    assert [m['NAME'] for m in told] == files
    assert h.verify_all(store).result == 'done'


def test_broken_table(path):
    """Overlaps, entries behind the end, entries of nothing: every byte is read, the result says so."""
    store, phone = path + '/store', h.small_phone()
    phone.parts += [('huge', 'EMMC_USER', 0, 2 * MIB), ('beyond', 'EMMC_USER', 2 * MIB, 64 * MIB),
                    ('far', 'EMMC_USER', 2**64 - 512, 1024), ('empty', 'EMMC_USER', 4096, 0),
                    ('nowhere', 'EMMC_GP1', 0, 4096)]
    h.make_store(store)
    k = h.backup(store, phone)
    assert k.result == 'complete-with-errors', k.fail
    m = h.manifest(store, k.done['BACKUP'])
    assert [c['result'] for c in m['checks'] if c['name'] == 'tiling'] == ['fail']
    names = [p['name'] for p in h.check_equal(store, k.done['BACKUP'], phone)]
    assert 'nvram' in names and 'huge' not in names
    got, _ = h.export(store, k.done['BACKUP'], 'EMMC_USER', 'rom')
    assert got == bytes(phone.data['EMMC_USER'])


def test_asked_for(path):
    """A partition that was asked for by name and is not on the phone, an area that its agent cannot
    read: the backup is made, and the first is no complete one."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)

    def made(**keys):
        k = h.backup(store, phone, **keys)
        checks = {c['name']: c for c in h.manifest(store, k.done['BACKUP'])['checks']}
        return k, checks

    k, checks = made(KIND='selection', PARTITIONS='boot,recovry,x*')
    assert k.result == 'complete-with-errors' and checks['all-asked-for']['result'] == 'fail', checks
    assert any('"recovry"' in m['TEXT'] for m in k.all('LOG')), k.messages
    k, checks = made(KIND='selection', PARTITIONS='boot,x*')
    assert k.result == 'complete' and 'all-asked-for' not in checks, checks
    phone.data['EMMC_GP1'] = bytearray(4 * MIB)
    phone.readable['EMMC_GP1'] = False
    k, checks = made()
    assert k.result == 'complete' and checks['readable-areas']['result'] == 'skip', checks
    assert any('GP1 cannot be read' in m['TEXT'] for m in k.all('LOG')), k.messages
    k, checks = made(AREAS='USER,GP1')
    assert k.result == 'complete-with-errors' and 'GP1' in checks['all-asked-for']['detail'], checks


def test_no_table(path):
    """Both tables broken: the areas are read whole."""
    store, phone = path + '/store', h.small_phone()
    phone.parts = []
    phone.checks = [('gpt-primary', 'fail', 'header CRC'), ('gpt-backup', 'fail', 'header CRC')]
    phone.facts['PTABLE'] = 'none'
    h.make_store(store)
    k = h.backup(store, phone)
    assert k.result == 'complete-with-errors'
    assert [p['name'] for p in h.check_equal(store, k.done['BACKUP'], phone)] == ['preloader', '_gap-0']


def test_unreadable_area(path):
    store, phone = path + '/store', h.small_phone()
    phone.data['EMMC_RPMB'] = bytearray(4 * MIB)
    phone.readable['EMMC_RPMB'] = False
    h.make_store(store)
    k = h.backup(store, phone)
    assert k.result == 'complete'
    regions = {r['name']: r for r in h.manifest(store, k.done['BACKUP'])['storage']['regions']}
    assert regions['EMMC_RPMB']['coverage'] == 'unreadable'


def test_odd_sizes(path):
    """Areas and parts around the border of a chunk."""
    store = path + '/store'
    h.make_store(store)
    sizes = [512, MIB - 512, MIB, MIB + 512, 2 * MIB - 512]
    parts, at = [], 0
    for i, size in enumerate(sizes):
        parts.append((f'p{i}', 'EMMC_USER', at, size))
        at += size
    phone = h.Phone({'EMMC_USER': bytearray(h.noise('odd', at + 512))}, parts)
    k = h.backup(store, phone)
    assert k.result == 'complete', k.fail
    h.check_equal(store, k.done['BACKUP'], phone)


def test_two_phones_at_once(path):
    """Two sessions store the same chunks at the same time."""
    store = path + '/store'
    h.make_store(store)
    phones = [h.medium_phone(seed) for seed in (1, 2, 3)]
    for i, phone in enumerate(phones):
        phone.facts['CID'] = f'{i:02x}' * 16
    results = [None] * 3

    def run(i):
        results[i] = h.backup(store, phones[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, phone in zip(results, phones):
        assert k.result == 'complete', k.fail
        h.check_equal(store, k.done['BACKUP'], phone)
    assert h.verify_all(store).result == 'done'
    assert len(h.backups(store)) == 3


def test_unstable_part(path):
    """nvram changes between the passes: read three times, marked, and the rest is as ever."""
    store, phone = path + '/store', h.small_phone()

    class Drifting(h.Worker):
        def serve(self, m):
            if m['OFFSET'] == str(0x8000):
                self.phone.data['EMMC_USER'][0x8000] ^= 0x55 + self.reads
            return super().serve(m)

    h.make_store(store)
    k = h.backup(store, phone, worker=Drifting(phone))
    assert k.result == 'complete-with-errors', k.fail
    part = next(p for p in h.manifest(store, k.done['BACKUP'])['parts'] if p['name'] == 'nvram')
    assert part['status'] == 'unstable' and part['reads'] == 3
    assert h.verify_all(store).result == 'done'


def test_wire_is_kept_busy(path):
    """While there is something left to read the worker always has the next request."""
    store, phone = path + '/store', h.medium_phone()

    class Counting(h.Worker):
        idle = 0

        def chunk(self, *args):
            time.sleep(0.003)
            super().chunk(*args)

        def serve(self, m):
            done = super().serve(m)
            self.listen(False)
            if not self.waiting:
                self.idle += 1
            return done

    h.make_store(store)
    w = Counting(phone)
    k = h.backup(store, phone, worker=w)
    assert k.result == 'complete'
    assert len(w.log) == len(k.all('ITEM'))
    # at the end of the critical set and at the very end
    assert w.idle <= 2, w.idle


def test_export_to_pipe(path):
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    r, w = os.pipe()
    got = []
    reader = threading.Thread(target=lambda: got.append(open(r, 'rb').read()))
    reader.start()
    k = h.Keeper(store, 'export', fds=(w,), wait=False, BACKUP=backup_id, PART='system', FORMAT='raw')
    os.close(w)
    k.wait()
    reader.join()
    part = next(p for p in h.manifest(store, backup_id)['parts'] if p['name'] == 'system')
    assert k.result == 'done' and got[0] == phone.read('EMMC_USER', part['offset'], part['size'])


def test_export_sparse(path):
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    with open(path + '/out', 'wb') as out:
        k = h.Keeper(store, 'export', fds=(out.fileno(),), BACKUP=backup_id, PART='preloader_backup')
    st = os.stat(path + '/out')
    assert k.result == 'done' and st.st_size == 4 * MIB and st.st_blocks == 0


def test_export_stuck_reader(path):
    """Somebody takes nothing out of the pipe: a cancel is still heard."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    r, w = os.pipe()
    k = h.Keeper(store, 'export', fds=(w,), wait=False, BACKUP=backup_id, PART='boot', FORMAT='raw')
    os.close(w)
    k.cancel()
    k.wait()
    os.close(r)
    assert k.result == 'canceled' and k.status == 0


def test_export_errors(path):
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    for keys, error in (({'BACKUP': 'x'}, 'NoSuchBackup'), ({'PART': 'moon'}, 'InvalidOption'),
                        ({'FORMAT': 'zip'}, 'InvalidOption'),
                        ({'PART': 'MOON', 'FORMAT': 'rom'}, 'InvalidOption')):
        arguments = {'BACKUP': backup_id, 'PART': 'boot', 'FORMAT': 'raw', **keys}
        with open(path + '/out', 'wb') as out:
            k = h.Keeper(store, 'export', fds=(out.fileno(),), **arguments)
        assert k.error == error, (keys, k.messages)
    with open(path + '/out', 'rb') as out:
        assert h.Keeper(store, 'export', fds=(out.fileno(),), BACKUP=backup_id,
                        PART='boot').error == 'InvalidOption'
    assert h.Keeper(store, 'export', BACKUP=backup_id, PART='boot').error == 'InvalidOption'
    with open('/dev/full', 'wb') as out:
        assert h.Keeper(store, 'export', fds=(out.fileno(),), BACKUP=backup_id,
                        PART='boot').error == 'Failed'


def test_export_manifest(path):
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    backup_id = h.backup(store, phone).done['BACKUP']
    got, k = h.export(store, backup_id, '', 'manifest')
    assert k.result == 'done'
    assert got == open(h.folder(store, backup_id) + '/manifest.json', 'rb').read()


def test_delete(path):
    """A deleted backup is in the trash, and its number is not given out again."""
    store, phone = path + '/store', h.small_phone()
    h.make_store(store)
    first = h.backup(store, phone)
    k = h.Keeper(store, 'delete', BACKUP=first.done['BACKUP'])
    assert k.result == 'done' and k.all('REMOVED')[0]['BACKUP'] == first.done['BACKUP']
    assert h.backups(store) == []
    assert any(first.done['BACKUP'] in name for name in os.listdir(store + '/trash'))
    assert h.Keeper(store, 'delete', BACKUP=first.done['BACKUP']).error == 'NoSuchBackup'
    again = h.backup(store, phone)
    assert int(again.all('COMMITTED')[-1]['SEQ']) > int(first.all('COMMITTED')[-1]['SEQ'])


def test_wrong_requests(path):
    """What the daemon may get wrong."""
    store = path + '/store'
    h.make_store(store)
    assert h.Keeper(store, 'dance').error == 'InvalidOption'
    assert h.Keeper(None, 'open').error == 'StoreFailed'
    assert h.Keeper(store, 'backup', KIND='full').error == 'Failed'
    assert h.Keeper(store, 'verify', BACKUP='', LEVEL='moon').error == 'InvalidOption'
    os.mkdir(path + '/empty')
    assert h.Keeper(path + '/empty', 'parts', BACKUP='x').error == 'StoreFailed'
    k = h.Keeper(store, 'open', args=('--cage=none',))
    assert k.status == 2 and not k.messages


def test_agent(path):
    """A download agent is checked and copied; anything else is refused."""
    tool = os.environ.get('MTKBACKUP_MKAGENT')
    if not tool:
        return 'skip there is no maker of download agents'
    subprocess.run([tool, path + '/agent.bin'], check=True, stdout=subprocess.DEVNULL)
    data = open(path + '/agent.bin', 'rb').read()
    with open(path + '/agent.bin', 'rb') as file, open(path + '/copy', 'wb') as copy:
        k = h.Keeper(None, 'agent', fds=(file.fileno(), copy.fileno()))
    assert k.result == 'done', k.fail
    assert k.done['SHA256'] == hashlib.sha256(data).hexdigest() and int(k.done['SIZE']) == len(data)
    assert k.all('ENTRY') and all(m['HW_CODE'].startswith('0x') for m in k.all('ENTRY'))
    assert open(path + '/copy', 'rb').read() == data
    for text in (b'', b'nonsense', data[:100], data[:len(data) // 2]):
        with open(path + '/bad', 'wb') as out:
            out.write(text)
        with open(path + '/bad', 'rb') as file:
            k = h.Keeper(None, 'agent', fds=(file.fileno(),))
        assert k.error == 'InvalidFile' or not k.all('ENTRY'), (len(text), k.messages)
    assert h.Keeper(None, 'agent').error == 'InvalidFile'


if __name__ == '__main__':
    h.main(sys.modules[__name__])

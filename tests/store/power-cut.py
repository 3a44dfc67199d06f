#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts, replayed: what the keeper did to the disk is recorded (disk-shim.c), and the disk is
rebuilt as it could look after a cut at any point of the record.

The rules of the made-up disk: what a flush of a file or folder covered is there. Of everything else
any part may be missing: each write wholly, by half or with garbage where it should be, each change of
a folder by itself as long as the ones before it in that folder are there (a rename is there or not,
never half). These are harsher than any file system we know. With flushes that do nothing the same
search has to find damage, else it would prove nothing."""
import os
import random
import shutil
import sys

import harness as h

SHIM = os.environ.get('MTKBACKUP_DISK_SHIM')
LONG = os.environ.get('MTKBACKUP_TEST_LONG') == '1'


class File:
    def __init__(self):
        self.safe = b''         # flushed
        self.pending = []       # (offset, data) or a size
        self.folder = False

    def now(self):
        return self.apply(self.pending)

    def apply(self, changes):
        data = bytearray(self.safe)
        for change in changes:
            if isinstance(change, int):
                data = data[:change] + bytes(max(0, change - len(data)))
                continue
            offset, new = change
            if len(data) < offset:
                data += bytes(offset - len(data))
            data[offset:offset + len(new)] = new
        return bytes(data)

    def flush(self):
        self.safe, self.pending = self.now(), []

    def after_cut(self, rng, mode):
        if mode == 'none':
            return self.safe
        if mode == 'all':
            return self.now()
        kept = []
        for change in self.pending:
            luck = rng.random()
            if luck < 0.4:
                kept.append(change)
            elif luck < 0.8 or isinstance(change, int):
                continue
            else:
                offset, new = change
                half = len(new) // 2
                kept.append((offset, new[:half] + (rng.randbytes(len(new) - half)
                                                   if luck < 0.9 else bytes(len(new) - half))))
        return self.apply(kept)


class Disk:
    """Files by number, names in folders, and which changes of names are safe."""

    def __init__(self, root):
        self.files = {}
        self.names = {}         # path -> number: as the programs see it
        self.changes = []       # [folders, undo-free description, safe]
        self.base = {}          # path -> number: safe names
        self.next = 0
        self.make('/', True)
        self.base = dict(self.names)
        for folder, folders, files in os.walk(root):
            where = '/' + os.path.relpath(folder, root) if folder != root else ''
            for name in folders:
                self.make(f'{where}/{name}', True)
            for name in files:
                self.make(f'{where}/{name}', False)
                with open(f'{folder}/{name}', 'rb') as file:
                    self.at(f'{where}/{name}').safe = file.read()
        self.base = dict(self.names)
        self.changes = []

    def at(self, path):
        return self.files[self.names[path]]

    def make(self, path, folder):
        file = File()
        file.folder = folder
        self.files[self.next] = file
        self.names[path] = self.next
        self.next += 1
        return self.next - 1

    @staticmethod
    def parent(path):
        return os.path.dirname(path)

    def change(self, *steps):
        """steps: (path, number or None)"""
        self.changes.append([steps, {self.names.get(self.parent(path)) for path, _ in steps}, False])

    def under(self, path):
        return [p for p in self.names if p == path or p.startswith(path + '/')]

    def play(self, kind, words, data):
        if kind in ('create', 'mkdir'):
            number = self.make(words[0], kind == 'mkdir')
            self.change((words[0], number))
        elif kind == 'remove':
            number = self.names.pop(words[0])
            self.change((words[0], None))
        elif kind == 'rename':
            a, b = words
            moved = [(p, self.names.pop(p)) for p in self.under(a)]
            for p, number in moved:
                self.names[b + p[len(a):]] = number
            self.change((a, None), (b, self.names[b]))
        elif kind == 'link':
            self.names[words[1]] = self.names[words[0]]
            self.change((words[1], self.names[words[1]]))
        elif kind == 'write':
            self.at(words[0]).pending.append((int(words[1]), data))
        elif kind == 'truncate':
            self.at(words[0]).pending.append(int(words[1]))
        elif kind == 'flush':
            number = self.names.get(words[0])
            if number is None:
                return
            self.files[number].flush()
            if self.files[number].folder:
                for c in self.changes:
                    if number in c[1]:
                        c[2] = True
        elif kind == 'sync':
            for file in self.files.values():
                file.flush()
            for c in self.changes:
                c[2] = True

    def after_cut(self, rng, mode):
        """Names and contents as they could be found."""
        blocked = set()
        kept = []
        for steps, folders, safe in self.changes:
            keep = safe or mode == 'all' or (mode == 'some' and rng.random() < 0.5)
            # the order within a folder holds, unless the later change was flushed by itself
            if not safe and folders & blocked:
                keep = False
            if keep:
                kept.append(steps)
            else:
                blocked |= folders
        # names as (number of the folder, last part), so that a renamed folder takes its content along
        tree = {}
        for path, number in self.base.items():
            if path != '/':
                tree[(self.base[self.parent(path)], os.path.basename(path))] = number
        for steps in kept:
            for (path, number), key in zip(steps, self.keys[id(steps)]):
                if number is None:
                    tree.pop(key, None)
                else:
                    tree[key] = number
        return tree


def prepare(path):
    """A store with one backup, the folder before, and an environment that records."""
    store, log = path + '/store', path + '/log'
    for old in (store, path + '/before'):
        shutil.rmtree(old, ignore_errors=True)
    if os.path.exists(log):
        os.unlink(log)
    h.make_store(store)
    good = h.backup(store, h.small_phone(1)).done['BACKUP']
    shutil.copytree(store, path + '/before')
    return store, good, {'LD_PRELOAD': SHIM, 'DISK_LOG': log}


def recorded(path):
    """Every event: (kind, words, data)."""
    events = []
    with open(path + '/log', 'rb') as file:
        while line := file.readline():
            words = line.decode().split()
            data = file.read(int(words[3])) if words[0] == 'write' else None
            events.append((words[0], words[1:], data))
    return events


def record(path, phone, lie=None):
    """The backup before, the new one, and every event of it."""
    store, good, env = prepare(path)
    if lie:
        env['DISK_LIE'] = lie
    k = h.backup(store, phone, env=env)
    assert k.result == 'complete', k.messages
    return good, k.done['BACKUP'], recorded(path)


def rebuild(disk, rng, mode, target):
    """Writes the disk after a cut to a folder."""
    tree = disk.after_cut(rng, mode)
    shutil.rmtree(target, ignore_errors=True)
    os.mkdir(target)
    children = {}
    for (folder, name), number in tree.items():
        children.setdefault(folder, []).append((name, number))
    contents = {}

    def write(number, where):
        for name, child in children.get(number, []):
            file = disk.files[child]
            if file.folder:
                os.mkdir(f'{where}/{name}', 0o700)
                write(child, f'{where}/{name}')
                continue
            if child not in contents:
                contents[child] = file.after_cut(rng, mode)
            with open(f'{where}/{name}', 'wb') as out:
                out.write(contents[child])

    write(disk.base['/'], target)


def violations(path, events, good, states, rng):
    """Plays the record, cuts the power now and then, and looks what is left."""
    disk = Disk(path + '/before')
    disk.keys = {}
    told, removed = [], set()
    cuts = sorted(rng.sample(range(len(events) + 1), min(states, len(events) + 1)))
    found = []
    target = path + '/after'
    for number in range(len(events) + 1):
        while cuts and cuts[0] == number:
            cuts.pop(0)
            mode = rng.choice(['none', 'some', 'some', 'all'])
            rebuild(disk, rng, mode, target)
            o = h.Keeper(target, 'open')
            v = h.verify_all(target)
            listed = {m['BACKUP'] for m in o.all('BACKUP')}
            where = f'event {number} of {len(events)}, {mode}'
            if o.result != 'done' or v.result != 'done':
                found.append((where, (o.fail or v.fail or {}).get('TEXT')))
            elif not set(told) - removed | {good} <= listed:
                found.append((where, f'told {told}, listed {listed}'))
            elif os.listdir(target + '/incoming'):
                found.append((where, 'a session is left'))
        if number == len(events):
            break
        kind, words, data = events[number]
        if kind == 'told':
            told.append(words[0])
            continue
        if kind == 'rename' and words[1].startswith('/trash/') and not words[1].endswith('.json'):
            removed.add(words[0].rsplit('/', 1)[1])
        before = len(disk.changes)
        folders = {w: disk.names.get(disk.parent(w)) for w in words if w.startswith('/')}
        disk.play(kind, words, data)
        for steps, _, _ in disk.changes[before:]:
            disk.keys[id(steps)] = [(folders[p], os.path.basename(p)) for p, _ in steps]
    return found


def test_power_cuts(path):
    """Committed backups are whole after every cut, unfinished ones are not there at all."""
    if not SHIM:
        return 'skip there is no shim'
    phone = h.small_phone(2)
    good, new, events = record(path, phone)
    flushes = sum(kind == 'flush' for kind, _, _ in events)
    assert flushes > 50 and [w[0] for kind, w, _ in events if kind == 'told'][-1] == new
    states = 0
    rng = random.Random(os.environ.get('MTKBACKUP_TEST_SEED', '9'))
    for _ in range(5 if LONG else 1):
        n = 400 if LONG else 80
        found = violations(path, events, good, n, rng)
        assert found == [], found[:5]
        states += n
    return f'{len(events)} events, {states} cuts'


def test_chunks_nobody_flushed(path):
    """A session that ends between placing its chunks and flushing their folders, as one does that is
    killed, leaves chunks that the next one meets and reuses: it makes sure of them before it says
    that its backup is there."""
    if not SHIM:
        return 'skip there is no shim'
    store, good, env = prepare(path)
    phone = h.small_phone(2)

    def unplug(number, region, offset, length):
        return {'close': True, 'at': offset} if region == 'EMMC_USER' and offset >= 0x180000 else None

    k = h.backup(store, phone, worker=h.Worker(phone, unplug), KIND='selection',
                 env=env | {'DISK_LIE': '/chunks.castr'})
    assert k.error == 'Interrupted', k.messages
    k = h.backup(store, phone, env=env)
    assert k.result == 'complete', k.messages
    reused = h.manifest(store, k.done['BACKUP'])['totals']['chunks_reused']
    assert reused > 0
    found = violations(path, recorded(path), good, 80, random.Random(9))
    assert found == [], found[:5]
    return f'{reused} chunks reused'


def test_lying_disk(path):
    """The same search finds what it is there to find: when the disk ignores all flushes, or only
    those of the chunks, of their folders, of the finished folder."""
    if not SHIM:
        return 'skip there is no shim'
    notes = []
    for lie in ('/', '/stage/', '/chunks.castr/', '/chunks.castr', '/final'):
        good, _, events = record(path, h.small_phone(2), lie=lie)
        found = violations(path, events, good, 80, random.Random(9))
        assert found, lie
        notes.append(f'{lie} {len(found)}')
    return 'damage after 80 cuts each: ' + ', '.join(notes)


if __name__ == '__main__':
    h.main(sys.modules[__name__], memory=True)

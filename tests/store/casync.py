#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs read what we store: casync, and a shell with coreutils and zstd."""
import hashlib
import os
import re
import shutil
import subprocess
import sys

import harness as h


def stored(path):
    store, phone = path + '/store', h.medium_phone()
    h.make_store(store)
    phone.parts.append(('my data', 'EMMC_USER', 10 * h.MIB, 4096))
    k = h.backup(store, phone)
    assert k.result == 'complete', k.fail
    return store, phone, k.done['BACKUP']


def test_casync(path):
    """casync extract gives back every partition."""
    if not shutil.which('casync'):
        return 'skip casync is not installed'
    store, phone, backup_id = stored(path)
    folder = h.folder(store, backup_id)
    for part in h.manifest(store, backup_id)['parts']:
        out = f'{path}/out.img'
        subprocess.run(['casync', 'extract', f'--store={store}/chunks.castr',
                        f'{folder}/{part["index"]}', out], check=True, capture_output=True)
        got = open(out, 'rb').read()
        os.unlink(out)
        assert got == phone.read(part['region'], part['offset'], part['size']), part['name']


def test_casync_agrees(path):
    """casync's own checksum of an index is that of the image."""
    if not shutil.which('casync'):
        return 'skip casync is not installed'
    store, phone, backup_id = stored(path)
    folder = h.folder(store, backup_id)
    part = next(p for p in h.manifest(store, backup_id)['parts'] if p['name'] == 'boot')
    run = subprocess.run(['casync', 'gc', '--dry-run', f'--store={store}/chunks.castr',
                          *(f'{folder}/index/{f}' for f in os.listdir(folder + '/index'))],
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    # every chunk belongs to this backup, so nothing may be called superfluous
    assert 'cacnk' not in run.stdout, run.stdout
    assert part['index_sha256'] == hashlib.sha256(open(f'{folder}/{part["index"]}', 'rb').read()).hexdigest()


def test_shell(path):
    """The recipe of README.txt, as it stands there."""
    store, phone, backup_id = stored(path)
    text = open(store + '/README.txt').read()
    recipe = re.search(r'( +tail .*?done > X\.img\n)', text, re.S).group(1)
    folder = h.folder(store, backup_id)
    for part in h.manifest(store, backup_id)['parts']:
        os.symlink(f'{folder}/{part["index"]}', path + '/X.caibx')
        script = recipe.replace('X.', f'"{path}"/X.').replace('chunks.castr', f'{store}/chunks.castr')
        subprocess.run(['sh', '-ec', script], check=True)
        got = open(path + '/X.img', 'rb').read()
        assert got == phone.read(part['region'], part['offset'], part['size']), part['name']
        os.unlink(path + '/X.caibx')


def test_sums(path):
    store, _, backup_id = stored(path)
    subprocess.run(['sha256sum', '--quiet', '--strict', '-c', 'SHA256SUMS'],
                   cwd=h.folder(store, backup_id), check=True)


def test_plain_images(path):
    """The irreplaceable partitions lie there as files anybody can use."""
    store, phone, backup_id = stored(path)
    folder = h.folder(store, backup_id)
    parts = [p for p in h.manifest(store, backup_id)['parts'] if 'plain' in p]
    assert [p['name'] for p in parts] == ['preloader', 'preloader_backup', 'nvram']
    for part in parts:
        got = open(f'{folder}/{part["plain"]}', 'rb').read()
        assert got == phone.read(part['region'], part['offset'], part['size']), part['name']
    # zeros cost nothing
    assert os.stat(f'{folder}/plain/preloader_backup.img').st_blocks == 0


if __name__ == '__main__':
    h.main(sys.modules[__name__])

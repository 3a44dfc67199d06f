#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scatter files and readback lists made of a stored backup."""
import json
import struct
from fixture import *

service = Service()
client = Client(service)
ident = service.add_backup(1, Chip='MT6752')
EXAMPLES = f'{TOP}/tests/data/examples'
TABLE = f'{EXAMPLES}/gpt-emmc-p70a-primary.bin'
USER = 0x3A3E00000
BASIC_DATA = 'a2a0d0ebe5b9334487c068b6b72699c7'


def partitions():
    """The example's table, tiled as a backup has it."""
    with open(TABLE, 'rb') as file:
        data = file.read()
    end = 0
    for i in range(128):
        entry = data[1024 + 128 * i:1152 + 128 * i]
        first, last = struct.unpack_from('<QQ', entry, 32)
        if not any(entry[:16]):
            continue
        if first * 512 > end:
            yield f'_gap-{end:x}', end, first * 512 - end
        end = (last + 1) * 512
        yield entry[56:128].decode('utf-16le').rstrip('\0'), first * 512, end - first * 512
    yield f'_gap-{end:x}', end, USER - end


def make_manifest():
    parts = [{'name': 'preloader', 'file': 'preloader', 'region': 'EMMC_BOOT1', 'offset': 0,
              'size': 0x400000, 'class': 'loader', 'status': 'ok'}]
    for name, offset, size in partitions():
        more = {'class': 'gap'} if name.startswith('_gap') else {'type_guid': BASIC_DATA, 'unique_guid': f'{offset:032x}'}
        parts.append({'name': name, 'file': name.replace('_', '-'), 'region': 'EMMC_USER',
                      'offset': offset, 'size': size, 'status': 'ok', **more})
    return {'format': 'mtkbackup-manifest', 'version': 1, 'id': ident, 'parts': parts,
            'device': {'chip': 'MT6752'},
            'storage': {'type': 'emmc', 'regions': [
                {'name': 'EMMC_BOOT1', 'size': 0x400000, 'coverage': 'all'},
                {'name': 'EMMC_BOOT2', 'size': 0x400000, 'coverage': 'all'},
                {'name': 'EMMC_USER', 'size': USER, 'coverage': 'all'}]}}


manifest = make_manifest()


def export(path, part, form, file, options):
    descriptor = file.take()
    os.write(descriptor, json.dumps(manifest).encode())
    os.close(descriptor)


service.methods[BACKUP, 'Export'] = export


def test_scatter():
    """scatter of a backup is that of the phone's own table"""
    code, of_backup, err = client.run('scatter', '--project', 'x', 'latest')
    assert code == 0 and err == '', err
    code, of_table, _ = client.run('scatter', '--project', 'x', '--chip', 'MT6752', TABLE)
    assert code == 0 and of_backup == of_table, of_backup
    code, answer = client.json('scatter', ident)
    assert code == 0 and answer['kind'] == 'backup' and len(answer['partitions']) == 22


def test_check():
    """a backup is compared with a scatter of the phone"""
    code, answer = client.json('scatter', 'check', f'{EXAMPLES}/MT6752_Android_scatter.txt', ident)
    assert code == 0 and 'problems' not in answer, answer


def test_readback():
    """the list of a backup has whole boot areas and everything else"""
    code, answer = client.json('readback-xml', 'latest')
    assert code == 0 and len(answer['items']) == 23, answer
    assert answer['items'][0]['size'] == 0x400000


def test_wrong():
    """what is no backup and no file, and a manifest that makes no sense"""
    code, _, _ = client.run('scatter', '19990101T000000Z-00000000')
    assert code == 5, code
    manifest['parts'][3]['region'] = 'NOWHERE'
    manifest['parts'][4]['offset'] = -1
    manifest['parts'][5]['size'] = 'big'
    del manifest['storage']
    code, _, err = client.run('scatter', 'latest')
    assert code == 0 and 'warning' in err, err
    manifest['parts'] = 'none'
    code, _, _ = client.run('scatter', 'latest')
    assert code not in (0, -11), code


run_tests([test_scatter, test_check, test_readback, test_wrong])

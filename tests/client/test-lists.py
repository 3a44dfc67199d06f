#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client shows about phones, jobs, backups, agents and profiles."""
from fixture import *

service = Service()
client = Client(service)


def test_empty():
    """an empty service: nothing on stdout but an empty table, a hint on stderr"""
    code, out, err = client.run('backups')
    assert (code, out, err) == (0, '', 'no backups yet\n'), (code, out, err)
    assert client.json('backups') == (0, {'backups': []})
    assert client.json('jobs') == (0, {'jobs': []})
    assert client.json('devices') == (0, {'devices': []})
    code, out, err = client.run()
    assert code == 0 and 'mtkbackupd 0.1.0, 0 backups in /store (ok)' in out, out
    assert 'No phone in download mode.' in out and 'No job is queued or running.' in out


def test_backups():
    """backups come oldest first, with times, sizes and whole ids"""
    second = service.add_backup(2, Name='before the flash')
    first = service.add_backup(1)
    code, answer = client.json('backups')
    assert code == 0 and [b['id'] for b in answer['backups']] == [first, second]
    backup = answer['backups'][1]
    assert backup['name'] == 'before the flash'
    assert backup['started_at'] == '2026-11-18T11:06:42Z', backup['started_at']
    assert backup['verified_at'] is None
    assert backup['size'] == 536870912 and backup['device_key'] == 'mt6765-0123456789ab'
    code, out, _ = client.run('backups')
    lines = out.splitlines()
    assert lines[0].split() == ['BACKUP', 'DATE', 'CHIP', 'PHONE', 'KIND', 'RESULT', 'SIZE', 'NEW',
                                'VERIFIED', 'NAME']
    assert '512.0 MiB' in lines[1] and first in lines[1] and '2026-11-18 11:06' in lines[1]


def test_narrow():
    """on a terminal of 80 columns the table of backups fits: what the id says as well goes first"""
    for columns, there, gone in ((200, ['DATE', 'CHIP', 'NEW', 'NAME'], []),
                                 (100, ['CHIP', 'NEW', 'NAME'], ['DATE']),
                                 (80, ['PHONE', 'SIZE', 'VERIFIED', 'NAME'], ['DATE', 'CHIP', 'NEW'])):
        with client.terminal('backups', width=columns) as (process, read):
            lines = [line for line in read().replace('\r', '').split('\n') if line]
            assert process.wait(30) == 0
        words = lines[0].split()
        assert set(there) <= set(words) and not set(gone) & set(words), (columns, words)
        assert all(len(line) <= columns for line in lines), (columns, lines)
        assert all(len(line.split()[0]) == len('20261118T110642Z-00000001') for line in lines[1:])


def test_redact():
    """--redact shortens what identifies a phone, in tables and in JSON"""
    code, answer = client.json('backups', '--redact')
    assert answer['backups'][0]['device_key'] == 'mt67…', answer
    code, out, _ = client.run('--redact', 'backups')
    assert code == 0 and '0123456789ab' not in out


def test_devices():
    """a phone shows its USB id, its state and its job"""
    service.add(f'{ROOT}/device/_31_2d2', DEVICE, Port='1-2', VendorId=0x0e8d, ProductId=0x2000,
                State='busy', Mode='preloader', Chip='MT6765', HwCode=0x766,
                Job=f'{ROOT}/job/_7', Security=['sbc', 'daa'])
    code, answer = client.json('devices')
    device = answer['devices'][0]
    assert code == 0 and device['id'] == '1-2' and device['vendor_id'] == '0x0e8d'
    assert device['hw_code'] == '0x0766' and device['security'] == ['sbc', 'daa']
    _, out, _ = client.run('devices')
    assert out.splitlines()[1].split() == ['1-2', '0e8d:2000', 'busy', 'preloader', 'MT6765', '7',
                                           '-'], out
    service.objects[f'{ROOT}/device/_31_2d2'][DEVICE].update(
        HwSubCode=0x8a00, HwVersion=0xca00, SwVersion=0, MeId='11' * 16, SocId='22' * 32,
        Protocol='xflash', Message='')
    code, out, _ = client.run('devices', '1-2')
    lines = dict(line.split(':', 1) for line in out.splitlines())
    shown = {key: value.strip() for key, value in lines.items()}
    assert code == 0 and shown == {
        'USB port': '1-2', 'USB id': '0e8d:2000', 'State': 'busy', 'Mode': 'preloader',
        'Chip': 'MT6765', 'Hardware code': '0x0766', 'Sub code': '0x8a00',
        'Hardware version': '0xca00', 'Software version': '0x0000', 'Security': 'sbc,daa',
        'Agent protocol': 'xflash', 'ME_ID': '11' * 16, 'SOC_ID': '22' * 32, 'Job': '7'}, shown
    _, out, _ = client.run('--redact', 'devices', '1-2')
    assert '11' * 16 not in out and '22' * 32 not in out, out
    code, answer = client.json('devices', '1-2')
    assert [d['me_id'] for d in answer['devices']] == ['11' * 16], answer
    assert answer['devices'][0]['sw_version'] == '0x0000', answer
    assert client.run('devices', '9-9')[0] == 5


def test_jobs():
    """jobs: the running one with its percentage, the failed one with its cause"""
    service.add_job(7, State='running', Device='1-2')
    service.objects[f'{ROOT}/job/_7'][PROGRESS].update(
        BytesDone=50, BytesTotal=100, Progress=0.5, Rate=10, ExpectedEndTime=1_795_000_005_000_000)
    service.add_job(10, State='failed', Result='failed', ErrorName=f'{NAME}.Error.DeviceGone',
                    ErrorMessage='the phone was unplugged')
    service.add_job(9, State='waiting-for-device', UserAction='plug it in')
    code, answer = client.json('jobs')
    assert code == 0 and [j['id'] for j in answer['jobs']] == [7, 9, 10]
    assert answer['jobs'][0]['progress']['bytes_done'] == 50
    assert answer['jobs'][0]['progress']['expected_end_time'] == '2026-11-18T11:06:45Z'
    _, out, _ = client.run('jobs')
    assert '50%' in out and 'the phone was unplugged' in out and 'plug it in' in out, out


def test_job():
    """one job in full"""
    code, out, _ = client.run('job', '10')
    assert code == 0 and 'Message:  the phone was unplugged' in out, out
    code, answer = client.json('job', '7')
    assert answer['state'] == 'running' and answer['progress']['rate'] == 10
    code, _, err = client.run('job', '99')
    assert code == 5 and 'there is no job 99' in err, err
    assert client.run('job', 'x')[0] == 2 and client.run('job', '0')[0] == 2


def test_status():
    """status shows phones and what is not finished; --json has both lists"""
    code, answer = client.json()
    assert code == 0 and [j['id'] for j in answer['jobs']] == [7, 9]
    assert [d['id'] for d in answer['devices']] == ['1-2']
    assert answer['store_path'] == '/store' and answer['version'] == '0.1.0'
    code, out, _ = client.run('status')
    assert code == 0 and '1-2' in out and 'waiting-for-device' in out and '10 ' not in out


def test_agents():
    """agents: list, and import by descriptor with the file's own name"""
    service.methods[MANAGER, 'ListAgents'] = lambda path: (
        'a(sssas)', [('a1', 'MTK_AllInOne_DA.bin', 'made up', ['MT6765', 'MT6768'])])
    code, answer = client.json('agents')
    assert code == 0 and answer['agents'] == [
        {'id': 'a1', 'name': 'MTK_AllInOne_DA.bin', 'description': 'made up',
         'chips': ['MT6765', 'MT6768']}]
    assert 'MT6765,MT6768' in client.run('agents')[1]

    def take(path, name, file):
        with os.fdopen(file.take(), 'rb') as content:
            assert (name, content.read()) == ('DA.bin', b'agent')
        return 'ssas', 'a2', 'two stages', ['MT6765']
    service.methods[MANAGER, 'ImportAgent'] = take
    with open(f'{service.dir}/DA.bin', 'wb') as file:
        file.write(b'agent')
    code, out, err = client.run('agents', 'import', f'{service.dir}/DA.bin')
    assert (code, out) == (0, 'MT6765\n') and 'imported a2: two stages' in err, (code, out, err)
    assert client.run('agents', 'import', f'{service.dir}/none')[0] == 5
    assert client.run('agents', 'import')[0] == 2
    code, _, err = client.run('agents', 'import', service.dir)
    assert code == 1 and f'{service.dir} is no regular file' in err, (code, err)
    assert client.run('agents', 'export')[0] == 2


def test_auto():
    """auto: the switch, the rules, known phones, jobs that wait for somebody to agree"""
    said = []
    manager = service.objects[ROOT][MANAGER]
    manager.update(AutoBackup=True, AutoBackupDecidedBy='switch', AutoBackupProfile='by-chip',
                   AutoBackupInterval=72000)
    service.methods[MANAGER, 'ListPhones'] = lambda path: ('a(sssbut)', [
        ('0123456789ab', 'MT6765', 'mt6765-aabbccddeeff', True, 1000, 1_795_000_000_000_000),
        ('ba9876543210', '', '', False, 0, 1_795_000_000_000_000)])
    service.methods[MANAGER, 'SetAutoBackup'] = lambda path, on: said.append(bool(on))
    service.methods[MANAGER, 'ResetAutoBackup'] = lambda path: said.append('reset')
    service.methods[MANAGER, 'ForgetPhone'] = lambda path, phone: said.append(str(phone))
    service.methods[JOB, 'Approve'] = lambda path, options: said.append(str(path))
    service.add_job(12, State='queued', Automatic=True, NeedsApproval=True, UserAction='agree')
    code, answer = client.json('auto')
    assert code == 0 and [j['id'] for j in answer.pop('jobs')] == [12]
    assert [(p['id'], p['agreed'], p['uid']) for p in answer.pop('phones')] == [
        ('0123456789ab', True, 1000), ('ba9876543210', False, 0)]
    assert answer == {'on': True, 'decided_by': 'switch', 'profile': 'by-chip',
                      'minimum_interval': 72000, 'known_phones_only': False}, answer
    code, out, _ = client.run('auto', 'status', '--redact')
    assert code == 0 and 'is on, decided by: switch' in out and 'interval: 20h' in out, out
    assert 'mt67…' in out and 'aabbcc' not in out and 'agree' in out, out
    for words in (['on'], ['off'], ['reset'], ['approve', '12'], ['forget', '0123456789ab']):
        assert client.run('auto', *words)[0] == 0
        assert client.json('auto', *words)[0] == 0
    assert said[::2] == said[1::2] == [True, False, 'reset', f'{ROOT}/job/_12', '0123456789ab'], said
    for words in (['maybe'], ['on', 'off'], ['approve'], ['approve', 'x'], ['forget'], ['status', 'x'],
                  ['forget', 'a', 'b']):
        assert client.run('auto', *words)[0] == 2, words


def test_profiles():
    """profiles: list; check works without a service and names line and column"""
    service.methods[MANAGER, 'ListProfiles'] = lambda path: (
        'a(sssb)', [('mt6765', 'MT6765', 'everything', True), ('own', '', 'own.yaml:1: bad', False)])
    code, answer = client.json('profiles')
    assert code == 0 and answer['profiles'][1] == {
        'id': 'own', 'chip': '', 'title': 'own.yaml:1: bad', 'usable': False}
    alone = Client(address='unix:path=/nonexistent')
    good, bad = f'{service.dir}/good.yaml', f'{service.dir}/bad.yaml'
    with open(good, 'w', encoding='utf-8') as file:
        file.write('title: mine\nmatch:\n  chip: MT6765\n')
    with open(bad, 'w', encoding='utf-8') as file:
        file.write('title: mine\nmatch:\n  chip: [1]\n')
    code, out, _ = alone.run('profiles', 'check', good)
    assert code == 0 and 'a valid profile for MT6765 (full)' in out, out
    code, out, err = alone.run('profiles', 'check', bad)
    assert code == 1 and f'{bad}:3:' in err, err
    code, answer = alone.json('profiles', 'check', bad)
    assert answer['type'] == 'error' and answer['error'] == 'InvalidProfile'
    assert alone.run('profiles', 'check', f'{service.dir}/none.yaml')[0] == 5
    assert alone.run('profiles', 'check', '/dev/null')[0] == 2
    assert alone.run('profiles', 'show', 'no-such-profile')[0] == 5
    assert alone.run('profiles', 'show', '../mtkbackupd')[0] == 2


def test_hostile_text():
    """what a phone made up cannot steer the terminal"""
    service.add_job(11, State='waiting-for-device', UserAction='a\x1b[2Jb\rc\u0085d')
    for verb in (['jobs'], ['job', '11'], ['status']):
        _, out, err = client.run(*verb)
        assert not [c for c in out + err if (ord(c) < 32 and c != '\n') or 0x7f <= ord(c) < 0xa0]


run_tests([test_empty, test_backups, test_narrow, test_redact, test_devices, test_jobs, test_job, test_status,
           test_agents, test_auto, test_profiles, test_hostile_text])

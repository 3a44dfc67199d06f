#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queueing, following and ending jobs."""
import json
import select
from fixture import *

service = Service()
client = Client(service)
numbers = iter(range(1, 1000))
queued = []


def queue(path, kind, profile, options):
    number = next(numbers)
    options = {str(k): [str(x) for x in v] if isinstance(v, dbus.Array) else str(v)
               for k, v in options.items()}
    queued.append((number, str(kind), str(profile), options))
    job = service.add_job(number, Kind=kind, Profile=profile, State='waiting-for-device',
                          UserAction='plug the phone in')
    return 'uo', dbus.UInt32(number), dbus.ObjectPath(job)


service.methods[MANAGER, 'Queue'] = queue


def path_of(number):
    return f'{ROOT}/job/_{number}'


def follow(*arguments):
    """Starts a client that queues; returns it and the job's path once the client has seen it."""
    before = len(queued)
    process = client.start(*arguments)
    return process, seen_job(before, process)


def seen_job(before, process):
    wait_until(lambda: len(queued) > before or process.poll() is not None)
    assert len(queued) > before, process.communicate()
    job = path_of(queued[-1][0])
    wait_until(lambda: (job, 'GetAll') in [c[:2] for c in service.calls])
    return job


def end(process):
    out, err = process.communicate(timeout=180)
    return process.returncode, out, err


def test_no_wait():
    """without a terminal, queue prints the number and returns"""
    code, out, err = client.run('queue', '--profile', 'mt6765', '--device', '1-2', '-n', 'mine',
                                '--partitions', 'boot*,nv*')
    number = queued[-1][0]
    assert (code, out) == (0, f'{number}\n') and 'watch' in err
    assert queued[-1][1:] == ('backup', 'mt6765', {'device': '1-2', 'name': 'mine',
                                                   'partitions': ['boot*', 'nv*']})
    code, answer = client.json('queue', '-p', 'full', '--no-wait')
    assert code == 0 and answer == {'type': 'queued', 'id': queued[-1][0]}
    assert queued[-1][3] == {}


def test_wait():
    """queue --wait shows each item once and ends with the backup's id on stdout"""
    process, job = follow('queue', '-p', 'mt6765', '--wait')
    service.change(job, JOB, State='running', Phase='reading', UserAction='', Device='1-2')
    for index, item in enumerate(('boot', 'userdata')):
        service.change(job, PROGRESS, Item=item, ItemIndex=index, ItemCount=2, BytesTotal=100)
        service.change(job, PROGRESS, BytesDone=50 * (index + 1))
    service.emit(job, JOB, 'Log', 'us', dbus.UInt32(5), 'a line of the job')
    service.finish(job, 'complete', backup='20261120T141600Z-abcdef12')
    code, out, err = end(process)
    assert (code, out) == (0, '20261120T141600Z-abcdef12\n'), (code, out, err)
    assert err.count('reading boot (1 of 2') == 1 and err.count('reading userdata (2 of 2') == 1, err
    assert 'plug the phone in' in err and 'a line of the job' in err and ': complete' in err
    assert '\x1b' not in err and '\r' not in err


def test_results():
    """every result has its exit code, cause and advice"""
    cases = [
        ('complete-with-errors', '', 3), ('canceled', 'Canceled', 10), ('failed', 'DeviceGone', 1),
        ('failed', 'HandshakeTimeout', 8), ('failed', 'VerifyFailed', 9),
        ('failed', 'NoDownloadAgent', 1), ('failed', 'NoSuchSomething', 1),
        ('interrupted', 'Interrupted', 1), ('done', '', 0),
    ]
    for result, error, expected in cases:
        process, job = follow('queue', '-p', 'mt6765', '--wait')
        service.finish(job, result, error, f'cause {error}', f'advice {error}')
        code, _, err = end(process)
        assert code == expected, (result, error, code)
        assert result in err and f'cause {error}' in err and f'advice {error}' in err, err


def test_json_stream():
    """--json --wait prints one typed object a line, the result last"""
    process, job = follow('queue', '-p', 'mt6765', '--wait', '--json')
    service.change(job, JOB, State='running', Phase='reading')
    service.change(job, PROGRESS, Item='boot', BytesDone=1, BytesTotal=2, Progress=0.5)
    service.finish(job, 'failed', 'DeviceGone', 'unplugged', 'plug it in')
    code, out, err = end(process)
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and err == ''
    assert [e['type'] for e in events] == ['job', 'job', 'progress', 'result'], events
    assert events[1]['state'] == 'running' and events[2]['item'] == 'boot'
    assert events[3]['exit_code'] == 1 and events[3]['error_message'] == 'unplugged'


def test_detach():
    """^C leaves the job alone, says so, exit code 130"""
    for number in (signal.SIGINT, signal.SIGTERM):
        process, job = follow('queue', '-p', 'mt6765', '--wait')
        # the handler is in place before the job is queued: no need to wait for more
        process.send_signal(number)
        code, out, err = end(process)
        assert (code, out) == (130, '') and 'goes on' in err and 'watch' in err, (code, out, err)
        assert not [c for c in service.calls if c[:2] == (job, 'Cancel')]


def forge(destination, path, interface, member, signature, *arguments):
    message = dbus.lowlevel.SignalMessage(path, interface, member)
    message.set_destination(destination)
    message.append(*arguments, signature=signature)
    return message


def test_false_sender():
    """what somebody else says about a job is not believed"""
    process, job = follow('queue', '-p', 'mt6765', '--wait')
    rogue = dbus.bus.BusConnection(service.address)
    rogue.set_exit_on_disconnect(False)
    for name in rogue.list_names():
        if not name.startswith(':'):
            continue
        for message in (
                forge(name, job, 'org.freedesktop.DBus.Properties', 'PropertiesChanged',
                      'sa{sv}as', JOB, {'State': 'running', 'UserAction': 'forged'}, []),
                forge(name, job, JOB, 'Log', 'us', dbus.UInt32(3), 'forged'),
                forge(name, '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameOwnerChanged',
                      'sss', 'org.mtkbackup1', ':1.1', '')):
            rogue.send_message(message)
    rogue.flush()
    rogue.list_names() # they have been passed on
    service.finish(job, 'complete', backup='20261120T141600Z-abcdef12')
    code, _, err = end(process)
    assert code == 0 and 'forged' not in err, (code, err)
    rogue.close()


def test_vanish():
    """a service that goes away ends the watch with 7"""
    process, _ = follow('queue', '-p', 'mt6765', '--wait')
    service.vanish()
    code, _, err = end(process)
    assert code == 7 and 'goes on' in err and 'systemctl' in err, (code, err)
    assert client.run('jobs')[0] == 7
    code, answer = client.json('jobs')
    assert code == 7 and answer['type'] == 'error' and answer['exit_code'] == 7
    service.appear()


def test_bus_gone():
    """so does a bus that goes away"""
    other = Service()
    other.methods[MANAGER, 'Queue'] = lambda *a: (
        'uo', dbus.UInt32(1), dbus.ObjectPath(other.add_job(1)))
    process = Client(other).start('queue', '-p', 'x', '--wait')
    wait_until(lambda: other.calls)
    other.stop()
    code, _, err = end(process)
    assert code == 7, (code, err)


def test_timeout():
    """--timeout cancels a job that no phone came for, with 8"""
    service.methods[JOB, 'Cancel'] = lambda path, options: service.finish(
        str(path), 'canceled', 'Canceled', 'canceled')
    code, out, err = client.run('queue', '-p', 'mt6765', '--wait', '--timeout', '1')
    assert (code, out) == (8, '') and 'no phone appeared in time' in err, (code, out, err)
    assert (path_of(queued[-1][0]), 'Cancel') in [c[:2] for c in service.calls]
    assert client.run('queue', '-p', 'x', '--no-wait', '--timeout', '1')[0] == 2


def test_refused():
    """a refused job: the service's words, the right code, nothing on stdout"""
    def refuse(error):
        def method(*_):
            raise Error(error, f'because of {error}')
        return method
    for error, expected in (('NoSuchProfile', 5), ('NoDownloadAgent', 1), ('InvalidOption', 2),
                            ('StoreFull', 1), ('QueueFull', 1), ('NotAuthorized', 6),
                            ('org.freedesktop.DBus.Error.AccessDenied', 6),
                            ('org.freedesktop.DBus.Error.InteractiveAuthorizationRequired', 6)):
        service.methods[MANAGER, 'Queue'] = refuse(error)
        code, out, err = client.run('queue', '-p', 'x')
        assert (code, out) == (expected, '') and f'because of {error}' in err, (error, code, err)
    service.methods[MANAGER, 'Queue'] = queue


def test_watch():
    """watch: one job, all jobs with the worst code, nothing to watch"""
    for path in [p for p in service.objects if '/job/' in p]:
        del service.objects[path]
    code, _, err = client.run('watch')
    assert code == 4 and 'no job' in err
    first, second = service.add_job(501, State='running'), service.add_job(502)
    process = client.start('watch', '--json')
    lines = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [line['id'] for line in lines] == [501, 502]
    third = service.add_job(503)
    service.emit(ROOT, MANAGER, 'JobNew', 'uo', dbus.UInt32(503), dbus.ObjectPath(third))
    assert json.loads(process.stdout.readline())['id'] == 503
    service.finish(first, 'complete', backup='b1')
    service.finish(third, 'failed', 'DeviceGone', 'gone')
    service.finish(second, 'complete-with-errors', backup='b2')
    code, out, _ = end(process)
    assert code == 1 and len(out.splitlines()) == 3, (code, out)
    code, out, err = client.run('watch', '501')
    assert (code, out) == (0, 'b1\n'), (code, out, err)
    assert client.run('watch', '999')[0] == 5
    assert client.run('watch', 'all')[0] == 2


def test_cancel():
    """cancel: each job, the worst code"""
    job = service.add_job(601)
    calls = []
    service.methods[JOB, 'Cancel'] = lambda path, options: calls.append(str(path))
    assert client.run('cancel', '601') == (0, '', 'job 601 is canceled\n')
    code, _, err = client.run('cancel', '999', '601')
    assert code == 5 and calls == [job, job], (code, calls, err)

    def refuse(path, options):
        raise Error('NotCancelable', 'it has ended')
    service.methods[JOB, 'Cancel'] = refuse
    assert client.run('cancel', '601')[0] == 1
    assert client.run('cancel')[0] == 2


def test_retry():
    """retry: the same job under a new number"""
    calls = []

    def again(path, options):
        calls.append((str(path), dict(options)))
        return 'uo', dbus.UInt32(641), dbus.ObjectPath(path_of(641))
    job = service.add_job(640)
    service.methods[JOB, 'Retry'] = again
    code, out, err = client.run('retry', '640', '--no-wait')
    assert (code, out, calls) == (0, '641\n', [(job, {})]), (code, out, err, calls)

    def refuse(path, options):
        raise Error('InvalidOption', 'it goes on')
    service.methods[JOB, 'Retry'] = refuse
    assert client.run('retry', '640')[0] == 2
    assert client.run('retry', '999')[0] == 5 and client.run('retry')[0] == 2


def test_verify():
    """verify: the whole id from a beginning or “latest”; damage is 9"""
    first, second = service.add_backup(1), service.add_backup(2)
    for word, whole in (('latest', second), (first, first), (first[:16], first)):
        process, job = follow('verify', word, '--level', 'structure')
        assert queued[-1][1:] == ('verify', '', {'backup': whole, 'level': 'structure'})
        service.finish(job, 'failed', 'VerifyFailed', 'boot is damaged at 4096')
        code, _, err = end(process)
        assert code == 9 and 'boot is damaged' in err
    code, _, err = client.run('verify', first[:8])
    assert code == 5 and '2 backups begin with' in err
    assert client.run('verify', 'nothing')[0] == 5
    assert client.run('verify', '')[0] == 5
    process, job = follow('verify', 'latest')
    service.finish(job, 'done', backup=second)
    assert end(process)[0] == 0


def test_detect():
    """detect prints the report of its job"""
    report = {'port': '1-2', 'identity': {'hw_code': '0x0766', 'me_id': '00112233445566778899'},
              'storage': {'type': 'emmc', 'sram': 0, 'dram': 2 << 30,
                          'regions': [{'name': 'EMMC_USER', 'size': 0x3A3E00000}]},
              'notes': ['no download agent is needed for this']}
    service.methods[JOB, 'GetReport'] = lambda path: ('s', json.dumps(report))
    process, job = follow('detect', '--device', '1-2')
    assert queued[-1][1:] == ('detect', '', {'device': '1-2'})
    service.finish(job, 'done')
    code, out, err = end(process)
    assert code == 0 and '0x0766' in out and 'emmc' in out and 'no download agent' in out, (out, err)
    # the flash tool's report, with the sizes as it prints them; what is not known is left out
    assert 'Memory Detection Report' in out and 'USER  Size = 0x00000003a3e00000(14910MB)' in out, out
    assert 'Size = 0x80000000 (2048MB/16384Mb)' in out and '{' not in out and '0 B' not in out, out
    process, job = follow('detect', '--json', '--redact')
    service.finish(job, 'done')
    code, out, _ = end(process)
    last = json.loads(out.splitlines()[-1])
    assert code == 0 and last['type'] == 'report' and last['identity']['me_id'] == '0011…'
    process, job = follow('detect')
    service.finish(job, 'failed', 'HandshakeTimeout', 'the phone did not answer')
    assert end(process)[0] == 8


def test_terminal():
    """on a terminal queue follows by itself and draws a progress line"""
    before = len(queued)
    with client.terminal('queue', '-p', 'mt6765') as (process, read):
        job = seen_job(before, process)
        read('plug the phone in')
        service.change(job, JOB, State='running', Phase='reading', UserAction='')
        service.change(job, PROGRESS, Item='userdata', BytesDone=50 << 20, BytesTotal=100 << 20,
                       Rate=10 << 20, Progress=0.5)
        seen = read('10.0 MiB/s')
        assert '50%' in seen and '50.0 MiB/100.0 MiB' in seen and '█' in seen and '\x1b[32m' in seen
        service.change(job, PROGRESS, BytesDone=75 << 20)
        assert '\r' in read('75%')
        process.send_signal(signal.SIGINT)
        seen = read()
        assert 'goes on' in seen and process.wait(180) == 130


def test_no_color():
    """NO_COLOR draws without colours, a plain locale without blocks"""
    before = len(queued)
    with client.terminal('queue', '-p', 'mt6765', NO_COLOR='1', LC_ALL='C') as (process, read):
        job = seen_job(before, process)
        service.change(job, JOB, State='running', Phase='reading', UserAction='')
        service.change(job, PROGRESS, Item='userdata', BytesDone=50, BytesTotal=100)
        seen = read('50%')
        assert '###' in seen and '█' not in seen and '\x1b[3' not in seen
        service.finish(job, 'complete', backup='b')
        seen = read()
        assert '\x1b[3' not in seen and process.wait(180) == 0


def test_monitor():
    """monitor prints every signal with its time"""
    job = service.add_job(701)
    process = client.start('monitor', '--json')
    # it may not listen yet: signals before that are lost, as for anybody
    while not select.select([process.stdout], [], [], 0.1)[0]:
        service.change(job, JOB, Phase='reading')
    line = json.loads(process.stdout.readline())
    assert line['type'] == 'properties' and line['values'] == {'phase': 'reading'}
    assert line['path'] == job and line['interface'] == JOB and line['time'].endswith('Z')
    service.emit(ROOT, MANAGER, 'StoreDamaged', 's', 'a chunk is damaged')
    while (line := json.loads(process.stdout.readline()))['type'] != 'signal':
        pass
    assert line['member'] == 'StoreDamaged' and line['arguments'] == ['a chunk is damaged']
    process.send_signal(signal.SIGINT)
    assert end(process)[0] == 0


run_tests([test_no_wait, test_wait, test_results, test_json_stream, test_detach,
           test_false_sender, test_vanish, test_bus_gone, test_timeout, test_refused, test_watch,
           test_cancel, test_retry, test_verify, test_detect, test_terminal, test_no_color, test_monitor])

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, with the real polkitd and logind: ordinary users in and out of a session, the
group of operators, and the service itself. Nobody here can type a password."""
import os
import re
import shutil

import rig
from rig import holds, same, sh

OPERATORS = '/etc/polkit-1/rules.d/50-mtkbackup-operators.rules'
RIGHTS = '/usr/share/polkit-1/rules.d/50-mtkbackup.rules'
HOOK = r'mtkbackup-committed@20261120T120000Z\x2d01234567.service'
NOT_AUTHORISED = 6
WORDS = 'needs an authentication'

# what can be tried without a backup or a phone, and as which action polkit is asked
CALLS = {
    'backup': 'Queue "ssa{sv}" backup full 0',
    'detect': 'Queue "ssa{sv}" detect "" 0',
    'configure': 'Reload',
}


def session(command, user, before=''):
    """Runs a command in a session of user at the seat of the machine, as from a desktop."""
    return sh('systemd-run --pipe --wait --collect --quiet '
              f'-p User={user} -p PAMName=login -E XDG_SEAT=seat0 -E XDG_SESSION_TYPE=x11 '
              f"-E XDG_SESSION_CLASS=user bash -c '{before}{command}'", check=False)


def call(action, user):
    """Whether user, outside of any session, may do what needs this action."""
    result = sh(f'busctl call org.mtkbackup1 /org/mtkbackup1 org.mtkbackup1.Manager '
                f'{CALLS[action]}', user=user, check=False)
    if result.code:
        holds(WORDS in result.err, result)
    return result.code == 0


def jobs():
    return {job['id']: job for job in rig.ctl_json('jobs')['jobs'] if not job['finished_at']}


def prepare():
    """polkitd is the real one and knows our actions"""
    sh('useradd --create-home alice && useradd --create-home bob')
    rig.install()
    sh('useradd --create-home -G mtkbackup-operators olga')
    with open('/usr/share/polkit-1/actions/org.mtkbackup1.policy', encoding='utf-8') as file:
        ours = re.findall('<action id="([^"]*)"', file.read())
    holds(len(ours) >= 9, ours)
    known = [line for line in sh('pkaction').out.split() if line.startswith('org.mtkbackup1.')]
    same(known, sorted(ours))
    same(sh('systemctl show -p ActiveState --value polkit').out.strip(), 'active')


def no_session():
    """an ordinary user without a session is refused, in words that say what to do"""
    said = rig.ctl('queue --profile full --no-wait', user='alice', check=False)
    same(said.code, NOT_AUTHORISED)
    holds(WORDS in said.err and 'session' in said.err, said)
    for action in CALLS:
        same(call(action, 'alice'), False, action)
    same(jobs(), {})


def active_session():
    """in front of the machine one may back up, look, and cancel what is one's own"""
    said = session('loginctl show-session self -p Active --value; '
                   'mtkbackupctl queue --profile full --no-wait && mtkbackupctl cancel 1', 'alice')
    same(said.code, 0, said)
    same(said.out.split()[0], 'yes')
    same(jobs(), {})


def active_session_of_others():
    """but not cancel another's job, change the configuration or bring an agent"""
    rig.ctl('queue --profile full --no-wait')
    number = max(jobs())
    said = session(f'mtkbackupctl cancel {number}', 'alice')
    same(said.code, NOT_AUTHORISED, said)
    holds(WORDS in said.err, said)
    same(list(jobs()), [number])
    said = session('mtkbackupctl agents import /bin/true', 'alice')
    same(said.code, NOT_AUTHORISED, said)
    with open('/tmp/asks', 'w', encoding='utf-8') as file:
        file.write('for action in backup detect cancel cancel-other configure export delete; do '
                   'pkcheck --action-id org.mtkbackup1.$action --process $$ >/dev/null 2>&1 && '
                   'echo $action; done')
    said = session('sh /tmp/asks', 'alice')
    same(said.out.split(), ['backup', 'detect', 'cancel'], said)
    rig.ctl(f'cancel {number}')


def inactive_session():
    """who was switched away from the screen is refused again"""
    sh('rm -f /tmp/go; systemd-run --collect --quiet --unit=alice-desktop -p User=alice '
       '-p PAMName=login -E XDG_SEAT=seat0 -E XDG_SESSION_TYPE=x11 -E XDG_SESSION_CLASS=user '
       '-p StandardOutput=file:/tmp/alice bash -c "while [ ! -e /tmp/go ]; do sleep 0.05; done; '
       'loginctl show-session self -p Active --value; '
       'mtkbackupctl queue --profile full --no-wait 2>/dev/null; echo code=\\$?"')
    rig.until(lambda: 'alice' in sh('loginctl list-sessions --no-legend').out, 'her session')
    said = session('touch /tmp/go; while ! grep -q code= /tmp/alice; do sleep 0.05; done; '
                   'cat /tmp/alice', 'bob')
    same(said.out.split(), ['no', f'code={NOT_AUTHORISED}'], said)
    same(jobs(), {})


def operators():
    """members of mtkbackup-operators may, without a session, once the rule is in place"""
    same({action: call(action, 'olga') for action in CALLS}, dict.fromkeys(CALLS, False))
    shutil.copy('/usr/share/mtkbackup/mtkbackup-operators.rules', OPERATORS)
    rig.until(lambda: call('backup', 'olga'), 'polkitd to read the rule')
    same({action: call(action, 'olga') for action in CALLS},
         {'backup': True, 'detect': True, 'configure': False})
    same(call('backup', 'alice'), False)


def operators_and_others():
    """they may cancel others' jobs, too; deleting stays with the administrator"""
    rig.ctl('queue --profile full --no-wait')
    for number in list(jobs()):
        same(rig.ctl(f'cancel {number}', user='olga').code, 0)
    same(jobs(), {})
    uid = sh('id -u olga').out.strip()
    for action in ('export', 'import-agent', 'read-other', 'delete', 'configure'):
        asked = sh(f'pkcheck --action-id org.mtkbackup1.{action} --process $$', user='olga',
                   check=False)
        same(asked.code == 0, action not in ('delete', 'configure'), f'{action} for {uid}')


def operators_gone():
    """without the rule it is over"""
    os.unlink(OPERATORS)
    rig.until(lambda: not call('backup', 'olga'), 'polkitd to forget the rule')
    for number in list(jobs()):
        rig.ctl(f'cancel {number}')


def root_needs_none():
    """root and the service's own user need no polkit; without polkit everybody else is refused and
    told why"""
    sh('systemctl mask --runtime --now polkit')
    same(call('backup', 'root'), True)
    same(call('backup', 'mtkbackup'), True)
    said = rig.ctl('queue --profile full --no-wait', user='alice', check=False)
    same(said.code, NOT_AUTHORISED, said)
    print(f'# {said.err.strip()}')
    said = session('mtkbackupctl queue --profile full --no-wait', 'alice')
    same(said.code, NOT_AUTHORISED, said)
    sh('systemctl unmask --runtime polkit && systemctl start polkit')
    for number in list(jobs()):
        rig.ctl(f'cancel {number}')
    same(session('mtkbackupctl queue --profile full --no-wait', 'alice').code, 0)


# ---- what the service may ---- #

def as_service(command):
    return sh(f'systemd-run --pipe --wait --collect --quiet -p User=mtkbackup {command}',
              check=False)


def inhibit(what, mode='block'):
    return as_service(f'systemd-inhibit --what={what} --mode={mode} --why=test true').code == 0


def start(unit, verb='start'):
    return as_service(f"systemctl --no-ask-password {verb} '{unit}'").code == 0


LOCKS = ('sleep', 'shutdown', 'handle-lid-switch')
# what nobody wants the service to be able to do
FORBIDDEN = {
    'stop of its hook': lambda: start(HOOK, 'stop'),
    'start of another unit': lambda: start('systemd-tmpfiles-clean.service'),
    'restart of itself': lambda: start('mtkbackupd.service', 'restart'),
    'hook of a strange name': lambda: start('mtkbackup-committed@x.service'),
    'hook with more behind': lambda: start(HOOK.replace('.service', '.x.service')),
    'reboot': lambda: as_service('systemctl --no-ask-password reboot').code == 0,
    'power key': lambda: inhibit('handle-power-key'),
    'reload of systemd': lambda: as_service('systemctl --no-ask-password daemon-reload').code == 0,
    'enabling of a unit': lambda: as_service(
        'systemctl --no-ask-password enable debug-shell.service').code == 0,
}


def service_may():
    """the service may block sleep, shutdown and lid, and start the hook of a backup"""
    same({what: inhibit(what) for what in LOCKS}, dict.fromkeys(LOCKS, True))
    same(inhibit(':'.join(LOCKS)), True)
    same(start(HOOK), True)


def service_may_not():
    """and nothing else"""
    same({name: attempt() for name, attempt in FORBIDDEN.items()}, dict.fromkeys(FORBIDDEN, False))


def others_may_not():
    """another user gets none of it from our rules"""
    for what in LOCKS:
        said = sh(f'systemd-inhibit --what={what} --mode=block --why=test true', user='alice',
                  check=False)
        holds(said.code, what)
    holds(sh(f"systemctl --no-ask-password start '{HOOK}'", user='alice', check=False).code, HOOK)


def without_the_rules():
    """without the rules file systemd refuses the service both; delay locks stay allowed"""
    os.rename(RIGHTS, '/root/mtkbackup.rules')
    rig.until(lambda: not inhibit('sleep'), 'polkitd to forget the rules')
    same({what: inhibit(what) for what in LOCKS}, dict.fromkeys(LOCKS, False))
    same(start(HOOK), False)
    same(inhibit('sleep', 'delay'), True)
    os.rename('/root/mtkbackup.rules', RIGHTS)
    rig.until(lambda: inhibit('sleep'), 'polkitd to read the rules')
    same(start(HOOK), True)


rig.run([prepare, no_session, active_session, active_session_of_others, inactive_session, operators,
         operators_and_others, operators_gone, root_needs_none, service_may, service_may_not,
         others_may_not, without_the_rules])

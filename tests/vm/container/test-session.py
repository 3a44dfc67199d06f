#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent in a person's session: the shipped user unit under a real systemd --user, and logind to
say who is in front of the machine."""
import os
import pwd

import rig
from rig import holds, same, sh, until

PERSON = 'person'
STAND_IN = f'{os.environ.get("BUILD", "")}/tests/notify/stand-in'
SHOWN = '/tmp/shown'
LISTED = '/tmp/listed'
# as the desktops have theirs: the target itself may not be started
DESKTOP = '''[Unit]
BindsTo=graphical-session.target
Before=graphical-session.target
'''


def as_person(command, check=True):
    uid = pwd.getpwnam(PERSON).pw_uid
    return sh(command, user=PERSON, check=check,
              env={'XDG_RUNTIME_DIR': f'/run/user/{uid}', 'HOME': f'/home/{PERSON}',
                   'DBUS_SESSION_BUS_ADDRESS': f'unix:path=/run/user/{uid}/bus'})


def agent():
    """The agent's process, 0 none."""
    return int(as_person('systemctl --user show mtkbackup-notify -p MainPID --value').out)


def shown(word):
    """The newest bubble with this word."""
    with open(SHOWN, encoding='utf-8') as file:
        return next((line for line in reversed(file.readlines()) if word in line), None)


def session():
    """a person has a session of systemd, but is not there"""
    rig.install()
    sh(f'useradd --create-home {PERSON}')
    sh(f'usermod -aG mtkbackup-operators {PERSON}')
    sh('cp /usr/share/mtkbackup/mtkbackup-operators.rules /etc/polkit-1/rules.d/')
    with open('/etc/systemd/user/desktop.target', 'w', encoding='utf-8') as file:
        file.write(DESKTOP)
    sh(f'loginctl enable-linger {PERSON}')
    uid = pwd.getpwnam(PERSON).pw_uid
    until(lambda: os.path.exists(f'/run/user/{uid}/bus'), 'the bus of the session')
    until(lambda: sh(f'loginctl show-user {PERSON} -p State --value').out.strip() == 'lingering',
          'logind to have made the session')


def starts():
    """the agent starts with the graphical session, unasked"""
    same(agent(), 0)
    as_person('systemctl --user start desktop.target')
    until(lambda: as_person('systemctl --user is-active mtkbackup-notify', check=False).code == 0,
          'the agent')
    pid = agent()
    same(os.readlink(f'/proc/{pid}/exe'), '/usr/bin/mtkbackup-notify')


def sandboxed():
    """it runs without rights and behind a filter of system calls"""
    with open(f'/proc/{agent()}/status', encoding='utf-8') as file:
        status = dict(line.split(':', 1) for line in file.read().splitlines())
    same(status['NoNewPrivs'].strip(), '1')
    same(status['Seccomp'].strip(), '2')
    same(status['Uid'].split()[0], str(pwd.getpwnam(PERSON).pw_uid))


def own_job():
    """a job of the person is shown, once a notification server is there"""
    rig.ctl('queue --profile full --no-wait --name roots') # somebody else's
    rig.ctl('queue --profile full --no-wait --name mine', user=PERSON)
    as_person(f'systemd-run --user --quiet --unit=server -p StandardOutput=file:{SHOWN} '
              f'{STAND_IN} server')
    until(lambda: os.path.exists(SHOWN) and shown('mine'), 'the bubble')
    holds('No download agent is imported' in shown('mine'), shown('mine'))
    rig.ctl('cancel 2', user=PERSON)
    until(lambda: shown('canceled'), 'the end')
    holds(not shown('roots'), 'the job of another is not shown')


def in_front():
    """what is for whoever is in front of the machine comes when the person does, and goes with them"""
    sh('systemctl mask --now mtkbackupd')
    sh(f'systemd-run --quiet --unit=service -p StandardOutput=file:{LISTED} {STAND_IN} service')
    until(lambda: os.path.exists(LISTED) and os.path.getsize(LISTED), 'the agent to ask')
    sh(f'systemd-run --quiet --unit=login -p PAMName=login -p User={PERSON} sleep infinity')
    line = until(lambda: shown('Back up this phone?'), 'the question')
    holds(not shown('close'), 'and it was not there before')
    sh('systemctl stop login')
    until(lambda: shown(f'close {line.split()[1]}'), 'the question to go')


def bus_restarts():
    """a bus of the session that is started again has the agent started again"""
    before = agent()
    as_person('systemctl --user restart dbus.service')
    until(lambda: agent() not in (0, before) and as_person(
        'busctl --user status org.mtkbackup1.Notify', check=False).code == 0, 'the agent to be back')


def ends():
    """the agent ends with the graphical session, without a complaint"""
    as_person('systemctl --user stop desktop.target')
    until(lambda: agent() == 0, 'the end of the agent')
    result = as_person('systemctl --user show mtkbackup-notify -p Result,ExecMainStatus --value').out
    same(result.split(), ['success', '0'])


rig.run([session, starts, sandboxed, own_job, in_front, bus_restarts, ends])

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A port as everybody may see it: its state, and the message in which a person reads what the matter
 * with the phone is and what can be done. */

#include "daemon/manager.h"

/* Where the session is. */
Device *dispatch_device(const Manager *m, const Session *s);
/* The session's phone is this far. */
void dispatch_device_show(Manager *m, Session *s, DeviceState state, const char *message);

/* A phone is at the port and nobody has spoken to it in this appearance. */
void dispatch_device_appear(Manager *m, Device *d);
/* Its node cannot be opened; error: negative errno. */
void dispatch_device_unreachable(Manager *m, Device *d, int error);

/* How the session has left it; not told yet. */
void dispatch_device_left(Device *d, const Session *s);
/* Names ModemManager as what may have been in the way, if nothing keeps it from this phone. */
void dispatch_device_suspect(const Device *d, Failure *f);
/* The session is over: it is dropped when nothing hangs on its port any more. */
void dispatch_device_gone(Manager *m, Device *d);

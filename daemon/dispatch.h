/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who works on what: brings jobs, phones and sessions together.
 *
 * A queued job that needs a phone gets a claim on a suitable device, and only then the device is
 * spoken to. Which phone that is shows after the handshake: the job it was claimed for is begun, or
 * another that fits, or the phone is let go and the jobs stay where they are. A ready session takes
 * the next job that fits before the phone is let go. Everything here is driven by events; after
 * each, whatever can be started is started. */

#include "daemon/manager.h"

/* Looks for work once, and then whenever that is scheduled (work.h). */
int dispatch_new(Manager *m);

void dispatch_plugged(Manager *m, const HotplugDevice *plug);
/* It is no phone in download mode; what was taken for one before the configuration changed goes. */
void dispatch_other(Manager *m, const HotplugDevice *other);
void dispatch_unplugged(Manager *m, const char *port);

/* 0 the job is ending or has ended; -EBUSY with f (NotCancelable). */
int dispatch_cancel(Manager *m, Job *j, Failure *f);

/* The daemon ends: running jobs are interrupted, phones are let go. True when nothing is left. */
bool dispatch_stop(Manager *m);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which waiting job is for which phone. Nothing here changes anything.
 *
 * A job that names no USB port is for "a phone". Two of them that ask for the same are for two
 * phones: who queues twice and plugs two phones in, one after the other, gets each once. So such a
 * job passes by a phone that an equal job had begun with in the same session, whatever came of it,
 * and one that an equal job was done with after this one was queued. Who means the same phone once
 * more queues a job then, or one for its port.
 *
 * A phone that was let go is left alone at its next appearance (device.h), so that it starts. A job
 * that a person queued after that goes before: it can only mean a phone that comes now. Jobs that
 * waited all the time, and automatic ones, do not: with them no phone would ever start. */

#include "daemon/manager.h"
#include "profile/chip.h"

/* It waits, and nobody works on it or has still to agree to it. */
bool match_may_begin(const Job *j);
bool match_port(const Job *j, const char *port);
/* The phone's chip; of one that nobody knows, what the job says to try it as, or NULL. */
const Chip *match_chip(const Job *j, const Phone *phone);
/* The session's phone, which has said what it is, is one the job is for. */
bool match_session(const Manager *m, const Job *j, const Session *s);
/* The job after which this one is to pass by the session's phone, or NULL. */
const Job *match_had(const Manager *m, const Job *j, const Session *s);
/* The same for whatever phone is at the port, as far as one knows who was there last. */
const Job *match_had_at(const Manager *m, const Job *j, const char *port);
/* They ask for the same, wherever and for whomever. */
bool match_equal(const JobRequest *a, const JobRequest *b);

/* It may begin on the session's phone as far as others are concerned: nobody has it, or only a session
 * whose own phone has not said yet what it is. Such a claim is a guess, and does not keep the job from
 * the phone it is for: that one would be let go, and the job stay behind. */
bool match_may_take(const Manager *m, const Job *j, const Session *s);
/* The oldest waiting job that nobody works on and that is for a phone at this port; s NULL: as far
 * as one can tell. Of a phone that has said what it is also one that it may take (see above), when
 * there is no other. */
Job *match_next(const Manager *m, const char *port, const Session *s);
/* Whether the job goes before leaving the device alone. */
bool match_again(const Job *j, const Device *d);
/* A phone is at the device of which nobody has heard in this appearance, and which the job (NULL: any
 * that waits) may have. */
bool match_free(const Manager *m, const Device *d, const Job *j);
/* A session that goes on may take the job when it is through with what it does. */
bool match_later(const Manager *m, const Job *j);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which of the imported download agents, or preloaders, a phone gets, and what is said when there is
 * none.
 *
 * p: by whose wish, or NULL; chip: the phone's, or what the job says to take it for, or NULL. */

#include "daemon/manager.h"
#include "profile/chip.h"

/* There is one for this phone. */
bool dispatch_agent_fits(const Manager *m, const Profile *p, const Phone *phone, const Chip *chip);
/* Says that there is none and what can be done. */
void dispatch_agent_missing(const Manager *m, const Phone *phone, const Chip *chip, Failure *f);
/* Answers need_agent of a session. */
void dispatch_agent_give(
        Manager *m, Session *s, const Profile *p, const Chip *chip, const Message *msg);

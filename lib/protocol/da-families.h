/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The families of download agents that are spoken, in one table. */

#include "protocol/session.h"

/* The session object for the agent's family; nothing is sent yet, unless nobody knows the family:
 * then the agent is started now and shows it (doc/container.md 4). 0; -ENOMEM; -EOPNOTSUPP
 * (UnsupportedChip) for a family this program does not speak; or an error of starting it. */
int da_session_new(Transport *t, const DaTarget *target, DaSession **ret, Failure *f);

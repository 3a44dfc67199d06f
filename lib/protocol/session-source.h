/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A region of a phone as a Source, for the readers of formats: each read is one of the agent, in
 * whole blocks. Meant for a few small reads. */

#include "format/source.h"
#include "protocol/session.h"

enum { SESSION_SOURCE_READ_MAX = 1024 * 1024 };

typedef struct SessionSource {
        Source source; /* first */
        DaSession *session;
        const Region *region;
        Failure *failure;
} SessionSource;

/* Everything stays the caller's; f gets what a read that fails said. */
Source *session_source_init(
        SessionSource *ss, DaSession *session, const Region *region, Failure *f);

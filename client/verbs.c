/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/verb.h"

/* The order is that of --help; the first one is the default. */
#define VERBS(X)                                                                                   \
        X(status)                                                                                  \
        X(queue)                                                                                   \
        X(jobs)                                                                                    \
        X(job)                                                                                     \
        X(watch)                                                                                   \
        X(retry)                                                                                   \
        X(cancel)                                                                                  \
        X(devices)                                                                                 \
        X(detect)                                                                                  \
        X(backups)                                                                                 \
        X(show)                                                                                    \
        X(verify)                                                                                  \
        X(export)                                                                                  \
        X(delete)                                                                                  \
        X(auto)                                                                                    \
        X(agents)                                                                                  \
        X(profiles)                                                                                \
        X(inspect)                                                                                 \
        X(scatter)                                                                                 \
        X(readback_xml)                                                                            \
        X(split)                                                                                   \
        X(join)                                                                                    \
        X(preloader)                                                                               \
        X(sparse)                                                                                  \
        X(unsparse)                                                                                \
        X(checksum)                                                                                \
        X(super)                                                                                   \
        X(monitor)                                                                                 \
        X(help)                                                                                    \
        X(complete)

#define DECLARE(name) extern const Verb verb_##name;
VERBS(DECLARE)

#define ENTRY(name) &verb_##name,
const Verb *const verbs[] = { VERBS(ENTRY) NULL };

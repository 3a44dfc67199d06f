/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/output.h"
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

const Verb *verb_find(const char *name)
{
        for (const Verb *const *v = verbs; *v; v++)
                if (strcmp((*v)->name, name) == 0)
                        return *v;
        return NULL;
}

bool arg_help, arg_version;

const Option common_options[] = {
        { 'j', "json", NULL, "print JSON", OPTION_FLAG, &arg_json },
        { 0, "redact", NULL, "shorten IMEI, serial numbers and other ids", OPTION_FLAG,
                &arg_redact },
        { 'h', "help", NULL, "show help and exit", OPTION_FLAG, &arg_help },
        { 0, "version", NULL, "show the version and exit", OPTION_FLAG, &arg_version },
        {},
};

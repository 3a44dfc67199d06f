/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/verb.h"

extern const Verb verb_help;

const Verb *const verbs[] = {
        &verb_help,
        NULL,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the worker tells about the phone before anything is read: FACTS, REGION…, PART…, CHECK…,
 * END. The worker talks to a hostile device, so nothing here is taken as it comes: numbers have
 * bounds, texts are made printable, and the count of everything is limited. */

#include "store/manifest.h"
#include "wire/message.h"

typedef struct Facts {
        ManifestDevice device;
        uint64_t sram, dram; /* bytes; 0 unknown */
        char libusb[32];     /* version of the worker's */
        Layout *layout;
        ManifestCheck checks[MANIFEST_CHECKS_MAX / 2];
        size_t n_checks;
        bool have_facts;
} Facts;

enum { FACTS_REGION_MAX_TIB = 64 }; /* no region is larger */

int facts_init(Facts *facts);
void facts_done(Facts *facts);
/* Takes one message: 0 more to come, 1 that was the last, -EBADMSG with ERROR_PROTOCOL_VIOLATION. */
int facts_take(Facts *facts, const Message *m, Failure *f);

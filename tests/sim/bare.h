/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the parts of barehost share: one program, the boot protocol and a file for each family. */

#include "host.h"

typedef struct Bare {
        Host *host;
        const char *chip, *area, *wrong;
        uint16_t da_code;
        const uint8_t *agent; /* the container; it has one entry */
        int compare;          /* flash area it must equal, or -1 */
        uint64_t size, offset;
        bool off;
        uint64_t met; /* when the handshake was over, microseconds */
        /* XFlash: its own numbers */
        uint32_t section, storage, host_os;
} Bare;

typedef struct BareFamily {
        /* From the agent's first byte to its command loop. */
        void (*start)(Bare *b);
        void (*read)(Bare *b);
        /* Lets the phone go, which has to leave. */
        void (*finish)(Bare *b);
} BareFamily;

extern const BareFamily bare_xflash, bare_legacy, bare_xml;

/* Does it do this wrong? */
bool bare_wrong(const Bare *b, const char *kind);
_Noreturn void bare_fail(const char *format, ...) _printf_(1, 2);
/* Region 0, 1 or 2 of the container's entry. */
const uint8_t *bare_region(const Bare *b, unsigned i, size_t *ret_size, uint32_t *ret_address);

/* Handshake, watchdog, the agent's first stage, jump. */
void bare_boot(Bare *b);

/* n bytes of the area, from `offset` of it on, compared or thrown away. A host that waits for too
 * little takes half of them: true, and bare_stay has to follow its answer. */
bool bare_take(Bare *b, size_t n, uint64_t offset);
_Noreturn void bare_stay(void);

/* The frames of XFlash and XML: header and payload apart, as the phone wants them, unless that is
 * what is to be done wrong. */
void bare_put_frame(Bare *b, const void *data, size_t size);
/* Takes a header; the size of the payload that follows. */
uint32_t bare_get_header(Bare *b);

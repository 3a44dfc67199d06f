/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The command loop of boot ROM and preloader, between the handshake and the first byte of a
 * download agent (doc/boot.md 2 to 7). Numbers on the wire are big endian.
 *
 * The phone echoes every command byte, also of commands it does not know: an echo proves nothing.
 * So optional commands are given a short time only, and afterwards boot_identify makes sure that
 * both sides are still in step.
 *
 * Nothing here writes to the phone's storage. The only registers ever written are those of the
 * watchdog, with addresses from the chip table. */

#include "basic/failure.h"
#include "profile/chip.h"
#include "transport/transport.h"

enum {
        BOOT_REPLY_MS = 5000, /* the signature check after SEND_DA may take a second */
        BOOT_OPTIONAL_MS = 300,
        BOOT_DATA_MS = 60 * 1000, /* an agent at full speed */
        BOOT_ID_MAX = 64,
        BOOT_DA_SIZE_MAX = 4 * 1024 * 1024,
};

typedef enum BootMode { BOOT_PRELOADER, BOOT_BROM } BootMode;

enum { /* BootIdentity.target_config */
        BOOT_SECURE_BOOT = 0x01,
        BOOT_SLA = 0x02,
        BOOT_DAA = 0x04,
};

typedef struct BootIdentity {
        BootMode mode;
        uint8_t version;     /* of the preloader's command set; 0 in boot ROM mode */
        uint8_t rom_version; /* of the boot ROM, in its mode; 0 not told */
        uint16_t hw_code, hw_sub, hw_ver, sw_ver;
        uint32_t target_config;
        uint32_t abilities; /* GET_PL_CAP; 0 when it has none to tell */
        uint8_t me_id[BOOT_ID_MAX], soc_id[BOOT_ID_MAX];
        size_t n_me_id, n_soc_id; /* bytes; 0 when absent, all 00 or all FF */
} BootIdentity;

/* Asks everything a phone tells about itself. 0; -EPROTO out of step; -EACCES it refused; or the
 * link's error. */
int boot_identify(Transport *t, BootIdentity *ret, Failure *f);

/* Switches the chip's watchdog off: in boot ROM mode it would end the conversation after a few
 * seconds. 1 done, 0 this chip has none to switch, -EACCES refused, or the link's error. */
int boot_watchdog_off(Transport *t, const Chip *chip, Failure *f);

/* Lets a phone in its command loop go: its watchdog resets it, and it starts as if nobody had
 * spoken to it. 0 (it will vanish from the bus); -EOPNOTSUPP when the chip's watchdog is not known;
 * -EACCES refused; or the link's error. */
int boot_release(Transport *t, const Chip *chip, Failure *f);

/* Sends a download agent with its signature, compares the checksum. 0; -EACCES (AuthRequired or
 * DeviceRefused); -EBADMSG (ChecksumMismatch); -EPROTO; or the link's error: a phone that takes only
 * its maker's agents may also answer a foreign one by vanishing, which is AuthRequired, too. */
int boot_send_da(Transport *t, const BootIdentity *id, uint32_t address, const void *data,
        size_t size, size_t sig_size, Failure *f);
/* Starts it. The next byte is the agent's. */
int boot_jump_da(Transport *t, uint32_t address, Failure *f);
/* The same in the boot ROM of a 64-bit chip. */
int boot_jump_da64(Transport *t, uint32_t address, Failure *f);

/* XOR of all little-endian 16-bit words; an odd last byte counts as a word of its own. */
uint16_t boot_checksum(const void *data, size_t size);

/* Registers: 0; -EACCES refused; -EPROTO; or the link's error. */
int boot_read32(Transport *t, uint32_t address, uint32_t *ret, Failure *f);
int boot_write32(Transport *t, uint32_t address, uint32_t value, Failure *f);
int boot_write16(Transport *t, uint32_t address, uint16_t value, Failure *f);

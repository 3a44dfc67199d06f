/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A phone in one word of a command line: CHIP[,KEY=VALUE]…
 *
 * Keys are those of config.h and flash=DIR (contents; made when there is no such directory),
 * user=SIZE, seed=N, generation=N, gpt=KIND for contents that are made, and port=FAULT for faults
 * of the USB port (usb-bus.h; may be repeated). */

#include "config.h"
#include "gen-flash.h"

typedef struct PhoneSpec {
        PhoneConfig config;
        FlashSpec flash;
        bool made; /* the flash was made here */
        unsigned port_faults;
} PhoneSpec;

/* -EINVAL after a line on standard error. */
int phone_spec_parse(const char *text, PhoneSpec *ret);
/* Changes one word; the flash is not touched. */
int phone_spec_set(PhoneSpec *s, const char *word);
/* Makes the flash in dir unless the word named one that is there. */
int phone_spec_make_flash(PhoneSpec *s, const char *dir);
void phone_spec_help(FILE *f);

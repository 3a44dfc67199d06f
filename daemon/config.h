/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The administrator's configuration, mtkbackupd.yaml:
 *
 *   store: /srv/phones      # where the backups are kept; default: store in the state directory
 *   cage: required          # or optional: helpers that cannot cage themselves run all the same
 *   chips: [0x1234=MT6765]  # hardware codes that are treated like a known chip
 *   usb-ids: [1234:5678=preloader]  # devices that are phones in download mode, too
 *   auto-backup:            # policy.h
 *     enabled: off
 *     profile: by-chip      # or the name of one
 *     minimum-interval: 20h
 *     known-phones-only: no
 *     hold-for-answer: 30s
 *
 * A file that is not there is an empty one. Errors carry file, line, column, key and what was
 * expected. */

#include "basic/failure.h"
#include "daemon/policy.h"
#include "daemon/usb-id.h"
#include "profile/chip.h"

enum { CONFIG_SIZE_MAX = 65536 };

typedef struct Config {
        char *store; /* absolute, or NULL for the default */
        bool cage_optional;
        char chips[CHIP_EXTRA_MAX][CHIP_EXTRA_TEXT_MAX + 1]; /* ended by an empty one, or full */
        char usb_ids[USB_ID_EXTRA_MAX][USB_ID_TEXT_MAX + 1]; /* likewise */
        PolicyRules automatic;
} Config;

void config_done(Config *c);

/* Fills *ret, which needs config_done; on an error it is left alone.
 * -EINVAL with f (InvalidFile), or the error of reading, with f as well. */
int config_load(const char *path, Config *ret, Failure *f);
int config_parse(const char *file, const char *text, size_t size, Config *ret, Failure *f);

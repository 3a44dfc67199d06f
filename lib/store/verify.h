/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Looking for damage. Nothing is moved, changed or removed.
 *
 *   structure   every file of the backup has its checksum, the manifest is consistent, the indexes
 *               can be read, every chunk exists
 *   data        besides, every chunk is read and hashed, and every image as a whole
 *
 * Each damage is reported with backup, part and place, and the search goes on behind it. */

#include "store/backup.h"

typedef enum VerifyLevel { VERIFY_STRUCTURE, VERIFY_DATA, _VERIFY_LEVEL_MAX } VerifyLevel;
const char *verify_level_to_string(VerifyLevel level);
int verify_level_from_string(const char *name);

typedef struct Damage {
        const char *backup;
        const char *part; /* file name of the part; NULL: the backup as a whole */
        uint64_t offset, size;
        const char *text;
} Damage;

typedef struct Verify {
        void (*damage)(void *userdata, const Damage *d);
        /* Called with the bytes of images looked at since the last call; negative ends it. */
        int (*progress)(void *userdata, uint64_t bytes);
        void *userdata;
        uint64_t n_damaged; /* counted by the functions below */
} Verify;

/* 0 when it looked through everything, whatever it found (n_damaged); what progress returned; else
 * an error that is no damage. Reads the manifest if that was not done. */
int verify_backup(const Store *s, Backup *b, VerifyLevel level, Verify *v, Failure *f);
/* Bytes that verify_backup will report to progress; 0 when the manifest cannot be read. */
uint64_t verify_size(const Manifest *m);
/* Reads back from the disk what a session stored anew: the chunks that its journal calls new or
 * healed. `backup` names it in reports. A journal of which the first `size` bytes cannot be read
 * whole is damage: what it no longer names was not looked at. */
int verify_journal(
        const Store *s, const char *backup, int journal, uint64_t size, Verify *v, Failure *f);

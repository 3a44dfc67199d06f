/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One committed backup, and the walk over all of them.
 *
 * A backup is the folder backups/<device-key>/<backup-id>. It never changes; it is removed by
 * renaming it into trash/, which can be undone. */

#include "store/manifest.h"
#include "store/state.h"
#include "store/store.h"

typedef struct Backup {
        char key[DEVICE_KEY_SIZE];
        char id[BACKUP_ID_SIZE];
        int device;         /* backups/<key> */
        int dir;            /* backups/<key>/<id> */
        Manifest *manifest; /* NULL until backup_read */
} Backup;

Backup *backup_free(Backup *b);
DEFINE_CLEANUP(Backup, backup_free)

/* Finds a backup of any device by its id. -ENOENT with ERROR_NO_SUCH_BACKUP. */
int backup_open(const Store *s, const char *id, Backup **ret, Failure *f);
int backup_open_at(const Store *s, const char *key, const char *id, Backup **ret, Failure *f);
/* Reads and checks the manifest, also against SHA256SUMS, the folder it lies in and the store's id.
 * -EBADMSG with ERROR_STORE_DAMAGED. */
int backup_read(Backup *b, const Store *s, Failure *f);
/* Renames it into the trash, durably. An error with *ret_moved set: it is there, but a power cut
 * could still bring it back. */
int backup_trash(Backup *b, const Store *s, int64_t now, bool *ret_moved, Failure *f);

/* All ids of the store, oldest first (an id begins with its time). */
typedef struct BackupName {
        char key[DEVICE_KEY_SIZE];
        char id[BACKUP_ID_SIZE];
} BackupName;

typedef struct Catalog {
        BackupName *names;
        size_t n, size;
} Catalog;

/* Lists backups/ or, with key not NULL, those of one device. Names that are none are passed over. */
int catalog_read(const Store *s, const char *key, Catalog *ret, Failure *f);
void catalog_done(Catalog *c);

/* The highest sequence number of a device, in backups and trash; unreadable ones do not count. */
int catalog_sequence(const Store *s, const char *key, uint64_t *ret, Failure *f);
/* The newest backup of a device that one of this kind is compared with: the same kind, else a full
 * one. 0 and the backup, or NULL when there is none. */
int catalog_parent(const Store *s, const char *key, BackupKind kind, Backup **ret, Failure *f);

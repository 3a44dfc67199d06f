/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The backups that exist, as the keepers told: a copy in memory of what the manifests say, so that
 * lists and properties never wait for the disk. The store is the truth; this is rebuilt from it at
 * every start. In the order of their beginning, oldest first. */

#include "wire/message.h"

enum {
        CATALOGUE_MAX = 100 * 1000,
        BACKUP_ID_MAX = 63,
};

typedef struct Backup {
        char id[BACKUP_ID_MAX + 1]; /* A-Za-z0-9._- only */
        char device_key[64];
        char chip[32], kind[16], result[32], profile[72], name[132];
        uint32_t seq, parts;
        uint64_t start, end, size, new_bytes, stored; /* µs since 1970; bytes */
        char verified[16];                            /* ok, damaged, "" */
        uint64_t verified_at;
        uid_t owner;
} Backup;

typedef struct Catalogue {
        Backup **backups;
        size_t n, allocated;
} Catalogue;

void catalogue_done(Catalogue *c);

bool backup_id_valid(const char *id);
/* Adds or replaces what a BACKUP or COMMITTED message describes. 1 it is new, 0 it was known;
 * -EBADMSG, -ENOSPC, -ENOMEM. */
int catalogue_put(Catalogue *c, const Message *m, Backup **ret);
Backup *catalogue_find(const Catalogue *c, const char *id);
/* Takes it out; the caller frees. */
Backup *catalogue_take(Catalogue *c, const char *id);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/operation.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "basic/log.h"
#include "daemon/keeper/announce.h"
#include "store/backup.h"
#include "store/session.h"
#include "wire/verbs.h"

static const OperationKind kinds[] = {
        { "open", operation_open, true, true },
        { "backup", operation_backup, true, true },
        { "verify", operation_verify, true, false },
        { "export", operation_export, true, false },
        { "parts", operation_parts, true, false },
        { "delete", operation_delete, true, true },
        { "agent", operation_agent, false, true },
};

const OperationKind *operation_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (strcmp(kinds[i].name, name) == 0)
                        return kinds + i;
        return NULL;
}

/* ---- open ---- */

/* A backup that cannot be read is reported, and does not keep the others from being listed. */
static void list_backup(Operation *o, const Store *s, const BackupName *name)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        Failure f = {};
        State state;

        if (backup_open_at(s, name->key, name->id, &b, &f) < 0 || backup_read(b, s, &f) < 0) {
                announce_damage(o->control, name->id, NULL, 0, 0, f.text);
                return;
        }
        if (state_read(b->device, b->id, &state) < 0)
                control_log(o->control, LOG_WARNING,
                        "The notes about backup %s are damaged and ignored.", b->id);
        announce_backup(o->control, VERB_BACKUP, b->manifest, &state);
}

int operation_open(Operation *o)
{
        _cleanup_(catalog_done) Catalog catalog = {};
        _cleanup_(store_freep) Store *s = NULL;
        uint8_t random[16];
        char uuid[37];
        int r;

        if (getrandom(random, sizeof random, 0) != sizeof random)
                return store_fail(&o->failure, -EIO, "getting random numbers");
        uuid_format(random, uuid);
        r = store_make(o->dir, uuid, time(NULL), &o->failure);
        if (r == 0)
                r = store_open(o->dir, &s, &o->failure);
        if (r == 0)
                r = store_probe(s, &o->failure);
        if (r == 0)
                r = session_sweep(s, &o->failure);
        if (r < 0)
                return r;
        if (r > 0)
                control_log(o->control, LOG_NOTICE,
                        "%d interrupted sessions were removed; their data is "
                        "not stored twice when the phone is read again.",
                        r);
        r = catalog_read(s, NULL, &catalog, &o->failure);
        if (r < 0)
                return r;
        for (size_t i = 0; i < catalog.n; i++) {
                if (control_stopped(o->control))
                        return -ECANCELED;
                list_backup(o, s, catalog.names + i);
        }
        message_add(&o->done, "RESULT", "done");
        return 0;
}

/* ---- small ones ---- */

static int open_backup(Operation *o, Store **ret_store, Backup **ret, bool read)
{
        int r = store_open(o->dir, ret_store, &o->failure);

        if (r == 0)
                r = backup_open(*ret_store, message_text(o->run, "BACKUP"), ret, &o->failure);
        if (r == 0 && read)
                r = backup_read(*ret, *ret_store, &o->failure);
        return r;
}

int operation_parts(Operation *o)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        _cleanup_(store_freep) Store *s = NULL;
        int r = open_backup(o, &s, &b, true);

        for (size_t i = 0; r == 0 && i < b->manifest->n_parts; i++) {
                const ManifestPart *part = b->manifest->parts + i;
                Message m;

                message_start(&m, VERB_PART);
                message_add(&m, "NAME", part->file);
                message_add(&m, "REGION", part->region);
                message_add_u64(&m, "OFFSET", part->offset);
                message_add_u64(&m, "SIZE", part->size);
                message_add(&m, "CLASS", part_class_to_string(part->class));
                message_add(&m, "STATUS", part_status_to_string(part->status));
                if (part_status_stored(part->status))
                        message_add_hex(&m, "SHA256", part->sha256, SHA256_SIZE);
                control_send(o->control, &m);
        }
        if (r < 0)
                return r;
        message_add(&o->done, "RESULT", "done");
        message_add(&o->done, "BACKUP", b->id);
        return 0;
}

int operation_delete(Operation *o)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        _cleanup_(store_freep) Store *s = NULL;
        int r = open_backup(o, &s, &b, false);
        bool moved = false;

        if (r == 0)
                r = backup_trash(b, s, time(NULL), &moved, &o->failure);
        if (moved)
                announce_removed(o->control, b->id);
        if (r < 0)
                return r;
        message_add(&o->done, "RESULT", "done");
        message_add(&o->done, "BACKUP", b->id);
        return 0;
}

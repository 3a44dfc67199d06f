/* SPDX-License-Identifier: GPL-3.0-or-later */

/* "verify": looks through one backup, or through all when none is named, and writes down what it
 * found. */

#include "daemon/keeper/operation.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "basic/log.h"
#include "daemon/keeper/announce.h"
#include "store/verify.h"
#include "wire/verbs.h"

typedef struct Search {
        Operation *operation;
        uint64_t done, total;
        char first[FAILURE_TEXT_MAX]; /* the first damage */
} Search;

static void on_damage(void *userdata, const Damage *d)
{
        Search *s = userdata;

        announce_damage(s->operation->control, d->backup, d->part, d->offset, d->size, d->text);
        if (!s->first[0])
                snprintf(s->first, sizeof s->first, "%.400s", d->text);
}

static int on_progress(void *userdata, uint64_t bytes)
{
        Search *s = userdata;

        s->done += bytes;
        control_bytes(s->operation->control, s->done, s->total, s->done, false);
        return control_stopped(s->operation->control) ? -ECANCELED : 0;
}

static int verify_one(
        Search *search, const Store *s, Backup *b, VerifyLevel level, uint64_t *damaged)
{
        Verify v = { .damage = on_damage, .progress = on_progress, .userdata = search };
        Operation *o = search->operation;
        State state;
        int r;

        r = verify_backup(s, b, level, &v, &o->failure);
        if (r < 0)
                return r;
        *damaged += v.n_damaged;
        if (state_read(b->device, b->id, &state) < 0) {
                /* what cannot be read is replaced; nothing hangs on it */
                control_log(
                        o->control, LOG_WARNING, "The notes about backup %s were damaged.", b->id);
                on_damage(search,
                        &(Damage){ .backup = b->id,
                                .text = "The file with the notes about the backup was damaged and "
                                        "is made anew." });
                *damaged += 1;
        }
        /* That every chunk is in its place says nothing about its content: a quick look that finds
         * nothing neither makes a backup verified nor hides damage that was found before. */
        if (level == VERIFY_DATA || v.n_damaged > 0) {
                state.verified = v.n_damaged > 0 ? VERIFIED_DAMAGED : VERIFIED_OK;
                state.verified_at = time(NULL);
                state.damaged = v.n_damaged;
                snprintf(state.level, sizeof state.level, "%s", verify_level_to_string(level));
        }
        r = state_write(b->device, b->id, &state);
        if (r < 0)
                return store_fail(&o->failure, r, "noting that backup %s was verified", b->id);
        if (b->manifest)
                announce_backup(o->control, VERB_BACKUP, b->manifest, &state);
        return 0;
}

static int verify_named(
        Search *search, const Store *s, const char *id, VerifyLevel level, uint64_t *damaged)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        int r = backup_open(s, id, &b, &search->operation->failure);

        if (r < 0)
                return r;
        if (backup_read(b, s, NULL) == 0)
                search->total += verify_size(b->manifest);
        return verify_one(search, s, b, level, damaged);
}

static int verify_all(Search *search, const Store *s, VerifyLevel level, uint64_t *damaged)
{
        _cleanup_(catalog_done) Catalog catalog = {};
        int r = catalog_read(s, NULL, &catalog, &search->operation->failure);

        for (size_t i = 0; r == 0 && i < catalog.n; i++)
                r = verify_named(search, s, catalog.names[i].id, level, damaged);
        return r;
}

int operation_verify(Operation *o)
{
        const char *id = message_text(o->run, "BACKUP"), *level = message_text(o->run, "LEVEL");
        int which = level[0] ? verify_level_from_string(level) : VERIFY_DATA, r;
        _cleanup_(store_freep) Store *s = NULL;
        Search search = { .operation = o };
        uint64_t damaged = 0;

        if (which < 0)
                return failure_set(&o->failure, -EINVAL, ERROR_INVALID_OPTION,
                        "There is no verification level \"%.40s\".", level);
        r = store_open(o->dir, &s, &o->failure);
        if (r == 0)
                r = id[0] ? verify_named(&search, s, id, (VerifyLevel)which, &damaged)
                          : verify_all(&search, s, (VerifyLevel)which, &damaged);
        if (r < 0)
                return r;
        control_bytes(o->control, search.done, search.total, search.done, true);
        if (damaged > 0) {
                failure_set(&o->failure, -EBADMSG, ERROR_VERIFY_FAILED,
                        "%s is damaged in %" PRIu64 " place%s: %s", id[0] ? id : "The store",
                        damaged, damaged == 1 ? "" : "s, first", search.first);
                failure_hint(&o->failure,
                        "Back the phone up again: what is damaged is then "
                        "replaced. Intact parts stay readable.");
                return -EBADMSG;
        }
        message_add(&o->done, "RESULT", "done");
        message_add(&o->done, "BACKUP", id);
        return 0;
}

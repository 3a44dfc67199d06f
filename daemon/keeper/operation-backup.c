/* SPDX-License-Identifier: GPL-3.0-or-later */

/* "backup": reads a phone through the worker and makes a backup of it.
 *
 *   facts, plan, session
 *   critical set, twice (a third time what differs)  -> committed by itself
 *   everything else                                  -> committed
 *   what was stored anew is read back from the disk; then the first of the two backups goes to the
 *   trash, since the second contains it
 *
 * However it ends before a commit, what is whole in the store stays there for the next time. */

#include "daemon/keeper/operation.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "basic/log.h"
#include "daemon/keeper/announce.h"
#include "daemon/keeper/reader.h"
#include "daemon/keeper/reports.h"
#include "store/verify.h"

typedef struct Job {
        Operation *operation;
        Control *control;
        Failure *f;
        Store *store;
        Facts facts;
        Feed feed;
        Plan *plan;
        Manifest *head;
        Backup *parent;
        Reports reports;
        Session *session;
        Reader reader;
        bool verify;
        char critical_id[BACKUP_ID_SIZE]; /* of the backup committed first, or "" */
        uint64_t verified, to_verify;
} Job;

/* ---- preparing ---- */

static int random_bytes(void *out, size_t size, Failure *f)
{
        if (getrandom(out, size, 0) == (ssize_t)size)
                return 0;
        return store_fail(f, -EIO, "getting random numbers");
}

static int make_id(char *out, Failure *f)
{
        uint32_t random;
        int r = random_bytes(&random, sizeof random, f);

        if (r == 0)
                backup_id_make(time(NULL), random, out);
        return r;
}

static int open_feed(Job *j)
{
        Message *run = j->operation->run;
        _cleanup_close_ int data = message_take_fd(run, 0), ring = message_take_fd(run, 1);

        if (data < 0 || ring < 0)
                return failure_set(j->f, -EINVAL, ERROR_FAILED,
                        "The daemon did not pass the channel to the phone.");
        return feed_open(&j->feed, TAKE_FD(data), ring, j->control, j->f);
}

static int make_plan(Job *j)
{
        const Message *run = j->operation->run;
        const char *kind = message_text(run, "KIND");
        int value = kind[0] ? backup_kind_from_string(kind) : BACKUP_FULL;
        PlanRequest request = { .areas = message_text(run, "AREAS"),
                .partitions = message_text(run, "PARTITIONS"),
                .exclude = message_text(run, "EXCLUDE") };
        int r;

        if (value < 0)
                return failure_set(j->f, -EINVAL, ERROR_INVALID_OPTION,
                        "There is no kind of backup \"%.40s\".", kind);
        request.kind = (BackupKind)value;
        r = plan_new(j->facts.layout, &request, &j->plan, j->f);
        if (r == 0 && !j->plan->table_ok)
                control_log(j->control, LOG_WARNING,
                        "The partition table of the phone is not consistent: %s. "
                        "What does not fit is read as a gap.",
                        j->plan->table_problem);
        return r;
}

static int identify(Job *j)
{
        ManifestDevice *d = &j->facts.device;
        uint8_t random[16];
        char uuid[37];
        int r = random_bytes(random, sizeof random, j->f);

        if (r < 0)
                return r;
        uuid_format(random, uuid);
        d->ids.chip = d->chip;
        if (!device_key_make(&d->ids, uuid, d->key))
                control_log(j->control, LOG_WARNING,
                        "The phone gives no id of its own: this backup cannot be "
                        "recognised as one of the same phone later.");
        snprintf(
                d->usb_path, sizeof d->usb_path, "%s", message_text(j->operation->run, "USB_PATH"));
        return 0;
}

/* What the plan knows of things that were wanted and will not be in the backup. */
static int add_plan_checks(const Job *j, Manifest *m)
{
        const struct {
                const char *name, *detail;
                CheckResult result;
        } doubts[] = {
                { "all-asked-for", j->plan->missing, CHECK_FAIL },
                { "readable-areas", j->plan->unread, CHECK_SKIP },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(doubts) && r == 0; i++) {
                if (!doubts[i].detail[0])
                        continue;
                control_log(j->control, LOG_WARNING, "%s", doubts[i].detail);
                r = manifest_add_check(m, doubts[i].name, doubts[i].result, doubts[i].detail);
        }
        return r;
}

/* Everything of the manifest that is known before the first byte. */
static int make_head(Job *j)
{
        const Message *run = j->operation->run;
        Manifest *m = j->head = manifest_new();
        uint64_t uid = 0, sequence;
        int r;

        if (!m || manifest_set_checks(m, j->facts.n_checks) < 0)
                return store_fail(j->f, -ENOMEM, "preparing the manifest");
        memcpy(m->checks, j->facts.checks, j->facts.n_checks * sizeof *m->checks);
        r = add_plan_checks(j, m);
        if (r < 0)
                return store_fail(j->f, r, "preparing the manifest");
        r = make_id(m->id, j->f);
        if (r == 0)
                r = catalog_sequence(j->store, j->facts.device.key, &sequence, j->f);
        if (r == 0)
                r = catalog_parent(j->store, j->facts.device.key, j->plan->kind, &j->parent, j->f);
        if (r < 0)
                return r;
        m->seq = sequence + 1;
        m->kind = j->plan->kind;
        m->device = j->facts.device;
        m->device.ids.chip = m->device.chip;
        m->tool = j->operation->host->tool;
        snprintf(m->tool.libusb, sizeof m->tool.libusb, "%s", j->facts.libusb);
        m->start = time(NULL);
        snprintf(m->store_id, sizeof m->store_id, "%s", j->store->id);
        snprintf(m->profile, sizeof m->profile, "%s", message_text(run, "PROFILE"));
        snprintf(m->profile_sha256, sizeof m->profile_sha256, "%s",
                message_text(run, "PROFILE_SHA256"));
        snprintf(m->label, sizeof m->label, "%s", message_text(run, "NAME"));
        (void)message_get_u64(run, "REQUESTED_BY", UINT32_MAX, &uid);
        m->requested_by = (uint32_t)uid;
        if (j->parent)
                snprintf(m->parent, sizeof m->parent, "%s", j->parent->id);
        return 0;
}

static int on_tick(void *userdata, Failure *f)
{
        Job *j = userdata;

        return j->session ? session_poll(j->session, f) : 0;
}

static int prepare(Job *j)
{
        SessionSetup setup;
        uint64_t verify = 1;
        int r;

        (void)message_get_u64(j->operation->run, "VERIFY", 1, &verify);
        j->verify = verify;
        r = facts_init(&j->facts);
        if (r < 0)
                return store_fail(j->f, r, "preparing the backup");
        r = open_feed(j);
        if (r == 0)
                r = store_open(j->operation->dir, &j->store, j->f);
        if (r == 0)
                r = store_check_space(j->store, j->f);
        if (r == 0)
                r = feed_facts(&j->feed, &j->facts, j->f);
        if (r == 0)
                r = make_plan(j);
        if (r == 0)
                r = identify(j);
        if (r == 0)
                r = make_head(j);
        if (r < 0)
                return r;
        r = reports_make(&j->facts, &j->reports);
        if (r < 0)
                return store_fail(j->f, r, "composing the reports");
        setup = (SessionSetup){ .store = j->store,
                .plan = j->plan,
                .head = j->head,
                .parent = j->parent ? j->parent->manifest : NULL,
                .boot_id = j->operation->host->boot_id,
                .reports = j->reports.list,
                .n_reports = j->reports.n };
        r = session_begin(&setup, &j->session, j->f);
        if (r < 0)
                return r;
        j->feed.tick = on_tick;
        j->feed.userdata = j;
        reader_init(&j->reader, &j->feed, j->session, j->plan, j->control);
        return 0;
}

/* ---- reading back ---- */

static void on_damage(void *userdata, const Damage *d)
{
        Job *j = userdata;

        announce_damage(j->control, d->backup, d->part, d->offset, d->size, d->text);
        failure_set(j->f, -EBADMSG, ERROR_VERIFY_FAILED, "The new backup %s is damaged: %s",
                d->backup, d->text);
        failure_hint(j->f, "Check the disk of the store, then back the phone up again.");
}

static int on_progress(void *userdata, uint64_t bytes)
{
        Job *j = userdata;

        j->verified += bytes;
        /* the critical set is read back in passing, the count goes on with the reading */
        if (j->to_verify > 0)
                control_bytes(j->control, j->verified, j->to_verify, j->verified, false);
        /* too late to cancel, but the end of the service is not waited for */
        return control_stopped(j->control) >= STOP_TERMINATE ? -ECANCELED : 0;
}

/* Reads back what was stored and writes it down. -EBADMSG when it is damaged. */
static int read_back(Job *j, const Manifest *m, int journal)
{
        Verify v = { .damage = on_damage, .progress = on_progress, .userdata = j };
        _cleanup_(backup_freep) Backup *b = NULL;
        State state = { .level = "commit" };
        int r;

        r = verify_journal(j->store, m->id, journal, session_journal_size(j->session), &v, j->f);
        if (r < 0)
                return r;
        r = backup_open_at(j->store, m->device.key, m->id, &b, j->f);
        if (r < 0)
                return r;
        state.verified = v.n_damaged > 0 ? VERIFIED_DAMAGED : VERIFIED_OK;
        state.verified_at = time(NULL);
        state.damaged = v.n_damaged;
        /* only a note: losing it loses no data */
        r = state_write(b->device, b->id, &state);
        if (r < 0)
                control_log(j->control, LOG_WARNING,
                        "That backup %s was read back could not be noted: %s", b->id,
                        strerrordesc_np(-r));
        announce_backup(j->control, VERB_BACKUP, m, &state);
        return v.n_damaged > 0 ? -EBADMSG : 0;
}

/* ---- the critical set ---- */

static int read_critical(Job *j)
{
        const Plan *p = j->plan;
        int r = 0;

        for (unsigned pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < p->n_critical && r == 0; i++)
                        r = reader_add(&j->reader, p->order[i], pass, j->f);
        if (r == 0)
                r = reader_run(&j->reader, j->f);
        for (size_t i = 0; i < p->n_critical && r == 0; i++) {
                bool differs;

                r = session_differs(j->session, p->order[i], &differs, j->f);
                if (r < 0 || !differs)
                        continue;
                control_log(j->control, LOG_WARNING,
                        "%s was read twice with different results, reading it "
                        "once more.",
                        p->parts[p->order[i]].file);
                r = reader_add(&j->reader, p->order[i], 2, j->f);
        }
        return r < 0 ? r : reader_run(&j->reader, j->f);
}

/* The critical set as a backup of its own, while the worker already reads on. */
static int commit_critical(Job *j)
{
        _cleanup_close_ int journal = -1;
        const State state = {};
        const Manifest *m;
        int r;

        r = make_id(j->critical_id, j->f);
        if (r == 0)
                r = session_commit_critical(
                        j->session, j->critical_id, j->head->seq, time(NULL), &m, j->f);
        if (r < 0) {
                j->critical_id[0] = 0;
                return r;
        }
        announce_backup(j->control, VERB_COMMITTED, m, &state);
        if (!j->verify)
                return 0;
        journal = session_journal(j->session);
        if (journal < 0)
                return store_fail(j->f, journal, "reading back the critical set");
        return read_back(j, m, journal);
}

/* ---- all of it ---- */

static int read_all(Job *j)
{
        const Plan *p = j->plan;
        bool first = p->kind == BACKUP_FULL && p->n_critical > 0 && p->n_critical < p->n_order;
        int r;

        control_phase(j->control, "reading");
        r = read_critical(j);
        for (size_t i = p->n_critical; i < p->n_order && r == 0; i++)
                r = reader_add(&j->reader, p->order[i], 0, j->f);
        if (r == 0)
                r = reader_ask(&j->reader, j->f);
        if (r == 0)
                r = session_settle(j->session, j->f);
        if (r == 0 && first)
                r = commit_critical(j);
        if (r == 0)
                r = reader_run(&j->reader, j->f);
        if (r == 0)
                control_bytes(j->control, j->reader.done, j->reader.total, j->reader.done, true);
        return r;
}

/* The larger backup contains it. That it cannot be thrown away is no reason to call that one
 * failed. */
static void trash_critical(Job *j)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        bool moved = false;
        Failure f = {};
        int r;

        if (!j->critical_id[0])
                return;
        r = backup_open_at(j->store, j->head->device.key, j->critical_id, &b, &f);
        if (r == 0)
                r = backup_trash(b, j->store, time(NULL), &moved, &f);
        if (moved)
                announce_removed(j->control, j->critical_id);
        if (r < 0)
                control_log(j->control, LOG_WARNING, "%s", f.text);
}

/* The backup exists. What fails now does not undo it. */
static int after_commit(Job *j, const Manifest *m, int journal)
{
        ManifestTotals totals;
        int r = 0;

        if (j->verify) {
                manifest_totals(m, &totals);
                j->verified = 0;
                j->to_verify = totals.new_bytes;
                control_phase(j->control, "verifying");
                control_bytes(j->control, 0, j->to_verify, 0, true);
                r = read_back(j, m, journal);
                if (r == -ECANCELED) {
                        control_log(j->control, LOG_NOTICE,
                                "The service ends: backup %s is complete, but was "
                                "not read back.",
                                m->id);
                        return 0;
                }
        }
        if (r == 0)
                trash_critical(j);
        return r;
}

static int commit(Job *j)
{
        _cleanup_close_ int journal = -1;
        const State state = {};
        const Manifest *m;
        int r;

        if (control_stopped(j->control))
                return -ECANCELED;
        /* the phone has told everything: its worker may let it go */
        feed_close(&j->feed);
        control_phase(j->control, "committing");
        journal = session_journal(j->session);
        if (journal < 0)
                return store_fail(j->f, journal, "committing the backup");
        if (j->critical_id[0])
                session_renumber(j->session, j->head->seq + 1);
        r = session_commit(j->session, time(NULL), &m, j->f);
        if (r < 0)
                return r;
        announce_backup(j->control, VERB_COMMITTED, m, &state);
        message_add(&j->operation->done, "RESULT", backup_result_to_string(m->result));
        message_add(&j->operation->done, "BACKUP", m->id);
        return after_commit(j, m, journal);
}

static int run(Job *j)
{
        const Plan *p;
        Message m;
        int r;

        r = prepare(j);
        if (r < 0)
                return r;
        p = j->plan;
        message_start(&m, VERB_PLAN);
        message_add_u64(&m, "BYTES", j->reader.total);
        message_add_u64(&m, "ITEMS", p->n_order + p->n_critical);
        control_send(j->control, &m);
        r = read_all(j);
        if (r == 0)
                return commit(j);
        feed_close(&j->feed);
        /* on a full disk the staged chunks are the first to go; else what is whole is kept */
        if (j->f->id != ERROR_STORE_FULL)
                session_save(j->session);
        return r;
}

int operation_backup(Operation *o)
{
        Job j = {
                .operation = o, .control = o->control, .f = &o->failure, .feed = { .socket = -1 }
        };
        int r = run(&j);

        failure_phase(&o->failure, "storing");
        feed_close(&j.feed);
        reader_done(&j.reader);
        session_free(j.session);
        backup_free(j.parent);
        manifest_free(j.head);
        plan_free(j.plan);
        reports_done(&j.reports);
        facts_done(&j.facts);
        store_free(j.store);
        return r;
}

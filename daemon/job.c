/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/job.h"

#include <errno.h>
#include <string.h>

#include "dbus/names.h"

static const char *const kind_names[] = {
        [JOB_BACKUP] = "backup",
        [JOB_DETECT] = "detect",
        [JOB_VERIFY] = "verify",
};
DEFINE_TABLE(job_kind, JobKind, kind_names)

static const char *const state_names[] = {
        [JOB_QUEUED] = STATE_QUEUED,
        [JOB_WAITING_FOR_DEVICE] = STATE_WAITING_FOR_DEVICE,
        [JOB_WAITING_FOR_SPACE] = STATE_WAITING_FOR_SPACE,
        [JOB_RUNNING] = STATE_RUNNING,
        [JOB_PAUSED] = STATE_PAUSED,
        [JOB_VERIFYING] = STATE_VERIFYING,
        [JOB_DONE] = STATE_DONE,
        [JOB_FAILED] = STATE_FAILED,
        [JOB_CANCELED] = STATE_CANCELED,
        [JOB_INTERRUPTED] = STATE_INTERRUPTED,
};
DEFINE_TABLE(job_state, JobState, state_names)

static const char *const level_names[] = {
        [VERIFY_STRUCTURE] = "structure",
        [VERIFY_DATA] = "data",
};
DEFINE_TABLE(verify_level, VerifyLevel, level_names)

#define TO(s) (1u << JOB_##s)
static const unsigned transitions[_JOB_STATE_MAX] = {
        [JOB_QUEUED] = TO(WAITING_FOR_DEVICE) | TO(RUNNING) | TO(FAILED) | TO(CANCELED),
        [JOB_WAITING_FOR_DEVICE] = TO(QUEUED) | TO(RUNNING) | TO(FAILED) | TO(CANCELED),
        [JOB_WAITING_FOR_SPACE] = TO(RUNNING) | TO(FAILED) | TO(CANCELED) | TO(INTERRUPTED),
        [JOB_RUNNING] = TO(WAITING_FOR_SPACE) | TO(PAUSED) | TO(VERIFYING) | TO(DONE) | TO(FAILED) |
                TO(CANCELED) | TO(INTERRUPTED),
        [JOB_PAUSED] = TO(RUNNING) | TO(FAILED) | TO(CANCELED) | TO(INTERRUPTED),
        [JOB_VERIFYING] = TO(DONE) | TO(FAILED) | TO(CANCELED) | TO(INTERRUPTED),
};
#undef TO

void job_request_done(JobRequest *r)
{
        free(r->profile);
        free(r->name);
        free(r->port);
        free(r->backup);
        for (char **p = r->partitions; p && *p; p++)
                free(*p);
        free(r->partitions);
        *r = (JobRequest){ 0 };
}

int job_request_copy(JobRequest *ret, const JobRequest *from)
{
        _cleanup_(job_request_done) JobRequest r = {
                .kind = from->kind,
                .profile = strdup(from->profile ?: ""),
                .name = strdup(from->name ?: ""),
                .port = strdup(from->port ?: ""),
                .backup = strdup(from->backup ?: ""),
                .level = from->level,
        };
        size_t n = 0;

        if (!r.profile || !r.name || !r.port || !r.backup)
                return -ENOMEM;
        while (from->partitions && from->partitions[n])
                n++;
        if (n > 0 && !(r.partitions = calloc(n + 1, sizeof(*r.partitions))))
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                r.partitions[i] = strdup(from->partitions[i]);
                if (!r.partitions[i])
                        return -ENOMEM;
        }
        snprintf(r.mark, sizeof r.mark, "%s", from->mark);
        snprintf(r.chip, sizeof r.chip, "%s", from->chip);
        *ret = r;
        r = (JobRequest){ 0 };
        return 0;
}

int job_new(uint32_t id, JobRequest *request, Job **ret)
{
        Job *j = calloc(1, sizeof *j);
        if (!j)
                return -ENOMEM;
        j->id = id;
        j->request = *request;
        *request = (JobRequest){ 0 };
        if (j->request.kind == JOB_VERIFY && j->request.backup)
                snprintf(j->backup, sizeof j->backup, "%s", j->request.backup);
        *ret = j;
        return 0;
}

Job *job_free(Job *j)
{
        if (!j)
                return NULL;
        job_request_done(&j->request);
        free(j->report);
        free(j);
        return NULL;
}

bool job_state_final(JobState s)
{
        return transitions[s] == 0;
}

bool job_is_pending(const Job *j)
{
        return j->state == JOB_QUEUED || j->state == JOB_WAITING_FOR_DEVICE;
}

bool job_is_final(const Job *j)
{
        return job_state_final(j->state);
}

bool job_is_cancelable(const Job *j)
{
        return !job_is_final(j) && !j->committed;
}

bool job_needs_device(const Job *j)
{
        return j->request.kind != JOB_VERIFY;
}

bool job_only_reads(const Job *j)
{
        static const bool only_reads[_JOB_KIND_MAX] = {
                [JOB_BACKUP] = true,
                [JOB_DETECT] = true,
                [JOB_VERIFY] = true,
        };

        return only_reads[j->request.kind];
}

bool job_may(JobState from, JobState to)
{
        return transitions[from] & (1u << to);
}

int job_move(Job *j, JobState to, const char *result, uint64_t now)
{
        if (!job_may(j->state, to))
                return -EPERM;
        j->state = to;
        /* the clock may have been set back meanwhile; nothing ends before it begins all the same */
        now = MAX(now, MAX(j->queued_at, j->started_at));
        if (to == JOB_RUNNING && j->started_at == 0)
                j->started_at = now;
        if (!job_state_final(to))
                return 0;

        j->finished_at = now;
        snprintf(j->result, sizeof j->result, "%s",
                to == JOB_DONE ? result : job_state_to_string(to));
        j->action[0] = '\0';
        j->phase[0] = '\0';
        return 0;
}

void job_interrupted(Job *j, const char *why)
{
        failure_set(&j->failure, 0, ERROR_INTERRUPTED, "%s", why);
        failure_hint(&j->failure, "To queue it once more: mtkbackupctl retry %u.%s", j->id,
                j->request.kind == JOB_BACKUP ? " What was read is not stored twice." : "");
}

/* ---- JSON ---- */

static json_t *strings_to_json(char *const *list)
{
        if (!list)
                return NULL;
        json_t *a = json_array();
        for (; a && *list; list++)
                json_array_append_new(a, json_string(*list));
        return a;
}

static json_t *failure_to_json(const Failure *f)
{
        if (!failure_is_set(f))
                return NULL;
        return json_pack("{ss sI ss ss ss}", "name", error_to_string(f->id), "status",
                (json_int_t)f->status, "phase", f->phase, "text", f->text, "hint", f->hint);
}

/* jansson takes UTF-8 only; everything here is ASCII or was checked at the bus, which does too */
json_t *job_to_json(const Job *j)
{
        return json_pack(
                "{sI ss ss ss* ss* ss* ss* so* ss sI sI sI sI ss* ss* ss* ss* so* sb sb ss* ss*}",
                "id", (json_int_t)j->id, "kind", job_kind_to_string(j->request.kind), "state",
                job_state_to_string(j->state), "profile", j->request.profile, "name",
                j->request.name, "wanted_port", j->request.port, "wanted_backup", j->request.backup,
                "partitions", strings_to_json(j->request.partitions), "level",
                verify_level_to_string(j->request.level), "uid", (json_int_t)j->request.uid,
                "queued_at", (json_int_t)j->queued_at, "started_at", (json_int_t)j->started_at,
                "finished_at", (json_int_t)j->finished_at, "port", j->port, "result", j->result,
                "backup", j->backup, "report", j->report, "failure", failure_to_json(&j->failure),
                "automatic", j->request.automatic, "needs_approval", j->request.needs_approval,
                "mark", j->request.mark, "chip", j->request.chip);
}

/* One key of a job. A missing one leaves the default; one of the wrong type or size spoils all. */
static const char *get_text(const json_t *json, const char *key, size_t max, bool *bad)
{
        const json_t *v = json_object_get(json, key);
        if (!v)
                return "";
        if (!json_is_string(v) || json_string_length(v) > max) {
                *bad = true;
                return "";
        }
        return json_string_value(v);
}

static uint64_t get_number(const json_t *json, const char *key, uint64_t max, bool *bad)
{
        const json_t *v = json_object_get(json, key);
        if (!v)
                return 0;
        if (!json_is_integer(v) || json_integer_value(v) < 0 ||
                (uint64_t)json_integer_value(v) > max) {
                *bad = true;
                return 0;
        }
        return (uint64_t)json_integer_value(v);
}

static bool get_truth(const json_t *json, const char *key, bool *bad)
{
        const json_t *v = json_object_get(json, key);
        if (v && !json_is_boolean(v))
                *bad = true;
        return json_is_true(v);
}

static int get_name(
        const json_t *json, const char *key, int (*from_string)(const char *), bool *bad)
{
        int v = from_string(get_text(json, key, 32, bad));
        if (v < 0)
                *bad = true;
        return MAX(v, 0);
}

static int get_partitions(const json_t *json, char ***ret)
{
        const json_t *a = json_object_get(json, "partitions");
        if (!a)
                return 0;
        size_t n = json_array_size(a);
        if (!json_is_array(a) || n > JOB_PARTITIONS_MAX)
                return -EBADMSG;
        *ret = calloc(n + 1, sizeof(char *));
        for (size_t i = 0; *ret && i < n; i++) {
                const char *s = json_string_value(json_array_get(a, i));
                if (!s || strlen(s) > JOB_PATTERN_MAX)
                        return -EBADMSG;
                (*ret)[i] = strdup(s);
                if (!(*ret)[i])
                        return -ENOMEM;
        }
        return *ret ? 0 : -ENOMEM;
}

static void get_failure(const json_t *json, Failure *f, bool *bad)
{
        const json_t *o = json_object_get(json, "failure");
        if (!o)
                return;
        failure_set(f, 0, error_from_string(get_text(o, "name", 64, bad)), "%s",
                get_text(o, "text", FAILURE_TEXT_MAX, bad));
        failure_hint(f, "%s", get_text(o, "hint", FAILURE_TEXT_MAX, bad));
        failure_phase(f, get_text(o, "phase", FAILURE_PHASE_MAX, bad));
        failure_status(f, (uint32_t)get_number(o, "status", UINT32_MAX, bad));
}

int job_from_json(const json_t *json, Job **ret)
{
        _cleanup_(job_freep) Job *j = calloc(1, sizeof *j);
        bool bad = !json_is_object(json);

        if (!j)
                return -ENOMEM;
        j->id = (uint32_t)get_number(json, "id", UINT32_MAX, &bad);
        j->state = (JobState)get_name(json, "state", job_state_from_string, &bad);
        j->queued_at = get_number(json, "queued_at", INT64_MAX, &bad);
        j->started_at = get_number(json, "started_at", INT64_MAX, &bad);
        j->finished_at = get_number(json, "finished_at", INT64_MAX, &bad);
        snprintf(j->port, sizeof j->port, "%s", get_text(json, "port", sizeof j->port - 1, &bad));
        snprintf(j->result, sizeof j->result, "%s",
                get_text(json, "result", sizeof j->result - 1, &bad));
        snprintf(j->backup, sizeof j->backup, "%s",
                get_text(json, "backup", sizeof j->backup - 1, &bad));
        get_failure(json, &j->failure, &bad);

        JobRequest *r = &j->request;
        r->kind = (JobKind)get_name(json, "kind", job_kind_from_string, &bad);
        r->level = (VerifyLevel)get_name(json, "level", verify_level_from_string, &bad);
        r->uid = (uid_t)get_number(json, "uid", UINT32_MAX - 1, &bad);
        r->automatic = get_truth(json, "automatic", &bad);
        r->needs_approval = get_truth(json, "needs_approval", &bad);
        snprintf(r->mark, sizeof r->mark, "%s", get_text(json, "mark", sizeof r->mark - 1, &bad));
        if ((r->automatic && !phone_mark_valid(r->mark)) || (r->needs_approval && !r->automatic))
                bad = true;
        snprintf(r->chip, sizeof r->chip, "%s", get_text(json, "chip", JOB_CHIP_MAX, &bad));
        r->profile = strdup(get_text(json, "profile", JOB_NAME_MAX, &bad));
        r->name = strdup(get_text(json, "name", JOB_NAME_MAX, &bad));
        r->port = strdup(get_text(json, "wanted_port", JOB_PORT_MAX, &bad));
        r->backup = strdup(get_text(json, "wanted_backup", JOB_BACKUP_MAX, &bad));
        const char *report = get_text(json, "report", JOB_REPORT_MAX, &bad);
        if (*report)
                j->report = strdup(report);
        if (!r->profile || !r->name || !r->port || !r->backup || (*report && !j->report))
                return -ENOMEM;
        int e = get_partitions(json, &r->partitions);
        if (e < 0)
                return e;
        if (bad || j->id == 0)
                return -EBADMSG;
        *ret = TAKE_PTR(j);
        return 0;
}

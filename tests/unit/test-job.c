/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "daemon/job.h"

static Job *make(JobKind kind)
{
        JobRequest r = { .kind = kind,
                .profile = strdup("mt6765"),
                .name = strdup(""),
                .port = strdup(""),
                .backup = strdup(""),
                .uid = 1000 };
        Job *j = NULL;

        assert_int_equal(job_new(7, &r, &j), 0);
        return j;
}

/* A backup waits for its phone, is read, verified, and has exactly one result. */
static void test_life_of_a_backup(void **state)
{
        _cleanup_(job_freep) Job *j = make(JOB_BACKUP);

        assert_int_equal(j->state, JOB_QUEUED);
        assert_true(job_is_pending(j));
        assert_int_equal(job_move(j, JOB_WAITING_FOR_DEVICE, NULL, 10), 0);
        snprintf(j->action, sizeof j->action, "Plug it in.");
        assert_int_equal(job_move(j, JOB_RUNNING, NULL, 20), 0);
        assert_int_equal(j->started_at, 20);
        assert_true(job_is_cancelable(j));
        assert_int_equal(job_move(j, JOB_VERIFYING, NULL, 30), 0);
        assert_int_equal(job_move(j, JOB_DONE, "complete", 40), 0);

        assert_true(job_is_final(j));
        assert_false(job_is_cancelable(j));
        assert_string_equal(j->result, "complete");
        assert_int_equal(j->started_at, 20);
        assert_int_equal(j->finished_at, 40);
        assert_string_equal(j->action, "");
        assert_int_equal(job_move(j, JOB_CANCELED, NULL, 50), -EPERM);
        assert_string_equal(j->result, "complete");
}

/* Final states lead nowhere, every other state can fail and be cancelled, nothing leads back to the
 * queue once it runs, and only what runs can be done. */
static void test_transitions(void **state)
{
        for (JobState from = 0; from < _JOB_STATE_MAX; from++) {
                for (JobState to = 0; to < _JOB_STATE_MAX; to++)
                        if (job_state_final(from))
                                assert_false(job_may(from, to));
                if (job_state_final(from))
                        continue;
                assert_true(job_may(from, JOB_FAILED));
                assert_true(job_may(from, JOB_CANCELED));
                if (from > JOB_WAITING_FOR_DEVICE) {
                        assert_false(job_may(from, JOB_QUEUED));
                        assert_true(job_may(from, JOB_INTERRUPTED));
                }
                assert_int_equal(
                        job_may(from, JOB_DONE), from == JOB_RUNNING || from == JOB_VERIFYING);
        }
        assert_true(job_state_final(JOB_INTERRUPTED));
}

static void test_committed_cannot_be_cancelled(void **state)
{
        _cleanup_(job_freep) Job *j = make(JOB_BACKUP);

        assert_int_equal(job_move(j, JOB_RUNNING, NULL, 1), 0);
        j->committed = true;
        assert_false(job_is_cancelable(j));
}

static void test_json_and_back(void **state)
{
        _cleanup_(job_freep) Job *j = make(JOB_BACKUP), *back = NULL;
        char *list[] = { strdup("boot*"), strdup("nvram"), NULL };
        json_t *json;

        j->request.partitions = malloc(sizeof list);
        memcpy(j->request.partitions, list, sizeof list);
        j->queued_at = 1700000000000000;
        assert_int_equal(job_move(j, JOB_RUNNING, NULL, 1700000001000000), 0);
        failure_set(&j->failure, 0, ERROR_DEVICE_REFUSED, "The phone refused.");
        failure_hint(&j->failure, "Charge it.");
        failure_phase(&j->failure, "reading");
        failure_status(&j->failure, 0xc0070004);
        snprintf(j->port, sizeof j->port, "1-2.3");
        j->report = strdup("{}");
        assert_int_equal(job_move(j, JOB_FAILED, NULL, 1700000002000000), 0);

        json = job_to_json(j);
        assert_non_null(json);
        assert_int_equal(job_from_json(json, &back), 0);
        json_decref(json);
        assert_int_equal(back->id, 7);
        assert_int_equal(back->state, JOB_FAILED);
        assert_int_equal(back->request.uid, 1000);
        assert_string_equal(back->request.profile, "mt6765");
        assert_string_equal(back->request.partitions[1], "nvram");
        assert_null(back->request.partitions[2]);
        assert_int_equal(back->failure.id, ERROR_DEVICE_REFUSED);
        assert_int_equal(back->failure.status, 0xc0070004);
        assert_string_equal(back->failure.text, "The phone refused.");
        assert_string_equal(back->failure.hint, "Charge it.");
        assert_string_equal(back->failure.phase, "reading");
        assert_string_equal(back->port, "1-2.3");
        assert_string_equal(back->result, "failed");
        assert_string_equal(back->report, "{}");
        assert_int_equal(back->finished_at, 1700000002000000);
}

static void test_automatic(void **state)
{
        _cleanup_(job_freep) Job *j = make(JOB_BACKUP), *back = NULL;
        json_t *json;

        j->request.automatic = j->request.needs_approval = true;
        snprintf(j->request.mark, sizeof j->request.mark, "0123456789ab");
        json = job_to_json(j);
        assert_int_equal(job_from_json(json, &back), 0);
        json_decref(json);
        assert_true(back->request.automatic && back->request.needs_approval);
        assert_string_equal(back->request.mark, "0123456789ab");
        /* one that is for no phone is none */
        j->request.mark[0] = 0;
        back = job_free(back);
        json = job_to_json(j);
        assert_int_equal(job_from_json(json, &back), -EBADMSG);
        json_decref(json);
}

/* While a job of any other kind waits nothing is done automatically. */
static void test_kinds_that_only_read(void **state)
{
        for (JobKind kind = 0; kind < _JOB_KIND_MAX; kind++) {
                _cleanup_(job_freep) Job *j = make(kind);

                assert_int_equal(job_only_reads(j),
                        kind == JOB_BACKUP || kind == JOB_DETECT || kind == JOB_VERIFY);
        }
}

static void test_bad_json(void **state)
{
        static const char *const bad[] = {
                "[]",
                "{}",
                "{\"id\":0,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\"}",
                "{\"id\":1,\"kind\":\"steal\",\"state\":\"queued\",\"level\":\"data\"}",
                "{\"id\":1,\"kind\":\"backup\",\"state\":\"asleep\",\"level\":\"data\"}",
                "{\"id\":1,\"kind\":7,\"state\":\"queued\",\"level\":\"data\"}",
                "{\"id\":-1,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\"}",
                "{\"id\":4294967296,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\"}",
                "{\"id\":1,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\","
                "\"partitions\":[7]}",
                "{\"id\":1,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\","
                "\"partitions\":\"boot\"}",
                "{\"id\":1,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\","
                "\"queued_at\":\"now\"}",
                "{\"id\":1,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\","
                "\"automatic\":1}",
                "{\"id\":1,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\","
                "\"mark\":\"0123456789abc\"}",
                "{\"id\":1,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\","
                "\"result\":\"0123456789012345678901234567890123456789\"}",
        };
        Job *j = NULL;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                json_t *json = json_loads(bad[i], 0, NULL);

                assert_non_null(json);
                if (job_from_json(json, &j) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
                json_decref(json);
        }
}

TEST_MAIN(cmocka_unit_test(test_life_of_a_backup), cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_committed_cannot_be_cancelled), cmocka_unit_test(test_json_and_back),
        cmocka_unit_test(test_automatic), cmocka_unit_test(test_kinds_that_only_read),
        cmocka_unit_test(test_bad_json))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/queue.h"
#include "folder.h"

static JobRequest request(uid_t uid)
{
        return (JobRequest){ .kind = JOB_BACKUP,
                .profile = strdup("mt6765"),
                .name = strdup("n"),
                .port = strdup(""),
                .backup = strdup(""),
                .uid = uid };
}

static Job *add(Queue *q, uid_t uid, uint64_t now)
{
        _cleanup_(job_request_done) JobRequest r = request(uid);
        Failure f = { 0 };
        Job *j = NULL;

        if (queue_add(q, &r, now, &j, &f) < 0)
                fail_msg("%s", f.text);
        return j;
}

/* A queued job is still there after a restart; one that ran is interrupted, with its cause. */
static void test_survives_a_restart(void **state)
{
        Folder folder;
        Queue *q = NULL;
        Job *j;

        folder_make(&folder);
        assert_int_equal(queue_open(folder.fd, 1, &q), 0);
        assert_int_equal(queue_count(q), 0);
        assert_int_equal(add(q, 1000, 10)->id, 1);
        assert_int_equal(add(q, 1000, 20)->id, 2);
        assert_int_equal(queue_move(q, queue_find(q, 1), JOB_RUNNING, NULL, 30), 0);
        assert_int_equal(queue_move(q, queue_find(q, 2), JOB_WAITING_FOR_DEVICE, NULL, 30), 0);
        /* no farewell: killed */
        queue_free(q);

        assert_int_equal(queue_open(folder.fd, 40, &q), 0);
        assert_int_equal(queue_count(q), 2);
        j = queue_find(q, 1);
        assert_int_equal(j->state, JOB_INTERRUPTED);
        assert_int_equal(j->failure.id, ERROR_INTERRUPTED);
        assert_int_equal(j->finished_at, 40);
        assert_non_null(strstr(j->failure.hint, "mtkbackupctl retry 1."));
        j = queue_find(q, 2);
        assert_int_equal(j->state, JOB_QUEUED);
        assert_int_equal(j->queued_at, 20);
        assert_int_equal(queue_open_count(q), 1);
        /* numbers are never used again */
        assert_int_equal(add(q, 1000, 50)->id, 3);
        queue_free(q);
        folder_remove(&folder);
}

typedef struct Heard {
        const Folder *folder;
        unsigned added, changed, dropped, level;
        bool saved;
} Heard;

static bool file_has(const Folder *folder, const char *text)
{
        _cleanup_free_ char *file = NULL;

        assert_int_equal(file_read_at(folder->fd, "queue.json", 1 << 20, &file, NULL), 0);
        return strstr(file, text);
}

static void on_added(void *userdata, Job *j)
{
        Heard *h = userdata;

        h->added++;
        h->saved = file_has(h->folder, "\"state\": \"queued\"");
}

static void on_changed(void *userdata, Job *j, unsigned changes)
{
        Heard *h = userdata;

        h->changed |= changes;
        h->saved = file_has(h->folder, job_state_to_string(j->state));
}

static void on_dropped(void *userdata, Job *j)
{
        ((Heard *)userdata)->dropped++;
}

static void on_log(void *userdata, const Job *j, unsigned level, const char *text)
{
        assert_string_equal(text, "a line");
        ((Heard *)userdata)->level = level;
}

static const QueueEvents events = {
        .added = on_added, .changed = on_changed, .dropped = on_dropped, .log = on_log
};

/* Nobody hears of what is not on the disk. */
static void test_saved_before_told(void **state)
{
        Folder folder;
        Heard heard = { .folder = &folder };
        Queue *q = NULL;
        Job *j;

        folder_make(&folder);
        assert_int_equal(queue_open(folder.fd, 1, &q), 0);
        queue_listen(q, &events, &heard);
        j = add(q, 0, 1);
        assert_int_equal(heard.added, 1);
        assert_true(heard.saved);
        heard.saved = false;
        assert_int_equal(queue_move(q, j, JOB_RUNNING, NULL, 2), 0);
        assert_int_equal(heard.changed, JOB_CHANGED_STATE);
        assert_true(heard.saved);
        assert_int_equal(queue_move(q, j, JOB_QUEUED, NULL, 3), -EPERM);
        queue_log(q, j, 5, "a line");
        assert_int_equal(heard.level, 5);
        queue_free(q);
        folder_remove(&folder);
}

static void test_limits(void **state)
{
        _cleanup_(job_request_done) JobRequest r = request(1000), root = request(0);
        Folder folder;
        Failure f = { 0 };
        Queue *q = NULL;
        Job *j;

        folder_make(&folder);
        assert_int_equal(queue_open(folder.fd, 1, &q), 0);
        for (unsigned i = 0; i < QUEUE_OPEN_PER_UID_MAX; i++)
                add(q, 1000, i);
        assert_int_equal(queue_add(q, &r, 1, &j, &f), -ENOSPC);
        assert_int_equal(f.id, ERROR_QUEUE_FULL);
        while (queue_open_count(q) < QUEUE_OPEN_MAX)
                add(q, 0, 1);
        f = (Failure){ 0 };
        assert_int_equal(queue_add(q, &root, 1, &j, &f), -ENOSPC);
        assert_int_equal(f.id, ERROR_QUEUE_FULL);
        /* room again */
        assert_int_equal(queue_move(q, queue_find(q, 1), JOB_CANCELED, NULL, 2), 0);
        assert_int_equal(queue_add(q, &root, 1, &j, &f), 0);
        queue_free(q);
        folder_remove(&folder);
}

/* The oldest results go; the newest never does, even when the clock was set back. */
static void test_finished_jobs_are_bounded(void **state)
{
        Folder folder;
        Heard heard = { .folder = &folder };
        Queue *q = NULL;
        Job *j;

        folder_make(&folder);
        assert_int_equal(queue_open(folder.fd, 1, &q), 0);
        queue_listen(q, &events, &heard);
        for (unsigned i = 0; i < QUEUE_FINISHED_MAX; i++)
                assert_int_equal(queue_move(q, add(q, 0, 1), JOB_CANCELED, NULL, 1000 + i), 0);
        assert_int_equal(heard.dropped, 0);
        j = add(q, 0, 1);
        assert_int_equal(queue_move(q, j, JOB_CANCELED, NULL, 5), 0);
        assert_int_equal(heard.dropped, 1);
        assert_ptr_equal(queue_find(q, QUEUE_FINISHED_MAX + 1), j);
        assert_null(queue_find(q, 1));
        assert_int_equal(queue_count(q), QUEUE_FINISHED_MAX);
        queue_free(q);
        assert_int_equal(queue_open(folder.fd, 1, &q), 0);
        assert_int_equal(queue_count(q), QUEUE_FINISHED_MAX);
        queue_free(q);
        folder_remove(&folder);
}

/* Whatever the file holds, the service starts, and the file is not thrown away. */
static void test_broken_files(void **state)
{
        static const char job[] =
                "{\"id\":%u,\"kind\":\"backup\",\"state\":\"queued\",\"level\":\"data\"}";
        static const char *const files[] = {
                "",
                "{",
                "[]",
                "null",
                "{\"version\":2,\"next_id\":1,\"jobs\":[]}",
                "{\"version\":1,\"next_id\":0,\"jobs\":[]}",
                "{\"version\":1,\"next_id\":1,\"jobs\":{}}",
                "{\"version\":1,\"next_id\":1,\"next_id\":1,\"jobs\":[]}",
                "{\"version\":1,\"next_id\":5,\"jobs\":[null]}",
                "{\"version\":1,\"next_id\":2,\"jobs\":[J1,J1]}",
                "{\"version\":1,\"next_id\":3,\"jobs\":[J2,J1]}",
                "{\"version\":1,\"next_id\":2,\"jobs\":[J1,J2]}",
                "{\"version\":1,\"next_id\":2,\"jobs\":[J1]} more",
        };
        Folder folder;

        folder_make(&folder);
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                _cleanup_free_ char *kept = NULL;
                char text[1024] = "";
                Queue *q = NULL;

                for (const char *p = files[i]; *p; p++)
                        if (*p == 'J')
                                snprintf(text + strlen(text), 200, job, (unsigned)(*++p - '0'));
                        else
                                strncat(text, p, 1);
                folder_write(&folder, "queue.json", text);
                if (queue_open(folder.fd, 1, &q) != 1)
                        fail_msg("taken: %s", text);
                assert_int_equal(queue_count(q), 0);
                add(q, 0, 1);
                queue_free(q);
                assert_int_equal(
                        file_read_at(folder.fd, "queue.json.bad", 1 << 20, &kept, NULL), 0);
                assert_string_equal(kept, text);
        }
        folder_remove(&folder);
}

/* No room for the file: then there is no such job. */
static void test_job_that_cannot_be_saved(void **state)
{
        _cleanup_(job_request_done) JobRequest r = request(0);
        Folder folder;
        Failure f = { 0 };
        Queue *q = NULL;
        Job *j;

        folder_make(&folder);
        assert_int_equal(queue_open(folder.fd, 1, &q), 0);
        assert_int_equal(mkdirat(folder.fd, ".queue.json.new", 0700), 0);
        assert_true(queue_add(q, &r, 1, &j, &f) < 0);
        assert_int_equal(f.id, ERROR_STORE_FAILED);
        assert_int_equal(queue_count(q), 0);
        queue_free(q);
        folder_remove(&folder);
}

TEST_MAIN(cmocka_unit_test(test_survives_a_restart), cmocka_unit_test(test_saved_before_told),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_finished_jobs_are_bounded),
        cmocka_unit_test(test_broken_files), cmocka_unit_test(test_job_that_cannot_be_saved))

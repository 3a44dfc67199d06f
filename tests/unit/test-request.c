/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "daemon/request.h"

typedef struct Given {
        JobKind kind;
        const char *profile;
        RequestTexts texts;
        const char *partitions[4];
} Given;

static int fill(const Given *g, JobRequest *r, Failure *f)
{
        char **list = NULL;
        int e;

        *f = (Failure){ 0 };
        if (g->partitions[0]) {
                list = calloc(ELEMENTS(g->partitions) + 1, sizeof *list);
                for (size_t i = 0; i < ELEMENTS(g->partitions) && g->partitions[i]; i++)
                        list[i] = strdup(g->partitions[i]);
        }
        e = request_fill(r, g->kind, g->profile, &g->texts, &list, f);
        for (char **p = list; p && *p; p++)
                free(*p);
        free(list);
        return e;
}

static void test_a_backup(void **state)
{
        _cleanup_(job_request_done) JobRequest r = { 0 };
        Failure f;

        assert_int_equal(fill(&(Given){ .kind = JOB_BACKUP,
                                      .profile = "mt6765",
                                      .texts.port = "1-2.3",
                                      .texts.name = "before the update",
                                      .texts.chip = "mt8768t",
                                      .partitions = { "boot*", "nvram" } },
                                 &r, &f),
                0);
        assert_string_equal(r.profile, "mt6765");
        assert_string_equal(r.port, "1-2.3");
        assert_string_equal(r.name, "before the update");
        assert_string_equal(r.chip, "mt8768t");
        assert_string_equal(r.partitions[0], "boot*");
        assert_string_equal(r.partitions[1], "nvram");
        assert_null(r.partitions[2]);
}

static void test_defaults(void **state)
{
        _cleanup_(job_request_done) JobRequest detect = { 0 }, verify = { 0 };
        Failure f;

        assert_int_equal(fill(&(Given){ .kind = JOB_DETECT, .profile = "" }, &detect, &f), 0);
        assert_string_equal(detect.port, "");
        assert_null(detect.partitions);
        assert_int_equal(fill(&(Given){ .kind = JOB_VERIFY, .profile = "", .texts.backup = "b-1" },
                                 &verify, &f),
                0);
        assert_int_equal(verify.level, VERIFY_DATA);
}

static void test_mistakes(void **state)
{
        static const struct {
                Given given;
                ErrorId id;
        } mistakes[] = {
                { { JOB_BACKUP, "" }, ERROR_NO_SUCH_PROFILE },
                { { JOB_BACKUP, "../mt6765" }, ERROR_NO_SUCH_PROFILE },
                { { JOB_BACKUP, "p", .texts.port = "usb1" }, ERROR_INVALID_OPTION },
                { { JOB_BACKUP, "p", .texts.name = "a\nb" }, ERROR_INVALID_OPTION },
                { { JOB_BACKUP, "p", .texts.chip = "MT1" }, ERROR_INVALID_OPTION },
                { { JOB_BACKUP, "p", .partitions = { "a,b" } }, ERROR_INVALID_OPTION },
                { { JOB_BACKUP, "p", .partitions = { "" } }, ERROR_INVALID_OPTION },
                { { JOB_BACKUP, "p", .partitions = { "a b" } }, ERROR_INVALID_OPTION },
                { { JOB_VERIFY, "p", .texts.backup = "b" }, ERROR_INVALID_OPTION },
                { { JOB_VERIFY, "" }, ERROR_INVALID_OPTION },
                { { JOB_VERIFY, "", .texts.backup = "../b" }, ERROR_INVALID_OPTION },
                { { JOB_VERIFY, "", .texts.backup = "b", .texts.level = "device" },
                        ERROR_INVALID_OPTION },
        };
        JobRequest r;
        Failure f;

        for (size_t i = 0; i < ELEMENTS(mistakes); i++) {
                if (fill(&mistakes[i].given, &r, &f) != -EINVAL || f.id != mistakes[i].id)
                        fail_msg("mistake %zu: %s", i, f.text);
                assert_true(f.text[0]);
        }
}

static void test_lengths(void **state)
{
        char name[JOB_NAME_MAX + 2], pattern[JOB_PATTERN_MAX + 1];
        Given g = { .kind = JOB_BACKUP, .profile = "p", .texts.name = name };
        JobRequest r = { 0 };
        Failure f;

        memset(name, 'n', sizeof name - 1);
        name[sizeof name - 1] = 0;
        assert_int_equal(fill(&g, &r, &f), -EINVAL);
        name[JOB_NAME_MAX] = 0;
        assert_int_equal(fill(&g, &r, &f), 0);
        job_request_done(&r);
        memset(pattern, 'p', sizeof pattern - 1);
        pattern[sizeof pattern - 1] = 0;
        g.partitions[0] = pattern;
        assert_int_equal(fill(&g, &r, &f), -EINVAL);
        pattern[JOB_PATTERN_MAX - 1] = 0;
        assert_int_equal(fill(&g, &r, &f), 0);
        job_request_done(&r);
}

TEST_MAIN(cmocka_unit_test(test_a_backup), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_lengths))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "basic/log.h"

/* what a call writes to standard error */
static void captured(int level, const char *text, char *out, size_t size)
{
        int ends[2], saved = dup(STDERR_FILENO);
        ssize_t n;

        assert_int_equal(pipe(ends), 0);
        dup2(ends[1], STDERR_FILENO);
        log_write(level, "%s", text);
        dup2(saved, STDERR_FILENO);
        close(saved);
        close(ends[1]);
        n = read(ends[0], out, size - 1);
        close(ends[0]);
        out[n > 0 ? n : 0] = 0;
}

/* The journal reads the priority in front of a line. */
static void test_priority(void **state)
{
        char line[256];

        log_open("mtkbackupd");
        captured(LOG_WARNING, "phone left", line, sizeof line);
        assert_string_equal(line, "<4>mtkbackupd: phone left\n");
}

static void test_level(void **state)
{
        char line[256];

        log_set_level(LOG_INFO);
        captured(LOG_DEBUG, "details", line, sizeof line);
        assert_string_equal(line, "");
        log_set_level(LOG_DEBUG);
        captured(LOG_DEBUG, "details", line, sizeof line);
        assert_string_equal(line, "<7>mtkbackupd: details\n");
}

static void test_foreign_text_stays_one_line(void **state)
{
        char line[256];

        captured(LOG_ERR, "name\n<0>forged\x1b[2J\n", line, sizeof line);
        assert_string_equal(line, "<3>mtkbackupd: name <0>forged [2J\n");
}

TEST_MAIN(cmocka_unit_test(test_priority), cmocka_unit_test(test_level),
        cmocka_unit_test(test_foreign_text_stays_one_line))

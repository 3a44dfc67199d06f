/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "data.h"
#include "format/checksum-ini.h"

/* Three sections, one sum a partition; written again it is the same text. */
static void test_example(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/Checksum.ini", &size), *again = NULL;
        _cleanup_(checksum_ini_freep) ChecksumIni *c = NULL;
        _cleanup_(layout_freep) Layout *l = layout_new();

        assert_int_equal(checksum_ini_read(text, size, &c, l), 0);
        assert_string_equal(c->tool, "v5.1912.00");
        assert_int_equal(c->change_id, 1600000000);
        assert_true(c->enabled);
        assert_int_equal(c->n_entries, 3);
        assert_int_equal(checksum_ini_find(c, "preloader")->sum, 0xA2A2);
        assert_int_equal(checksum_ini_find(c, "lk")->sum, 0xC9B8);
        assert_int_equal(checksum_ini_find(c, "boot")->sum, 0xFBFD);
        assert_null(checksum_ini_find(c, "logo"));
        assert_int_equal(l->n_problems, 0);
        assert_int_equal(checksum_ini_write(c, &again), 0);
        assert_string_equal(again, text);
}

static void test_md5_section(void **state)
{
        static const char text[] = "[IsEnableChecksum]\nCHECKSUM_SWITCH=0\n[CheckSum_V2]\n"
                                   "boot=0x00112233445566778899AABBCCDDEEFF\nlogo=beef\n";
        _cleanup_(checksum_ini_freep) ChecksumIni *c = NULL;
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ char *again = NULL;

        assert_int_equal(checksum_ini_read(text, sizeof(text) - 1, &c, l), 0);
        assert_false(c->enabled);
        assert_true(checksum_ini_find(c, "boot")->has_md5);
        assert_false(checksum_ini_find(c, "boot")->has_sum);
        assert_int_equal(checksum_ini_find(c, "boot")->md5[1], 0x11);
        assert_int_equal(l->n_problems, 1);
        assert_int_equal(l->problems[0].line, 5);
        assert_int_equal(checksum_ini_write(c, &again), 0);
        assert_non_null(strstr(again, "[CheckSum_V2]\nboot=00112233445566778899aabbccddeeff\n"));
}

/* What real files have in them must not stop the reader. */
static void test_tolerance(void **state)
{
        static const char text[] = "\xEF\xBB\xBF[version]\r\nVERSION = V1\r\n\r\n; note\r\n"
                                   "[CHECKSUM]\r\n lk = 0x5ffb \r\nlk=0x5FFC\r\nboot=zz\r\n"
                                   "logo=0x10000\r\nstray\r\n[Other\r\nx=1";
        static const unsigned lines[] = { 7, 8, 9, 10, 11, 11 };
        _cleanup_(checksum_ini_freep) ChecksumIni *c = NULL;
        _cleanup_(layout_freep) Layout *l = layout_new();

        assert_int_equal(checksum_ini_read(text, sizeof(text) - 1, &c, l), 0);
        assert_string_equal(c->version, "V1");
        assert_int_equal(checksum_ini_find(c, "lk")->sum, 0x5FFC);
        assert_false(checksum_ini_find(c, "boot")->has_sum);
        assert_int_equal(l->n_problems, ELEMENTS(lines));
        for (size_t i = 0; i < ELEMENTS(lines); i++)
                assert_int_equal(l->problems[i].line, lines[i]);
}

static void test_something_else(void **state)
{
        ChecksumIni *c = NULL;

        assert_int_equal(checksum_ini_read("hello\n", 6, &c, NULL), -ENOENT);
        assert_int_equal(checksum_ini_read("[VERSION]\nVERSION=1\n", 20, &c, NULL), -ENOENT);
        assert_int_equal(checksum_ini_read("", 0, &c, NULL), -ENOENT);
}

static void test_limits(void **state)
{
        _cleanup_(checksum_ini_freep) ChecksumIni *c = checksum_ini_new(), *read = NULL;
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ char *text = NULL, *longer = NULL;
        char name[100];

        for (int i = 0; i < CHECKSUM_ENTRIES_MAX; i++) {
                snprintf(name, sizeof(name), "p%d", i);
                assert_non_null(checksum_ini_add(c, name));
                checksum_ini_add(c, name)->has_sum = true;
        }
        assert_int_equal(c->n_entries, CHECKSUM_ENTRIES_MAX);
        assert_null(checksum_ini_add(c, "one more"));
        memset(name, 'n', LAYOUT_NAME_MAX + 1);
        name[LAYOUT_NAME_MAX + 1] = 0;
        assert_null(checksum_ini_add(c, name));
        assert_int_equal(checksum_ini_write(c, &text), 0);
        assert_true(asprintf(&longer, "%sone=0x1\ntwo=0x2\n", text) > 0);
        assert_int_equal(checksum_ini_read(longer, strlen(longer), &read, l), 0);
        assert_int_equal(read->n_entries, CHECKSUM_ENTRIES_MAX);
        assert_int_equal(l->n_problems, 1);
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *text = data_read("examples/Checksum.ini", &size);

        for (size_t n = 0; n <= size; n++) {
                _cleanup_(checksum_ini_freep) ChecksumIni *c = NULL;
                _cleanup_(layout_freep) Layout *l = layout_new();
                int r = checksum_ini_read(text, n, &c, l);

                assert_true(r == 0 || r == -ENOENT);
        }
}

TEST_MAIN(cmocka_unit_test(test_example), cmocka_unit_test(test_md5_section),
        cmocka_unit_test(test_tolerance), cmocka_unit_test(test_something_else),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_every_truncation))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/boot-status.h"

/* A word becomes a sentence, and the word itself stays readable in it. */
static void test_sentences(void **state)
{
        Failure f = { 0 };

        assert_int_equal(boot_status_refuse(&f, 0x7024, "the download agent"), -EACCES);
        assert_int_equal(f.id, ERROR_AUTH_REQUIRED);
        assert_int_equal(f.status, 0x7024);
        assert_string_equal(f.text,
                "The phone refused the download agent: the agent's signature is wrong (7024).");
        assert_non_null(strstr(f.hint, "maker"));
}

static void test_unknown_words_stay_numbers(void **state)
{
        Failure f = { 0 };

        assert_null(boot_status_text(0x4711));
        assert_int_equal(boot_status_refuse(&f, 0x4711, "that"), -EACCES);
        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        assert_string_equal(f.text, "The phone refused that with status 4711.");
}

static void test_small_words_are_fine(void **state)
{
        assert_true(boot_status_ok(0));
        assert_true(boot_status_ok(1));
        assert_true(boot_status_ok(0xff));
        assert_false(boot_status_ok(0x100));
        assert_string_equal(
                boot_status_text(0x1d0d), "the maker's authorisation (SLA) is required");
}

TEST_MAIN(cmocka_unit_test(test_sentences), cmocka_unit_test(test_unknown_words_stay_numbers),
        cmocka_unit_test(test_small_words_are_fine))

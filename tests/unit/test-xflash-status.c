/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/xflash-status.h"

/* What the agent says as a number becomes a sentence, with the number in it. */
static void test_sentences(void **state)
{
        Failure f = { 0 };

        assert_int_equal(xflash_refuse(&f, 0xC0040030, "to read EMMC_USER at 0x1000"), -EACCES);
        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        assert_int_equal(f.status, 0xC0040030);
        assert_string_equal(
                f.text, "The phone refused to read EMMC_USER at 0x1000: eMMC error (C0040030).");
}

static void test_words_that_are_more_than_a_refusal(void **state)
{
        static const struct {
                uint32_t status;
                ErrorId id;
                int error;
        } cases[] = {
                { 0xC004000B, ERROR_OUT_OF_RANGE, -ERANGE },
                { 0xC0030012, ERROR_AUTH_REQUIRED, -EACCES },
                { 0xC0070004, ERROR_DEVICE_REFUSED, -EACCES },
                { 0xC0010003, ERROR_DEVICE_REFUSED, -EACCES },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Failure f = { 0 };

                assert_int_equal(xflash_refuse(&f, cases[i].status, "that"), cases[i].error);
                assert_int_equal(f.id, cases[i].id);
                assert_true(i == 0 || f.hint[0]);
        }
}

static void test_unknown_words(void **state)
{
        assert_string_equal(xflash_status_text(0xC002FFFF), "unknown security status");
        assert_string_equal(xflash_status_text(0xC1230001), "unknown status");
        assert_string_equal(xflash_status_text(0xFFFFFFFF), "unknown status");
        assert_string_equal(xflash_status_text(0), "success");
}

static void test_only_negative_words_are_errors(void **state)
{
        assert_true(xflash_is_error(0xC0010001));
        assert_false(xflash_is_error(0x40040004));
        assert_false(xflash_is_error(0));
}

TEST_MAIN(cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_words_that_are_more_than_a_refusal),
        cmocka_unit_test(test_unknown_words), cmocka_unit_test(test_only_negative_words_are_errors))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/failure.h"

/* The origin fills the record; what callers add later changes nothing that stands there. */
static void test_first_cause_wins(void **state)
{
        Failure f = {};

        assert_int_equal(
                failure_set(&f, -EPROTO, ERROR_DEVICE_REFUSED, "refused: %x", 0x7024), -EPROTO);
        failure_status(&f, 0x7024);
        failure_phase(&f, "agent");
        failure_hint(&f, "use the maker's agent");
        assert_int_equal(failure_set(&f, -EIO, ERROR_FAILED, "the job failed"), -EIO);
        failure_phase(&f, "reading");
        failure_status(&f, 1);
        failure_hint(&f, "plug it in again");

        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        assert_string_equal(f.text, "refused: 7024");
        assert_string_equal(f.phase, "agent");
        assert_string_equal(f.hint, "use the maker's agent");
        assert_int_equal(f.status, 0x7024);
}

static void test_nobody_listens(void **state)
{
        assert_int_equal(failure_set(NULL, -EIO, ERROR_FAILED, "x"), -EIO);
        failure_hint(NULL, "x");
        failure_phase(NULL, "x");
        failure_status(NULL, 1);
}

static void test_long_text_is_cut(void **state)
{
        char text[2 * FAILURE_TEXT_MAX];
        Failure f = {};

        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = 0;
        failure_set(&f, 0, ERROR_FAILED, "%s", text);
        assert_int_equal(strlen(f.text), FAILURE_TEXT_MAX - 1);
}

static void test_every_error_has_a_name(void **state)
{
        for (int id = ERROR_NONE + 1; id < _ERROR_MAX; id++) {
                const char *name = error_to_string((ErrorId)id);

                assert_non_null(name);
                assert_int_equal(error_from_string(name), id);
        }
        assert_null(error_to_string(ERROR_NONE));
        assert_int_equal(error_from_string("NoSuchThing"), ERROR_FAILED);
        assert_int_equal(error_from_string(NULL), ERROR_FAILED);
}

TEST_MAIN(cmocka_unit_test(test_first_cause_wins), cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_long_text_is_cut), cmocka_unit_test(test_every_error_has_a_name))

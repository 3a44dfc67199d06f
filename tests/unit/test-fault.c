/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/fault.h"

/* Each way in which a link fails is one error with a sentence that says during what. */
static void test_link_errors(void **state)
{
        static const struct {
                int error;
                ErrorId id;
        } cases[] = {
                { -ENODEV, ERROR_DEVICE_GONE },
                { -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION },
                { -EIO, ERROR_PROTOCOL_VIOLATION },
                { -EPIPE, ERROR_PROTOCOL_VIOLATION },
                { -ECANCELED, ERROR_CANCELED },
                { -ENOMEM, ERROR_FAILED },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Failure f = { 0 };

                assert_int_equal(fault_link(&f, cases[i].error, "it sang"), cases[i].error);
                assert_int_equal(f.id, cases[i].id);
                assert_non_null(strstr(f.text, "while it sang"));
        }
        assert_int_equal(fault_link(NULL, -ENODEV, "it sang"), -ENODEV);
}

static void test_the_first_cause_stays(void **state)
{
        Failure f = { 0 };

        assert_int_equal(fault_protocol(&f, "It said %d.", 7), -EPROTO);
        fault_link(&f, -ENODEV, "it sang");
        assert_int_equal(f.id, ERROR_PROTOCOL_VIOLATION);
        assert_string_equal(f.text, "It said 7.");
}

TEST_MAIN(cmocka_unit_test(test_link_errors), cmocka_unit_test(test_the_first_cause_stays))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "protocol/boot-protection.h"

/* What the phone says about its protection, in words. */
static void test_protection(void **state)
{
        char text[BOOT_PROTECTION_MAX];

        boot_protection(0, text);
        assert_string_equal(text, "");
        boot_protection(0xe0, text); /* others have no meaning for reading */
        assert_string_equal(text, "");
        boot_protection(0x5, text);
        assert_string_equal(text,
                "SBC (it starts only what its maker has signed), DAA (it may take no download "
                "agent but its maker's)");
        boot_protection(UINT32_MAX, text);
        assert_non_null(strstr(text, "SLA (it may want"));
        assert_non_null(strstr(text, "its maker's)"));
}

TEST_MAIN(cmocka_unit_test(test_protection))

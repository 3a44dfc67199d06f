/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "store/store.h"

/* Plain text for any screen; that the recipes in it work is tested where there are backups. */
static void test_readme(void **state)
{
        size_t column = 0;

        for (const char *p = store_readme; *p; p++) {
                assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
                column = *p == '\n' ? 0 : column + 1;
                assert_true(column <= 100);
        }
        assert_non_null(strstr(store_readme, "casync extract --store=chunks.castr"));
        assert_non_null(strstr(store_readme, "zstd -dqc"));
        assert_non_null(strstr(store_readme, "sha256sum -c SHA256SUMS"));
}

TEST_MAIN(cmocka_unit_test(test_readme))

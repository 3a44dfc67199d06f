/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "store-fixture.h"
#include "store/sums.h"

/* Files are listed in any order and written sorted, as sha256sum does it. */
static void test_there_and_back(void **state)
{
        _cleanup_sums_ Sums sums = {}, read = {};
        uint8_t a[SHA256_SIZE] = { 0xaa }, b[SHA256_SIZE] = { 0xbb };
        _cleanup_free_ char *text = NULL;
        size_t size;

        assert_int_equal(sums_add(&sums, "plain/nvram.img", b), 0);
        assert_int_equal(sums_add(&sums, "manifest.json", a), 0);
        assert_int_equal(sums_write(&sums, &text, &size), 0);
        assert_string_equal(text,
                "aa00000000000000000000000000000000000000000000000000000000000000  manifest.json\n"
                "bb00000000000000000000000000000000000000000000000000000000000000  "
                "plain/nvram.img\n");
        assert_int_equal(sums_parse(text, size, &read), 0);
        assert_int_equal(read.n, 2);
        assert_memory_equal(sums_find(&read, "plain/nvram.img")->sha256, b, SHA256_SIZE);
        assert_null(sums_find(&read, "plain/nvram"));
}

#define HASH "aa00000000000000000000000000000000000000000000000000000000000000"

static void test_refused(void **state)
{
        static const char *const bad[] = {
                HASH "  a", /* no end of line */
                HASH " a\n",
                HASH "  \n",
                "  a\n",
                "\n",
                HASH "  /etc/passwd\n",
                HASH "  ../a\n",
                HASH "  a/../b\n",
                HASH "  a//b\n",
                HASH "  a/\n",
                HASH "  a b\n",
                HASH "  b\n" HASH "  a\n",
                HASH "  a\n" HASH "  a\n",
                "AA00000000000000000000000000000000000000000000000000000000000000  a\n",
                "gg00000000000000000000000000000000000000000000000000000000000000  a\n",
        };
        Sums sums = {};

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(sums_parse(bad[i], strlen(bad[i]), &sums), -EBADMSG);
        assert_int_equal(sums_parse(HASH "  a\0b\n", 64 + 2 + 4, &sums), -EBADMSG);
        assert_int_equal(sums_parse("", 0, &sums), 0);
        assert_int_equal(sums.n, 0);
}

static void test_limits(void **state)
{
        _cleanup_sums_ Sums sums = {};
        char path[SUMS_PATH_MAX + 1];
        uint8_t sha256[SHA256_SIZE] = {};

        memset(path, 'a', SUMS_PATH_MAX);
        path[SUMS_PATH_MAX] = 0;
        assert_int_equal(sums_add(&sums, path, sha256), -ENAMETOOLONG);
        path[SUMS_PATH_MAX - 1] = 0;
        assert_int_equal(sums_add(&sums, path, sha256), 0);
        for (unsigned i = 1; i < SUMS_FILES_MAX; i++) {
                snprintf(path, sizeof path, "%u", i);
                assert_int_equal(sums_add(&sums, path, sha256), 0);
        }
        assert_int_equal(sums_add(&sums, "one more", sha256), -E2BIG);
}

static void test_of_file(void **state)
{
        uint8_t sum[SHA256_SIZE], want[SHA256_SIZE];

        assert_int_equal(sums_of_file(fixture_dir, "README.txt", sum), 0);
        digest_of(DIGEST_SHA256, store_readme, strlen(store_readme), want);
        assert_memory_equal(sum, want, SHA256_SIZE);
        assert_int_equal(sums_of_file(fixture_dir, "nothing", sum), -ENOENT);
        assert_int_equal(sums_of_file(fixture_dir, "backups", sum), -EBADMSG);
}

TEST_MAIN(cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits), fixture_test(test_of_file))

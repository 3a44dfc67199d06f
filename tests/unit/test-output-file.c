/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "client/error.h"
#include "client/output-file.h"

static char folder[] = "/tmp/mtkbackup-output-XXXXXX";
static char path[64], part[64];

static int setup(void **state)
{
        strcpy(strrchr(folder, '-'), "-XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/file", folder);
        snprintf(part, sizeof(part), "%s/file.part", folder);
        return 0;
}

static int teardown(void **state)
{
        return tree_remove_at(AT_FDCWD, folder);
}

static bool exists(const char *name)
{
        return access(name, F_OK) == 0;
}

/* The name appears when the file is whole; holes need no space. */
static void test_commit(void **state)
{
        OutputFile o;
        struct stat st;

        assert_int_equal(output_open(&o, path, false), 0);
        assert_int_equal(sink_write(&o.sink, "begin", 5), 0);
        assert_int_equal(sink_hole(&o.sink, 64 * MiB), 0);
        assert_true(exists(part) && !exists(path));
        assert_int_equal(output_patch(&o, "B", 1, 0), 0);
        assert_int_equal(output_commit(&o), 0);
        output_close(&o);
        assert_true(exists(path) && !exists(part));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 64 * MiB + 5);
        assert_true(st.st_blocks * 512 < (off_t)MiB);
}

static void test_abandoned(void **state)
{
        OutputFile o;

        assert_int_equal(output_open(&o, path, false), 0);
        assert_int_equal(sink_write(&o.sink, "half", 4), 0);
        output_close(&o);
        assert_false(exists(path) || exists(part));
        output_close(&o); /* twice does no harm */
}

static void test_what_exists_stays(void **state)
{
        OutputFile o;

        assert_int_equal(output_text(path, false, "mine\n"), 0);
        assert_int_equal(output_open(&o, path, false), EXIT_GENERAL);
        output_close(&o);
        assert_int_equal(output_text(path, true, "yours\n"), 0);

        /* it came to be while we were writing */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(output_open(&o, path, false), 0);
        assert_int_equal(symlink("/nowhere", path), 0);
        assert_int_equal(output_commit(&o), EXIT_GENERAL);
        output_close(&o);
        assert_false(exists(part));
}

static void test_left_over_and_used_parts(void **state)
{
        OutputFile a, b;

        /* of a run that was killed: longer than the new file */
        assert_int_equal(output_text(part, false, "something old"), 0);
        assert_int_equal(output_open(&a, path, false), 0);
        assert_int_equal(output_open(&b, path, false), EXIT_GENERAL);
        output_close(&b);
        assert_true(exists(part));
        assert_int_equal(sink_write(&a.sink, "new", 3), 0);
        assert_int_equal(output_commit(&a), 0);
        output_close(&a);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 3);
}

static void test_folders(void **state)
{
        char name[80];

        snprintf(name, sizeof(name), "%s/new", folder);
        assert_int_equal(output_folder(name), 0);
        assert_int_equal(output_folder(name), 0);
        assert_int_equal(output_text(path, false, "x"), 0);
        assert_int_not_equal(output_folder(path), 0);
        snprintf(name, sizeof(name), "%s/no/such", folder);
        assert_int_not_equal(output_folder(name), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(TEST(test_commit), TEST(test_abandoned), TEST(test_what_exists_stays),
        TEST(test_left_over_and_used_parts), TEST(test_folders))

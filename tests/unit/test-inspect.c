/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <fcntl.h>
#include <string.h>

#include "client/file-source.h"
#include "client/inspect.h"
#include "data.h"

/* A phone of 256 GiB as a file with holes: the head of a table, and text in every partition, which
 * costs an inspector more reading than anything else. */
static char *huge_dump(void)
{
        char *path = strdup("/tmp/mtkbackup-inspect-XXXXXX");
        size_t size;
        _cleanup_free_ char *table = data_read("examples/gpt-emmc-p70a-primary.bin", &size);
        _cleanup_free_ char *text = malloc(2 * MiB);
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)(256 * GiB)), 0);
        memset(text, 'a', 2 * MiB);
        assert_int_equal(fd_pwrite_full(fd, text, 2 * MiB, 0x80000), 0);
        assert_int_equal(fd_pwrite_full(fd, text, 2 * MiB, 134217728), 0);
        assert_int_equal(fd_pwrite_full(fd, text, 2 * MiB, 2726297600), 0);
        assert_int_equal(fd_pwrite_full(fd, table, size, 0), 0);
        close(fd);
        return path;
}

/* A dump of any size is looked at in a few megabytes. */
static void test_huge_dump(void **state)
{
        _cleanup_free_ char *path = huge_dump();
        _cleanup_json_ json_t *report = json_object();
        Inspection i = { .path = path, .report = report };
        FileSource file;

        assert_int_equal(file_source_open(&file, path), 0);
        unlink(path);
        i.source = &file.source;
        assert_int_equal(file.source.size, 256 * GiB);
        assert_int_equal(inspect(&i), 0);
        assert_string_equal(json_string_value(json_object_get(report, "kind")), "dump");
        assert_int_equal(json_array_size(json_object_get(report, "partitions")), 19);
        assert_true(file.source.bytes_read < 16 * MiB);
        file_source_close(&file);
}

/* Without any table every place is asked for one, and that has a bound as well. */
static void test_huge_file_without_table(void **state)
{
        _cleanup_free_ char *path = huge_dump();
        _cleanup_json_ json_t *report = json_object();
        Inspection i = { .path = path, .report = report };
        uint8_t zeros[64 * 1024] = { 0 };
        FileSource file;
        int fd;

        fd = open(path, O_WRONLY | O_CLOEXEC);
        assert_int_equal(fd_pwrite_full(fd, zeros, sizeof(zeros), 0), 0);
        close(fd);
        assert_int_equal(file_source_open(&file, path), 0);
        unlink(path);
        i.source = &file.source;
        assert_int_equal(inspect(&i), 0);
        assert_true(file.source.bytes_read < 16 * MiB);
        file_source_close(&file);
}

TEST_MAIN(cmocka_unit_test(test_huge_dump), cmocka_unit_test(test_huge_file_without_table))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "folder.h"
#include "store/journal.h"

static const JournalEntry entries[] = {
        { .type = 'E', .time = 1795184223, .word = "attach", .text = "usb 1-1.2" },
        { .type = 'C',
                .part = "nvram",
                .chunk = 3,
                .length = 4096,
                .kind = CHUNK_HEALED,
                .hash = { { 1, 2, 3 } } },
        { .type = 'C',
                .part = "a%2Fb~2",
                .chunk = 1 << 20,
                .length = CHUNK_SIZE,
                .kind = CHUNK_ZERO },
        { .type = 'B',
                .part = "userdata",
                .offset = UINT64_MAX - 512,
                .size = 512,
                .letter = '-',
                .tries = 3,
                .text = "DeviceRefused 0xc0010004" },
        { .type = 'E', .time = 0, .word = "detach", .text = "" },
};

static void assert_same(const JournalEntry *a, const JournalEntry *b)
{
        assert_int_equal(a->type, b->type);
        assert_string_equal(a->part, b->part);
        assert_int_equal(a->chunk, b->chunk);
        assert_int_equal(a->length, b->length);
        assert_memory_equal(a->hash.bytes, b->hash.bytes, SHA256_SIZE);
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->offset, b->offset);
        assert_int_equal(a->size, b->size);
        assert_int_equal(a->letter, b->letter);
        assert_int_equal(a->tries, b->tries);
        assert_int_equal(a->time, b->time);
        assert_string_equal(a->word, b->word);
        assert_string_equal(a->text, b->text);
}

static void write_entries(void)
{
        _cleanup_(journal_freep) Journal *j = NULL;

        (void)unlinkat(test_folder.fd, "journal", 0);
        assert_int_equal(journal_create_at(test_folder.fd, "journal", &j), 0);
        for (size_t i = 0; i < ELEMENTS(entries); i++)
                assert_int_equal(journal_add(j, entries + i), 0);
        assert_int_equal(journal_flush(j), 0);
}

/* number of entries that a file with these bytes still yields */
static size_t read_entries(const void *data, size_t size, uint64_t *ret_valid)
{
        _cleanup_(journal_reader_freep) JournalReader *r = NULL;
        _cleanup_close_ int fd = -1;
        JournalEntry e;
        size_t n = 0;

        fd = memory_file(data, size);
        assert_int_equal(journal_open(fd, &r), 0);
        while (journal_next(r, &e) == 1)
                if (n < ELEMENTS(entries))
                        assert_same(&e, entries + n++);
        *ret_valid = journal_valid(r);
        return n;
}

/* What was flushed is read back in order. */
static void test_there_and_back(void **state)
{
        _cleanup_free_ char *data = NULL;
        uint64_t valid;
        size_t size;

        write_entries();
        assert_int_equal(file_read_at(test_folder.fd, "journal", 10000, &data, &size), 0);
        assert_int_equal(read_entries(data, size, &valid), ELEMENTS(entries));
        assert_int_equal(valid, size);
}

static void test_text(void **state)
{
        _cleanup_free_ char *data = NULL;
        size_t size;

        write_entries();
        assert_int_equal(file_read_at(test_folder.fd, "journal", 10000, &data, &size), 0);
        assert_int_equal(strncmp(data, "E 1795184223 attach usb 1-1.2 #", 31), 0);
        assert_non_null(strstr(data,
                "\nC nvram 3 4096 0102030000000000000000000000000000000000"
                "000000000000000000000000 h #"));
        assert_non_null(strstr(data, "\nB userdata 18446744073709551103 512 - 3 DeviceRefused"));
}

/* A torn write: wherever the file ends, what was whole before is kept and nothing is made up. */
static void test_truncated(void **state)
{
        _cleanup_free_ char *data = NULL;
        uint64_t valid;
        size_t size;

        write_entries();
        assert_int_equal(file_read_at(test_folder.fd, "journal", 10000, &data, &size), 0);
        for (size_t i = 0; i <= size; i++) {
                size_t lines = 0;

                for (size_t k = 0; k < i; k++)
                        lines += data[k] == '\n';
                assert_int_equal(read_entries(data, i, &valid), lines);
                assert_true(valid <= i && (valid == 0 || data[valid - 1] == '\n'));
        }
}

static void test_flipped_bits(void **state)
{
        _cleanup_free_ char *data = NULL;
        uint64_t valid;
        size_t size;

        write_entries();
        assert_int_equal(file_read_at(test_folder.fd, "journal", 10000, &data, &size), 0);
        for (size_t i = 0; i < 8 * size; i++) {
                size_t lines = 0;

                for (size_t k = 0; k < i / 8; k++)
                        lines += data[k] == '\n';
                data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
                assert_int_equal(read_entries(data, size, &valid), lines);
                data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
        }
}

static void test_refused(void **state)
{
        static const JournalEntry bad[] = {
                { .type = 'X' },
                { .type = 'C', .part = "a b", .length = 1 },
                { .type = 'C', .part = "a", .length = 0 },
                { .type = 'C', .part = "a", .length = CHUNK_SIZE + 1 },
                { .type = 'C', .part = "a", .length = 1, .kind = _CHUNK_KIND_MAX },
                { .type = 'B', .part = "a", .letter = 'x' },
                { .type = 'B', .part = "a" },
                { .type = 'E', .word = "two words" },
                { .type = 'E', .word = "" },
        };
        _cleanup_(journal_freep) Journal *j = NULL, *again = NULL;

        assert_int_equal(journal_create_at(test_folder.fd, "journal", &j), 0);
        assert_int_equal(journal_create_at(test_folder.fd, "journal", &again), -EEXIST);
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(journal_add(j, bad + i), -EINVAL);
        assert_int_equal(journal_flush(j), 0);
}

/* Text of a phone cannot forge a second line. */
static void test_hostile_text(void **state)
{
        static const JournalEntry e = {
                .type = 'E', .word = "x", .text = "a\nE 1 y z #00000000\n"
        };
        _cleanup_(journal_reader_freep) JournalReader *r = NULL;
        _cleanup_(journal_freep) Journal *j = NULL;
        _cleanup_close_ int fd = -1;
        JournalEntry got;

        assert_int_equal(journal_create_at(test_folder.fd, "journal", &j), 0);
        assert_int_equal(journal_add(j, &e), 0);
        assert_int_equal(journal_flush(j), 0);
        fd = journal_dup(j);
        assert_int_equal(journal_open(fd, &r), 0);
        assert_int_equal(journal_next(r, &got), 1);
        assert_string_equal(got.text, "a E 1 y z #00000000 ");
        assert_int_equal(journal_next(r, &got), 0);
}

/* more than any buffer, and lines without end */
static void test_long(void **state)
{
        _cleanup_(journal_reader_freep) JournalReader *r = NULL;
        _cleanup_(journal_freep) Journal *j = NULL;
        _cleanup_close_ int fd = -1;
        JournalEntry e = entries[1];

        assert_int_equal(journal_create_at(test_folder.fd, "journal", &j), 0);
        for (uint64_t i = 0; i < 2000; i++) {
                e.chunk = i;
                assert_int_equal(journal_add(j, &e), 0);
                if (i % 64 == 63)
                        assert_int_equal(journal_flush(j), 0);
        }
        assert_int_equal(journal_flush(j), 0);
        fd = journal_dup(j);
        assert_int_equal(journal_open(fd, &r), 0);
        for (uint64_t i = 0; i < 2000; i++) {
                assert_int_equal(journal_next(r, &e), 1);
                assert_int_equal(e.chunk, i);
        }
        assert_int_equal(journal_next(r, &e), 0);

        _cleanup_free_ char *noise = malloc(100000);
        uint64_t valid;

        assert_non_null(noise);
        memset(noise, 'C', 100000);
        assert_int_equal(read_entries(noise, 100000, &valid), 0);
        memset(noise, '\n', 100000);
        assert_int_equal(read_entries(noise, 100000, &valid), 0);
        memset(noise, 0, 100000);
        assert_int_equal(read_entries(noise, 100000, &valid), 0);
        assert_int_equal(valid, 0);
}

TEST_MAIN(folder_test(test_there_and_back), folder_test(test_text), folder_test(test_truncated),
        folder_test(test_flipped_bits), folder_test(test_refused), folder_test(test_hostile_text),
        folder_test(test_long))

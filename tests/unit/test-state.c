/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "store-fixture.h"
#include "store/state.h"

/* What is written is read back; before anything was written there is nothing, and no error. */
static void test_there_and_back(void **state)
{
        State s = { .verified = VERIFIED_OK,
                .verified_at = 1795184223,
                .level = "data",
                .pinned = true,
                .note = "before the update" },
              read;

        assert_int_equal(state_read(fixture_dir, fixture_id, &read), 0);
        assert_int_equal(read.verified, VERIFIED_NEVER);
        assert_int_equal(state_write(fixture_dir, fixture_id, &s), 0);
        assert_int_equal(state_read(fixture_dir, fixture_id, &read), 0);
        assert_int_equal(read.verified, VERIFIED_OK);
        assert_int_equal(read.verified_at, 1795184223);
        assert_string_equal(read.level, "data");
        assert_string_equal(read.note, "before the update");
        assert_true(read.pinned);
        s = (State){ .note = "\"\n\\" };
        assert_int_equal(state_write(fixture_dir, fixture_id, &s), 0);
        assert_int_equal(state_read(fixture_dir, fixture_id, &read), 0);
        assert_string_equal(read.note, "\"\n\\");
        assert_int_equal(read.verified, VERIFIED_NEVER);
}

/* Any changed bit of the file is noticed, except in the blanks of its layout. */
static void test_flipped_bits(void **state)
{
        State s = { .verified = VERIFIED_DAMAGED, .verified_at = 1, .level = "data", .damaged = 3 },
              read;
        char file[BACKUP_ID_SIZE + 11];
        _cleanup_free_ char *text = NULL;
        size_t size;

        state_file(fixture_id, file);
        assert_string_equal(file, "20261120T141703Z-0badc0de.state.json");
        assert_int_equal(state_write(fixture_dir, fixture_id, &s), 0);
        assert_int_equal(file_read_at(fixture_dir, file, 10000, &text, &size), 0);
        for (size_t i = 0; i < 8 * size; i++) {
                _cleanup_close_ int fd = -1;

                text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
                fd = openat(fixture_dir, file, O_WRONLY | O_CLOEXEC);
                assert_int_equal(fd_pwrite_full(fd, text, size, 0), 0);
                if (state_read(fixture_dir, fixture_id, &read) == 0) {
                        assert_int_equal(read.verified, VERIFIED_DAMAGED);
                        assert_int_equal(read.damaged, 3);
                }
                text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        }
}

static void test_refused(void **state)
{
        static const char *const bad[] = { "", "{}", "[]", "nonsense",
                "{\"backup\":\"20261120T141703Z-0badc0de\",\"pinned\":true}",
                "{\"backup\":\"20261120T141703Z-0badc0de\",\"check\":\"0000000000000000\"}" };
        char file[BACKUP_ID_SIZE + 11];
        State s;

        state_file(fixture_id, file);
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                assert_int_equal(
                        file_replace_at(fixture_dir, file, bad[i], strlen(bad[i]), 0600), 0);
                assert_int_equal(state_read(fixture_dir, fixture_id, &s), -EBADMSG);
                assert_int_equal(s.verified, VERIFIED_NEVER);
        }
        /* the state of another backup under this one's name */
        s = (State){ .verified = VERIFIED_OK, .level = "data" };
        assert_int_equal(state_write(fixture_dir, "20261120T141703Z-00000000", &s), 0);
        assert_int_equal(
                renameat(fixture_dir, "20261120T141703Z-00000000.state.json", fixture_dir, file),
                0);
        assert_int_equal(state_read(fixture_dir, fixture_id, &s), -EBADMSG);
}

TEST_MAIN(fixture_test(test_there_and_back), fixture_test(test_flipped_bits),
        fixture_test(test_refused))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "container.h"
#include "protocol/da-agent.h"

static int file_of(const MadeEntry *e, size_t size, size_t spoil)
{
        static uint8_t bytes[MADE_SIZE];
        int fd = memfd_create("agent", MFD_CLOEXEC);

        made_file(bytes, e);
        if (spoil)
                bytes[spoil] ^= 1;
        assert_return_code(fd, errno);
        assert_int_equal(write(fd, bytes, size), size);
        return fd;
}

/* The stages for a phone are taken out of the file; the digest of the second in the first says that
 * they belong together. */
static void test_load(void **state)
{
        _cleanup_(da_agent_freep) DaAgent *a = NULL;
        MadeEntry e = made_phone(0x6765);
        _cleanup_close_ int fd = file_of(&e, MADE_SIZE, 0);

        assert_int_equal(da_agent_load(fd, chip_by_code(0x0766), 0x0766, 0xca00, 0, &a, NULL), 0);
        assert_int_equal(a->family, DA_XFLASH);
        assert_int_equal(a->stage1.size, 0x800);
        assert_int_equal(a->stage1.address, 0x200000);
        assert_int_equal(a->stage2.size, 0x1000);
        assert_int_equal(a->stage2.sig_size, 0x100);
        assert_int_equal(a->stage2.data[0], (uint8_t)(MADE_STAGE2 * 31 >> 3));
        assert_true(a->paired);
        assert_false(a->guess);
}

static void test_stages_of_different_files(void **state)
{
        _cleanup_(da_agent_freep) DaAgent *a = NULL;
        MadeEntry e = made_phone(0x6765);
        _cleanup_close_ int fd = file_of(&e, MADE_SIZE, MADE_STAGE2 + 5);
        uint8_t stage1[64] = { 0 }, stage2[16] = { 7 };

        assert_int_equal(da_agent_load(fd, chip_by_code(0x0766), 0x0766, 0xca00, 0, &a, NULL), 0);
        assert_false(a->paired);

        assert_false(da_stages_paired(stage1, 64, stage2, 16));
        digest_of(DIGEST_SHA1, stage2, 16, stage1 + 44); /* as older agents do it */
        assert_true(da_stages_paired(stage1, 64, stage2, 16));
        assert_false(da_stages_paired(stage1, 63, stage2, 16));
}

static void check_refused(int fd, const Chip *chip, uint16_t code, int error, ErrorId id)
{
        DaAgent *a = NULL;
        Failure f = { 0 };

        assert_int_equal(da_agent_load(fd, chip, code, 0xca00, 0, &a, &f), error);
        assert_int_equal(f.id, id);
        assert_true(f.text[0]);
        assert_null(a);
}

static void test_not_for_this_phone(void **state)
{
        MadeEntry e = made_phone(0x6761);
        _cleanup_close_ int fd = file_of(&e, MADE_SIZE, 0);

        check_refused(fd, chip_by_code(0x0766), 0x0766, -ENOENT, ERROR_NO_DOWNLOAD_AGENT);
        check_refused(fd, NULL, 0x6762, -ENOENT, ERROR_NO_DOWNLOAD_AGENT);
}

/* A phone whose chip is in no table, and an agent with its code. */
static void test_unknown_chip(void **state)
{
        static const struct {
                uint16_t code;
                const char *description;
                bool single;
                DaFamily family;
        } cases[] = {
                { 0x4321, "MTK_DA_v6_2022-04-02", false, DA_XML },
                { 0x6765, "MTK_AllInOne_DA_v3.3001", false, DA_XFLASH }, /* a known chip's agent */
                { 0x4321, "MTK_AllInOne_DA_v7.1504", true, DA_LEGACY },
                { 0x4321, "MTK_AllInOne_DA_v3.3001", false, _DA_FAMILY_MAX },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                MadeEntry e = made_phone(cases[i].code);
                _cleanup_(da_agent_freep) DaAgent *a = NULL;
                char description[64] = "";
                _cleanup_close_ int fd = -1;

                if (cases[i].single)
                        e.regions[2].sig_size = 0;
                fd = file_of(&e, MADE_SIZE, 0);
                snprintf(description, sizeof description, "%s", cases[i].description);
                assert_int_equal(pwrite(fd, description, sizeof description, 0x20), 64);
                assert_int_equal(da_agent_load(fd, NULL, cases[i].code, 0xca00, 0, &a, NULL), 0);
                assert_int_equal(a->family, cases[i].family);
        }
}

static void test_not_a_container(void **state)
{
        MadeEntry e = made_phone(0x6765);
        _cleanup_close_ int cut = file_of(&e, 0x40, 0), empty = file_of(&e, 0, 0);
        _cleanup_close_ int short_file = file_of(&e, MADE_SIZE - 1, 0);
        int ends[2];

        check_refused(cut, chip_by_code(0x0766), 0x0766, -EINVAL, ERROR_INVALID_FILE);
        check_refused(empty, chip_by_code(0x0766), 0x0766, -EINVAL, ERROR_INVALID_FILE);
        check_refused(short_file, chip_by_code(0x0766), 0x0766, -ENOENT, ERROR_NO_DOWNLOAD_AGENT);
        assert_return_code(pipe(ends), errno);
        check_refused(ends[0], chip_by_code(0x0766), 0x0766, -EINVAL, ERROR_INVALID_FILE);
        close(ends[0]);
        close(ends[1]);
        check_refused(-1, chip_by_code(0x0766), 0x0766, -EBADF, ERROR_INVALID_FILE);
}

TEST_MAIN(cmocka_unit_test(test_load), cmocka_unit_test(test_stages_of_different_files),
        cmocka_unit_test(test_not_for_this_phone), cmocka_unit_test(test_unknown_chip),
        cmocka_unit_test(test_not_a_container))

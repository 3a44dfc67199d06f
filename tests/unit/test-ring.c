/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "wire/ring.h"

/* Two mappings of one ring see the same bytes. */
static void test_shared(void **state)
{
        _cleanup_close_ int fd = ring_create(2);
        Ring worker, keeper;

        assert_true(fd >= 0);
        assert_int_equal(ring_map(fd, true, &worker), 0);
        assert_int_equal(ring_map(fd, false, &keeper), 0);
        assert_int_equal(keeper.slots, 2);
        memset(ring_slot(&worker, 1), 0x5a, RING_SLOT_SIZE);
        assert_int_equal(ring_slot(&keeper, 1)[RING_SLOT_SIZE - 1], 0x5a);
        assert_int_equal(ring_slot(&keeper, 0)[0], 0);
        ring_unmap(&worker);
        ring_unmap(&keeper);
        ring_unmap(&keeper);
}

/* A peer cannot pull the memory away from under a mapping. */
static void test_size_is_sealed(void **state)
{
        _cleanup_close_ int fd = ring_create(1);

        assert_int_equal(ftruncate(fd, 0), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 4 * RING_SLOT_SIZE), -1);
}

static void test_foreign_memory(void **state)
{
        _cleanup_close_ int plain = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        _cleanup_close_ int huge = ring_create(RING_SLOTS_MAX + 1);
        int ends[2];
        Ring r;

        assert_int_equal(ftruncate(plain, RING_SLOT_SIZE), 0);
        assert_int_equal(ring_map(plain, true, &r), -EINVAL);
        assert_int_equal(ring_map(huge, true, &r), -EINVAL);
        assert_int_equal(ring_map(-1, true, &r), -EINVAL);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(ring_map(ends[0], true, &r), -EINVAL);
        close(ends[0]);
        close(ends[1]);
}

TEST_MAIN(cmocka_unit_test(test_shared), cmocka_unit_test(test_size_is_sealed),
        cmocka_unit_test(test_foreign_memory))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "format/layout.h"

/* Regions carry their scatter names; profiles use short ones that mean the same on any storage. */
static void test_names(void **state)
{
        StorageType storage;
        RegionKind kind;

        assert_string_equal(region_name(STORAGE_EMMC, REGION_USER), "EMMC_USER");
        assert_string_equal(region_name(STORAGE_UFS, REGION_USER), "UFS_LU2");
        assert_string_equal(region_name(STORAGE_UFS, REGION_BOOT1_BOOT2), "UFS_LU0_LU1");
        assert_int_equal(region_from_name("EMMC_BOOT1", &storage, &kind), 0);
        assert_int_equal(storage, STORAGE_EMMC);
        assert_int_equal(kind, REGION_BOOT1);
        assert_int_equal(region_from_name("EMMC_BOOT_2", &storage, &kind), 0);
        assert_int_equal(kind, REGION_BOOT2);

        assert_int_equal(region_from_area("lu2", &kind), 0);
        assert_int_equal(kind, REGION_USER);
        assert_int_equal(region_from_area("BOOT2", &kind), 0);
        assert_int_equal(kind, REGION_BOOT2);
        assert_int_equal(region_from_area("EMMC_GP3", &kind), 0);
        assert_int_equal(kind, REGION_GP3);
}

static void test_what_is_not_there(void **state)
{
        StorageType storage;
        RegionKind kind;

        assert_null(region_name(STORAGE_UFS, REGION_GP1));
        assert_null(region_name(STORAGE_NAND, REGION_BOOT1));
        assert_null(region_name((StorageType)99, REGION_USER));
        assert_null(region_name(STORAGE_EMMC, (RegionKind)-1));
        assert_int_equal(region_from_name("emmc_user", &storage, &kind), -ENOENT);
        assert_int_equal(region_from_area("LU3", &kind), -ENOENT);
        assert_int_equal(region_from_area("", &kind), -ENOENT);
}

static void test_every_name_comes_back(void **state)
{
        for (int s = 0; s < _STORAGE_MAX; s++) {
                assert_int_equal(
                        storage_type_from_string(storage_type_to_string((StorageType)s)), s);
                for (int k = 0; k < _REGION_MAX; k++) {
                        const char *name = region_name((StorageType)s, (RegionKind)k);
                        StorageType storage;
                        RegionKind kind;
                        if (!name)
                                continue;
                        assert_int_equal(region_from_name(name, &storage, &kind), 0);
                        assert_int_equal(storage, s);
                        assert_int_equal(kind, k);
                }
        }
        for (int k = 0; k < _REGION_MAX; k++)
                assert_non_null(region_area((RegionKind)k));
}

TEST_MAIN(cmocka_unit_test(test_names), cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_every_name_comes_back))

/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of storage types and of their physical areas (layout.h). */

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "basic/table.h"
#include "format/layout.h"

static const char *const storage_names[_STORAGE_MAX] = {
        [STORAGE_UNKNOWN] = "unknown",
        [STORAGE_EMMC] = "emmc",
        [STORAGE_UFS] = "ufs",
        [STORAGE_NAND] = "nand",
        [STORAGE_NOR] = "nor",
        [STORAGE_SD] = "sd",
};
DEFINE_TABLE(storage_type, StorageType, storage_names)

static const char *const region_names[_STORAGE_MAX][_REGION_MAX] = {
        [STORAGE_UNKNOWN] = {
                [REGION_BOOT1] = "BOOT1",
                [REGION_BOOT2] = "BOOT2",
                [REGION_RPMB] = "RPMB",
                [REGION_GP1] = "GP1",
                [REGION_GP2] = "GP2",
                [REGION_GP3] = "GP3",
                [REGION_GP4] = "GP4",
                [REGION_USER] = "USER",
                [REGION_BOOT1_BOOT2] = "BOOT1_BOOT2",
        },
        [STORAGE_EMMC] = {
                [REGION_BOOT1] = "EMMC_BOOT1",
                [REGION_BOOT2] = "EMMC_BOOT2",
                [REGION_RPMB] = "EMMC_RPMB",
                [REGION_GP1] = "EMMC_GP1",
                [REGION_GP2] = "EMMC_GP2",
                [REGION_GP3] = "EMMC_GP3",
                [REGION_GP4] = "EMMC_GP4",
                [REGION_USER] = "EMMC_USER",
                [REGION_BOOT1_BOOT2] = "EMMC_BOOT1_BOOT2",
        },
        [STORAGE_UFS] = {
                [REGION_BOOT1] = "UFS_LU0",
                [REGION_BOOT2] = "UFS_LU1",
                [REGION_RPMB] = "UFS_RPMB",
                [REGION_USER] = "UFS_LU2",
                [REGION_BOOT1_BOOT2] = "UFS_LU0_LU1",
        },
        [STORAGE_NAND] = { [REGION_USER] = "NAND_WHOLE" },
        [STORAGE_NOR] = { [REGION_USER] = "NOR_WHOLE" },
        [STORAGE_SD] = { [REGION_USER] = "SD_WHOLE" },
};

/* other spellings of real scatter files and short names */
static const struct {
        const char *name;
        StorageType storage;
        RegionKind kind;
} aliases[] = {
        { "EMMC_BOOT_1", STORAGE_EMMC, REGION_BOOT1 },
        { "EMMC_BOOT_2", STORAGE_EMMC, REGION_BOOT2 },
        { "LU0", STORAGE_UFS, REGION_BOOT1 },
        { "LU1", STORAGE_UFS, REGION_BOOT2 },
        { "LU2", STORAGE_UFS, REGION_USER },
};

const char *region_name(StorageType storage, RegionKind kind)
{
        if ((unsigned)storage >= _STORAGE_MAX || (unsigned)kind >= _REGION_MAX)
                return NULL;
        return region_names[storage][kind];
}

const char *region_area(RegionKind kind)
{
        return region_name(STORAGE_UNKNOWN, kind);
}

static int find(const char *name, int (*compare)(const char *, const char *), StorageType *storage,
        RegionKind *kind)
{
        for (int s = 0; s < _STORAGE_MAX; s++)
                for (int k = 0; k < _REGION_MAX; k++)
                        if (region_names[s][k] && compare(region_names[s][k], name) == 0) {
                                *storage = (StorageType)s;
                                *kind = (RegionKind)k;
                                return 0;
                        }
        for (size_t i = 0; i < ELEMENTS(aliases); i++)
                if (compare(aliases[i].name, name) == 0) {
                        *storage = aliases[i].storage;
                        *kind = aliases[i].kind;
                        return 0;
                }
        return -ENOENT;
}

int region_from_name(const char *name, StorageType *ret_storage, RegionKind *ret_kind)
{
        return find(name, strcmp, ret_storage, ret_kind);
}

int region_from_area(const char *area, RegionKind *ret)
{
        StorageType ignored;
        return find(area, strcasecmp, &ignored, ret);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xml-info.h"

#include <errno.h>
#include <string.h>

#include "protocol/cid.h"

/* What the agent can read of each kind of storage, in the order of the wire. */
static const struct {
        StorageType type;
        RegionKind kind;
        const char *tag, *section; /* section NULL: its size is told, but it cannot be read */
} areas[] = {
        { STORAGE_EMMC, REGION_BOOT1, "boot1_size", "EMMC-BOOT1" },
        { STORAGE_EMMC, REGION_BOOT2, "boot2_size", "EMMC-BOOT2" },
        { STORAGE_EMMC, REGION_RPMB, "rpmb_size", NULL },
        { STORAGE_EMMC, REGION_GP1, "gp1_size", "EMMC-GP1" },
        { STORAGE_EMMC, REGION_GP2, "gp2_size", NULL },
        { STORAGE_EMMC, REGION_GP3, "gp3_size", NULL },
        { STORAGE_EMMC, REGION_GP4, "gp4_size", NULL },
        { STORAGE_EMMC, REGION_USER, "user_size", "EMMC-USER" },
        { STORAGE_UFS, REGION_BOOT1, "lua0_size", "UFS-LUA0" },
        { STORAGE_UFS, REGION_BOOT2, "lua1_size", "UFS-LUA1" },
        { STORAGE_UFS, REGION_USER, "lua2_size", "UFS-LUA2" },
        { STORAGE_NAND, REGION_USER, "total_size", "NAND-WHOLE" },
        { STORAGE_NOR, REGION_USER, "available_size", "NOR-WHOLE" },
};

static const struct {
        const char *name, *tag; /* of the element with its values */
        StorageType type;
        uint32_t block_size; /* usual one, bytes */
        const char *block_tag;
} storages[] = {
        { "EMMC", "emmc", STORAGE_EMMC, 512, "block_size" },
        { "UFS", "ufs", STORAGE_UFS, 4096, "block_size" },
        { "NAND", "nand", STORAGE_NAND, 2048, "page_size" },
        { "NOR", "nor", STORAGE_NOR, 512, "page_size" },
};

const char *xml_section(StorageType type, RegionKind kind)
{
        for (size_t i = 0; i < ELEMENTS(areas); i++)
                if (areas[i].type == type && areas[i].kind == kind)
                        return areas[i].section;
        return NULL;
}

const char *xml_end_name(RegionKind kind)
{
        switch (kind) {
        case REGION_BOOT1: return "preloader";
        case REGION_BOOT2: return "preloader_backup";
        case REGION_USER: return "sgpt";
        default: return NULL;
        }
}

/* An area that is not told does not exist; one whose size makes no sense must not be passed over as
 * if it did not. Without USER there is nothing to back up. */
static int take_areas(XmlText values, StorageInfo *info)
{
        for (size_t i = 0; i < ELEMENTS(areas); i++) {
                uint64_t size = 0;
                int r;

                if (areas[i].type != info->type)
                        continue;
                r = xml_number(values, areas[i].tag, &size);
                if (r == -EBADMSG && areas[i].section)
                        return -EPROTO;
                if (storage_add_region(info, areas[i].kind, 0, size, areas[i].section) < 0)
                        return -EPROTO;
        }
        return storage_region(info, REGION_USER) ? 0 : -EPROTO;
}

static void take_id(XmlText values, StorageInfo *info)
{
        static const char *const tags[] = { "id", "ufs_cid" };
        ssize_t n = -1;

        for (size_t i = 0; i < ELEMENTS(tags) && n <= 0; i++)
                n = xml_hex(values, tags[i], info->cid, sizeof info->cid);
        info->n_cid = n > 0 ? (size_t)n : 0;
        if (info->type == STORAGE_EMMC && info->n_cid == CID_SIZE)
                cid_make_natural(info->cid);

        n = xml_hex(values, "fwver", info->fw_version, sizeof info->fw_version);
        if (n <= 0)
                n = xml_hex(values, "ufs_fwver", info->fw_version, sizeof info->fw_version);
        info->n_fw_version = n > 0 ? (size_t)n : 0;
}

static void take_pages(XmlText values, StorageInfo *info)
{
        uint64_t spare;

        info->page_size = info->block_size;
        if (xml_number(values, "spare_size", &spare) == 0 && spare <= info->page_size)
                info->spare_size = (uint32_t)spare;
}

int xml_hw_info(XmlText text, StorageInfo *ret)
{
        char name[XML_VALUE_MAX];
        XmlText values;
        uint64_t number;

        if (!xml_value(text, "storage", name))
                return -EPROTO;
        for (size_t i = 0; i < ELEMENTS(storages); i++) {
                if (strcmp(storages[i].name, name) != 0)
                        continue;
                if (!xml_find(text, storages[i].tag, NULL, &values))
                        return -EPROTO;
                ret->type = storages[i].type;
                ret->block_size = storages[i].block_size;
                if (xml_number(values, storages[i].block_tag, &number) == 0 && number > 0 &&
                        number <= 1024 * 1024)
                        ret->block_size = (uint32_t)number;
                if (ret->type == STORAGE_NAND)
                        take_pages(values, ret);
                ret->n_regions = 0;
                if (take_areas(values, ret) < 0)
                        return -EPROTO;
                take_id(values, ret);
                if (xml_number(text, "ram_size", &number) == 0)
                        ret->dram_size = number;
                if (xml_number(text, "battery_voltage", &number) == 0 && number < 100000)
                        ret->battery_mv = (uint32_t)number;
                return 0;
        }
        return strcmp(name, "NONE") == 0 ? -ENODEV : -EPROTO;
}

int xml_partition_table(XmlText text, Layout *layout)
{
        XmlText entry;
        size_t at = 0;

        if (!xml_find(text, "partition_table", NULL, &entry))
                return -EPROTO;
        while (xml_find(text, "pt", &at, &entry)) {
                char name[XML_VALUE_MAX];
                uint64_t start, size;
                Partition *p;

                if (!xml_value(entry, "name", name) || xml_number(entry, "start", &start) < 0 ||
                        xml_number(entry, "size", &size) < 0)
                        return -EPROTO;
                p = layout_add(layout, name);
                if (!p)
                        return -EPROTO;
                p->region = REGION_USER;
                p->offset = start;
                p->size = size;
                p->class = part_class_of(name);
        }
        return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/readback-xml.h"

#include <errno.h>
#include <inttypes.h>

#include "basic/table.h"
#include "format/scatter-build.h"
#include "format/xml-output.h"

static const char *const form_names[_READBACK_MAX] = {
        [READBACK_V5] = "v5",
        [READBACK_V6] = "v6",
        [READBACK_CONSOLE5] = "console5",
        [READBACK_CONSOLE6] = "console6",
};
DEFINE_TABLE(readback_form, ReadbackForm, form_names)

/* Version 5 numbers areas as the agents of the time do: one way for V1 scatters, by storage, and
 * another for V2. A number of the other kind reads another area. */
enum { V1_EMMC, V1_UFS, V2_ANY, N_NUMBERINGS };

static const struct {
        unsigned ids[N_NUMBERINGS];
        const char *emmc, *ufs; /* texts of version 6 */
} areas[_REGION_MAX] = {
        [REGION_BOOT1] = { { 1, 1, 32 }, "EMMC-BOOT1", "UFS-LUA0" },
        [REGION_BOOT2] = { { 2, 2, 33 }, "EMMC-BOOT2", "UFS-LUA1" },
        [REGION_RPMB] = { { 3 } },
        [REGION_GP1] = { { 4 } },
        [REGION_GP2] = { { 5 } },
        [REGION_GP3] = { { 6 } },
        [REGION_GP4] = { { 7 } },
        [REGION_USER] = { { 8, 3, 34 }, "EMMC-USER", "UFS-LUA2" },
        [REGION_BOOT1_BOOT2] = { { 10, 5 }, "EMMC-BOOT1", "UFS-LUA0" },
};

unsigned readback_part_id(StorageType storage, RegionKind region, bool v2)
{
        if (storage != STORAGE_EMMC && storage != STORAGE_UFS)
                return 0;
        return areas[region].ids[v2 ? V2_ANY : storage == STORAGE_UFS ? V1_UFS : V1_EMMC];
}

const char *readback_region_text(StorageType storage, RegionKind region)
{
        if (storage == STORAGE_NAND)
                return "NAND-WHOLE";
        return (storage == STORAGE_UFS ? areas[region].ufs : areas[region].emmc) ?: "EMMC-USER";
}

static void put_number(XmlOutput *x, const char *name, uint64_t value)
{
        xml_output_attributef(x, name, "0x%016" PRIx64, value);
}

static void put_general(XmlOutput *x, const Layout *l)
{
        xml_output_leaf(x, "chip-name", l->chip);
        xml_output_leaf(x, "storage-type", scatter_storage_name(l->storage));
}

/* ---- version 5 ---- */

static void put_rom_item(XmlOutput *x, const Layout *l, const ReadbackOptions *o,
        const ReadbackItem *item, size_t index)
{
        unsigned id = o->part_id >= 0 ? (unsigned)o->part_id
                                      : readback_part_id(l->storage, item->region, o->v2);

        xml_output_start(x, "readback-rom-item");
        xml_output_attributef(x, "readback-index", "%zu", index);
        xml_output_attribute(x, "readback-enable", "true");
        xml_output_attribute(x, "readback-flag", "NUTL_READ_PAGE_ONLY");
        put_number(x, "start-address", item->offset);
        xml_output_attributef(x, "readback-length", "0x%08" PRIx64, item->size);
        xml_output_attribute(x, "addr-flag", "NUTL_ADDR_LOGICAL");
        xml_output_attributef(x, "part-id", "%u", id);
        xml_output_text(x, item->path);
        xml_output_end(x);
}

static void put_readback(
        XmlOutput *x, const Layout *l, const ReadbackOptions *o, const ReadbackList *list)
{
        xml_output_start(x, "commands");
        xml_output_start(x, "readback");
        xml_output_start(x, "physical-readback");
        xml_output_attribute(x, "is-physical-readback", "false");
        xml_output_end(x);
        if (list->n_items > 0)
                xml_output_start(x, "readback-list");
        for (size_t i = 0; i < list->n_items; i++)
                put_rom_item(x, l, o, list->items + i, i);
        if (list->n_items > 0)
                xml_output_end(x);
        xml_output_end(x);
        xml_output_end(x);
}

static void put_v5(
        XmlOutput *x, const Layout *l, const ReadbackOptions *o, const ReadbackList *list)
{
        xml_output_start(x, "flashtool-config");
        xml_output_attribute(x, "version", "2.0");
        xml_output_start(x, "general");
        put_general(x, l);
        xml_output_end(x);
        put_readback(x, l, o, list);
        xml_output_end(x);
}

static void put_console5(
        XmlOutput *x, const Layout *l, const ReadbackOptions *o, const ReadbackList *list)
{
        xml_output_start(x, "flashtool-config");
        xml_output_attribute(x, "version", "2.0");
        xml_output_start(x, "general");
        put_general(x, l);
        xml_output_leaf(x, "download-agent", o->agent ?: "MTK_AllInOne_DA.bin");
        xml_output_leaf(x, "scatter", o->scatter ?: "");
        xml_output_start(x, "connection");
        xml_output_attribute(x, "type", "BromUSB");
        xml_output_attribute(x, "high-speed", "true");
        xml_output_attribute(x, "power", "AutoDetect");
        xml_output_attribute(x, "timeout-count", "120000");
        xml_output_attribute(x, "com-port", "");
        xml_output_end(x);
        xml_output_leaf(x, "checksum-level", "none");
        xml_output_end(x);
        put_readback(x, l, o, list);
        xml_output_end(x);
}

/* ---- version 6 ---- */

static void put_items(
        XmlOutput *x, const Layout *l, const ReadbackList *list, bool by_name, const char *element)
{
        size_t n = 0;

        xml_output_start(x, element);
        for (size_t i = 0; i < list->n_items; i++) {
                const ReadbackItem *item = list->items + i;
                if (item->by_name != by_name)
                        continue;
                xml_output_start(x, "readback-item");
                if (by_name)
                        xml_output_attribute(x, "partition-name", item->name);
                else
                        xml_output_attributef(x, "partition-name", "ROM_%zu", n++);
                xml_output_attribute(x, "enabled", "true");
                xml_output_attribute(
                        x, "region-text", readback_region_text(l->storage, item->region));
                put_number(x, "start-addr", item->offset);
                put_number(x, "length", item->size);
                xml_output_text(x, item->path);
                xml_output_end(x);
        }
        xml_output_end(x);
}

static void put_v6(
        XmlOutput *x, const Layout *l, const ReadbackOptions *o, const ReadbackList *list)
{
        xml_output_start(x, "readback-backup");
        xml_output_attribute(x, "version", "1.0");
        xml_output_start(x, "general");
        put_general(x, l);
        xml_output_end(x);
        xml_output_start(x, "readback");
        put_items(x, l, list, false, "manual-readback-list");
        put_items(x, l, list, true, "auto-readback-list");
        xml_output_end(x);
        xml_output_end(x);
}

static void put_console6_general(XmlOutput *x, const ReadbackOptions *o)
{
        static const char *const connect[][2] = { { "version", "1.0" }, { "com_port_name", "" },
                { "com_port_type", "USB-PCIE" }, { "baud_rate", "921600" },
                { "conn_stage", "brom" }, { "timeout_ms", "120000" } };
        static const char *const runtime[][2] = { { "version", "1.1" }, { "da_log_level", "INFO" },
                { "log_channel", "USB" }, { "system_os", "LINUX" }, { "battery_status", "0" },
                { "checksum_level", "1" }, { "initialize_dram", "YES" } };

        xml_output_start(x, "general");
        xml_output_start(x, "connect-args");
        for (size_t i = 0; i < ELEMENTS(connect); i++)
                xml_output_attribute(x, connect[i][0], connect[i][1]);
        xml_output_leaf(x, "flash-xml", o->flash_xml ?: "download_agent/flash.xml");
        xml_output_leaf(x, "auth-file", "");
        xml_output_leaf(x, "cert-file", "");
        xml_output_end(x);
        xml_output_start(x, "runtime-parameter");
        for (size_t i = 0; i < ELEMENTS(runtime); i++)
                xml_output_attribute(x, runtime[i][0], runtime[i][1]);
        xml_output_end(x);
        xml_output_start(x, "log-info");
        xml_output_attribute(x, "version", "1.0");
        xml_output_attribute(x, "log_path", "logs");
        xml_output_attribute(x, "clean_hours", "720");
        xml_output_end(x);
        xml_output_end(x);
}

/* Agents refuse to read up to the end of an area by address, and know loader and tables by name; so
 * everything is asked for by name. */
static void put_console6(
        XmlOutput *x, const Layout *l, const ReadbackOptions *o, const ReadbackList *list)
{
        xml_output_start(x, "cflashtool-config");
        xml_output_attribute(x, "version", "1.0");
        put_console6_general(x, o);
        xml_output_start(x, "commands");
        for (size_t i = 0; i < list->n_items; i++) {
                xml_output_start(x, "READ-PARTITION");
                xml_output_attribute(x, "version", "1.0");
                xml_output_attribute(x, "partition", list->items[i].name);
                xml_output_start(x, "target-file");
                xml_output_attribute(x, "version", "1.0");
                xml_output_attribute(x, "file_type", "LOCAL_FILE");
                xml_output_attribute(x, "file_name", list->items[i].path);
                xml_output_end(x);
                xml_output_end(x);
        }
        xml_output_end(x);
        xml_output_end(x);
}

int readback_write(const Layout *l, const ReadbackOptions *o, const ReadbackList *list, char **ret,
        size_t *ret_size)
{
        static void (*const writers[_READBACK_MAX])(
                XmlOutput *, const Layout *, const ReadbackOptions *, const ReadbackList *) = {
                [READBACK_V5] = put_v5,
                [READBACK_V6] = put_v6,
                [READBACK_CONSOLE5] = put_console5,
                [READBACK_CONSOLE6] = put_console6,
        };
        _cleanup_(xml_output_freep) XmlOutput *x = xml_output_new("UTF-8", 4);

        if (!x)
                return -ENOMEM;
        writers[o->form](x, l, o, list);
        return xml_output_finish(x, ret, ret_size);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The commands of XML agents. */

#include <errno.h>
#include <string.h>

#include "xml-private.h"

enum { GPT_ENTRY = 128, GPT_ENTRIES = 128, PGPT_SIZE = 0x8000, TABLE_MAX = 0x4000 };

/* ---- start-up ---- */

static void cmd_runtime(XmlAgent *x, const char *command)
{
        char os[32], dram[16];
        xml_argument(command, "system_os", os, sizeof(os));
        x->windows = !strcmp(os, "WINDOWS");
        if (!strcmp(os, "LINUX"))
                model_breach(xml_model(x), TOLERATED_HOST_OS, "reads of 64 KiB");
        else if (!x->windows)
                model_breach(xml_model(x), BREACH_FRAME, "host system %s", os);
        if (strcmp(x->version, "1.0") != 0 &&
                !xml_argument(command, "initialize_dram", dram, sizeof(dram))) {
                xml_end(x, "ERR", "Required XML node path not found. Check command string.");
                return;
        }
        xml_end(x, "OK", "%s", "");
}

static void cmd_nothing(XmlAgent *x, const char *command)
{
        xml_end(x, "OK", "%s", "");
}

static void init_done(XmlAgent *x, bool ok, const char *value)
{
        if (!x->stage.config->storage) {
                xml_stuck(x, "no storage");
                return;
        }
        xml_end(x, "OK", "%s", "");
}

static void init_eot(XmlAgent *x, bool ok, const char *value)
{
        xml_send_text(x, "OK!EOT");
        xml_want_reply(x, init_done);
}

static void init_half(XmlAgent *x, bool ok, const char *value)
{
        xml_send_text(x, "OK!PROGRESS@100@init-hw");
        xml_want_reply(x, init_eot);
}

static void init_lines(XmlAgent *x, bool ok, const char *value)
{
        if (!xml_has(x, XML_PROGRESS_LINES)) {
                init_eot(x, ok, value);
                return;
        }
        xml_send_text(x, "OK!PROGRESS@0@init-hw");
        xml_want_reply(x, init_half);
}

static void cmd_init(XmlAgent *x, const char *command)
{
        xml_send_text(x,
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><host><version>1.0</version>"
                "<command>CMD:PROGRESS-REPORT</command><arg><message>init-hw</message></arg>"
                "</host>");
        xml_want_reply(x, init_lines);
}

/* ---- BOOT-TO ---- */

static void start_stage2(XmlAgent *x)
{
        *(bool *)model_scratch(xml_model(x)) = x->windows;
        model_next(xml_model(x), &xml_stage2);
}

static void image_complete(XmlAgent *x)
{
        size_t size;
        const uint8_t *image = model_agent(xml_model(x), &size);
        model_step(xml_model(x), "stage2-received");
        if (x->ours && !agent_knows(x->stage1, x->n_stage1, image, size)) {
                model_event(xml_model(x), "stage 2 refused");
                xml_end(x, "ERR", "DA Hash mismatch.");
                return;
        }
        model_event(xml_model(x), "stage 2 accepted, %zu bytes", size);
        x->after = start_stage2;
        xml_end(x, "OK", "%s", "");
}

static void checksum_said(XmlAgent *x, bool ok, const char *value);

static void image_chunk(XmlAgent *x, const uint8_t *data, size_t size)
{
        size_t total;
        uint8_t *image = (uint8_t *)(uintptr_t)model_agent(xml_model(x), &total);
        if (size > x->size - x->done) {
                model_breach(xml_model(x), BREACH_RANGE, "%zu bytes too many", size);
                xml_stuck(x, "more than announced");
                return;
        }
        memcpy(image + x->done, data, size);
        x->done += size;
        model_step(xml_model(x), "stage2-chunk");
        xml_send_text(x, "OK");
        if (x->done == x->size)
                image_complete(x);
        else
                xml_want_reply(x, checksum_said);
}

static void checksum_said(XmlAgent *x, bool ok, const char *value)
{
        if (!ok) {
                xml_send_text(x, "ERR");
                xml_end(x, "ERR", "Host notice error.");
                return;
        }
        xml_send_text(x, "OK");
        xml_want(x, xml_packet(x), image_chunk);
}

static void image_size(XmlAgent *x, bool ok, const char *value)
{
        x->size = strtoull(value, NULL, 0);
        x->done = 0;
        if (!ok || !x->size || x->size > 16 * MiB) {
                model_breach(xml_model(x), BREACH_RANGE, "stage 2 of %s bytes", value);
                xml_send_text(x, "ERR");
                xml_end(x, "ERR", "Host notice error.");
                return;
        }
        if (!model_agent_buffer(xml_model(x), x->size))
                abort();
        xml_send_text(x, "OK");
        xml_want_reply(x, checksum_said);
}

static void image_offered(XmlAgent *x, bool ok, const char *value)
{
        if (!ok)
                xml_end(x, "ERR", "Host notice error.");
        else
                xml_want_reply(x, image_size);
}

static void cmd_boot_to(XmlAgent *x, const char *command)
{
        char source[128], address[32];
        if (!xml_argument(command, "source_file", source, sizeof(source)) ||
                !xml_argument(command, "at_address", address, sizeof(address)) ||
                !xml_argument(command, "jmp_address", address, sizeof(address))) {
                xml_end(x, "ERR", "Required XML node path not found. Check command string.");
                return;
        }
        xml_send_text(x,
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><host><version>1.0</version>"
                "<command>CMD:DOWNLOAD-FILE</command><arg><checksum>CHK_NO</checksum>"
                "<info>2nd-DA</info><source_file>%s</source_file>"
                "<packet_length>0x%x</packet_length></arg></host>",
                source, xml_packet(x));
        xml_want_reply(x, image_offered);
}

/* ---- information ---- */

static uint64_t area_size(XmlAgent *x, FlashArea area)
{
        return flash_size(model_flash(xml_model(x)), area);
}

static void id_text(XmlAgent *x, char *out)
{
        static const uint8_t start[] = { 0x15, 0x01, 0x00, 'S', 'I', 'M', 'E', 'M', 'C', 0x10 };
        uint8_t cid[16];
        phone_id(x->stage.config, "cid", cid, sizeof(cid));
        if (x->stage.config->ids == IDS_NORMAL)
                memcpy(cid, start, sizeof(start));
        for (size_t i = 0; xml_has(x, XML_CID_TURNED) && i < 16; i += 4)
                put_le32(cid + i, get_be32(cid + i));
        hex_encode(cid, sizeof(cid), out);
}

static char *emmc_info(XmlAgent *x)
{
        char id[33], gp1[32] = "0", *text;
        id_text(x, id);
        if (area_size(x, FLASH_GP1))
                snprintf(gp1, sizeof(gp1), "0x%llx", (unsigned long long)area_size(x, FLASH_GP1));
        if (asprintf(&text,
                    "<storage>EMMC</storage><emmc><block_size>0x200</block_size>"
                    "<boot1_size>0x%llx</boot1_size><boot2_size>0x%llx</boot2_size>"
                    "<rpmb_size>0x%llx</rpmb_size><user_size>0x%llx</user_size>"
                    "<gp1_size>%s</gp1_size><gp2_size>0</gp2_size><gp3_size>0</gp3_size>"
                    "<gp4_size>0</gp4_size><id>%s</id></emmc>",
                    (unsigned long long)area_size(x, FLASH_BOOT1),
                    (unsigned long long)area_size(x, FLASH_BOOT2),
                    (unsigned long long)area_size(x, FLASH_RPMB),
                    (unsigned long long)area_size(x, FLASH_USER), gp1, id) < 0)
                abort();
        return text;
}

static char *ufs_info(XmlAgent *x)
{
        static const char *const ids[] = {
                [XML_INFO_2021] = "<id>%s</id>",
                [XML_INFO_2022] = ("<ufs_vendor_id>0x1ce</ufs_vendor_id><ufs_cid>%s</ufs_cid>"
                                   "<ufs_fwver>30323030</ufs_fwver>"),
                [XML_INFO_2023] = "<id>%s</id>",
                [XML_INFO_2025] = "<id>%s</id><vid>0x1ce</vid><fwver>0200</fwver>",
        };
        char id[33], *tail, *text;
        id_text(x, id);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        if (asprintf(&tail, ids[xml_traits(x)->info], id) < 0)
                abort();
#pragma GCC diagnostic pop
        if (asprintf(&text,
                    "<storage>UFS</storage><ufs><block_size>0x1000</block_size>"
                    "<lua0_size>0x%llx</lua0_size><lua1_size>0x%llx</lua1_size>"
                    "<lua2_size>0x%llx</lua2_size><lua3_size>0</lua3_size>%s</ufs>",
                    (unsigned long long)area_size(x, FLASH_BOOT1),
                    (unsigned long long)area_size(x, FLASH_BOOT2),
                    (unsigned long long)area_size(x, FLASH_USER), tail) < 0)
                abort();
        free(tail);
        return text;
}

static void cmd_hw_info(XmlAgent *x, const char *command)
{
        static const char *const versions[] = { "1.1", "1.2", "1.2", "1.2" };
        XmlInfoForm form = xml_traits(x)->info;
        bool before = form == XML_INFO_2022, after = form > XML_INFO_2022;
        char target[128], *text, random[33];
        uint8_t id[16];
        _cleanup_free_ char *storage = x->stage.chip->ufs ? ufs_info(x) : emmc_info(x);
        phone_id(x->stage.config, "random", id, sizeof(id));
        hex_encode(id, sizeof(id), random);
        xml_argument(command, "target_file", target, sizeof(target));
        if (asprintf(&text,
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?><da_hw_info><version>%s</version>"
                    "<ram_size>0x%llx</ram_size><battery_voltage>%llu</battery_voltage>"
                    "<random_id>%s</random_id>%s%s%s</da_hw_info>",
                    versions[form],
                    (unsigned long long)phone_dram(x->stage.config, xml_traits(x)->dram_size),
                    (unsigned long long)x->stage.config->battery_mv, random,
                    before ? "<product_id></product_id>" : "", storage,
                    after ? "<product_id></product_id>" : "") < 0)
                abort();
        xml_upload_text(x, "HW-INFO", target, text);
}

static void cmd_da_info(XmlAgent *x, const char *command)
{
        char target[128], *text;
        xml_argument(command, "target_file", target, sizeof(target));
        if (asprintf(&text,
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?><da_info><version>1.0</version>"
                    "<da_version>2021</da_version><build>Nov 20 2021:00:00:00</build></da_info>") <
                0)
                abort();
        xml_upload_text(x, "DA-INFO", target, text);
}

static void cmd_sys_property(XmlAgent *x, const char *command)
{
        char target[128], *text;
        xml_argument(command, "target_file", target, sizeof(target));
        if (asprintf(&text,
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?><sys_prop version=\"1.0\">"
                    "<item key=\"DA.SLA\">%s</item></sys_prop>",
                    x->locked ? "ENABLED" : "DISABLED") < 0)
                abort();
        xml_upload_text(x, "sys-prop", target, text);
}

/* ---- the partition table, as the agent itself reads it ---- */

typedef struct GptEntry {
        char name[37];
        uint64_t start, size; /* bytes */
} GptEntry;

static bool gpt_entry(XmlAgent *x, unsigned i, GptEntry *ret)
{
        uint64_t block = x->stage.chip->ufs ? 4096 : 512;
        uint8_t e[GPT_ENTRY];
        if (flash_read(model_flash(xml_model(x)), FLASH_USER, 2 * block + i * GPT_ENTRY, e,
                    sizeof(e)) < 0 ||
                bytes_all(e, 16, 0))
                return false;
        ret->start = get_le64(e + 32) * block;
        ret->size = (get_le64(e + 40) + 1) * block - ret->start;
        for (size_t k = 0; k < 36; k++)
                ret->name[k] = (char)e[56 + 2 * k];
        ret->name[36] = 0;
        return true;
}

static void cmd_table(XmlAgent *x, const char *command)
{
        char target[128], *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        GptEntry e;
        if (!f)
                abort();
        xml_argument(command, "target_file", target, sizeof(target));
        fprintf(f, "<?xml version=\"1.0\" encoding=\"utf-8\"?><partition_table version=\"1.0\">");
        for (unsigned i = 0; i < GPT_ENTRIES && gpt_entry(x, i, &e); i++)
                fprintf(f, "<pt><name>%s</name><start>0x%llx</start><size>0x%llx</size></pt>",
                        e.name, (unsigned long long)e.start, (unsigned long long)e.size);
        fprintf(f, "</partition_table>");
        if (fclose(f) != 0)
                abort();
        if (size >= TABLE_MAX)
                text[TABLE_MAX - 1] = 0;
        xml_upload_text(x, "partition-table", target, text);
}

/* ---- reading ---- */

static const struct {
        const char *name;
        FlashArea area;
        bool ufs;
} sections[] = {
        { "EMMC-BOOT1", FLASH_BOOT1, false },
        { "EMMC-BOOT2", FLASH_BOOT2, false },
        { "EMMC-USER", FLASH_USER, false },
        { "EMMC-GP1", FLASH_GP1, false },
        { "UFS-LUA0", FLASH_BOOT1, true },
        { "UFS-LUA1", FLASH_BOOT2, true },
        { "UFS-LUA2", FLASH_USER, true },
};

static bool refuse_locked(XmlAgent *x)
{
        if (!x->locked)
                return false;
        xml_end(x, "ERR", "Server is not authenticated. Locked.");
        return true;
}

static void cmd_read_flash(XmlAgent *x, const char *command)
{
        char name[64], offset_text[32], length_text[32], target[128];
        uint64_t offset, length, size = 0;
        FlashArea area = FLASH_USER;
        if (refuse_locked(x))
                return;
        if (!xml_argument(command, "partition", name, sizeof(name)) ||
                !xml_argument(command, "offset", offset_text, sizeof(offset_text)) ||
                !xml_argument(command, "length", length_text, sizeof(length_text)) ||
                !xml_argument(command, "target_file", target, sizeof(target))) {
                xml_end(x, "ERR", "Required XML node path not found. Check command string.");
                return;
        }
        for (size_t i = 0; i < ELEMENTS(sections); i++)
                if (!strcmp(sections[i].name, name) && sections[i].ufs == x->stage.chip->ufs) {
                        area = sections[i].area;
                        size = area_size(x, area);
                }
        if (!size) {
                xml_end(x, "ERR", "Cannot find [%s] on current device storage.", name);
                return;
        }
        offset = strtoull(offset_text, NULL, 0);
        length = !strcmp(length_text, "MAX") ? size - MIN(offset, size)
                                             : strtoull(length_text, NULL, 0);
        if (offset >= size) {
                xml_end(x, "ERR", "base address is larger than partition max size.");
                return;
        }
        if (length > size - offset ||
                (length && length == size - offset && xml_has(x, XML_END_REFUSED))) {
                xml_end(x, "ERR", "Read length[%llx] is larger than partition max size[%llx]",
                        (unsigned long long)length, (unsigned long long)(size - offset));
                return;
        }
        xml_upload_flash(x, name, target, area, offset, length);
}

/* Names of the agent's own beside those of the table. */
static bool special(XmlAgent *x, const char *name, FlashArea *ret_area, uint64_t *ret_offset,
        uint64_t *ret_size)
{
        uint64_t user = area_size(x, FLASH_USER), tail = x->stage.chip->ufs ? 5 * 4096 : 33 * 512;
        const struct {
                const char *name;
                FlashArea area;
                uint64_t offset, size;
        } names[] = {
                { "preloader", FLASH_BOOT1, 0, area_size(x, FLASH_BOOT1) },
                { "preloader_backup", FLASH_BOOT2, 0, area_size(x, FLASH_BOOT2) },
                { "pgpt", FLASH_USER, 0, PGPT_SIZE },
                { "PGPT", FLASH_USER, 0, PGPT_SIZE },
                { "sgpt", FLASH_USER, user - tail, tail },
        };
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (!strcmp(names[i].name, name)) {
                        *ret_area = names[i].area;
                        *ret_offset = names[i].offset;
                        *ret_size = names[i].size;
                        return true;
                }
        return false;
}

static void cmd_read_partition(XmlAgent *x, const char *command)
{
        char name[64], target[128];
        FlashArea area = FLASH_USER;
        uint64_t offset = 0, size = 0;
        GptEntry e;
        if (refuse_locked(x))
                return;
        if (!xml_argument(command, "partition", name, sizeof(name)) ||
                !xml_argument(command, "target_file", target, sizeof(target))) {
                xml_end(x, "ERR", "Required XML node path not found. Check command string.");
                return;
        }
        if (!special(x, name, &area, &offset, &size))
                for (unsigned i = 0; i < GPT_ENTRIES && gpt_entry(x, i, &e); i++)
                        if (!strcmp(e.name, name)) {
                                offset = e.start;
                                size = e.size;
                        }
        if (!size) {
                xml_end(x, "ERR", "Cannot find [%s] in partition table.", name);
                return;
        }
        xml_upload_flash(x, name, target, area, offset, size);
}

/* ---- the end ---- */

static void do_reset(XmlAgent *x)
{
        model_event(xml_model(x), "reset");
        model_leave(xml_model(x), MODEL_MS, AFTER_RESET);
}

static void do_disconnect(XmlAgent *x)
{
        model_event(xml_model(x), "finished");
        model_leave(xml_model(x), MODEL_MS, AFTER_OFF);
}

static void cmd_reboot(XmlAgent *x, const char *command)
{
        char action[32];
        xml_argument(command, "action", action, sizeof(action));
        x->after = !strcmp(action, "DISCONNECT") ? do_disconnect : do_reset;
        xml_end(x, "OK", "%s", "");
}

static void cmd_writes(XmlAgent *x, const char *command)
{
        model_breach(xml_model(x), BREACH_WRITE, "command %s", x->name);
        xml_end(x, "ERR", "Security deny for [all].");
}

typedef struct Command {
        const char *name;
        bool stage1, stage2, optional;
        void (*run)(XmlAgent *x, const char *command);
} Command;

static const Command commands[] = {
        { "SET-RUNTIME-PARAMETER", true, false, false, cmd_runtime },
        { "HOST-SUPPORTED-COMMANDS", true, true, true, cmd_nothing },
        { "NOTIFY-INIT-HW", true, true, false, cmd_init },
        { "SET-HOST-INFO", true, true, false, cmd_nothing },
        { "BOOT-TO", true, false, false, cmd_boot_to },
        { "GET-HW-INFO", true, true, false, cmd_hw_info },
        { "GET-DA-INFO", false, true, false, cmd_da_info },
        { "GET-SYS-PROPERTY", false, true, true, cmd_sys_property },
        { "READ-PARTITION-TABLE", false, true, false, cmd_table },
        { "READ-PARTITION", false, true, false, cmd_read_partition },
        { "READ-FLASH", false, true, false, cmd_read_flash },
        { "REBOOT", true, true, false, cmd_reboot },
        { "WRITE-FLASH", false, true, false, cmd_writes },
        { "WRITE-PARTITION", false, true, false, cmd_writes },
        { "ERASE-FLASH", false, true, false, cmd_writes },
        { "ERASE-PARTITION", false, true, false, cmd_writes },
        { "FLASH-ALL", false, true, false, cmd_writes },
        { "FLASH-UPDATE", false, true, false, cmd_writes },
        { "WRITE-EFUSE", false, true, false, cmd_writes },
        { "WRITE-REGISTER", false, true, false, cmd_writes },
        { "SET-BOOT-MODE", false, true, false, cmd_writes },
};

static const Command *find_command(const XmlAgent *x, const char *name)
{
        for (size_t i = 0; i < ELEMENTS(commands); i++)
                if (!strcmp(commands[i].name, name) &&
                        (x->level == 1 ? commands[i].stage1 : commands[i].stage2) &&
                        (!commands[i].optional || xml_has(x, XML_OPTIONAL)))
                        return &commands[i];
        return NULL;
}

bool xml_known(const XmlAgent *x, const char *name)
{
        return find_command(x, name);
}

void xml_run(XmlAgent *x, const char *command)
{
        find_command(x, x->name)->run(x, command);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The command loop of both XFlash stages: what each knows, and the device control codes. */

#include <string.h>

#include "basic/digest.h"
#include "boot-model.h"
#include "xflash-private.h"

enum { READ_PACKET = 2 * MiB, READ_PACKET_LINUX = 64 * KiB, STAGE1_PACKET = 32 * KiB };

#define STATUS_UNKNOWN_COMMAND 0xc0010003
#define STATUS_UNKNOWN_CONTROL 0xc0010004
#define STATUS_NOT_ALLOWED 0xc002000c
#define STATUS_TYPE 0xc0040009
#define STATUS_RANGE 0xc004000b
#define STATUS_SECTION 0xc003000c
#define STATUS_STORAGE 0xc0040030
#define STATUS_CHECKSUM 0xc0040003

/* ---- device control: what can be asked ---- */

static void get_emmc(Xflash *x)
{
        uint8_t d[104] = {};
        const Flash *f = model_flash(xflash_model(x));
        if (!x->stage.chip->ufs) {
                static const FlashArea order[] = { FLASH_BOOT1, FLASH_BOOT2, FLASH_RPMB, FLASH_GP1,
                        FLASH_GP2, FLASH_GP3, FLASH_GP4, FLASH_USER };
                put_le32(d, 1);
                put_le32(d + 4, 512);
                for (size_t i = 0; i < ELEMENTS(order); i++)
                        put_le64(d + 8 + 8 * i, flash_size(f, order[i]));
                phone_id(x->stage.config, "cid", d + 0x48, 16);
                memcpy(d + 0x58, "\6\0\0\0\0\0\0", 8);
                memcpy(d + 0x60, "\1\1\1", 3);
        }
        xflash_send_frame(x, d, xflash_traits(x)->emmc_info_size);
}

static void get_ufs(Xflash *x)
{
        uint8_t d[208] = {};
        const Flash *f = model_flash(xflash_model(x));
        if (x->stage.chip->ufs) {
                put_le32(d, 0x30);
                put_le32(d + 4, 4096);
                put_le64(d + 8, flash_size(f, FLASH_BOOT1));
                put_le64(d + 16, flash_size(f, FLASH_BOOT2));
                put_le64(d + 24, flash_size(f, FLASH_USER));
                put_le16(d + 32, 0x01ce);
                memcpy(d + 34, "SIMULATED-UFS-00001", 20);
                memcpy(d + 54, "0200", 4);
                phone_id(x->stage.config, "ufs serial", d + 62, 32);
        }
        xflash_send_frame(x, d, xflash_traits(x)->ufs_info_size);
}

static void get_nand(Xflash *x)
{
        static const uint8_t none[48];
        xflash_send_frame(x, none, sizeof(none));
}

static void get_nor(Xflash *x)
{
        static const uint8_t none[16];
        xflash_send_frame(x, none, sizeof(none));
}

static void send_text(Xflash *x, const char *text)
{
        xflash_send_frame(x, text, strlen(text));
}

static void get_version(Xflash *x)
{
        send_text(x, "1.0");
}

static void get_agent(Xflash *x)
{
        send_text(x, x->stage.chip->boot == &boot_rom ? "brom" : "preloader");
}

static void get_speed(Xflash *x)
{
        send_text(x, model_usb(xflash_model(x))->speed == 12 ? "full-speed" : "high-speed");
}

static uint32_t read_packet(const Xflash *x)
{
        return x->host_os == 1 ? READ_PACKET_LINUX : READ_PACKET;
}

static void get_packet_length(Xflash *x)
{
        uint8_t d[8];
        put_le32(d, x->level == 1 ? STAGE1_PACKET : READ_PACKET);
        put_le32(d + 4, x->level == 1 ? STAGE1_PACKET : read_packet(x));
        xflash_send_frame(x, d, sizeof(d));
}

static void get_random(Xflash *x)
{
        uint8_t d[16];
        phone_id(x->stage.config, "random", d, sizeof(d));
        xflash_send_frame(x, d, sizeof(d));
}

static void get_hrid(Xflash *x)
{
        uint8_t d[16];
        phone_id(x->stage.config, "hrid", d, sizeof(d));
        xflash_send_frame(x, d, sizeof(d));
}

static void get_table_kind(Xflash *x)
{
        xflash_send_word(x, 0x64);
}

static void get_ram(Xflash *x)
{
        uint8_t d[48] = {};
        put_le32(d, 2);
        put_le64(d + 8, 0x200000);
        put_le64(d + 16, 0x40000);
        put_le32(d + 24, 1);
        put_le64(d + 32, 0x40000000);
        put_le64(d + 40, phone_dram(x->stage.config, xflash_traits(x)->dram_size));
        xflash_send_frame(x, d, sizeof(d));
}

static void get_chip(Xflash *x)
{
        uint8_t d[12] = {};
        put_le16(d, x->stage.chip->hw_code);
        put_le16(d + 2, x->stage.chip->hw_sub);
        put_le16(d + 4, x->stage.chip->hw_ver);
        put_le16(d + 6, x->stage.chip->sw_ver);
        xflash_send_frame(x, d, sizeof(d));
}

static void get_battery(Xflash *x)
{
        xflash_send_word(x, 0);
}

static void get_rpmb(Xflash *x)
{
        xflash_send_word(x, 0x10);
}

static void get_dram_type(Xflash *x)
{
        xflash_send_word(x, 3);
}

static void get_fw_info(Xflash *x)
{
        static const uint8_t old[4] = { 0x12, 0x34, 0x56, 0x78 };
        static const char failed[] = "GET_DEV_FW_INFO FAIL";
        if (x->locked)
                xflash_send_frame(x, failed, sizeof(failed));
        else
                xflash_send_frame(x, old, sizeof(old));
}

static void get_sla(Xflash *x)
{
        xflash_send_word(x, x->locked);
}

static void get_error_detail(Xflash *x)
{
        static const uint8_t none[128];
        xflash_send_frame(x, none, sizeof(none));
}

typedef struct Control {
        uint32_t code;
        int levels;             /* bit 0 stage 1, bit 1 stage 2 */
        void (*get)(Xflash *x); /* NULL: takes a parameter, unless `bare` */
        bool bare;
        uint32_t final;   /* status after the data */
        unsigned feature; /* only builds with it */
        bool changes;     /* would change the phone */
} Control;

static const Control controls[] = {
        { .code = 0x020002, .levels = 3 }, /* battery */
        { .code = 0x020003, .levels = 1 }, /* checksum level */
        { .code = 0x020004, .levels = 1 }, /* reset key */
        { .code = 0x020006, .levels = 2 }, /* meta mode */
        { .code = 0x020009, .levels = 2, .changes = true },
        { .code = 0x02000a, .levels = 2 },
        { .code = 0x02000b, .levels = 2 },
        { .code = 0x02000c, .levels = 2 },
        { .code = 0x02000d, .levels = 2 },
        { .code = 0x02000e, .levels = 2 },
        { .code = 0x040001, .levels = 3, .get = get_emmc },
        { .code = 0x040002, .levels = 2, .get = get_nand },
        { .code = 0x040003, .levels = 2, .get = get_nor },
        { .code = 0x040004, .levels = 3, .get = get_ufs },
        { .code = 0x040005, .levels = 3, .get = get_version },
        { .code = 0x040007, .levels = 3, .get = get_packet_length },
        { .code = 0x040008, .levels = 2, .get = get_random },
        { .code = 0x040009, .levels = 3, .get = get_table_kind },
        { .code = 0x04000a, .levels = 1, .get = get_agent },
        { .code = 0x04000b, .levels = 3, .get = get_speed },
        { .code = 0x04000c, .levels = 3, .get = get_ram },
        { .code = 0x04000d, .levels = 3, .get = get_chip },
        { .code = 0x04000e, .levels = 2, .bare = true, .final = 0xc0040006 }, /* no otp area */
        { .code = 0x04000f, .levels = 2, .get = get_battery, .final = 0xc0040001 },
        { .code = 0x040010, .levels = 3, .get = get_rpmb },
        { .code = 0x040012, .levels = 2, .get = get_dram_type },
        { .code = 0x040013, .levels = 2, .get = get_fw_info },
        { .code = 0x040014, .levels = 2, .get = get_hrid },
        { .code = 0x040015, .levels = 2, .get = get_error_detail, .feature = XFLASH_ERROR_DETAIL },
        { .code = 0x080001, .levels = 2, .bare = true },
        { .code = 0x080002, .levels = 2, .bare = true },
        { .code = 0x080003, .levels = 2, .bare = true, .changes = true },
        { .code = 0x080004, .levels = 2, .bare = true, .changes = true },
        { .code = 0x080005, .levels = 2, .bare = true },
};
/* a locked stage 2 knows these only */
static const Control locked_controls[] = {
        { .code = 0x040013, .levels = 2, .get = get_fw_info, .final = 0xc0020008 },
        { .code = 0x040016, .levels = 2, .get = get_sla },
};

static const Control *find_control(const Xflash *x, uint32_t code)
{
        const Control *table = x->locked ? locked_controls : controls;
        size_t n = x->locked ? ELEMENTS(locked_controls) : ELEMENTS(controls);
        for (size_t i = 0; i < n; i++)
                if (table[i].code == code && table[i].levels & x->level &&
                        (table[i].feature & ~xflash_traits(x)->features) == 0)
                        return &table[i];
        return NULL;
}

static void control_value(Xflash *x, const uint8_t *data, size_t size)
{
        if (x->sub == 0x020003)
                x->checksum_level = get_le32(data);
        xflash_send_status(x, 0);
        xflash_loop(x);
}

static void control_code(Xflash *x, const uint8_t *data, size_t size)
{
        const Control *c;
        if (x->early)
                model_breach(
                        xflash_model(x), BREACH_EARLY, "control code before the status was read");
        x->sub = get_le32(data);
        model_step(xflash_model(x), "ctrl:%06x", x->sub);
        c = find_control(x, x->sub);
        if (c && c->changes && !x->stage.config->writable) {
                model_breach(xflash_model(x), BREACH_WRITE, "device control %06x", x->sub);
                c = NULL;
        }
        xflash_send_status(x, c ? 0 : STATUS_UNKNOWN_CONTROL);
        if (!c) {
                xflash_loop(x);
                return;
        }
        if (!c->get && !c->bare) {
                xflash_want(x, 512, control_value);
                return;
        }
        if (c->get)
                c->get(x);
        xflash_send_status(x, c->final);
        xflash_loop(x);
}

static void cmd_device_control(Xflash *x)
{
        xflash_send_status(x, 0);
        xflash_want(x, 4, control_code);
}

/* ---- reading and writing ---- */

/* Checks a parameter block; 0 and the transfer's place, or the status word. */
static uint32_t check_range(Xflash *x, const uint8_t *data)
{
        uint32_t type = get_le32(data) & 0xff, section = get_le32(data + 4);
        uint64_t address = get_le64(data + 8), size = get_le64(data + 16);
        bool ufs = x->stage.chip->ufs;
        if (!type)
                return STATUS_TYPE;
        if (type != (ufs ? 0x30u : 1u))
                return STATUS_RANGE; /* a storage that is not there has no bytes */
        if (section == 1)
                x->area = FLASH_BOOT1;
        else if (section == 2)
                x->area = FLASH_BOOT2;
        else if (section == (ufs ? 3u : 8u))
                x->area = FLASH_USER;
        else
                return STATUS_SECTION;
        if (!range_fits(address, size, flash_size(model_flash(xflash_model(x)), x->area)))
                return STATUS_RANGE;
        x->offset = address;
        x->left = size;
        x->chunk = 0;
        return 0;
}

static void read_next(Xflash *x);

static void read_ack(Xflash *x, const uint8_t *data, size_t size)
{
        uint32_t word = get_le32(data);
        if (x->early)
                model_breach(
                        xflash_model(x), BREACH_EARLY, "acknowledged before the data was read");
        model_step(xflash_model(x), word ? "cancel" : "ack");
        if (word) {
                model_event(xflash_model(x), "read canceled");
                xflash_send_status(x, word);
                xflash_loop(x);
                return;
        }
        if (x->left)
                read_next(x);
        else {
                xflash_send_status(x, 0);
                xflash_loop(x);
        }
}

static void read_next(Xflash *x)
{
        Model *m = xflash_model(x);
        size_t n = (size_t)MIN(x->left, (uint64_t)read_packet(x));
        uint64_t status = STATUS_STORAGE;
        model_step(m, "chunk");
        if (model_storage_fault(m, model_data_sent(m), n, &status)) {
                /* the reader thread is a chunk ahead: early errors end the command at once */
                if (x->chunk >= 2)
                        xflash_send_status(x, (uint32_t)status);
                xflash_send_status(x, (uint32_t)status);
                xflash_loop(x);
                return;
        }
        xflash_send_status(x, 0);
        xflash_send_header(x, 1, (uint32_t)n);
        model_send_flash(m, x->area, x->offset, n);
        x->offset += n;
        x->left -= n;
        x->chunk++;
        xflash_want(x, 4, read_ack);
}

static void read_params(Xflash *x, const uint8_t *data, size_t size)
{
        uint32_t status;
        if (size != 56)
                model_breach(xflash_model(x), BREACH_FRAME, "parameter block of %zu bytes", size);
        status = check_range(x, data);
        model_step(xflash_model(x), "read-params");
        xflash_send_status(x, status);
        if (status) {
                xflash_loop(x);
                return;
        }
        if (!x->left) {
                xflash_send_status(x, 0);
                xflash_loop(x);
                return;
        }
        read_next(x);
}

static void cmd_read(Xflash *x)
{
        if (x->locked) {
                xflash_send_status(x, STATUS_UNKNOWN_COMMAND);
                xflash_loop(x);
                return;
        }
        xflash_send_status(x, 0);
        xflash_want(x, 56, read_params);
}

static void write_zero(Xflash *x, const uint8_t *data, size_t size);

static void write_data(Xflash *x, const uint8_t *data, size_t size)
{
        uint32_t sum = 0, status = 0;
        for (size_t i = 0; i < size; i++)
                sum += data[i];
        if (size > x->left) {
                model_breach(xflash_model(x), BREACH_RANGE, "%zu bytes, %llu were left", size,
                        (unsigned long long)x->left);
                size = (size_t)x->left;
        }
        if (x->checksum_level & 1 && (sum & 0xffff) != x->sum)
                status = STATUS_CHECKSUM;
        else if (flash_write(model_flash(xflash_model(x)), x->area, x->offset, data, size) < 0)
                status = STATUS_STORAGE;
        x->offset += size;
        x->left -= size;
        xflash_send_status(x, status);
        if (!status && x->left) {
                xflash_want(x, 4, write_zero);
                return;
        }
        xflash_send_status(x, status);
        xflash_loop(x);
}

static void write_sum(Xflash *x, const uint8_t *data, size_t size)
{
        x->sum = get_le32(data);
        xflash_want(x, 2 * MiB, write_data);
}

static void write_zero(Xflash *x, const uint8_t *data, size_t size)
{
        xflash_want(x, 4, write_sum);
}

static void write_params(Xflash *x, const uint8_t *data, size_t size)
{
        uint32_t status = check_range(x, data);
        model_step(xflash_model(x), "write-params");
        if (!status && !x->stage.config->writable)
                status = STATUS_NOT_ALLOWED;
        xflash_send_status(x, status);
        if (status || !x->left)
                xflash_loop(x);
        else
                xflash_want(x, 4, write_zero);
}

static void cmd_write(Xflash *x)
{
        if (!x->stage.config->writable)
                model_breach(xflash_model(x), BREACH_WRITE, "WRITE_DATA");
        if (x->locked) {
                xflash_send_status(x, STATUS_UNKNOWN_COMMAND);
                xflash_loop(x);
                return;
        }
        xflash_send_status(x, 0);
        xflash_want(x, 56, write_params);
}

/* What the product never sends: noted, and refused as a locked phone would. */
static void cmd_change(Xflash *x)
{
        model_breach(xflash_model(x), BREACH_WRITE, "command");
        xflash_send_status(x, STATUS_NOT_ALLOWED);
        xflash_loop(x);
}

/* ---- ending ---- */

static void shutdown_params(Xflash *x, const uint8_t *data, size_t size)
{
        Model *m = xflash_model(x);
        bool reboot = get_le32(data);
        if (size != 24)
                model_breach(m, BREACH_FRAME, "shutdown block of %zu bytes", size);
        model_step(m, "shutdown-params");
        xflash_send_status(x, 0);
        model_event(m, reboot ? "reboot" : "shutdown");
        model_leave(m, 200 * MODEL_MS, reboot ? AFTER_RESET : AFTER_OFF);
}

static void cmd_shutdown(Xflash *x)
{
        xflash_send_status(x, 0);
        xflash_want(x, 24, shutdown_params);
}

static void speed_id(Xflash *x, const uint8_t *data, size_t size)
{
        uint32_t id = get_le32(data);
        xflash_send_status(x, 0);
        model_set_product(xflash_model(x), id ? (uint16_t)id : 0x2001);
        model_leave(xflash_model(x), 100 * MODEL_MS, AFTER_SPEED);
        xflash_loop(x);
}

/* ---- memory set-up, for an agent that the boot ROM started ---- */

static void ram_block(Xflash *x, const uint8_t *data, size_t size)
{
        static const char magic[] = "MTK_BLOADER_INFO_v";
        uint64_t status = 0;
        model_step(xflash_model(x), "ram-settings");
        if (size != x->boot_size)
                model_breach(xflash_model(x), BREACH_FRAME, "settings of %zu bytes, %llu announced",
                        size, (unsigned long long)x->boot_size);
        if (size < 0x70 || memcmp(data, magic, strlen(magic)) != 0)
                status = 0xc0040050;
        model_fault(xflash_model(x), FAULT_STATUS, &status);
        x->ram_ready = status == 0;
        if (x->ram_ready)
                model_event(xflash_model(x), "memory set up");
        xflash_send_word(x, (uint32_t)status);
        xflash_loop(x);
}

static void ram_length(Xflash *x, const uint8_t *data, size_t size)
{
        x->boot_size = get_le32(data);
        xflash_want(x, 64 * 1024, ram_block);
}

static void cmd_init_ram(Xflash *x)
{
        if (x->stage.chip->boot != &boot_rom)
                model_breach(xflash_model(x), BREACH_ORDER, "memory set up twice");
        xflash_send_status(x, 0);
        xflash_want(x, 4, ram_length);
}

static void cmd_speed(Xflash *x)
{
        xflash_send_status(x, 0);
        xflash_want(x, 4, speed_id);
}

/* ---- dispatch ---- */

typedef struct Command {
        uint32_t code;
        int levels;
        void (*run)(Xflash *x);
} Command;

static const Command commands[] = {
        { 0x010001, 2, cmd_change }, /* DOWNLOAD */
        { 0x010003, 2, cmd_change }, /* FORMAT */
        { 0x010004, 2, cmd_write }, { 0x010005, 2, cmd_read },
        { 0x010006, 2, cmd_change }, /* FORMAT_PARTITION */
        { 0x010007, 3, cmd_shutdown }, { 0x010008, 3, xflash_cmd_boot_to },
        { 0x010009, 3, cmd_device_control }, { 0x01000a, 1, cmd_init_ram },
        { 0x01000b, 2, cmd_speed }, { 0x01000d, 2, cmd_change }, /* WRITE_OTP */
        { 0x01000e, 2, cmd_change },                             /* WRITE_EFUSE */
        { 0x010011, 1, cmd_change },                             /* SRAM_WRITE_TEST */
};

static void command(Xflash *x, const uint8_t *data, size_t size)
{
        uint32_t code = get_le32(data);
        if (x->early)
                model_breach(
                        xflash_model(x), BREACH_EARLY, "command before the last answer was read");
        model_step(xflash_model(x), "cmd:%06x", code);
        for (size_t i = 0; i < ELEMENTS(commands); i++)
                if (commands[i].code == code && commands[i].levels & x->level) {
                        commands[i].run(x);
                        return;
                }
        model_breach(xflash_model(x), TOLERATED_PROBE, "%06x", code);
        xflash_send_status(x, STATUS_UNKNOWN_COMMAND);
        xflash_loop(x);
}

void xflash_loop(Xflash *x)
{
        xflash_want(x, 4, command);
}

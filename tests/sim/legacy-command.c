/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a legacy agent does when it is ready: the report, choosing an area, reading, the end. */

#include <string.h>

#include "legacy-private.h"

enum {
        ACK = 0x5a,
        NACK = 0xa5,
        CONT = 0x69,
        UNKNOWN = 0xbb,
        SOC_OK = 0xc1,
        OUT_OF_RANGE = 0xbdc,
        NAND_PAGE = 2048,
        NAND_SPARE = 64,
        EMMC_BOOT_STYLE = 0x409,
        NAND_BOOT_STYLE = 0x40b,
        NOR_BOOT_STYLE = 0x40a,
        CODE_BLANK = 0xc0c,
        CODE_BLANK_2012 = 0xc06,
};

/* ---- report ---- */

static void send_bytes(Legacy *l, const void *data, size_t size, size_t packet)
{
        model_send_packets(legacy_model(l), data, size, packet);
}

static void send_report_cid(Legacy *l)
{
        uint8_t cid[16];
        legacy_cid(l, cid);
        for (size_t i = 0; i < 16; i += 4)
                put_le32(cid + i, get_be32(cid + i));
        send_bytes(l, cid, 16, 4);
}

static void send_nor(Legacy *l)
{
        bool nor = legacy_has(l, LEGACY_NOR);
        legacy_be32(l, nor ? 0 : 0xbc3);
        legacy_u8(l, 0);
        legacy_u8(l, 8);
        legacy_be16(l, nor ? 0x2c : 0xffff);
        legacy_be32(l, nor ? (uint32_t)flash_size(model_flash(legacy_model(l)), FLASH_USER) : 0);
        for (int i = 0; i < 4; i++)
                legacy_be16(l, 0);
        legacy_be32(l, 0);
        legacy_be32(l, 0);
}

static uint64_t area(Legacy *l, FlashArea a)
{
        return legacy_has(l, LEGACY_NAND | LEGACY_NOR)
                ? 0
                : flash_size(model_flash(legacy_model(l)), a);
}

static uint64_t nand_size(Legacy *l)
{
        return legacy_has(l, LEGACY_NAND) ? flash_size(model_flash(legacy_model(l)), FLASH_USER)
                                          : 0;
}

static void send_nand(Legacy *l)
{
        bool nand = legacy_has(l, LEGACY_NAND);
        legacy_be32(l, nand ? 0 : legacy_traits(l)->nand_status);
        legacy_u8(l, 0);
        legacy_be16(l, nand ? 0x2c : 0xffff);
        if (legacy_has(l, LEGACY_WIDE))
                legacy_be64(l, nand_size(l));
        else
                legacy_be32(l, (uint32_t)nand_size(l));
        legacy_be16(l, legacy_traits(l)->n_ids);
        for (unsigned i = 0; i < legacy_traits(l)->n_ids; i++)
                legacy_be16(l, 0);
        legacy_be16(l, nand ? NAND_PAGE : 0);
        legacy_be16(l, nand ? NAND_SPARE : 0);
        legacy_be16(l, nand ? 64 : 0);
        for (int i = 0; i < 3; i++)
                legacy_u8(l, 0);
}

static void send_emmc(Legacy *l)
{
        uint8_t fw_version[8] = { 1 };
        legacy_be32(l, legacy_has(l, LEGACY_NAND | LEGACY_NOR) ? 0xc4d : 0);
        for (FlashArea a = FLASH_BOOT1; a < _FLASH_MAX; a++)
                legacy_be64(l, area(l, a));
        send_report_cid(l);
        send_bytes(l, fw_version, sizeof(fw_version), 1);
}

static void send_pass(Legacy *l, uint32_t status)
{
        legacy_u8(l, ACK);
        legacy_be32(l, status);
        legacy_be32(l,
                legacy_has(l, LEGACY_NAND)          ? NAND_BOOT_STYLE
                        : legacy_has(l, LEGACY_NOR) ? NOR_BOOT_STYLE
                                                    : EMMC_BOOT_STYLE);
        legacy_u8(l, SOC_OK);
}

void legacy_report(Legacy *l)
{
        uint8_t id[16], zeros[16] = {};
        send_nor(l);
        send_nand(l);
        send_emmc(l);
        legacy_be32(l, 0xc4f); /* no SD card */
        legacy_be64(l, 0);
        send_bytes(l, zeros, 16, 4);
        legacy_be32(l, 0);
        legacy_be32(l, 0x40000);
        legacy_be32(l, 0);
        legacy_u8(l, 2);
        legacy_u8(l, 0);
        legacy_be64(l, phone_dram(l->stage.config, legacy_traits(l)->dram_size));
        phone_id(l->stage.config, "random", id, sizeof(id));
        send_bytes(l, id, sizeof(id), 1);
        if (legacy_has(l, LEGACY_EXTRA))
                legacy_be32(l, 0);
        send_pass(l, CODE_BLANK);
}

void legacy_report_single(Legacy *l)
{
        uint8_t id[16], zeros[16] = {};
        send_nor(l);
        legacy_be32(l, legacy_traits(l)->nand_status);
        legacy_u8(l, 0);
        legacy_be16(l, 0xffff);
        legacy_be32(l, 0);
        for (int i = 0; i < 8; i++)
                legacy_be16(l, 0);
        for (int i = 0; i < 3; i++)
                legacy_u8(l, 0);
        legacy_be32(l, 0);
        for (FlashArea a = FLASH_BOOT1; a < FLASH_USER; a++)
                legacy_be32(l, (uint32_t)area(l, a));
        legacy_be64(l, area(l, FLASH_USER));
        send_report_cid(l);
        legacy_be32(l, 0xc49);
        legacy_be64(l, 0);
        send_bytes(l, zeros, 16, 4);
        legacy_be32(l, 0);
        legacy_be32(l, 0x20000);
        legacy_be32(l, 0);
        legacy_u8(l, 2);
        legacy_u8(l, 0);
        legacy_be32(l, (uint32_t)phone_dram(l->stage.config, legacy_traits(l)->dram_size));
        phone_id(l->stage.config, "random", id, sizeof(id));
        send_bytes(l, id, sizeof(id), 1);
        model_pause(legacy_model(l), 75 * MODEL_MS);
        send_pass(l, CODE_BLANK_2012);
}

/* ---- reading ---- */

/* Where an address of the chosen space lies: the area, the offset in it, and how far it goes on. */
static bool locate(
        Legacy *l, uint64_t address, FlashArea *ret_area, uint64_t *ret_offset, uint64_t *ret_left)
{
        static const FlashArea order[] = { FLASH_BOOT1, FLASH_BOOT2, FLASH_RPMB, FLASH_GP1,
                FLASH_GP2, FLASH_GP3, FLASH_GP4, FLASH_USER };
        static const FlashArea parts[] = { FLASH_USER, FLASH_BOOT1, FLASH_BOOT2, FLASH_RPMB,
                FLASH_GP1, FLASH_GP2, FLASH_GP3, FLASH_GP4, FLASH_USER };
        Flash *f = model_flash(legacy_model(l));

        if (!l->linear) {
                *ret_area = parts[l->part];
                *ret_offset = address;
                *ret_left = flash_size(f, *ret_area) - MIN(address, flash_size(f, *ret_area));
                return *ret_left > 0;
        }
        for (size_t i = 0; i < ELEMENTS(order); i++) {
                uint64_t size = flash_size(f, order[i]);
                if (address < size) {
                        *ret_area = order[i];
                        *ret_offset = address;
                        *ret_left = size - address;
                        return true;
                }
                address -= size;
        }
        return false;
}

static uint64_t space_size(Legacy *l)
{
        FlashArea a;
        uint64_t offset, left, size = 0;
        while (locate(l, size, &a, &offset, &left))
                size += left;
        return size;
}

/* One packet of data: runs by the host's system, the sum behind it. */
static uint16_t send_data(Legacy *l, uint32_t size)
{
        static uint8_t buffer[0x10000];
        Model *m = legacy_model(l);
        uint16_t sum = 0;
        uint32_t run = l->host == 0x0c ? 1024 : size;
        for (uint32_t done = 0, n; done < size; done += n) {
                FlashArea a = FLASH_USER;
                uint64_t offset = 0, left = 0;
                n = MIN(MIN(size - done, run - done % run), (uint32_t)sizeof(buffer));
                locate(l, l->address + done, &a, &offset, &left);
                n = (uint32_t)MIN(n, left);
                if (a == FLASH_RPMB)
                        memset(buffer, 0xff, n);
                else
                        flash_read(model_flash(m), a, offset, buffer, n);
                for (uint32_t i = 0; i < n; i++)
                        sum = (uint16_t)(sum + buffer[i]);
                if (a == FLASH_RPMB)
                        model_send(m, buffer, n);
                else
                        model_send_flash(m, a, offset, n);
                bool ends = (done + n) % run == 0 || done + n == size;
                bool bare = legacy_has(l, LEGACY_NO_ZLPS) ||
                        (legacy_has(l, LEGACY_BARE_512) && done + n <= 512);
                if (ends && (done + n) % 512 == 0 && !bare)
                        model_send_zlp(m);
        }
        return sum;
}

static void send_sum(Legacy *l, uint16_t sum)
{
        uint64_t unused;
        if (model_fault(legacy_model(l), FAULT_CHECKSUM, &unused))
                sum ^= 0x0101;
        legacy_u8(l, (uint8_t)(sum >> 8));
        legacy_u8(l, (uint8_t)sum);
}

static void read_answered(Legacy *l, const uint8_t *data);

static void next_packet(Legacy *l)
{
        model_step(legacy_model(l), "chunk");
        l->chunk = (uint32_t)MIN(l->left, (uint64_t)l->packet);
        send_sum(l, send_data(l, l->chunk));
        legacy_want(l, 1, read_answered);
}

static void read_answered(Legacy *l, const uint8_t *data)
{
        if (l->op == 0xdf && *data == CONT) {
                next_packet(l);
                return;
        }
        if (*data != ACK) {
                model_breach(legacy_model(l), BREACH_ORDER, "%02x in answer to data", *data);
                legacy_stuck(l, "data not acknowledged");
                return;
        }
        l->address += l->chunk;
        l->left -= l->chunk;
        if (l->left)
                next_packet(l);
        else
                legacy_loop(l);
}

static void read_packet_size(Legacy *l, const uint8_t *data)
{
        l->packet = get_be32(data);
        if (!l->packet || l->packet % 512 || l->packet > 0x100000) {
                model_breach(legacy_model(l), BREACH_RANGE, "packets of %u bytes", l->packet);
                legacy_stuck(l, "packet size");
                return;
        }
        if (l->left)
                next_packet(l);
        else
                legacy_loop(l);
}

static void read_range(Legacy *l, const uint8_t *data)
{
        uint64_t status = 0xc51;
        l->address = get_be64(data);
        l->left = l->length = get_be64(data + 8);
        model_step(legacy_model(l), "read");
        if (l->address % 512 || l->length % 512)
                model_breach(legacy_model(l), BREACH_RANGE, "read of odd length");
        if (!range_fits(l->address, l->length, space_size(l))) {
                legacy_refuse(l, OUT_OF_RANGE);
                legacy_loop(l);
                return;
        }
        if (model_storage_fault(legacy_model(l), l->address, l->length, &status)) {
                legacy_refuse(l, (uint32_t)status);
                legacy_loop(l);
                return;
        }
        legacy_u8(l, ACK);
        legacy_want(l, 4, read_packet_size);
}

static void read_storage(Legacy *l, const uint8_t *data)
{
        l->storage = *data;
        if (l->storage != (legacy_has(l, LEGACY_NOR) ? 0 : 2))
                model_breach(legacy_model(l), BREACH_FRAME, "storage %u", l->storage);
        legacy_want(l, 16, read_range);
}

static void read_host(Legacy *l, const uint8_t *data)
{
        l->host = *data;
        if (l->host == 0x0c)
                model_breach(legacy_model(l), TOLERATED_HOST_OS, "a zero-length packet every KiB");
        else if (l->host != 0x0b && l->host != 0x0a)
                model_breach(legacy_model(l), BREACH_FRAME, "host system %02x", l->host);
        legacy_want(l, 1, read_storage);
}

static void cmd_read(Legacy *l)
{
        l->host = 0x0b;
        if (legacy_has(l, LEGACY_SINGLE))
                legacy_want(l, 1, read_storage);
        else
                legacy_want(l, 1, read_host);
}

/* ---- NAND ---- */

static void nand_packet_pages(Legacy *l, const uint8_t *data)
{
        uint32_t pages = get_be32(data);
        if (!pages || pages > 64)
                model_breach(legacy_model(l), BREACH_RANGE, "%u pages in a packet", pages);
        l->packet = NAND_PAGE * MAX(1U, MIN(pages, 64U));
        legacy_be32(l, (uint32_t)l->left);
        next_packet(l);
}

static void nand_range(Legacy *l, const uint8_t *data)
{
        l->address = get_be32(data);
        l->left = l->length = get_be32(data + 4);
        model_step(legacy_model(l), "read-nand");
        if (l->address % NAND_PAGE || l->length % NAND_PAGE || !l->length ||
                !range_fits(l->address, l->length, space_size(l))) {
                legacy_refuse(l, OUT_OF_RANGE);
                legacy_loop(l);
                return;
        }
        legacy_u8(l, ACK);
        legacy_be32(l, NAND_PAGE);
        legacy_be32(l, NAND_SPARE);
        legacy_be32(l, NAND_PAGE);
        legacy_want(l, 4, nand_packet_pages);
}

static void nand_flags(Legacy *l, const uint8_t *data)
{
        if (data[1] != 1)
                model_breach(
                        legacy_model(l), BREACH_FRAME, "only pages without spare are modelled");
        legacy_want(l, 12, nand_range);
}

static void cmd_read_nand(Legacy *l)
{
        l->host = 0x0b;
        l->part = 8;
        legacy_want(l, 3, nand_flags);
}

/* ---- the others ---- */

static void select_part(Legacy *l, const uint8_t *data)
{
        bool known = legacy_has(l, LEGACY_SINGLE) ? *data == 0 : *data >= 1 && *data <= 8;
        if (!known) {
                legacy_refuse(l, 0x410);
                legacy_loop(l);
                return;
        }
        l->part = *data;
        legacy_u8(l, ACK);
        legacy_loop(l);
}

static void cmd_select(Legacy *l)
{
        legacy_u8(l, ACK);
        legacy_want(l, 1, select_part);
}

static bool full_speed(Legacy *l)
{
        return model_usb(legacy_model(l))->speed == 12;
}

static void cmd_usb_status(Legacy *l)
{
        legacy_u8(l, ACK);
        legacy_u8(l, full_speed(l) ? 0 : 1);
        legacy_loop(l);
}

static void usb_speed(Legacy *l, const uint8_t *data)
{
        if (*data != 1)
                model_breach(legacy_model(l), BREACH_FRAME, "speed %u", *data);
        legacy_u8(l, ACK);
        legacy_loop(l);
        model_event(legacy_model(l), "speed switch");
        model_leave(legacy_model(l), 420 * MODEL_MS, AFTER_SPEED);
        model_set_usb(legacy_model(l), USB_AGENT);
}

static void cmd_usb_speed(Legacy *l)
{
        legacy_want(l, 1, usb_speed);
}

static void finished(Legacy *l, const uint8_t *data)
{
        legacy_u8(l, ACK);
        model_event(legacy_model(l), "finished");
        model_leave(legacy_model(l), MODEL_MS, AFTER_OFF);
}

static void cmd_finish(Legacy *l)
{
        legacy_u8(l, ACK);
        model_step(legacy_model(l), "finish");
        if (!legacy_has(l, LEGACY_SINGLE)) {
                legacy_want(l, 4, finished);
                return;
        }
        model_event(legacy_model(l), "finished");
        model_leave(legacy_model(l), MODEL_MS, AFTER_OFF);
}

static void watchdog(Legacy *l, const uint8_t *data)
{
        legacy_u8(l, ACK);
        model_event(legacy_model(l), "reset");
        model_leave(legacy_model(l), (get_be32(data) + 5) * MODEL_MS, AFTER_RESET);
}

static void cmd_watchdog(Legacy *l)
{
        model_step(legacy_model(l), "reset");
        legacy_want(l, 8, watchdog);
}

static void register_address(Legacy *l, const uint8_t *data)
{
        legacy_be32(l, 0);
        legacy_u8(l, ACK);
        legacy_loop(l);
}

static void cmd_register(Legacy *l)
{
        legacy_want(l, 4, register_address);
}

static void cmd_fat_info(Legacy *l)
{
        legacy_be32(l, legacy_has(l, LEGACY_SINGLE) ? 0xbfa : 0xc00);
        legacy_loop(l);
}

static void cmd_no_table(Legacy *l)
{
        legacy_refuse(l, 0xc24);
        legacy_loop(l);
}

static void cmd_writes(Legacy *l)
{
        model_breach(legacy_model(l), BREACH_WRITE, "command %02x", l->op);
        legacy_refuse(l, 0x410);
        legacy_loop(l);
}

static const struct {
        uint8_t op;
        void (*run)(Legacy *l);
} commands[] = {
        { 0x60, cmd_select },
        { 0x61, cmd_writes },
        { 0x62, cmd_writes },
        { 0x70, cmd_usb_speed },
        { 0x72, cmd_usb_status },
        { 0x7a, cmd_register },
        { 0x7b, cmd_writes },
        { 0xa5, cmd_no_table },
        { 0xd4, cmd_writes },
        { 0xd5, cmd_writes },
        { 0xd6, cmd_read },
        { 0xd9, cmd_finish },
        { 0xdb, cmd_watchdog },
        { 0xdf, cmd_read_nand },
        { 0xf0, cmd_fat_info },
};

static void command(Legacy *l, const uint8_t *data)
{
        l->op = *data;
        model_step(legacy_model(l), "legacy:%02x", l->op);
        for (size_t i = 0; i < ELEMENTS(commands); i++)
                if (commands[i].op == l->op) {
                        commands[i].run(l);
                        return;
                }
        model_breach(legacy_model(l), TOLERATED_PROBE, "command %02x", l->op);
        legacy_u8(l, UNKNOWN);
        legacy_loop(l);
}

void legacy_loop(Legacy *l)
{
        legacy_want(l, 1, command);
}

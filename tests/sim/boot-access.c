/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Registers: which of them a boot program lets the host at, and the watchdog, which resets. */

#include "boot-private.h"

enum { CLOSE_US = 1000 };

static unsigned access_width(const Boot *b)
{
        return b->op == 0xd1 || b->op == 0xd4 ? 4 : 2;
}

static bool is_write(const Boot *b)
{
        return b->op == 0xd2 || b->op == 0xd3 || b->op == 0xd4 || b->op == 0xa1;
}

static uint32_t register_refusal(const Boot *b)
{
        uint32_t width = access_width(b), page = b->address & ~UINT32_C(0xfff);
        uint32_t base = boot_traits(b)->wdt_base;
        if (b->address % width)
                return 0xffff;
        if (!b->count)
                return 0xfffe;
        if ((uint64_t)b->address + (uint64_t)b->count * width > UINT64_C(0x100000000))
                return 0xfffd;
        if (boot_traits(b)->rom) {
                bool blocked = b->stage.config->target_config & (is_write(b) ? 0x40 : 0x20);
                bool watchdog = page == (base & ~UINT32_C(0xfff));
                return blocked && !watchdog ? 0x1d02 : 0;
        }
        bool inside = (b->address + (b->count - 1) * width) >> 12 == b->address >> 12;
        if (inside && page == (base & ~UINT32_C(0xfff)))
                return 0;
        if (inside && b->address >= boot_traits(b)->usbdl_flag &&
                b->address + b->count * width <= boot_traits(b)->usbdl_flag + 4)
                return 0;
        if (!is_write(b) && inside && page == boot_traits(b)->efuse)
                return 0;
        return is_write(b) ? 0x1001 : 0x1000;
}

static uint32_t register_read(const Boot *b, uint32_t address)
{
        if (address == boot_traits(b)->wdt_base)
                return b->wdt_mode;
        if (address == boot_traits(b)->wdt_base + 2)
                return b->wdt_mode >> 16;
        return 0;
}

static void register_write(Boot *b, uint32_t address, uint32_t value)
{
        uint32_t base = boot_traits(b)->wdt_base;
        if (address == base && value >> 24 == 0x22)
                b->wdt_mode = (value & 0xffffff) | 0x23000000;
        else if (address == base && access_width(b) == 2 && value >> 8 == 0x22)
                b->wdt_mode = (value & 0xff) | 0x2300; /* the old one has 16 bits */
        else if (address == base + 0x14 && value == 0x1209 && b->wdt_mode & 4) {
                model_event(boot_model(b), "watchdog reset");
                b->state = BOOT_STILL;
                model_leave(boot_model(b), CLOSE_US, AFTER_RESET);
        }
}

static void write_value(Boot *b, const uint8_t *data)
{
        uint32_t width = access_width(b);
        uint32_t v = width == 4 ? get_be32(data) : get_be16(data);
        if (b->op != 0xd3)
                model_send(boot_model(b), data, width);
        register_write(b, b->address, v);
        if (b->state != BOOT_LOOP)
                return; /* the reset comes before the status */
        b->address += width;
        if (--b->count)
                boot_want(b, width, write_value);
        else {
                boot_status(
                        b, boot_traits(b)->rom ? 1 : 0); /* newer boot ROMs say 1 and mean well */
                boot_loop(b);
        }
}

static void access_count(Boot *b, const uint8_t *data)
{
        uint32_t width = access_width(b), refusal;
        bool plain = b->op == 0xa2;
        b->count = get_be32(data);
        boot_be32(b, b->count);
        refusal = register_refusal(b);
        if (refusal) {
                if (refusal >= 0x1000 && refusal < 0x2000)
                        model_event(boot_model(b), "register %08x refused", b->address);
                if (!plain)
                        boot_status(b, refusal);
                boot_loop(b);
                return;
        }
        if (!plain)
                boot_status(b, 0);
        if (is_write(b)) {
                boot_want(b, width, write_value);
                return;
        }
        for (uint32_t i = 0; i < b->count; i++) {
                uint32_t v = register_read(b, b->address + i * width);
                if (width == 4)
                        boot_be32(b, v);
                else
                        boot_be16(b, v);
        }
        if (!plain)
                boot_status(b, 0);
        boot_loop(b);
}

static void access_address(Boot *b, const uint8_t *data)
{
        b->address = get_be32(data);
        boot_be32(b, b->address);
        boot_want(b, 4, access_count);
}

void boot_access(Boot *b)
{
        boot_want(b, 4, access_address);
}

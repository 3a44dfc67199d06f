/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/boot.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/clock.h"
#include "protocol/boot-status.h"
#include "protocol/fault.h"

enum {
        CMD_READ32 = 0xD1,
        CMD_WRITE16 = 0xD2,
        CMD_WRITE32 = 0xD4,
        CMD_JUMP_DA = 0xD5,
        CMD_JUMP_DA64 = 0xDE,
        JUMP_TO_64BIT = 0x01,
        CMD_SEND_DA = 0xD7,
        CMD_TARGET_CONFIG = 0xD8,
        CMD_ME_ID = 0xE1,
        CMD_SOC_ID = 0xE7,
        CMD_PL_CAP = 0xFB,
        CMD_HW_SW_VER = 0xFC,
        CMD_HW_CODE = 0xFD,
        CMD_BL_VER = 0xFE,
        CMD_ROM_VER = 0xFF,

        CAP_ME_ID = 0x02,
        CAP_SOC_ID = 0x04,

        WDT_KEY = 0x22000000,
        WDT_KEY16 = 0x2200,
        WDT_RESET_MODE = 0x14, /* external reset, auto restart */
        WDT_SOFT_RESET = 0x14, /* offset of the register */
        WDT_SOFT_RESET_KEY = 0x1209,

        RESYNC_BYTES_MAX = 512,
};

/* ---- words and their echoes ---- */

/* Sends n bytes and takes their echo. */
static int echo(Transport *t, const void *data, size_t n, const char *doing, Failure *f)
{
        uint8_t back[4];
        int r;

        r = transport_write(t, data, n, BOOT_REPLY_MS);
        if (r >= 0)
                r = transport_read(t, back, n, BOOT_REPLY_MS);
        if (r < 0)
                return fault_link(f, r, doing);
        if (memcmp(back, data, n) != 0)
                return fault_protocol(f, "The phone repeated %02X instead of %02X while %s.",
                        back[0], *(const uint8_t *)data, doing);
        return 0;
}

static int echo8(Transport *t, uint8_t value, const char *doing, Failure *f)
{
        return echo(t, &value, 1, doing, f);
}

static int echo32(Transport *t, uint32_t value, const char *doing, Failure *f)
{
        uint8_t data[4];

        put_be32(data, value);
        return echo(t, data, sizeof(data), doing, f);
}

static int answer(Transport *t, void *data, size_t n, const char *doing, Failure *f)
{
        int r = transport_read(t, data, n, BOOT_REPLY_MS);

        return r < 0 ? fault_link(f, r, doing) : 0;
}

/* Takes a status word. `what` is what the phone may have refused. */
static int status(Transport *t, const char *what, const char *doing, Failure *f)
{
        uint8_t data[2];
        int r = answer(t, data, sizeof(data), doing, f);

        if (r < 0)
                return r;
        if (!boot_status_ok(get_be16(data)))
                return boot_status_refuse(f, get_be16(data), what);
        return 0;
}

/* ---- identification ---- */

/* Command, n bytes of answer, status word. */
static int ask(Transport *t, uint8_t command, void *data, size_t n, const char *doing, Failure *f)
{
        int r = echo8(t, command, doing, f);

        if (r >= 0)
                r = answer(t, data, n, doing, f);
        if (r >= 0)
                r = status(t, "to say what it is", doing, f);
        return r;
}

/* After silence: asks for the hardware code again and takes everything up to the right answer, in
 * front of which late bytes of the unknown command may lie. */
static int resync(Transport *t, uint16_t hw_code, Failure *f)
{
        static const char doing[] = "finding back into step";
        const uint8_t command = CMD_HW_CODE;
        uint64_t deadline = deadline_after_ms(BOOT_REPLY_MS);
        uint8_t expected[5] = { CMD_HW_CODE }, last[5] = { 0 };
        int r;

        put_be16(expected + 1, hw_code);
        r = transport_write(t, &command, 1, BOOT_REPLY_MS);
        for (size_t i = 0; r >= 0 && i < RESYNC_BYTES_MAX; i++) {
                memmove(last, last + 1, sizeof(last) - 1);
                r = transport_read(t, &last[sizeof(last) - 1], 1, deadline_left_ms(deadline));
                if (r >= 0 && memcmp(last, expected, sizeof(last)) == 0)
                        return 0;
        }
        if (r < 0)
                return fault_link(f, r, doing);
        return fault_protocol(f, "The phone lost step while it was identified.");
}

/* Bytes of an optional command's answer: 1 there, 0 silence (and in step again), or an error. */
static int optional(Transport *t, void *data, size_t n, uint16_t hw_code, Failure *f)
{
        int r = transport_read(t, data, n, BOOT_OPTIONAL_MS);

        if (r == 0)
                return 1;
        if (r == -ETIMEDOUT)
                return resync(t, hw_code, f);
        return fault_link(f, r, "asking for its ids");
}

static int get_abilities(Transport *t, BootIdentity *id, Failure *f)
{
        uint8_t data[8];
        int r = echo8(t, CMD_PL_CAP, "asking for its abilities", f);

        if (r >= 0)
                r = optional(t, data, sizeof(data), id->hw_code, f);
        if (r > 0)
                id->abilities = get_be32(data);
        return r;
}

/* Length, that many bytes, status. 1 answered, 0 not known here. */
static int get_id(Transport *t, uint8_t command, const BootIdentity *id, uint8_t *ret,
        size_t *ret_n, Failure *f)
{
        uint8_t head[4], tail[2];
        size_t n;
        int r = echo8(t, command, "asking for its ids", f);

        *ret_n = 0;
        if (r >= 0)
                r = optional(t, head, sizeof(head), id->hw_code, f);
        if (r <= 0)
                return r;
        n = get_be32(head);
        if (n == 0 || n > BOOT_ID_MAX)
                return resync(t, id->hw_code, f);
        r = optional(t, ret, n, id->hw_code, f);
        if (r > 0)
                r = optional(t, tail, sizeof(tail), id->hw_code, f);
        if (r <= 0)
                return r;
        /* phones without one answer zeros; blank fuses read as ones */
        if (boot_status_ok(get_be16(tail)) && !bytes_all(ret, n, 0x00) && !bytes_all(ret, n, 0xFF))
                *ret_n = n;
        return 1;
}

static int get_ids(Transport *t, BootIdentity *id, Failure *f)
{
        uint32_t can = CAP_ME_ID | CAP_SOC_ID;
        int r = 1;

        if (id->mode == BOOT_PRELOADER) {
                r = get_abilities(t, id, f);
                if (r < 0)
                        return r;
                if (r > 0)
                        can = id->abilities;
        }
        /* a phone that does not know the first does not know the second either */
        if (can & CAP_ME_ID)
                r = get_id(t, CMD_ME_ID, id, id->me_id, &id->n_me_id, f);
        if (r > 0 && (can & CAP_SOC_ID))
                r = get_id(t, CMD_SOC_ID, id, id->soc_id, &id->n_soc_id, f);
        return MIN(r, 0);
}

/* A boot ROM answers with its version, without an echo; a bare echo tells nothing. */
static int get_rom_version(Transport *t, BootIdentity *id, Failure *f)
{
        const uint8_t command = CMD_ROM_VER;
        uint8_t version;
        int r = transport_write(t, &command, 1, BOOT_REPLY_MS);

        if (r < 0)
                return fault_link(f, r, "reading its version");
        r = optional(t, &version, 1, id->hw_code, f);
        if (r > 0 && version != command)
                id->rom_version = version;
        return MIN(r, 0);
}

int boot_identify(Transport *t, BootIdentity *ret, Failure *f)
{
        const uint8_t get_version = CMD_BL_VER;
        uint8_t data[6], version;
        int r;

        *ret = (BootIdentity){ 0 };
        r = ask(t, CMD_HW_CODE, data, 2, "reading its hardware code", f);
        if (r < 0)
                return r;
        ret->hw_code = get_be16(data);

        r = ask(t, CMD_HW_SW_VER, data, 6, "reading its version", f);
        if (r < 0)
                return r;
        ret->hw_sub = get_be16(data);
        ret->hw_ver = get_be16(data + 2);
        ret->sw_ver = get_be16(data + 4);

        /* the only command a preloader answers without an echo; boot ROM has nothing but the echo */
        r = transport_write(t, &get_version, 1, BOOT_REPLY_MS);
        if (r >= 0)
                r = transport_read(t, &version, 1, BOOT_REPLY_MS);
        if (r < 0)
                return fault_link(f, r, "reading its loader version");
        ret->mode = version == CMD_BL_VER ? BOOT_BROM : BOOT_PRELOADER;
        ret->version = version == CMD_BL_VER ? 0 : version;

        r = ask(t, CMD_TARGET_CONFIG, data, 4, "reading its protection", f);
        if (r < 0)
                return r;
        ret->target_config = get_be32(data);

        r = ret->mode == BOOT_BROM ? get_rom_version(t, ret, f) : 0;
        if (r < 0)
                return r;
        if (ret->mode == BOOT_BROM || ret->version >= 3)
                return get_ids(t, ret, f);
        return 0;
}

/* ---- registers ---- */

static int address_register(
        Transport *t, uint8_t command, uint32_t address, const char *doing, Failure *f)
{
        int r = echo8(t, command, doing, f);

        if (r >= 0)
                r = echo32(t, address, doing, f);
        if (r >= 0)
                r = echo32(t, 1, doing, f); /* count */
        if (r >= 0)
                r = status(t, "a register access", doing, f);
        return r;
}

int boot_read32(Transport *t, uint32_t address, uint32_t *ret, Failure *f)
{
        static const char doing[] = "a register was read";
        uint8_t data[4];
        int r = address_register(t, CMD_READ32, address, doing, f);

        if (r >= 0)
                r = answer(t, data, sizeof(data), doing, f);
        if (r >= 0)
                r = status(t, "a register access", doing, f);
        if (r >= 0)
                *ret = get_be32(data);
        return r;
}

static int write_register(
        Transport *t, uint8_t command, uint32_t address, const void *data, size_t n, Failure *f)
{
        static const char doing[] = "a register was written";
        int r = address_register(t, command, address, doing, f);

        if (r >= 0)
                r = echo(t, data, n, doing, f);
        if (r >= 0)
                r = status(t, "a register access", doing, f);
        return r;
}

int boot_write32(Transport *t, uint32_t address, uint32_t value, Failure *f)
{
        uint8_t data[4];

        put_be32(data, value);
        return write_register(t, CMD_WRITE32, address, data, sizeof(data), f);
}

int boot_write16(Transport *t, uint32_t address, uint16_t value, Failure *f)
{
        uint8_t data[2];

        put_be16(data, value);
        return write_register(t, CMD_WRITE16, address, data, sizeof(data), f);
}

/* ---- watchdog ---- */

static int write_watchdog(
        Transport *t, const Chip *chip, uint32_t offset, uint32_t value, Failure *f)
{
        if (chip->wdt_width == 16)
                return boot_write16(t, chip->wdt_addr + offset, (uint16_t)value, f);
        return boot_write32(t, chip->wdt_addr + offset, value, f);
}

/* Some have a second one. A loader that does not want it touched looks after it. */
static int second_watchdog_off(Transport *t, const Chip *chip, Failure *f)
{
        static const struct {
                uint16_t hw_code;
                uint32_t address, off;
        } seconds[] = { { 0x6592, 0x10000500, WDT_KEY } };

        for (size_t i = 0; i < ELEMENTS(seconds); i++)
                if (seconds[i].hw_code == chip->hw_code) {
                        Failure own = { 0 };
                        int r = boot_write32(t, seconds[i].address, seconds[i].off, &own);

                        if (r < 0 && r != -EACCES && f && !failure_is_set(f))
                                *f = own;
                        return r == -EACCES ? 0 : r;
                }
        return 0;
}

int boot_watchdog_off(Transport *t, const Chip *chip, Failure *f)
{
        int r;

        if (!chip || chip->wdt_addr == 0 || chip->skip_wdt)
                return 0;
        r = write_watchdog(t, chip, 0, chip->wdt_off, f);
        if (r >= 0)
                r = second_watchdog_off(t, chip, f);
        return r < 0 ? r : 1;
}

int boot_release(Transport *t, const Chip *chip, Failure *f)
{
        uint32_t key;
        Failure ignored = { 0 };
        int r;

        if (!chip || chip->wdt_addr == 0)
                return failure_set(f, -EOPNOTSUPP, ERROR_UNSUPPORTED_CHIP,
                        "This chip's watchdog is not known, so the phone cannot be restarted.");
        key = chip->wdt_width == 16 ? WDT_KEY16 : WDT_KEY;
        r = write_watchdog(t, chip, 0, key | WDT_RESET_MODE, f);
        if (r < 0)
                return r;
        /* the reset may be quicker than the echo of the write */
        r = write_watchdog(t, chip, WDT_SOFT_RESET, WDT_SOFT_RESET_KEY, &ignored);
        if (r == -EACCES || r == -EPROTO) {
                if (f && !failure_is_set(f))
                        *f = ignored;
                return r;
        }
        return 0;
}

/* ---- download agent ---- */

uint16_t boot_checksum(const void *data, size_t size)
{
        const uint8_t *p = data;
        uint16_t sum = 0;

        for (size_t i = 0; i + 1 < size; i += 2)
                sum ^= get_le16(p + i);
        if (size & 1)
                sum ^= p[size - 1];
        return sum;
}

/* The link failed where the verdict on an agent was due. A protected phone that dislikes one wipes it
 * and restarts, often before its answer has left. */
static int no_verdict(const BootIdentity *id, int r, const char *doing, Failure *f)
{
        if ((r != -ENODEV && r != -ETIMEDOUT) ||
                !(id->target_config & (BOOT_SECURE_BOOT | BOOT_SLA | BOOT_DAA)))
                return fault_link(f, r, doing);
        failure_set(f, -EACCES, ERROR_AUTH_REQUIRED,
                "The phone rejected the download agent and restarted: it accepts only its "
                "maker's.");
        failure_hint(f, "Import the maker's own download agent (mtkbackupctl agents import FILE).");
        return -EACCES;
}

int boot_send_da(Transport *t, const BootIdentity *id, uint32_t address, const void *data,
        size_t size, size_t sig_size, Failure *f)
{
        static const char doing[] = "the download agent was being sent";
        static const char what[] = "the download agent";
        uint8_t word[2];
        int r;

        if (size == 0 || size > BOOT_DA_SIZE_MAX || sig_size > size)
                return failure_set(f, -EINVAL, ERROR_INVALID_FILE,
                        "The download agent has an impossible size.");
        r = echo8(t, CMD_SEND_DA, doing, f);
        if (r >= 0)
                r = echo32(t, address, doing, f);
        if (r >= 0)
                r = echo32(t, (uint32_t)size, doing, f);
        if (r >= 0)
                r = echo32(t, (uint32_t)sig_size, doing, f);
        if (r >= 0)
                r = status(t, what, doing, f);
        if (r < 0)
                return r;

        r = transport_write(t, data, size, BOOT_DATA_MS);
        if (r >= 0)
                r = transport_read(t, word, sizeof(word), BOOT_REPLY_MS);
        if (r < 0)
                return no_verdict(id, r, doing, f);
        if (get_be16(word) != boot_checksum(data, size)) {
                failure_set(f, -EBADMSG, ERROR_CHECKSUM_MISMATCH,
                        "The download agent did not arrive whole: checksum %04X instead of %04X.",
                        get_be16(word), boot_checksum(data, size));
                failure_hint(f, "Use another cable or socket, without a hub.");
                return -EBADMSG;
        }
        r = transport_read(t, word, sizeof(word), BOOT_REPLY_MS);
        if (r < 0)
                return no_verdict(id, r, doing, f);
        if (!boot_status_ok(get_be16(word)))
                return boot_status_refuse(f, get_be16(word), what);
        return 0;
}

int boot_jump_da(Transport *t, uint32_t address, Failure *f)
{
        static const char doing[] = "the download agent was being started";
        int r = echo8(t, CMD_JUMP_DA, doing, f);

        if (r >= 0)
                r = echo32(t, address, doing, f);
        if (r >= 0)
                r = status(t, "to start the download agent", doing, f);
        return r;
}

int boot_jump_da64(Transport *t, uint32_t address, Failure *f)
{
        static const char doing[] = "the download agent was being started";
        int r = echo8(t, CMD_JUMP_DA64, doing, f);

        if (r >= 0)
                r = echo32(t, address, doing, f);
        if (r >= 0)
                r = echo8(t, JUMP_TO_64BIT, doing, f);
        if (r >= 0)
                r = status(t, "to start the download agent", doing, f);
        return r;
}

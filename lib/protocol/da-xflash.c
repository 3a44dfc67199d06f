/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/da-xflash.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "protocol/fault.h"
#include "protocol/xflash-info.h"
#include "protocol/xflash-link.h"
#include "protocol/xflash-session.h"
#include "protocol/xflash-status.h"

enum {
        AGENT_STARTED = 0xC0, /* one bare byte */
        LOG_LEVEL_WARNING = 3,
        LOG_CHANNEL_UART = 1, /* nothing of it on the USB link */
        HOST_WINDOWS = 0,
        ENVIRONMENT_SIZE = 20,
        SHUTDOWN_SIZE = 24, /* builds of 2019 cannot take more */
        RPMB_KEY_PRESENT = 0x10,
        RPMB_KEY_NONE = 0x11,
};
static const char starting[] = "the download agent was starting";

/* ---- stage 1 ---- */

static int expect_sync(DaSession *s, Failure *f)
{
        uint32_t word;
        int r = xflash_receive_word(s->transport, &word, XFLASH_START_MS);

        if (r < 0 || word != XFLASH_SYNC)
                return xflash_lose(s, r < 0 ? r : -EPROTO, starting, f);
        return 0;
}

/* Two commands whose words get no answer of their own. */
static int setup(DaSession *s, Failure *f)
{
        uint8_t environment[ENVIRONMENT_SIZE] = { 0 };
        int r;

        put_le32(environment, LOG_LEVEL_WARNING);
        put_le32(environment + 4, LOG_CHANNEL_UART);
        put_le32(environment + 8, HOST_WINDOWS);
        r = xflash_send_word(s->transport, XFLASH_SYNC);
        if (r >= 0)
                r = xflash_send_word(s->transport, XFLASH_SETUP_ENVIRONMENT);
        if (r >= 0)
                r = xflash_send(s->transport, environment, sizeof(environment), XFLASH_REPLY_MS);
        if (r < 0)
                return xflash_lose(s, r, starting, f);
        r = xflash_expect_ok(s, XFLASH_START_MS, "its environment", f);
        if (r < 0)
                return r;
        r = xflash_send_word(s->transport, XFLASH_SETUP_HW_INIT);
        if (r >= 0)
                r = xflash_send_word(s->transport, 0); /* parameters that follow */
        if (r < 0)
                return xflash_lose(s, r, starting, f);
        r = xflash_expect_ok(s, XFLASH_START_MS, "its set-up", f);
        return r < 0 ? r : expect_sync(s, f);
}

static int start_stage1(DaSession *s, Failure *f)
{
        uint8_t byte;
        int r = da_session_launch(s, f);

        if (r < 0)
                return r;
        if (s->greeted)
                return setup(s, f);
        r = transport_read(s->transport, &byte, 1, XFLASH_START_MS);
        if (r < 0 || byte != AGENT_STARTED)
                return xflash_lose(s, r < 0 ? r : -EPROTO, starting, f);
        return setup(s, f);
}

/* Boot ROM leaves the memory of the phone as it is: dark. */
static int check_connection(DaSession *s, Failure *f)
{
        uint8_t agent[16];
        size_t size;
        int r = xflash_get(s, XFLASH_GET_CONNECTION_AGENT, agent, sizeof(agent), &size, f);

        if (r > 0 && size == 4 && memcmp(agent, "brom", 4) == 0)
                return xflash_set_up_memory(s, f);
        return MIN(r, 0);
}

/* ---- stage 2 ---- */

static int boot_to(DaSession *s, Failure *f)
{
        const DaImage *stage = &s->target.agent->stage2;
        size_t size = stage->size - stage->sig_size; /* stage 1 knows the digest of this much */
        uint8_t place[16];
        int r = xflash_command(s, XFLASH_BOOT_TO, "a second stage", f);

        if (r < 0)
                return r;
        put_le64(place, stage->address);
        put_le64(place + 8, size);
        r = xflash_send(s->transport, place, sizeof(place), XFLASH_REPLY_MS);
        if (r >= 0)
                r = xflash_send(s->transport, stage->data, size, BOOT_DATA_MS);
        if (r < 0)
                return xflash_lose(s, r, "the second stage was being sent", f);
        r = xflash_expect_ok(s, XFLASH_START_MS, "the second stage", f);
        return r < 0 ? r : expect_sync(s, f);
}

/* Builds since 2020 may refuse everything until the vendor's key has signed a challenge. Older ones
 * do not know the question. */
static int check_locked(DaSession *s, Failure *f)
{
        uint8_t data[4];
        size_t size;
        int r = xflash_get(s, XFLASH_GET_SLA_STATUS, data, sizeof(data), &size, f);

        if (r <= 0 || size != sizeof(data) || get_le32(data) == 0)
                return MIN(r, 0);
        failure_set(f, -EACCES, ERROR_AUTH_REQUIRED,
                "This download agent requires its vendor's authentication.");
        failure_status(f, get_le32(data));
        failure_hint(f,
                "Without the vendor's tool the phone cannot be read with it; an older agent "
                "for this chip may do (mtkbackupctl agents import FILE).");
        return -EACCES;
}

/* Stage 2 knows the length of its read packets; stage 1 would tell that of its own. */
static int get_packet_size(DaSession *s, Failure *f)
{
        uint8_t data[8];
        size_t size;
        int r = xflash_get(s, XFLASH_GET_PACKET_LENGTH, data, sizeof(data), &size, f);

        s->storage.packet_size = XFLASH_PACKET_MAX;
        if (r <= 0)
                return r;
        if (size == sizeof(data))
                s->storage.packet_size = get_le32(data + 4);
        if (s->storage.packet_size < XFLASH_PACKET_MIN ||
                s->storage.packet_size > XFLASH_PACKET_MAX)
                return xflash_lose(s, -EPROTO, "asking for the length of its packets", f);
        return 0;
}

static int da_xflash_start(DaSession *s, Failure *f)
{
        static const uint8_t no_checksums[4]; /* they concern writing only */
        int r;

        r = da_session_check_memory(s, f);
        if (r < 0)
                return r;
        if (s->target.agent->stage2.size == 0)
                return failure_set(
                        f, -EINVAL, ERROR_INVALID_FILE, "The download agent has no second stage.");
        r = start_stage1(s, f);
        if (r >= 0)
                r = check_connection(s, f);
        if (r >= 0)
                r = xflash_set(s, XFLASH_SET_CHECKSUM_LEVEL, no_checksums, sizeof(no_checksums), f);
        if (r >= 0)
                r = boot_to(s, f);
        if (r >= 0)
                r = check_locked(s, f);
        if (r >= 0)
                r = xflash_speed_up(s, f);
        if (r >= 0)
                r = get_packet_size(s, f);
        return MIN(r, 0);
}

/* ---- information ---- */

static int storage_info(DaSession *s, Failure *f)
{
        static const struct {
                uint32_t control;
                int (*parse)(const void *data, size_t size, StorageInfo *s);
        } kinds[] = {
                { XFLASH_GET_EMMC_INFO, xflash_parse_emmc },
                { XFLASH_GET_UFS_INFO, xflash_parse_ufs },
        };
        uint8_t data[512];
        size_t size;
        int r;

        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                r = xflash_get(s, kinds[i].control, data, sizeof(data), &size, f);
                if (r > 0)
                        r = kinds[i].parse(data, size, &s->storage);
                if (r == -EPROTO && !s->lost)
                        return fault_protocol(
                                f, "The phone reports a storage of impossible sizes.");
                if (r != 0)
                        return MIN(r, 0);
        }
        return failure_set(f, -EOPNOTSUPP, ERROR_UNSUPPORTED_CHIP,
                "The phone has neither eMMC nor UFS storage; other kinds cannot be read yet.");
}

static int get_text(DaSession *s, uint32_t control, char *out, size_t out_size, Failure *f)
{
        uint8_t data[64];
        size_t size;
        int r = xflash_get(s, control, data, sizeof(data), &size, f);

        if (r > 0)
                xflash_parse_text(data, size, out, out_size);
        return r;
}

static int get_word(DaSession *s, uint32_t control, uint32_t *ret, Failure *f)
{
        uint8_t data[4];
        size_t size;
        int r = xflash_get(s, control, data, sizeof(data), &size, f);

        if (r > 0 && size != sizeof(data))
                return 0;
        if (r > 0)
                *ret = get_le32(data);
        return r;
}

/* None of this has to be there. */
static int phone_info(DaSession *s, Failure *f)
{
        StorageInfo *i = &s->storage;
        uint8_t ram[64];
        uint32_t word;
        size_t size;
        int r;

        r = get_text(s, XFLASH_GET_DA_VERSION, i->da_version, sizeof(i->da_version), f);
        if (r >= 0)
                r = get_text(s, XFLASH_GET_USB_SPEED, i->usb_speed, sizeof(i->usb_speed), f);
        if (r >= 0)
                r = xflash_get(s, XFLASH_GET_RAM_INFO, ram, sizeof(ram), &size, f);
        if (r > 0)
                xflash_parse_ram(ram, size, i);
        if (r >= 0)
                r = get_word(s, XFLASH_GET_BATTERY_VOLTAGE, &i->battery_mv, f);
        if (r >= 0)
                r = get_word(s, XFLASH_GET_RPMB_STATUS, &word, f);
        if (r > 0 && (word == RPMB_KEY_PRESENT || word == RPMB_KEY_NONE))
                i->rpmb_key = word == RPMB_KEY_PRESENT;
        return MIN(r, 0);
}

static int da_xflash_info(DaSession *s, Failure *f)
{
        int r = storage_info(s, f);

        return r < 0 ? r : phone_info(s, f);
}

/* ---- the end ---- */

static int da_xflash_finish(DaSession *s, DaFinish how, Failure *f)
{
        uint8_t parameters[SHUTDOWN_SIZE] = { 0 };
        int r = xflash_command(s, XFLASH_SHUTDOWN, "to be switched off", f);

        if (r < 0)
                return r;
        put_le32(parameters, how == DA_FINISH_REBOOT);
        r = xflash_send(s->transport, parameters, sizeof(parameters), XFLASH_REPLY_MS);
        if (r < 0)
                return xflash_lose(s, r, "the phone was being let go", f);
        r = xflash_expect_ok(s, XFLASH_REPLY_MS, "to be switched off", f);
        if (r < 0)
                return r;
        s->running = false;
        s->lost = true; /* nobody listens any more */
        return 0;
}

static void da_xflash_free(DaSession *s)
{
        free(s);
}

static const DaOps xflash_ops = {
        .name = "xflash",
        .start = da_xflash_start,
        .info = da_xflash_info,
        .read = xflash_read,
        .finish = da_xflash_finish,
        .free = da_xflash_free,
};

int da_xflash_new(DaSession **ret)
{
        DaSession *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->ops = &xflash_ops;
        *ret = s;
        return 0;
}

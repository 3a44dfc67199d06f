/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/legacy-hello.h"

#include <errno.h>

#include "basic/log.h"
#include "protocol/fault.h"
#include "protocol/legacy-dram.h"

enum {
        PASS_MS = 10000,
        STAGE2_ACK_MS = 5000,
        STAGE2_ALIVE_MS = 10000,
        BYTE_SINGLE_STAGE = 0x03,
        DRAM_NOT_SET_UP = 0xbc3,
        DRAM_NOT_SET_UP_OLD = 0xbbf, /* from a 6735 that was told so */
        EXTERNAL_CLOCK_26_MHZ = 0x02,
        CHARGE_AUTO = 0x02,
        RESET_KEYS = 0x01,
        NAND_ENTRIES_MAX = 1024,
};

static const char starting[] = "the download agent was starting";
static const char sending[] = "its second stage was sent";

/* What the configuration word means differs: the address space on 6571 and 6582 (1: areas apart),
 * "set up the DRAM" on 6583 (0: a preloader has done it). The longer rows were seen with other
 * builds of these chips. A chip that is not listed gets zeros: at worst an address space that is
 * recognised. */
static const struct {
        uint16_t hw_code;
        bool brom_only;
        uint32_t words[LEGACY_WORDS_MAX];
} config_words[] = {
        { 0x6571, false, { 1 } },
        { 0x6582, false, { 1 } },
        { 0x6583, true, { 1 } },
        { 0x6580, false, { 1, 0x46460000, 0, 0, 0, 0xff000000 } },
        { 0x8163, false, { 1, 0x46460000, 0, 0, 0, 0xff000000 } },
        { 0x8127, false, { 0, 1, 0x46460000, 0, 0, 0, 0xff000000 } },
};

/* Bytes behind a good DRAM status. */
static const struct {
        uint16_t hw_code;
        uint8_t size;
} dram_extras[] = { { 0x6592, 20 } };

static uint32_t config_word(const LegacyStart *start, unsigned i)
{
        for (size_t k = 0; k < ELEMENTS(config_words); k++)
                if (config_words[k].hw_code == start->hw_code &&
                        (start->brom || !config_words[k].brom_only))
                        return config_words[k].words[i];
        return 0;
}

/* ---- single stage ---- */

/* Entries of the container's NAND device table, until the phone says that one is its own. An eMMC
 * phone listens to all of them. */
static int send_nand_table(Transport *t, const LegacyStart *start, Failure *f)
{
        uint32_t entry, n;
        uint8_t answer;
        int r;

        r = legacy_receive_be32(t, &entry, starting, f);
        if (r < 0)
                return r;
        if (entry < 8 || entry > 256)
                return fault_protocol(f, "The phone wants NAND table entries of %u bytes.", entry);
        n = (uint32_t)(start->second_size / entry);
        if (start->second_size % entry != 0 || n == 0 || n > NAND_ENTRIES_MAX) {
                failure_set(f, -EINVAL, ERROR_NO_DOWNLOAD_AGENT,
                        "The download agent's NAND table (%zu bytes) has no entries of %u bytes.",
                        start->second_size, entry);
                failure_hint(f, "Import another download agent for this phone.");
                return -EINVAL;
        }
        r = legacy_send_be32(t, n, f);
        if (r < 0)
                return r;
        r = legacy_expect_ack(t, LEGACY_ANSWER_MS, starting, f);
        for (uint32_t i = 0; r >= 0 && i < n; i++) {
                r = legacy_send(t, start->second + (size_t)i * entry, entry, f);
                if (r < 0)
                        return r;
                r = legacy_receive_u8(t, &answer, LEGACY_ANSWER_MS, starting, f);
                if (r < 0 || answer == LEGACY_ACK)
                        return r;
                if (answer != LEGACY_CONT)
                        return fault_protocol(
                                f, "The phone answered 0x%02x to NAND table entry %u.", answer, i);
        }
        return r;
}

static int hello_single(Transport *t, const LegacyStart *start, LegacyHello *h, Failure *f)
{
        uint8_t version[2], config[10], report[LEGACY_REPORT_A_SIZE];
        int r;

        h->single_stage = true;
        h->major = BYTE_SINGLE_STAGE;
        r = legacy_receive(t, version, sizeof version, LEGACY_ANSWER_MS, starting, f);
        if (r < 0)
                return r;
        h->minor = version[0];
        h->chip = version[1];

        config[0] = start->brom_version;
        config[1] = start->bl_version;
        put_be16(config + 2, 0x0008); /* NOR chip selects */
        config[4] = 0;                /* NAND chip select */
        put_be32(config + 5, 0x7007ffff);
        config[9] = EXTERNAL_CLOCK_26_MHZ;
        r = legacy_send(t, config, sizeof config, f);
        if (r < 0)
                return r;
        r = legacy_expect_ack(t, LEGACY_ANSWER_MS, starting, f);
        if (r < 0)
                return r;
        r = send_nand_table(t, start, f);
        if (r < 0)
                return r;
        r = legacy_receive(t, report, sizeof report, PASS_MS, "the phone reported its memory", f);
        if (r < 0)
                return r;
        if (legacy_report_a(report, &h->report) < 0)
                return fault_protocol(f, "The phone's memory report does not end as it should.");
        return 0;
}

/* ---- two stages ---- */

static int receive_hello(Transport *t, uint8_t first, LegacyHello *h, Failure *f)
{
        uint8_t p[4] = { first };
        uint16_t n;
        int r;

        r = legacy_receive(t, p + 1, 3, LEGACY_ANSWER_MS, starting, f);
        if (r < 0)
                return r;
        h->nand_status = get_be32(p);
        r = legacy_receive_be16(t, &n, starting, f);
        if (r < 0)
                return r;
        if (n > LEGACY_NAND_IDS_MAX)
                return fault_protocol(f, "The phone announces %u NAND id words.", n);
        h->n_nand_ids = n;
        for (unsigned i = 0; i < n; i++) {
                r = legacy_receive_be16(t, h->nand_ids + i, starting, f);
                if (r < 0)
                        return r;
        }
        r = legacy_receive_be32(t, &h->emmc_status, starting, f);
        if (r < 0)
                return r;
        r = legacy_receive(t, h->emmc_id, sizeof h->emmc_id, LEGACY_ANSWER_MS, starting, f);
        if (r < 0)
                return r;
        r = legacy_send_u8(t, LEGACY_ACK, f);
        if (r < 0)
                return r;
        r = legacy_receive(t, p, 3, LEGACY_ANSWER_MS, starting, f);
        if (r < 0)
                return r;
        h->major = p[0];
        h->minor = p[1];
        h->chip = p[2];
        return 0;
}

/* Sends 18 bytes of configuration, then words only as long as nothing comes back: a word too many
 * would be taken for the head of the second stage. */
static int configure(
        Transport *t, const LegacyStart *start, LegacyHello *h, uint32_t *ret_status, Failure *f)
{
        unsigned silence = start->silence_ms ?: LEGACY_SILENCE_MS;
        uint8_t config[18] = { start->brom_version, start->bl_version };
        int r;

        put_be16(config + 2, 0x0008); /* NOR chip selects */
        put_be32(config + 5, 0x7007ffff);
        config[9] = 0x01; /* BMT */
        config[14] = CHARGE_AUTO;
        config[15] = start->hw_code == 0x6583 ? 0 : RESET_KEYS;
        config[16] = EXTERNAL_CLOCK_26_MHZ;
        r = legacy_send(t, config, sizeof config, f);
        if (r < 0)
                return r;
        for (;;) {
                r = transport_fill(t, silence);
                if (r < 0 && r != -ETIMEDOUT)
                        return fault_link(f, r, starting);
                if (r > 0 || h->n_words >= LEGACY_WORDS_MAX)
                        break;
                log_debug("agent wants configuration word %u", h->n_words);
                r = legacy_send_be32(t, config_word(start, h->n_words++), f);
                if (r < 0)
                        return r;
        }
        return legacy_receive_be32(t, ret_status, starting, f);
}

static int skip_extras(Transport *t, uint16_t hw_code, Failure *f)
{
        uint8_t extra[32];

        for (size_t i = 0; i < ELEMENTS(dram_extras); i++)
                if (dram_extras[i].hw_code == hw_code)
                        return legacy_receive(
                                t, extra, dram_extras[i].size, LEGACY_ANSWER_MS, starting, f);
        return 0;
}

static int set_up_dram(
        Transport *t, const LegacyStart *start, LegacyHello *h, uint32_t status, Failure *f)
{
        const char *text;

        if (status == 0)
                return skip_extras(t, start->hw_code, f);
        if (status == DRAM_NOT_SET_UP || status == DRAM_NOT_SET_UP_OLD)
                return legacy_dram_send(t, start->hw_code, start->dram, f);
        text = legacy_status_text(LEGACY_STATUS_PHONE, status);
        failure_set(f, -EREMOTEIO, ERROR_DEVICE_REFUSED,
                "The phone's download agent cannot use its memory (error 0x%x%s%s).", status,
                text ? ", " : "", text ?: "");
        failure_status(f, status);
        return -EREMOTEIO;
}

static int send_stage2(Transport *t, const LegacyStart *start, Failure *f)
{
        uint8_t head[12];
        int r;

        if (start->second_size == 0) {
                failure_set(f, -EINVAL, ERROR_NO_DOWNLOAD_AGENT,
                        "This download agent has no second stage, but the phone asks for it.");
                failure_hint(f, "Import another download agent for this phone.");
                return -EINVAL;
        }
        put_be32(head, start->second_address);
        put_be32(head + 4, (uint32_t)start->second_size);
        put_be32(head + 8, LEGACY_STAGE2_PACKET);
        r = legacy_send(t, head, sizeof head, f);
        if (r < 0)
                return r;
        r = legacy_expect_ack(t, STAGE2_ACK_MS, sending, f);
        for (size_t done = 0, n; r >= 0 && done < start->second_size; done += n) {
                n = MIN(start->second_size - done, (size_t)LEGACY_STAGE2_PACKET);
                r = legacy_send(t, start->second + done, n, f);
                if (r >= 0)
                        r = legacy_expect_ack(t, STAGE2_ACK_MS, sending, f);
        }
        if (r < 0)
                return r;
        r = legacy_expect_ack(t, STAGE2_ALIVE_MS, "the second stage was starting", f);
        if (r == -ETIMEDOUT || r == -EPROTO)
                failure_hint(
                        f, "The agent's file may be damaged; import it again or take another one.");
        return r < 0 ? r : legacy_send_u8(t, LEGACY_ACK, f);
}

static int receive_report(Transport *t, LegacyHello *h, Failure *f)
{
        uint8_t data[LEGACY_REPORT_MAX];
        size_t size = 0, more = 0;
        int r;

        while ((r = legacy_report_try(data, size, h->n_nand_ids, &h->report, &more)) == 0) {
                r = legacy_receive(
                        t, data + size, more, PASS_MS, "the phone reported its memory", f);
                if (r < 0)
                        return r;
                size += more;
        }
        if (r < 0) {
                char hex[2 * LEGACY_REPORT_MAX + 1];

                hex_encode(data, size, hex);
                log_debug("memory report: %s", hex);
                return fault_protocol(f,
                        "The phone's memory report has no known form (%zu bytes, %u id words).",
                        size, h->n_nand_ids);
        }
        return 0;
}

static int hello_two_stages(
        Transport *t, uint8_t first, const LegacyStart *start, LegacyHello *h, Failure *f)
{
        uint32_t status = 0;
        int r;

        r = receive_hello(t, first, h, f);
        if (r < 0)
                return r;
        r = configure(t, start, h, &status, f);
        if (r < 0)
                return r;
        r = set_up_dram(t, start, h, status, f);
        if (r < 0)
                return r;
        r = send_stage2(t, start, f);
        return r < 0 ? r : receive_report(t, h, f);
}

int legacy_hello(Transport *t, const LegacyStart *start, LegacyHello *ret, Failure *f)
{
        uint8_t b[2] = { LEGACY_SYNC };
        size_t known = start->greeted ? 1 : 0;
        int r;

        *ret = (LegacyHello){};
        r = legacy_receive(t, b + known, sizeof b - known, LEGACY_HELLO_MS, starting, f);
        if (r < 0)
                return r;
        if (b[0] == LEGACY_SYNC && b[1] == 0)
                r = hello_two_stages(t, b[1], start, ret, f);
        else if (b[0] == LEGACY_SYNC && b[1] == BYTE_SINGLE_STAGE)
                r = hello_single(t, start, ret, f);
        else
                return fault_protocol(f,
                        "The download agent starts with %02x %02x, no legacy one does.", b[0],
                        b[1]);
        if (r < 0)
                return r;
        if (!ret->report.soc_ok)
                return failure_set(f, -EREMOTEIO, ERROR_DEVICE_REFUSED,
                        "The download agent says that it is not made for this chip.");
        return 0;
}

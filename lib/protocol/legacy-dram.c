/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/legacy-dram.h"

#include <errno.h>

#include "protocol/cid.h"
#include "protocol/fault.h"
#include "protocol/legacy-report.h"

enum { ENABLE_DRAM = 0xe8, GO = 0x80000001, DRAM_MS = 15000, INFO_SIZE = 16 };

static const char doing[] = "its memory was being set up";

/* What surrounds the settings differs by the version of the block. */
static const struct {
        unsigned version;
        bool info;      /* 16 bytes come before the length */
        bool no_length; /* the length is not sent back */
        uint8_t tail;   /* bytes behind the verdict */
} dialects[] = {
        { 0x0a, true, true, 0 },
        { 0x0b, true, true, 0 },
        { 0x0c, false, true, 0 },
        { 0x0d, false, true, 20 },
};

static int receive_ids(Transport *t, uint8_t cid[CID_SIZE], Failure *f)
{
        uint32_t word;
        uint16_t n, nand;
        int r;

        r = legacy_receive_be32(t, &word, doing, f);
        if (r < 0)
                return r;
        r = legacy_receive(t, cid, CID_SIZE, LEGACY_ANSWER_MS, doing, f);
        if (r < 0)
                return r;
        cid_make_natural(cid);
        r = legacy_receive_be32(t, &word, doing, f);
        if (r < 0)
                return r;
        r = legacy_receive_be16(t, &n, doing, f);
        if (r < 0)
                return r;
        if (n > LEGACY_NAND_IDS_MAX)
                return fault_protocol(f, "The phone announces %u NAND id words.", n);
        for (unsigned i = 0; i < n && r >= 0; i++)
                r = legacy_receive_be16(t, &nand, doing, f);
        return r;
}

/* The piece of the block that has the length the agent asks for. */
static const uint8_t *choose(const DramSettings *d, const uint8_t cid[CID_SIZE], uint32_t length)
{
        if (d->entry_size == length)
                return dram_entry(d, cid);
        if (d->size - DRAM_BLOCK_MIN == length)
                return d->block + DRAM_BLOCK_MIN;
        return d->size == length ? d->block : NULL;
}

static int receive_verdict(Transport *t, unsigned dialect, Failure *f)
{
        uint8_t rest[32];
        uint32_t status;
        int r;

        r = legacy_receive(t, rest, 4, DRAM_MS, doing, f);
        if (r < 0)
                return r;
        status = get_be32(rest);
        if (status != 0) {
                const char *text = legacy_status_text(LEGACY_STATUS_PHONE, status);

                failure_set(f, -EREMOTEIO, ERROR_DEVICE_REFUSED,
                        "The phone's memory does not work with these settings (error 0x%x%s%s).",
                        status, text ? ", " : "", text ?: "");
                failure_hint(f,
                        "Import the preloader file of exactly this model, or connect the phone in "
                        "preloader mode: switched off, no key held.");
                failure_status(f, status);
                return -EREMOTEIO;
        }
        return legacy_receive(t, rest,
                10u + (dialect < ELEMENTS(dialects) ? dialects[dialect].tail : 0u),
                LEGACY_ANSWER_MS, doing, f);
}

int legacy_dram_send(Transport *t, uint16_t hw_code, const DramSettings *settings, Failure *f)
{
        unsigned dialect = 0;
        const uint8_t *piece;
        uint8_t cid[CID_SIZE], info[INFO_SIZE];
        uint32_t length;
        uint16_t sum, own = 0;
        int r;

        if (!settings)
                return dram_missing("The phone", f);
        r = receive_ids(t, cid, f);
        if (r < 0)
                return r;
        while (dialect < ELEMENTS(dialects) && dialects[dialect].version != settings->version)
                dialect++;

        r = legacy_send_u8(t, ENABLE_DRAM, f);
        if (r >= 0)
                r = legacy_send_be32(t, settings->version ?: 0xffffffff, f);
        if (r >= 0)
                r = legacy_expect_ack(t, LEGACY_ANSWER_MS, doing, f);
        if (r >= 0 && dialect < ELEMENTS(dialects) && dialects[dialect].info)
                r = legacy_receive(t, info, sizeof info, LEGACY_ANSWER_MS, doing, f);
        if (r >= 0)
                r = legacy_receive_be32(t, &length, doing, f);
        if (r < 0)
                return r;
        piece = choose(settings, cid, length);
        if (!piece) {
                failure_set(f, -ENOKEY, ERROR_NO_DOWNLOAD_AGENT,
                        "The imported preloader (settings v%02u, %u entries of %zu bytes) has none "
                        "for this phone's memory; %u bytes are wanted.",
                        settings->version, settings->n_entries, settings->entry_size, length);
                failure_hint(f, "Import the preloader file of exactly this model.");
                return -ENOKEY;
        }
        r = legacy_send_u8(t, LEGACY_ACK, f);
        if (r >= 0 && hw_code != 0x8127 &&
                !(dialect < ELEMENTS(dialects) && dialects[dialect].no_length))
                r = legacy_send_be32(t, length, f);
        if (r >= 0)
                r = legacy_send(t, piece, length, f);
        if (r >= 0)
                r = legacy_receive_be16(t, &sum, doing, f);
        if (r < 0)
                return r;
        for (uint32_t i = 0; i < length; i++)
                own = (uint16_t)(own + piece[i]);
        if (sum != own)
                return failure_set(f, -EPROTO, ERROR_CHECKSUM_MISMATCH,
                        "The memory settings arrived damaged: checksum %04x, not %04x.", sum, own);
        r = legacy_send_u8(t, LEGACY_ACK, f);
        if (r >= 0)
                r = legacy_send_be32(t, GO, f);
        return r < 0 ? r : receive_verdict(t, dialect, f);
}

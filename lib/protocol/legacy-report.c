/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/legacy-report.h"

#include <errno.h>

#include "protocol/cid.h"
#include "protocol/legacy-wire.h"

enum { PASS_SIZE = 10, NOR_SIZE = 28, NAND_HEAD = 7, EMMC_SIZE = 92, SD_SIZE = 28, RAM_SIZE = 38 };

/* The forms that exist; a shorter one comes first, so that nothing is waited for that a phone does
 * not send. Two forms can be equally long: the id count tells them apart. */
static const struct {
        bool wide; /* NAND size has 64 bits */
        bool extra;
} forms[] = { { false, false }, { true, false }, { false, true }, { true, true } };

static size_t nand_size(bool wide, unsigned n_ids)
{
        return NAND_HEAD + (wide ? 8u : 4u) + 2 + 2 * n_ids + 9;
}

static size_t form_size(size_t form, unsigned n_ids)
{
        return NOR_SIZE + nand_size(forms[form].wide, n_ids) + EMMC_SIZE + SD_SIZE + RAM_SIZE +
                (forms[form].extra ? 4u : 0u) + PASS_SIZE;
}

static uint64_t be64(Bytes *b)
{
        uint64_t high = bytes_be32(b);

        return high << 32 | bytes_be32(b);
}

static void copy(Bytes *b, void *out, size_t n)
{
        const uint8_t *p = bytes_take(b, n);

        if (p)
                memcpy(out, p, n);
}

static uint64_t number(Bytes *b, bool wide)
{
        return wide ? be64(b) : bytes_be32(b);
}

static void parse_nor(Bytes *b, LegacyReport *ret)
{
        ret->nor_status = bytes_be32(b);
        bytes_skip(b, 4);
        ret->nor_size = bytes_be32(b);
        bytes_skip(b, 16);
}

static void parse_emmc(Bytes *b, bool wide, LegacyReport *ret)
{
        ret->emmc_status = bytes_be32(b);
        ret->boot1 = number(b, wide);
        ret->boot2 = number(b, wide);
        ret->rpmb = number(b, wide);
        for (size_t i = 0; i < ELEMENTS(ret->gp); i++)
                ret->gp[i] = number(b, wide);
        ret->user = be64(b);
        copy(b, ret->cid, sizeof ret->cid);
        cid_turn(ret->cid);
}

static void parse_sd_and_ram(Bytes *b, bool wide, LegacyReport *ret)
{
        ret->sd_status = bytes_be32(b);
        ret->sd_size = be64(b);
        bytes_skip(b, 16);

        ret->sram_status = bytes_be32(b);
        ret->sram_size = bytes_be32(b);
        ret->dram_status = bytes_be32(b);
        bytes_skip(b, 2);
        ret->dram_size = number(b, wide);
        copy(b, ret->random_id, sizeof ret->random_id);
}

static bool form_fits(const uint8_t *data, size_t form, unsigned n_ids)
{
        size_t count = NOR_SIZE + NAND_HEAD + (forms[form].wide ? 8u : 4u);
        size_t pass = form_size(form, n_ids) - PASS_SIZE;
        uint8_t last = data[pass + PASS_SIZE - 1];

        return get_be16(data + count) == n_ids && data[pass] == LEGACY_ACK &&
                (last == LEGACY_SOC_OK || last == LEGACY_SOC_FAIL);
}

static void parse(const uint8_t *data, size_t form, unsigned n_ids, LegacyReport *ret)
{
        Bytes b = bytes_make(data, form_size(form, n_ids));

        *ret = (LegacyReport){ .size = b.size, .has_fw_version = true };
        parse_nor(&b, ret);

        ret->nand_status = bytes_be32(&b);
        bytes_skip(&b, 3);
        ret->nand_size = number(&b, forms[form].wide);
        bytes_skip(&b, 2 + 2 * n_ids);
        ret->nand_page = bytes_be16(&b);
        ret->nand_spare = bytes_be16(&b);
        ret->nand_pages_per_block = bytes_be16(&b);
        bytes_skip(&b, 3);

        parse_emmc(&b, true, ret);
        copy(&b, ret->fw_version, sizeof ret->fw_version);

        parse_sd_and_ram(&b, true, ret);

        ret->has_extra = forms[form].extra;
        if (ret->has_extra)
                ret->extra = bytes_be32(&b);
        bytes_skip(&b, 1);
        ret->download_status = bytes_be32(&b);
        ret->boot_style = bytes_be32(&b);
        ret->soc_ok = bytes_u8(&b) == LEGACY_SOC_OK;
}

int legacy_report_try(
        const uint8_t *data, size_t size, unsigned n_ids, LegacyReport *ret, size_t *ret_more)
{
        if (n_ids > LEGACY_NAND_IDS_MAX)
                return -EPROTO;
        for (size_t i = 0; i < ELEMENTS(forms); i++) {
                size_t want = form_size(i, n_ids);

                if (size < want) {
                        *ret_more = want - size;
                        return 0;
                }
                if (form_fits(data, i, n_ids)) {
                        parse(data, i, n_ids, ret);
                        return 1;
                }
        }
        return -EPROTO;
}

int legacy_report_a(const uint8_t *data, LegacyReport *ret)
{
        Bytes b = bytes_make(data, LEGACY_REPORT_A_SIZE);

        *ret = (LegacyReport){ .size = b.size };
        parse_nor(&b, ret);

        ret->nand_status = bytes_be32(&b);
        bytes_skip(&b, 3);
        ret->nand_size = bytes_be32(&b);
        bytes_skip(&b, 19);

        parse_emmc(&b, false, ret);

        parse_sd_and_ram(&b, false, ret);

        if (bytes_u8(&b) != LEGACY_ACK)
                return -EPROTO;
        ret->download_status = bytes_be32(&b);
        ret->boot_style = bytes_be32(&b);
        switch (bytes_u8(&b)) {
        case LEGACY_SOC_OK: ret->soc_ok = true; return 0;
        case LEGACY_SOC_FAIL: return 0;
        default: return -EPROTO;
        }
}

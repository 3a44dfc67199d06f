/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/legacy-wire.h"

#include <errno.h>

#include "basic/bytes.h"
#include "protocol/fault.h"

enum { SEND_MS = 10000 };

typedef struct StatusText {
        uint32_t status;
        const char *text;
} StatusText;

static const StatusText phone_texts[] = {
        { 0x3e8, "stopped" },
        { 0x3e9, "undefined error" },
        { 0x410, "not supported" },
        { 0x411, "checksum error" },
        { 0x412, "time is over" },
        { 0xbb8, "error of the internal RAM" },
        { 0xbb9, "error of the external RAM" },
        { 0xbba, "DRAM set-up failed" },
        { 0xbbb, "PLL error" },
        { 0xbbd, "unusual DRAM type" },
        { 0xbbe, "calibration of DRAM rank 0 failed" },
        { 0xbbf, "calibration of DRAM rank 1 failed" },
        { 0xbc0, "DRAM not supported" },
        { 0xbc1, "DRAM is floating" },
        { 0xbc2, "DRAM is unreachable" },
        { 0xbc3, "DRAM is not set up" },
        { 0xbc4, "device not found" },
        { 0xbc7, "NOR not found" },
        { 0xbc8, "NAND not found" },
        { 0xbc9, "SOC check failed" },
        { 0xbd0, "time is over" },
        { 0xbdc, "address is out of range" },
        { 0xbe5, "bad block" },
        { 0xbe6, "ECC corrected one bit" },
        { 0xbe7, "ECC found two wrong bits" },
        { 0xbef, "no good block" },
        { 0xc00, "FAT information not found" },
        { 0xc0b, "the flash is blank" },
        { 0xc0c, "the code area is blank" },
        { 0xc0f, "chip not supported" },
        { 0xc11, "external SRAM not found" },
        { 0xc12, "external DRAM not found" },
        { 0xc22, "reading a page failed" },
        { 0xc2b, "end of the flash" },
        { 0xc4d, "eMMC not found" },
        { 0xc4f, "SD card not found" },
        { 0xc50, "SD/MMC configuration failed" },
        { 0xc51, "SD/MMC read failed" },
        { 0xc52, "SD/MMC write failed" },
        { 0xc53, "SD/MMC CRC error" },
        { 0xc54, "SD/MMC did not answer" },
        { 0xc55, "SD/MMC not supported" },
        { 0xc57, "UFS not found" },
        { 0xc59, "UFS read failed" },
        { 0xc6a, "invalid type of storage" },
        { 0x1799, "secure USB download is off" },
        { 0x179a, "secure USB download is on" },
};

static const StatusText old_texts[] = {
        { 0xbb8, "error of the internal RAM" },
        { 0xbb9, "error of the external RAM" },
        { 0xbba, "DRAM set-up failed" },
        { 0xbbb, "PLL error" },
        { 0xbc3, "NOR not found" },
        { 0xbc4, "NAND not found" },
        { 0xbfa, "FAT information not found" },
        { 0xc05, "the flash is blank" },
        { 0xc06, "the code area is blank" },
        { 0xc47, "eMMC not found" },
        { 0xc49, "SD card not found" },
};

const char *legacy_status_text(LegacyNumbering numbering, uint32_t status)
{
        const StatusText *texts = numbering == LEGACY_STATUS_2012 ? old_texts : phone_texts;
        size_t n = numbering == LEGACY_STATUS_2012 ? ELEMENTS(old_texts) : ELEMENTS(phone_texts);

        for (size_t i = 0; i < n; i++)
                if (texts[i].status == status)
                        return texts[i].text;
        return NULL;
}

int legacy_send(Transport *t, const void *data, size_t size, Failure *f)
{
        int r = transport_write(t, data, size, SEND_MS);

        return r < 0 ? fault_link(f, r, "a request was sent") : 0;
}

int legacy_send_u8(Transport *t, uint8_t value, Failure *f)
{
        return legacy_send(t, &value, 1, f);
}

int legacy_send_be32(Transport *t, uint32_t value, Failure *f)
{
        uint8_t p[4];

        put_be32(p, value);
        return legacy_send(t, p, sizeof p, f);
}

int legacy_send_be64(Transport *t, uint64_t value, Failure *f)
{
        uint8_t p[8];

        put_be32(p, (uint32_t)(value >> 32));
        put_be32(p + 4, (uint32_t)value);
        return legacy_send(t, p, sizeof p, f);
}

int legacy_receive(Transport *t, void *data, size_t size, unsigned ms, const char *what, Failure *f)
{
        int r = transport_read(t, data, size, ms);

        return r < 0 ? fault_link(f, r, what) : 0;
}

int legacy_receive_u8(Transport *t, uint8_t *ret, unsigned ms, const char *what, Failure *f)
{
        return legacy_receive(t, ret, 1, ms, what, f);
}

int legacy_receive_be16(Transport *t, uint16_t *ret, const char *what, Failure *f)
{
        uint8_t p[2];
        int r = legacy_receive(t, p, sizeof p, LEGACY_ANSWER_MS, what, f);

        if (r < 0)
                return r;
        *ret = get_be16(p);
        return 0;
}

int legacy_receive_be32(Transport *t, uint32_t *ret, const char *what, Failure *f)
{
        uint8_t p[4];
        int r = legacy_receive(t, p, sizeof p, LEGACY_ANSWER_MS, what, f);

        if (r < 0)
                return r;
        *ret = get_be32(p);
        return 0;
}

static int refused(Transport *t, LegacyNumbering numbering, const char *what, Failure *f)
{
        uint32_t status;
        const char *text;
        int r = legacy_receive_be32(t, &status, what, f);

        if (r < 0)
                return r;
        text = legacy_status_text(numbering, status);
        if (status > 0xffff) /* some say that this word is little endian */
                failure_set(f, 0, ERROR_DEVICE_REFUSED,
                        "The download agent answered with error 0x%x (or 0x%x) while %s.", status,
                        __builtin_bswap32(status), what);
        failure_set(f, 0, ERROR_DEVICE_REFUSED,
                "The download agent answered with error 0x%x%s%s%s while %s.", status,
                text ? " (" : "", text ?: "", text ? ")" : "", what);
        failure_status(f, status);
        return -EREMOTEIO;
}

int legacy_expect_ack(Transport *t, unsigned ms, const char *what, Failure *f)
{
        return legacy_expect_ack_of(t, LEGACY_STATUS_PHONE, ms, what, f);
}

int legacy_expect_ack_of(
        Transport *t, LegacyNumbering numbering, unsigned ms, const char *what, Failure *f)
{
        uint8_t answer;
        int r = legacy_receive_u8(t, &answer, ms, what, f);

        if (r < 0)
                return r;
        if (answer == LEGACY_ACK)
                return 0;
        if (answer == LEGACY_NACK)
                return refused(t, numbering, what, f);
        if (answer == LEGACY_UNKNOWN)
                return failure_set(f, -EOPNOTSUPP, ERROR_DEVICE_REFUSED,
                        "The download agent does not know the command for %s.", what);
        return fault_protocol(
                f, "The download agent answered 0x%02x instead of 0x5a while %s.", answer, what);
}
